import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type BlockReport,
  ClientError,
  type NamespaceSummary,
  type NodeEvent,
} from '@basalt/client';
import type { NamespaceId } from '@basalt/protocol';
import { type ChainsClient, ChainsWatch } from '../src/chains/watch.ts';
import {
  BLOCKS_MAX,
  BLOCKS_PER_LOOK,
  HEADS_MAX,
  NAMESPACES_MAX,
  OTHERS_PER_LOOK,
} from '../src/limits.ts';

const NAMESPACE = '1487919c-04b7-8e70-9b5b-be71a8e4a5e7' as NamespaceId;

interface Served {
  readonly client: ChainsClient;
  /** Ranges that were asked for. */
  readonly asked: { readonly from: number; readonly count: number }[];
  size: number;
  covered: number;
  /** Indexes that do not hold. */
  readonly bad: Set<number>;
  failure: ClientError | undefined;
  events: readonly NodeEvent[];
}

function serve(): Served {
  const served: Served = {
    asked: [],
    size: 10,
    covered: 10,
    bad: new Set(),
    failure: undefined,
    events: [],
    client: {
      async *namespaces() {
        const { size, covered: checkpointSize } = served;
        const facts = { namespace: NAMESPACE, label: 'rides', size, checkpointSize };
        yield { ...facts, timestampMs: 5 } as NamespaceSummary;
      },
      async *events() {
        yield* served.events;
      },
      async examineRange({ from, count }) {
        served.asked.push({ from, count });
        if (served.failure !== undefined) throw served.failure;
        return Array.from({ length: count }, (_, i) => {
          const index = from + i;
          const error = new ClientError('refused', 'payload-mismatch', 'another payload');
          return served.bad.has(index)
            ? ({ status: 'refused', index, error } as unknown as BlockReport)
            : ({ status: 'verified', index } as unknown as BlockReport);
        });
      },
    },
  };
  return served;
}

function tell(watch: ChainsWatch, index: number): void {
  const hash = '00'.repeat(32);
  watch.take({ kind: 'block', namespace: NAMESPACE, index, hash, timestampMs: 1_000 + index });
}

test('a block waits until a checkpoint covers it, and only then is it asked for', async () => {
  const served = serve();
  const watch = new ChainsWatch(served.client);
  await watch.look();
  assert.deepEqual(served.asked, [{ from: 9, count: 1 }], 'the newest block of the namespace');
  assert.equal(watch.view.namespaces[0]?.mark.kind, 'verified');
  tell(watch, 10);
  await watch.look();
  assert.equal(watch.view.blocks[0]?.mark.kind, 'waiting');
  assert.equal(served.asked.length, 1);
  watch.take({ kind: 'checkpoint', namespace: NAMESPACE, size: 11 });
  await watch.look();
  assert.equal(watch.view.blocks[0]?.mark.kind, 'verified');
  await watch.look();
  assert.equal(served.asked.length, 2, 'what is verified is not asked for again');
});

test('one bad block among good ones is refused alone, and stays when others come', async () => {
  const served = serve();
  served.bad.add(11);
  const watch = new ChainsWatch(served.client);
  await watch.look();
  for (const index of [10, 11, 12]) tell(watch, index);
  watch.take({ kind: 'checkpoint', namespace: NAMESPACE, size: 13 });
  await watch.look();
  const kinds = watch.view.blocks.map(({ index, mark }) => `${index} ${mark.kind}`);
  assert.deepEqual(kinds, ['12 verified', '11 refused', '10 verified']);
  for (let index = 13; index < 13 + 2 * BLOCKS_MAX; index++) {
    tell(watch, index);
    await watch.look();
  }
  assert.equal(watch.view.blocks.length, BLOCKS_MAX);
  assert.equal(
    watch.view.blocks.some(({ index }) => index === 11),
    false,
  );
  assert.deepEqual(
    watch.view.refused.map(({ index }) => index),
    [11],
  );
});

test('a flood is counted, not listed, and asks for bounded ranges', async () => {
  const served = serve();
  const watch = new ChainsWatch(served.client);
  await watch.look();
  for (let index = 10; index < 5_010; index++) tell(watch, index);
  watch.take({ kind: 'checkpoint', namespace: NAMESPACE, size: 5_010 });
  await watch.look();
  assert.equal(watch.view.blocks.length, BLOCKS_PER_LOOK);
  assert.equal(watch.view.blocks[0]?.index, 5_009);
  assert.equal(watch.view.passedOver, 5_000 - BLOCKS_PER_LOOK);
  assert.deepEqual(served.asked.at(-1), { from: 5_002, count: BLOCKS_PER_LOOK });
});

test('what cannot be asked is not verified; what is refused as a whole is refused', async () => {
  const served = serve();
  served.failure = new ClientError('unavailable', 'network', 'no answer');
  const watch = new ChainsWatch(served.client);
  await watch.look();
  assert.equal(watch.view.namespaces[0]?.mark.kind, 'unchecked');
  served.failure = undefined;
  await watch.look();
  assert.equal(watch.view.namespaces[0]?.mark.kind, 'verified', 'it is asked for again');
  served.failure = new ClientError('refused', 'inconsistent-checkpoint', 'another history');
  tell(watch, 10);
  watch.take({ kind: 'checkpoint', namespace: NAMESPACE, size: 11 });
  await watch.look();
  const [block] = watch.view.blocks;
  assert.equal(block?.mark.kind, 'refused');
  assert.match(block?.mark.kind === 'refused' ? block.mark.reason : '', /contradicts/);
});

test('a node that gives no events is asked for its list again', async () => {
  const served = serve();
  const watch = new ChainsWatch(served.client);
  await watch.follow();
  await watch.look();
  served.size = 12;
  served.covered = 12;
  await watch.look();
  assert.equal(watch.view.namespaces[0]?.size, 12);
  assert.equal(watch.view.namespaces[0]?.checked, 11);
});

test('a covered namespace waits for its turn only, however many there are', async () => {
  const count = 67;
  const names = Array.from({ length: count }, (_, i) => `${i}` as NamespaceId);
  const bare = names[count - 1];
  const asked: NamespaceId[] = [];
  let silent = new Set<NamespaceId>();
  const watch = new ChainsWatch({
    async *namespaces() {
      for (const [i, namespace] of names.entries()) {
        const checkpointSize = namespace === bare ? 0 : 3;
        const facts = { namespace, label: 'load', size: 3, checkpointSize };
        yield { ...facts, timestampMs: count - i } as NamespaceSummary;
      }
    },
    async *events() {},
    async examineRange({ namespace, from }) {
      asked.push(namespace);
      if (silent.has(namespace)) throw new ClientError('unavailable', 'http-error', 'away');
      return [{ status: 'verified', index: from } as unknown as BlockReport];
    },
  });
  const kinds = (): string[] => watch.view.namespaces.map(({ mark }) => mark.kind);
  // Who cannot be asked does not hold up the others.
  silent = new Set(names.slice(HEADS_MAX, HEADS_MAX + 2 * OTHERS_PER_LOOK));
  await watch.look();
  assert.equal(asked.length, HEADS_MAX + OTHERS_PER_LOOK);
  for (let i = 0; i < 15; i++) await watch.look();
  const waiting = kinds().flatMap((kind, i) => (kind === 'waiting' ? [names[i]] : []));
  assert.deepEqual(waiting, [bare], 'only that which no checkpoint covers');
  silent = new Set();
  for (let i = 0; i < Math.ceil(NAMESPACES_MAX / OTHERS_PER_LOOK); i++) await watch.look();
  assert.equal(kinds().filter((kind) => kind === 'verified').length, count - 1);
  const before = asked.length;
  await watch.look();
  assert.equal(asked.length, before, 'what is verified is not asked for again');
});
