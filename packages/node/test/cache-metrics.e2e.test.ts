import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { noopLogger } from '@basalt/telemetry';
import { resolveConfig } from '../src/config.ts';
import { startCache } from '../src/federation/start-cache-shell.ts';

test('a cache that is not to look at itself tells nothing', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'basalt-cache-metrics-'));
  const flags = { dataDir, port: 0, roles: ['cache'], upstreams: ['http://127.0.0.1:9'] };
  const { config } = resolveConfig({ flags: { ...flags, observe: false, control: false } });
  const cache = await startCache(config, noopLogger);
  try {
    assert.equal((await fetch(`${cache.info.url}/metrics`)).status, 404);
    assert.equal(cache.stats().upstreams[0]?.firstByteSeconds, undefined);
  } finally {
    await cache.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
});

test('a cache tells a collector on its machine what it knows of its upstreams', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'basalt-cache-metrics-'));
  // Nobody listens there.
  const upstreams = ['http://127.0.0.1:9', 'http://127.0.0.1:10'];
  const flags = { dataDir, port: 0, roles: ['cache'], upstreams };
  const { config } = resolveConfig({ flags });
  const cache = await startCache(config, noopLogger);
  try {
    const { url } = cache.info;
    assert.equal((await fetch(`${url}/namespaces`)).status, 502);
    const answer = await fetch(`${url}/metrics`);
    assert.equal(answer.status, 200);
    const text = await answer.text();
    assert.match(text, /^basalt_cache_requests_total 1$/mu);
    assert.match(text, /upstream_paused_state\{upstream="http:\/\/127\.0\.0\.1:10"\} 1/u);
    assert.match(text, /upstream_first_byte_seconds\{upstream="http:\/\/127\.0\.0\.1:9"\} 2/u);
    // Counted once, however often it is asked for.
    assert.match(await (await fetch(`${url}/metrics`)).text(), /^basalt_cache_requests_total 1$/mu);
    const passedOn = { headers: { 'x-forwarded-for': '192.0.2.7' } };
    assert.equal((await fetch(`${url}/metrics`, passedOn)).status, 404);
    assert.equal((await fetch(`${url}/metrics/`)).status, 404);
  } finally {
    await cache.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
});
