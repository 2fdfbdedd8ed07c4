import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BlockEvent } from '@basalt/ledger';
import { type BlockHash, type NamespaceId, PAYLOAD_TYPE } from '@basalt/protocol';
import { ReferenceFlow } from '../../src/observe/reference-flow.ts';
import { referencePayload } from './reference-payload.ts';

function id(number: number): NamespaceId {
  return `${String(number).padStart(8, '0')}-0000-4000-8000-000000000000` as NamespaceId;
}

function reference(from: number, to: number): Uint8Array {
  return referencePayload(id(from), id(to));
}

function event(namespace: NamespaceId, payloadType: number): BlockEvent {
  const hash = new Uint8Array(32) as BlockHash;
  const block = { kind: 'block' as const, namespace, index: 1, blockHash: hash };
  return { ...block, timestampMs: 1, payloadType, payloadLength: 1 };
}

function createScene() {
  const clock = { ms: 0 };
  const flow = new ReferenceFlow({ nowMs: () => clock.ms });
  const commit = (from: number, payloads: readonly Uint8Array[]): void => {
    flow.committed(
      payloads.map(() => event(id(from), PAYLOAD_TYPE.crossReference)),
      payloads.map((payload) => ({ payload })),
    );
  };
  const nobody = (namespaces: readonly string[]): string[] => namespaces.map(() => '');
  return { clock, flow, commit, nobody };
}

test('references are counted by who refers to whom, and told with labels', () => {
  const { flow, commit } = createScene();
  commit(1, [reference(1, 2), reference(1, 2), reference(1, 3)]);
  commit(2, [reference(2, 1)]);
  const { labels, counts } = flow.status((all) => all.map((one) => (one === id(1) ? 'books' : '')));
  assert.deepEqual(labels, ['books (00000001)', '00000002', '00000003']);
  assert.deepEqual(counts, [
    [0, 2, 1],
    [1, 0, 0],
    [0, 0, 0],
  ]);
});

test('what is no reference, or one to itself, counts nothing', () => {
  const { flow, commit, nobody } = createScene();
  commit(1, [new Uint8Array(0), new Uint8Array(200).fill(1), reference(1, 1)]);
  flow.committed([event(id(1), PAYLOAD_TYPE.opaque)], [{ payload: reference(1, 2) }]);
  flow.committed([event(id(1), PAYLOAD_TYPE.crossReference)], [{ payload: undefined }]);
  assert.deepEqual(flow.status(nobody), { labels: [], counts: [] });
});

test('a commit full of references is sampled evenly; old ones fade; the matrix is bounded', () => {
  const { clock, flow, commit, nobody } = createScene();
  const [two, three] = [reference(1, 2), reference(1, 3)];
  commit(
    1,
    Array.from({ length: 4_096 }, (_, i) => (i % 4 === 0 ? three : two)),
  );
  const { counts } = flow.status(nobody);
  assert.equal(
    counts[0]?.reduce((sum, count) => sum + count, 0),
    4_096,
  );
  clock.ms += 600_000;
  assert.equal(
    flow.status(nobody).counts[0]?.reduce((sum, count) => sum + count, 0),
    2_048,
  );
  for (let to = 10; to < 100; to++) commit(5, [reference(5, to)]);
  const shown = flow.status(nobody);
  assert.ok(shown.labels.length <= 24 && shown.counts.length === shown.labels.length);
});
