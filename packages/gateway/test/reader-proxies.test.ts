import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { EventStreams } from '../src/event-streams.ts';
import { AddressBuckets, isForMany, proxyKeys } from '../src/http/token-bucket.ts';
import { createTestLedger } from './support/ledger.ts';

test('a proxy is known however its address is spelt, and nobody else is', () => {
  const proxies = proxyKeys(['192.0.2.7', '2001:0DB8:0::7']);
  for (const known of ['192.0.2.7', '::ffff:192.0.2.7', '2001:db8::7', '2001:db8::8', '::1']) {
    assert.ok(isForMany(known, proxies), known);
  }
  for (const other of ['192.0.2.8', '2001:db8:0:1::7', '::ffff:192.0.2.8']) {
    assert.ok(!isForMany(other, proxies), other);
  }
  assert.ok(proxyKeys(['::ffff:192.0.2.7']).has('192.0.2.7'));
});

test('a proxy, through which many read, has the rate and streams of this machine', async () => {
  const proxies = proxyKeys(['192.0.2.7']);
  const loopback = { perSecond: 9, burst: 9 };
  const remote = { perSecond: 1, burst: 1 };
  const buckets = new AddressBuckets({ loopback, remote, addressesMax: 3, proxies });
  assert.equal(buckets.bucket('192.0.2.7', 0).limit, loopback);
  assert.equal(buckets.bucket('192.0.2.8', 0).limit, remote);
  const ledger = await createTestLedger();
  const streams = new EventStreams(ledger, { streamsMax: 16, heartbeatMs: 1e6, proxies });
  const ends: (() => Promise<unknown>)[] = [];
  const open = async (remoteAddress: string): Promise<void> => {
    const response = Object.assign(new PassThrough().resume(), { writeHead: () => undefined });
    const request = { method: 'GET', socket: { remoteAddress } } as unknown as IncomingMessage;
    const { count } = streams;
    const serving = streams.stream(request, response as unknown as ServerResponse, silence);
    if (streams.count === count) await serving;
    ends.push(async () => {
      response.destroy();
      await serving;
    });
  };
  const isRefused = { code: 'too-many-requests' };
  for (let i = 0; i < 14; i++) await open('192.0.2.7');
  await assert.rejects(open('192.0.2.7'), isRefused);
  for (let i = 0; i < 2; i++) await open('192.0.2.8');
  for (const end of ends) await end();
  assert.equal(streams.count, 0);
  for (let i = 0; i < 2; i++) await open('192.0.2.8');
  await assert.rejects(open('192.0.2.8'), isRefused);
  for (const end of ends.slice(-2)) await end();
  await ledger.close();
});

async function* silence(signal: AbortSignal): AsyncGenerator<string> {
  yield ': hello\n\n';
  if (!signal.aborted) await once(signal, 'abort');
}
