import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PeerBook } from '../../src/peer/peer-book.ts';
import { createFetchTransport } from '../../src/peer/transport.ts';
import { MemoryNetwork } from '../support/memory-network.ts';
import { runUntil, startTestNode, stopAll, TestTime, urlOf } from '../support/node.ts';

const URL_A = 'http://a.test';
const URL_B = 'http://b.test';

test('round trips are smoothed; what is no time is left out', () => {
  const book = new PeerBook();
  book.addStatic(URL_A);
  assert.equal(book.get(URL_A)?.rttSeconds, undefined);
  book.measured(URL_A, 0.1);
  assert.equal(book.get(URL_A)?.rttSeconds, 0.1);
  book.measured(URL_A, 0.9);
  assert.ok(Math.abs((book.get(URL_A)?.rttSeconds ?? 0) - 0.2) < 1e-9);
  for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, -1]) book.measured(URL_A, wrong);
  assert.ok(Math.abs((book.get(URL_A)?.rttSeconds ?? 0) - 0.2) < 1e-9);
  for (let i = 0; i < 60; i++) book.measured(URL_A, 0.05);
  assert.ok((book.get(URL_A)?.rttSeconds ?? 1) < 0.06);
  book.measured('http://stranger.test', 0.1);
  assert.equal(book.all().length, 1);
});

test('sources are asked in the order of their round trips, unknown ones last', () => {
  const book = new PeerBook();
  const urls = ['http://new.test', URL_A, URL_B];
  for (const url of urls) book.addStatic(url);
  book.measured(URL_A, 0.2);
  book.measured(URL_B, 0.05);
  const nearest = (): string[] => book.nearest(1_000).map(({ url }) => url);
  assert.deepEqual(nearest(), [URL_B, URL_A, 'http://new.test']);
  book.failed(URL_B, 'away', 1_000);
  assert.deepEqual(nearest(), [URL_A, 'http://new.test']);
});

test('the transport measures up to the first byte, where it is given a clock', async () => {
  let ms = 5_000;
  const fetch = (): Promise<Response> => {
    ms += 80;
    // A long body is no round trip.
    const pull = (controller: ReadableStreamDefaultController): void => {
      ms += 10_000;
      controller.close();
    };
    const body = new ReadableStream({ pull }, { highWaterMark: 0 });
    return Promise.resolve(new Response(body));
  };
  const scheduler = { after: () => () => undefined };
  const ask = { url: URL_A, method: 'GET' as const, target: '/', fields: {}, bytesMax: 10 };
  const measuring = createFetchTransport({ fetch, scheduler, nowMs: () => ms });
  assert.equal((await measuring(ask)).roundTripSeconds, 0.08);
  assert.equal((await createFetchTransport({ fetch, scheduler })(ask)).roundTripSeconds, undefined);
});

test('calls that happen anyway tell a node how far its peers are', async () => {
  const network = new MemoryNetwork();
  network.tamper = (_request, reply) => ({ ...reply, roundTripSeconds: 0.04 });
  const time = new TestTime();
  const origin = await startTestNode({ network, time, number: 1, roles: ['origin'] });
  const relay = await startTestNode({ network, time, number: 2, peers: [urlOf(1)] });
  const known = async (): Promise<boolean> =>
    relay.federation.status().peers[0]?.rttSeconds !== undefined;
  assert.ok(await runUntil(time, known, 30_000));
  assert.ok(Math.abs((relay.federation.status().peers[0]?.rttSeconds ?? 0) - 0.04) < 1e-9);
  await stopAll(time, [relay, origin]);
});
