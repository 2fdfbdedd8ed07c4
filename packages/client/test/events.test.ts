import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createEventStreamParser, type StreamEvent } from '../src/event-stream.ts';
import type { BlockReport, NodeEvent } from '../src/index.ts';
import { binary, problem } from './fake-node.ts';
import { createSetup, isCode } from './setup.ts';

const STREAM = [
  '\uFEFF: comment\n\nevent: block\nid: a:1\ndata: {"x":1}\ndata: 2\n\n',
  'data:no blank\r\n\r\nid: 7\r\revent: empty\n\nretry: 250\nretry: x\ndata\n\ndata: cut',
].join('');
const EVENTS: readonly StreamEvent[] = [
  { type: 'block', id: 'a:1', data: '{"x":1}\n2' },
  { type: 'message', id: 'a:1', data: 'no blank' },
  { type: 'message', id: '7', data: '' },
];

test('an event stream is read as the HTML standard says', () => {
  const parser = createEventStreamParser();
  assert.deepEqual(parser.feed(STREAM), EVENTS);
  assert.equal(parser.lastEventId, '7');
  assert.equal(parser.retryMs, 250);
});

test('property: however the stream is cut, the events are the same', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(STREAM.length)), (cuts) => {
      const parser = createEventStreamParser();
      const events: StreamEvent[] = [];
      let from = 0;
      for (const to of [...cuts.toSorted((a, b) => a - b), STREAM.length]) {
        events.push(...parser.feed(STREAM.slice(from, to)));
        from = to;
      }
      assert.deepEqual(events, EVENTS);
    }),
  );
});

test('an endless line is cut off', () => {
  const parser = createEventStreamParser();
  assert.throws(
    () => {
      for (let i = 0; i < 100; i++) parser.feed('x'.repeat(1_000));
    },
    isCode('bad-response', 'refused'),
  );
});

test('a subscription yields every new block verified, over lost lines too', async () => {
  const { client, node, chain } = createSetup(3);
  const { namespace } = chain;
  const controller = new AbortController();
  const losses: unknown[] = [];
  const reports: BlockReport[] = [];
  const subscription = client.subscribe({
    namespace,
    signal: controller.signal,
    onDisconnect: (error) => losses.push(error),
  });
  const reading = (async () => {
    for await (const report of subscription) {
      reports.push(report);
      if (reports.length === 5) return;
    }
  })();
  await until(() => node.listening === 1);
  node.add(chain, 'one');
  await until(() => reports.length === 1);
  // The line breaks; three blocks come in meanwhile.
  let isDown = true;
  node.intercept = (request) =>
    isDown && request.path.endsWith('/events') ? problem(503, 'queue-full') : undefined;
  node.emit('event: lagged\ndata: {"dropped":1}\n\n');
  node.closeStreams();
  await until(() => losses.length > 1);
  for (const word of ['two', 'three', 'four']) node.add(chain, word);
  isDown = false;
  await until(() => reports.length === 4);
  const again = node.seen.findLast(({ path }) => path.endsWith('/events'));
  assert.equal(again?.headers.get('last-event-id'), `${namespace}:4`);
  node.add(chain, 'five');
  await reading;
  assert.deepEqual(
    reports.map(({ index, status }) => [index, status]),
    [4, 5, 6, 7, 8].map((index) => [index, 'verified']),
  );
  controller.abort();
});

test('a subscription tells a refused block in its place and goes on', async () => {
  const { client, node, chain } = createSetup(3);
  const { namespace } = chain;
  const reports: BlockReport[] = [];
  node.intercept = async (request, answer) => {
    if (!request.path.includes('/blocks?from=4')) return answer();
    const bytes = new Uint8Array(await (await answer()).arrayBuffer());
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
    return binary(bytes);
  };
  const subscription = client.subscribe({ namespace });
  const reading = (async () => {
    for await (const report of subscription) {
      reports.push(report);
      if (reports.length === 2) return;
    }
  })();
  await until(() => node.listening === 1);
  node.add(chain, 'bad');
  await until(() => reports.length === 1);
  node.add(chain, 'good');
  await reading;
  assert.deepEqual(
    reports.map(({ status }) => status),
    ['refused', 'verified'],
  );
  assert.equal(node.listening, 0, 'leaving the loop closes the stream');
});

test('events end with the signal and with a refusal of the subscription', async () => {
  const { client, node, chain } = createSetup(1);
  const controller = new AbortController();
  const seen: NodeEvent[] = [];
  const reading = (async () => {
    for await (const event of client.events({ signal: controller.signal })) seen.push(event);
  })();
  await until(() => node.listening === 1);
  node.add(chain, 'x');
  await until(() => seen.length === 3);
  assert.deepEqual(
    seen.map(({ kind }) => kind),
    ['connected', 'block', 'checkpoint'],
  );
  controller.abort();
  await assert.rejects(reading, isCode('aborted', 'aborted'));
  assert.equal(node.listening, 0);
  node.intercept = () => problem(404, 'unknown-namespace');
  await assert.rejects(
    async () => {
      for await (const event of client.events()) assert.fail(event.kind);
    },
    isCode('unknown-namespace', 'rejected'),
  );
});

test('leaving before the first event leaves neither a line nor a timer', async () => {
  const { client, node, time } = createSetup(1);
  for await (const event of client.events()) {
    assert.equal(event.kind, 'connected');
    break;
  }
  await until(() => node.listening === 0);
  assert.equal(time.pending(), 0);
});

test('a subscription to a new namespace waits for its first checkpoint', async () => {
  const { client, node, chain } = createSetup(1);
  const { namespace } = chain;
  let asked = 0;
  node.intercept = (request) =>
    request.path.endsWith('/checkpoint') && asked++ < 2 ? problem(404, 'not-found') : undefined;
  for await (const { index } of client.subscribe({ namespace, from: 0 })) {
    if (index === 1) break;
  }
  assert.equal(asked, 3);
});

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 20_000; turn++) {
    if (condition()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.fail('the condition did not come true');
}
