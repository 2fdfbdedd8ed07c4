/** How many event streams one reader may have, and for how long one that reads nothing. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { listenOnLoopback } from '../../../tools/testing/loopback.ts';
import { EventStreams } from '../src/event-streams.ts';
import { createTestLedger } from './support/ledger.ts';
import { until } from './support/serve.ts';

/** A source that has nothing to tell until its reader leaves. */
async function* silence(signal: AbortSignal): AsyncGenerator<string> {
  yield ': hello\n\n';
  if (!signal.aborted) await once(signal, 'abort');
}

test('one address has a share, this machine more, and giving back is counted', async () => {
  const streams = new EventStreams(await createTestLedger(), {
    streamsMax: 16,
    heartbeatMs: 1e6,
  });
  const ends: (() => void)[] = [];
  const open = async (remoteAddress: string): Promise<void> => {
    const response = Object.assign(new PassThrough().resume(), { writeHead: () => undefined });
    const request = { method: 'GET', socket: { remoteAddress } };
    const count = streams.count;
    const serving = streams.stream(
      request as unknown as IncomingMessage,
      response as unknown as ServerResponse,
      (signal) => silence(signal),
    );
    if (streams.count === count) await serving;
    ends.push(() => response.destroy());
  };
  const isRefused = { code: 'too-many-requests', message: /from one address/ };
  for (let i = 0; i < 2; i++) await open('2001:db8::1');
  // One customer has a whole /64; 192.0.2.1 is nobody's of them.
  await assert.rejects(open('2001:db8::2'), isRefused);
  await open('192.0.2.1');
  ends.shift()?.();
  await until(async () => streams.count === 2);
  await open('2001:db8::2');
  for (const end of ends.splice(0)) end();
  await until(async () => streams.count === 0);
  for (let i = 0; i < 14; i++) await open(i % 2 === 0 ? '127.0.0.1' : '::ffff:127.0.0.1');
  await assert.rejects(open('127.0.0.1'), isRefused);
  for (let i = 0; i < 2; i++) await open(`192.0.2.${i}`);
  await assert.rejects(open('192.0.2.9'), { code: 'overloaded' });
  for (const end of ends) end();
  await until(async () => streams.count === 0);
});

test('who takes nothing is cut while little waits; a quiet stream is not', async () => {
  const ledger = await createTestLedger();
  const streams = new EventStreams(ledger, { streamsMax: 16, heartbeatMs: 20, drainMs: 1_000 });
  const ended: string[] = [];
  const server = createServer((request, response) => {
    const isFull = (): boolean => response.writableLength > 16 * 1024;
    const texts = async function* texts(signal: AbortSignal): AsyncGenerator<string> {
      // More than the system's buffers take, and less than what is cut at once.
      while (!isFull() && request.url === '/deaf') {
        yield `: ${'x'.repeat(8_192)}\n\n`;
        await setImmediate();
      }
      yield* silence(signal);
    };
    response.once('close', () => ended.push(request.url ?? ''));
    void streams.stream(request, response, texts);
  });
  const listening = await listenOnLoopback(server);
  const port = Number(new URL(listening.url).port);
  const connectTo = (path: string): Socket => {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    return socket;
  };
  const deaf = connectTo('/deaf').pause();
  const quiet = connectTo('/quiet').resume();
  try {
    await until(async () => ended.length > 0 && streams.count === 1, 30_000);
    await setTimeout(1_500);
    assert.deepEqual(ended, ['/deaf']);
    assert.equal(streams.count, 1);
    assert.equal(quiet.destroyed, false);
  } finally {
    deaf.destroy();
    quiet.destroy();
    await listening[Symbol.asyncDispose]();
    await ledger.close();
  }
});
