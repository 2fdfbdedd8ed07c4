import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createClient } from '@basalt/client';
import { ALGORITHM, createSigner, nobleProvider, utf8 } from '@basalt/protocol';
import { noopLogger, parseTraceparent } from '@basalt/telemetry';
import { type RunningNode, resolveConfig, startNode } from '../../src/index.ts';

interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly links: readonly { readonly spanId: string }[];
}

const folder = mkdtempSync(join(tmpdir(), 'basalt tracing '));
const spans: SentSpan[] = [];
const services = new Set<string>();
/** A collector: takes what is posted. */
const sink = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString()) as {
      resourceSpans: {
        resource: { attributes: { key: string; value: { stringValue: string } }[] };
        scopeSpans: { spans: SentSpan[] }[];
      }[];
    };
    for (const { resource, scopeSpans } of resourceSpans) {
      for (const { value } of resource.attributes) services.add(value.stringValue);
      for (const scope of scopeSpans) spans.push(...scope.spans);
    }
    response.end('{}');
  });
});
let node: RunningNode;

before(async () => {
  sink.listen(0, '127.0.0.1');
  await once(sink, 'listening');
  const traceUrl = `http://127.0.0.1:${(sink.address() as AddressInfo).port}`;
  const { config } = resolveConfig({
    flags: { dataDir: folder, port: 0, traceUrl, chain: true, rpcPort: 0 },
  });
  node = await startNode(config, { logger: noopLogger, version: '1.2.3' });
});

after(() => {
  sink.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a request, its checks and its commit are one trace, also across the caller', async () => {
  const pair = nobleProvider.suite(ALGORITHM.ed25519).keyPairFromSeed(new Uint8Array(32).fill(7));
  const signer = createSigner(pair, nobleProvider);
  const trace = '0af7651916cd43dd8448eb211c80319c';
  const traceparent = `00-${trace}-b7ad6b7169203331-01`;
  const client = createClient({
    url: node.info.url,
    fetch(url, init) {
      const all = new Headers(init?.headers);
      all.set('traceparent', traceparent);
      return fetch(url, { ...init, headers: all });
    },
  });
  const { namespace } = await client.createNamespace({ label: 'traced', signer });
  await client.append(namespace, [{ payload: utf8('a record') }], {
    signer,
    until: 'checkpoint',
  });
  const rpcUrl = node.info.chain?.rpcUrl ?? '';
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'eth_sendTransaction',
    params: [
      {
        from: '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266',
        to: '0x70997970c51812dc3a010c7d01b50e0d17dc79c8',
        value: '0x1',
      },
    ],
  });
  const sent = await fetch(rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  assert.match(await sent.text(), /"result":"0x/);
  // What waits is sent when the node stops.
  await node.stop();
  assert.ok(services.has('basalt') && services.has('1.2.3'));
  const mine = spans.filter(({ traceId }) => traceId === trace);
  const names = new Set(mine.map(({ name }) => name));
  for (const name of [
    'HTTP POST',
    'ledger.verify',
    'ledger.group',
    'store.append',
    'ledger.cover',
  ]) {
    assert.ok(names.has(name), `${name} among ${[...names].join(', ')}`);
  }
  const ids = new Set([...mine.map(({ spanId }) => spanId), 'b7ad6b7169203331']);
  for (const span of mine) {
    assert.ok(ids.has(span.parentSpanId ?? ''), `${span.name} has its parent in the trace`);
    assert.ok(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano));
  }
  // The round that covers the record is of this trace or says that it worked for it.
  const cover = mine.find(({ name }) => name === 'ledger.cover');
  const rounds = spans.filter(({ name }) => name === 'ledger.checkpoints');
  assert.ok(rounds.some(({ links }) => links.some(({ spanId }) => spanId === cover?.spanId)));
  const rpc = spans.find(({ name }) => name === 'rpc eth_sendTransaction');
  assert.ok(rpc !== undefined);
  const block = spans.filter(({ traceId }) => traceId === rpc.traceId).map(({ name }) => name);
  assert.ok(block.includes('execution.block') && block.includes('store.append'), block.join());
});

test('what is no traceparent begins a trace of its own', () => {
  const good = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  assert.equal(parseTraceparent(good)?.traceFlags, 1);
  for (const bad of [
    '',
    'undefined',
    good.toUpperCase(),
    good.replace('00-', '01-'),
    `${good}-x`,
    good.replace('b7ad6b7169203331', '0'.repeat(16)),
    good.replace('0af7651916cd43dd8448eb211c80319c', '0'.repeat(32)),
  ]) {
    assert.equal(parseTraceparent(bad), undefined);
  }
});
