import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { suite, test } from 'node:test';
import type { Scheduler } from '@basalt/protocol';
import { type LoopbackServer, listenOnLoopback } from '../../../../tools/testing/loopback.ts';
import { type CacheRoleConfig, createCacheRole } from '../../src/cache/create-cache-role-shell.ts';
import { hashes, IMMUTABLE } from '../support/fake-upstreams.ts';

const clock = { nowMs: (): number => Date.now() };
const scheduler: Scheduler = {
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

interface Healthz {
  readonly status: string;
  readonly role: string;
  readonly writes: boolean;
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly health: {
    readonly isReady: boolean;
    readonly state: string;
    readonly checks: readonly { readonly name: string; readonly words: string }[];
  };
}

const listen = (handler: RequestListener): Promise<LoopbackServer> =>
  listenOnLoopback(createServer(handler));

/** A node that can be made to hang, as one that was stopped does: it takes calls and is silent. */
async function startOrigin(): Promise<LoopbackServer & { readonly state: { hangs: boolean } }> {
  const state = { hangs: false };
  const origin = await listen((_, response) => {
    if (state.hangs) return;
    response.writeHead(200, { 'cache-control': IMMUTABLE, 'x-from': 'origin' });
    response.end('of the origin');
  });
  return { ...origin, state };
}

async function withCache(
  config: CacheRoleConfig,
  run: (url: string) => Promise<void>,
): Promise<void> {
  const cache = await createCacheRole(config, { hashes, clock, scheduler });
  const front = await listen(cache.handler);
  try {
    await run(front.url);
  } finally {
    await front[Symbol.asyncDispose]();
    await cache.stop();
  }
}

async function ask(url: string, init: RequestInit = {}): Promise<[Response, number]> {
  const startMs = performance.now();
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(20_000) });
  return [answer, performance.now() - startMs];
}

const detailOf = async (answer: Response): Promise<string> =>
  ((await answer.json()) as { detail: string }).detail;

/** What a cache waits for an answer; its own health has to be told long before. */
const UPSTREAM_MS = 4_000;

suite('health of a cache', { timeout: 60_000 }, () => {
  test('is its own while the upstream answers, and while it hangs', async () => {
    const origin = await startOrigin();
    const config = { upstreams: [origin.url], timeoutMs: UPSTREAM_MS, version: '1.2.3' };
    await withCache(config, async (url) => {
      for (const path of ['/livez', '/readyz', '/healthz', '/livez?x=1']) {
        const [answer] = await ask(url + path);
        assert.equal(answer.status, 200, path);
        assert.equal(answer.headers.get('x-from'), null, path);
        assert.equal(((await answer.json()) as Healthz).role, 'cache');
      }
      assert.equal(await (await fetch(`${url}/kept`)).text(), 'of the origin');
      origin.state.hangs = true;
      assert.equal((await fetch(`${url}/other`)).status, 504);
      for (const path of ['/livez', '/readyz', '/healthz']) {
        const [answer, ms] = await ask(url + path);
        assert.equal(answer.status, 200, path);
        assert.ok(ms < UPSTREAM_MS, `${path}: ${ms} ms`);
      }
      const told = (await (await fetch(`${url}/healthz`)).json()) as Healthz;
      assert.equal(told.version, '1.2.3');
      assert.deepEqual([told.health.isReady, told.health.state], [true, 'degraded']);
      assert.ok(told.health.checks[0]?.words.includes(origin.url));
      const proxied = { headers: { 'x-forwarded-for': '192.0.2.7' } };
      const [strange] = await ask(`${url}/healthz`, proxied);
      const words = await strange.text();
      assert.match(words, /1 of 1 upstreams/);
      assert.doesNotMatch(words, /127\.0\.0\.1/);
    });
    await origin[Symbol.asyncDispose]();
  });

  test('who can answer nothing lives and is not ready; who can ask another is', async () => {
    const origin = await startOrigin();
    const away = 'http://127.0.0.1:9';
    await withCache({ upstreams: [away], forwardWrites: true }, async (url) => {
      const [alive] = await ask(`${url}/livez`);
      assert.deepEqual([alive.status, ((await alive.json()) as Healthz).writes], [200, true]);
      const [ready] = await ask(`${url}/readyz`);
      assert.equal(ready.status, 503);
      assert.match(await detailOf(ready), /No answer from http:.* Nothing is held/);
      const [head] = await ask(`${url}/readyz`, { method: 'HEAD' });
      assert.deepEqual([head.status, await head.text()], [503, '']);
    });
    await withCache({ upstreams: [away, origin.url] }, async (url) => {
      assert.equal((await ask(`${url}/readyz`))[0].status, 200);
    });
    origin.state.hangs = true;
    // The first word is still out: no probe is made to wait for it.
    await withCache({ upstreams: [origin.url], timeoutMs: UPSTREAM_MS }, async (url) => {
      assert.equal((await ask(`${url}/livez`))[0].status, 200);
      const [ready, ms] = await ask(`${url}/readyz`);
      assert.equal(ready.status, 503);
      assert.ok(ms < UPSTREAM_MS, `${ms} ms`);
    });
    await origin[Symbol.asyncDispose]();
  });

  test("what is of a node alone is not the cache's", async () => {
    const origin = await startOrigin();
    await withCache({ upstreams: [origin.url], forwardWrites: true }, async (url) => {
      const paths = ['/status', '/status/history', '/alerts', '/control', '/log-levels'];
      for (const path of [...paths, '/dashboard/', '/dashboard/assets/a.js', '//healthz']) {
        const [answer] = await ask(url + path);
        assert.equal(answer.status, 404, path);
        assert.equal(answer.headers.get('content-type'), 'application/problem+json');
        assert.match(await detailOf(answer), /this is a cache.* ask the node/);
      }
      const [changed] = await ask(`${url}/control`, { method: 'POST', body: '{}' });
      assert.equal(changed.status, 404);
      for (const path of ['/statuses', `/blocks/${'a'.repeat(64)}/status`]) {
        assert.equal((await ask(url + path))[0].headers.get('x-from'), 'origin', path);
      }
    });
    await origin[Symbol.asyncDispose]();
  });
});
