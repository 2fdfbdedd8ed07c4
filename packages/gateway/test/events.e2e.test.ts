import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { suite, test } from 'node:test';
import { formatEvent } from '../src/event-streams.ts';
import { BLOCK_TYPE, BLOCKS_TYPE } from '../src/media-types.ts';
import { ChainWriter } from './support/ledger.ts';
import { ask, post, type Served, serve, until } from './support/serve.ts';

interface Stream {
  readonly text: () => string;
  close(): void;
}

async function listen(served: Served, path: string, headers = ''): Promise<Stream> {
  const socket = connect(served.port, '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  let text = '';
  socket.on('data', (data: Buffer) => {
    text += data.toString();
  });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`);
  await until(async () => text.includes('retry:') || /HTTP\/1.1 [45]/.test(text));
  return { text: () => text, close: () => socket.destroy() };
}

/** Indexes of block events, in the order in which they came. */
function indexes(text: string): number[] {
  return Array.from(text.matchAll(/^id: [0-9a-f-]{36}:(\d+)$/gm), (found) => Number(found[1]));
}

suite('events', () => {
  test('blocks and checkpoints come as they happen, with ids', async () => {
    const served = await serve();
    try {
      const chain = new ChainWriter(70);
      const all = await listen(served, '/events');
      await post(served.port, '/blocks', BLOCK_TYPE, chain.wire(0));
      const one = await listen(served, `/chains/${chain.namespace}/events`);
      for (let i = 1; i < 4; i++) {
        chain.add(Buffer.from(`event ${i}`));
        await post(served.port, '/blocks', BLOCK_TYPE, chain.wire(i));
      }
      await until(
        async () => indexes(one.text()).length === 3 && /event: checkpoint/.test(one.text()),
      );
      assert.deepEqual(indexes(one.text()), [1, 2, 3]);
      const data = /event: block\nid: (.+)\ndata: (.+)\n/.exec(one.text())!;
      assert.equal(data[1], `${chain.namespace}:1`);
      const event = JSON.parse(data[2]!) as Record<string, unknown>;
      assert.equal(event['blockHash'], chain.hash(1));
      assert.equal(event['namespace'], chain.namespace);
      assert.ok(all.text().includes(`${chain.namespace}:3`));
      one.close();
      all.close();
    } finally {
      await served.close();
    }
  });

  test('a stream that names its last event gets what it missed, once', async () => {
    const served = await serve();
    try {
      const chain = new ChainWriter(71);
      for (let i = 1; i < 20; i++) chain.add(Buffer.of(i));
      const body = Buffer.concat(chain.blocks.map((_, i) => chain.wire(i)));
      await post(served.port, '/blocks/batch', BLOCKS_TYPE, body);
      const path = `/chains/${chain.namespace}/events`;
      const stream = await listen(served, path, `Last-Event-ID: ${chain.namespace}:4\r\n`);
      chain.add(Buffer.from('live'));
      await post(served.port, '/blocks', BLOCK_TYPE, chain.wire(20));
      await until(async () => indexes(stream.text()).includes(20));
      assert.deepEqual(
        indexes(stream.text()),
        Array.from({ length: 16 }, (_, i) => i + 5),
      );
      stream.close();
      const elsewhere = await listen(served, path, 'Last-Event-ID: nonsense\r\n');
      assert.deepEqual(indexes(elsewhere.text()), []);
      elsewhere.close();
    } finally {
      await served.close();
    }
  });

  test('streams are bounded, have a heartbeat, and leaving frees the place', async () => {
    const served = await serve({ eventStreamsMax: 2, eventHeartbeatMs: 30 });
    try {
      const first = await listen(served, '/events');
      const second = await listen(served, '/events');
      const third = await listen(served, '/events');
      assert.match(third.text(), /HTTP\/1\.1 503[^]*Retry-After: 5[^]*"code":"overloaded"/);
      await until(async () => /\n:\n/.test(first.text()));
      first.close();
      await until(async () => {
        const next = await listen(served, '/events');
        next.close();
        return next.text().includes('200 OK');
      });
      second.close();
      third.close();
      await until(async () => {
        const health = (await ask(served.port, '/healthz')).json<{ eventStreams: number }>();
        return health.eventStreams === 0;
      });
      const head = await ask(served.port, '/events', { method: 'HEAD' });
      assert.equal(head.headers['content-type'], 'text/event-stream');
      assert.equal((await ask(served.port, '/chains/nobody/events')).status, 404);
    } finally {
      await served.close();
    }
  });

  test('a lagging reader is told how much it missed', () => {
    const text = formatEvent({ kind: 'lagged', dropped: 12 });
    assert.equal(text, 'event: lagged\ndata: {"kind":"lagged","dropped":12}\n\n');
  });
});
