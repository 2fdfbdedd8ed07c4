import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BlockRange, type BlockReport, ClientError, type NodeEvent } from '@basalt/client';
import type { NamespaceId } from '@basalt/protocol';
import { ChainFeed, ROWS_MAX } from '../src/chain-feed.ts';

const NAMESPACE = '1487919c-04b7-8e70-9b5b-be71a8e4a5e7' as NamespaceId;

interface Setup {
  readonly feed: ChainFeed;
  readonly asked: BlockRange[];
  /** Answers that the fake reader gives; the last one stays. */
  answer: (range: BlockRange) => Promise<BlockReport[]>;
}

/** The feed reads status and index only, so a report is no more than these here. */
function reports(range: BlockRange, refused = -1): BlockReport[] {
  return Array.from({ length: range.count }, (_, place) => {
    const index = range.from + place;
    const status = index === refused ? 'refused' : 'verified';
    return { status, namespace: NAMESPACE, index } as unknown as BlockReport;
  });
}

function createSetup(size: number, covered = size): Setup {
  const asked: BlockRange[] = [];
  const setup: { answer: Setup['answer'] } = { answer: async (range) => reports(range) };
  const client = {
    examineRange: (range: BlockRange) => {
      asked.push(range);
      return setup.answer(range);
    },
  };
  const parts = { client, namespace: NAMESPACE, size, covered, onChange: () => undefined };
  return Object.assign(setup, { feed: new ChainFeed(parts), asked });
}

const block = (index: number): NodeEvent => ({
  kind: 'block',
  namespace: NAMESPACE,
  index,
  hash: '',
  timestampMs: 0,
});
const checkpoint = (size: number): NodeEvent => ({
  kind: 'checkpoint',
  namespace: NAMESPACE,
  size,
});
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const states = (feed: ChainFeed): string[] =>
  feed.rows.map(({ index, state }) => `${index} ${state}`);

test('the newest blocks first; a live one waits for its checkpoint', async () => {
  const { feed, asked } = createSetup(3);
  await feed.open();
  assert.deepEqual(states(feed), ['2 verified', '1 verified', '0 verified']);
  feed.take(block(3));
  assert.equal(states(feed)[0], '3 checking');
  assert.equal(asked.length, 1, 'nothing is asked before a checkpoint covers it');
  feed.take(checkpoint(4));
  await settle();
  assert.equal(states(feed)[0], '3 verified');
  assert.deepEqual(asked.at(-1), { namespace: NAMESPACE, from: 3, count: 1 });
  assert.equal(feed.rows[0]?.isLive, true);
});

test('blocks that no checkpoint covers at the start are shown and checked later', async () => {
  const { feed } = createSetup(5, 3);
  await feed.open();
  assert.deepEqual(states(feed).slice(0, 3), ['4 checking', '3 checking', '2 verified']);
  feed.take(checkpoint(5));
  await settle();
  assert.deepEqual(states(feed).slice(0, 2), ['4 verified', '3 verified']);
});

test('one refused block does not stop the next', async () => {
  const setup = createSetup(1);
  await setup.feed.open();
  setup.answer = async (range) => reports(range, 2);
  setup.feed.take(checkpoint(4));
  await settle();
  assert.deepEqual(states(setup.feed), ['3 verified', '2 refused', '1 verified', '0 verified']);
});

test('refused as a whole is refused block by block; failed is not called refused', async () => {
  const setup = createSetup(1);
  await setup.feed.open();
  setup.answer = async () => {
    throw new ClientError('refused', 'inconsistent-checkpoint', 'two histories');
  };
  setup.feed.take(checkpoint(2));
  await settle();
  setup.answer = async () => {
    throw new ClientError('unavailable', 'network', 'away');
  };
  setup.feed.take(checkpoint(3));
  await settle();
  assert.deepEqual(states(setup.feed), ['2 unavailable', '1 refused', '0 verified']);
});

test('a flood is skipped and counted, the newest are looked at', async () => {
  const { feed, asked } = createSetup(10);
  await feed.open();
  for (let index = 10; index < 5_010; index++) feed.take(block(index));
  feed.take(checkpoint(5_010));
  await settle();
  assert.equal(feed.size, 5_010);
  assert.equal(feed.skipped, 5_000 - 32);
  assert.deepEqual(asked.at(-1), { namespace: NAMESPACE, from: 4_978, count: 32 });
  assert.ok(feed.rows.length <= ROWS_MAX);
  assert.ok(
    feed.rows.every(({ state }) => state === 'verified'),
    'nothing is left checking',
  );
});

test('older blocks on demand, bounded, down to the genesis', async () => {
  const { feed } = createSetup(100);
  await feed.open();
  const first = feed.rows.length;
  await feed.older();
  assert.ok(feed.rows.length > first);
  for (let i = 0; i < 10; i++) await feed.older();
  assert.equal(feed.rows.at(-1)?.index, 0);
  assert.equal(feed.rows.length, 100);
  await feed.older();
  assert.equal(feed.rows.length, 100);
});

test('events of other namespaces change nothing', async () => {
  const { feed, asked } = createSetup(2);
  await feed.open();
  const other = '00000000-0000-8000-8000-000000000000' as NamespaceId;
  feed.take({ kind: 'checkpoint', namespace: other, size: 50 });
  await settle();
  assert.equal(feed.size, 2);
  assert.equal(asked.length, 1);
});
