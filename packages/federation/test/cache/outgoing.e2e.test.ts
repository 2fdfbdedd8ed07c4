import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { OutgoingBodies } from '../../src/cache/outgoing-bodies.ts';
import { type PassedStreams, passStream } from '../../src/cache/pass-stream-shell.ts';
import { sendPaced } from '../../src/cache/send-paced-shell.ts';

const MIB = 1024 ** 2;

test('readers at one address get a share of the budget, a proxy here all of it', () => {
  const outgoing = new OutgoingBodies(8 * MIB);
  const body = (): Uint8Array => new Uint8Array(0.9 * MIB);
  const first = body();
  assert.equal(outgoing.take(first, '192.0.2.1'), true);
  assert.equal(outgoing.take(body(), '192.0.2.1'), false);
  assert.equal(outgoing.take(body(), '192.0.2.2'), true);
  for (let i = 0; i < 6; i++) assert.equal(outgoing.take(body(), undefined), true);
  assert.equal(outgoing.take(body(), undefined), false);
  outgoing.give(first, '192.0.2.1');
  assert.equal(outgoing.take(body(), '192.0.2.1'), true);
  // One that is larger than the share goes out alone.
  assert.equal(new OutgoingBodies(8 * MIB).take(new Uint8Array(2 * MIB), '192.0.2.3'), true);
});

test('a reader who takes nothing is cut off; one who reads gets every byte', async () => {
  const body = new Uint8Array(12 * MIB).map((_, i) => i % 251);
  const ended: boolean[] = [];
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': body.length });
    response.once('close', () => ended.push(response.writableFinished));
    void sendPaced(response, body, 300);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const deaf = connect(port, '127.0.0.1');
  deaf.on('error', () => undefined);
  deaf.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
  deaf.pause();
  const read = new Uint8Array(await (await fetch(`http://127.0.0.1:${port}`)).arrayBuffer());
  assert.equal(Buffer.compare(read, body), 0);
  for (let i = 0; i < 100 && ended.length < 2; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.equal(ended.filter(Boolean).length, 1);
  assert.equal(ended.length, 2);
  deaf.destroy();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

test('who is refused a stream is told when to ask again, by the node or by the cache', async () => {
  const node = createServer((_request, response) => {
    response.writeHead(429, { 'content-type': 'application/problem+json', 'retry-after': '7' });
    response.end('{}');
  });
  node.listen(0, '127.0.0.1');
  await once(node, 'listening');
  const upstream = `http://127.0.0.1:${(node.address() as AddressInfo).port}`;
  const streams: PassedStreams = {
    count: 0,
    byAddress: new Map(),
    signal: new AbortController().signal,
  };
  const cache = createServer((request, response) => {
    void passStream(request, response, upstream, streams);
  });
  cache.listen(0, '127.0.0.1');
  await once(cache, 'listening');
  const ask = async (): Promise<readonly unknown[]> => {
    const url = `http://127.0.0.1:${(cache.address() as AddressInfo).port}/events`;
    const { status, headers } = await fetch(url);
    return [status, headers.get('retry-after'), headers.get('content-type')];
  };
  const type = 'application/problem+json';
  assert.deepEqual(await ask(), [429, '7', type]);
  streams.count = 256;
  assert.deepEqual(await ask(), [503, '5', type]);
  for (const server of [cache, node]) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

test('event streams of one address are a share of all, given back when it leaves', async () => {
  const ending = new AbortController();
  const streams: PassedStreams = { count: 0, byAddress: new Map(), signal: ending.signal };
  const statuses: number[] = [];
  const ask = (remoteAddress: string): PassThrough => {
    const request = { url: '/events', headers: {}, socket: { remoteAddress } };
    const writeHead = (status: number): unknown => statuses.push(status);
    const response = Object.assign(new PassThrough().resume(), { writeHead, headersSent: false });
    // Nobody listens there; the answer is that none comes, later.
    void passStream(
      request as unknown as IncomingMessage,
      response as unknown as ServerResponse,
      'http://127.0.0.1:9',
      streams,
    );
    return response;
  };
  for (let i = 0; i < 33; i++) ask('192.0.2.1');
  assert.deepEqual(statuses, [429]);
  for (let i = 0; i < 40; i++) ask('127.0.0.1');
  ask('192.0.2.2');
  assert.deepEqual(statuses, [429]);
  assert.equal(streams.count, 32 + 40 + 1);
  for (let i = 0; i < 100 && streams.count > 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.deepEqual([streams.count, streams.byAddress.size], [0, 0]);
  ending.abort();
});
