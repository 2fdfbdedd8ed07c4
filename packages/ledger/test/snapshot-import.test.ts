import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  ALGORITHM,
  decodeSnapshotManifest,
  encodeRotation,
  encodeSnapshotManifest,
  PAYLOAD_TYPE,
  ProtocolError,
  type SnapshotManifest,
  snapshotChunkCount,
  utf8,
} from '@basalt/protocol';
import { createMemoryEngine, createMemoryStorage, fsck, StoreError } from '@basalt/store';
import { auditNamespace, importSnapshot, unfinishedSnapshot } from '../src/index.ts';
import { createTestLedger, seededSigner } from './support/harness.ts';
import {
  importComponents,
  importFrom,
  type Origin,
  openStore,
  origin,
} from './support/snapshots.ts';

let whole: Origin;
let other: Origin;
before(async () => {
  whole = await origin(900);
  other = await origin(900, 70);
});
after(async () => {
  await whole.ledger.close();
  await other.ledger.close();
});

const HEIGHT = 900;
const manifestOf = (from: Origin, blocks = 600) =>
  from.ledger.snapshotManifest(from.namespace, HEIGHT, blocks);

async function chunksOf(from: Origin, manifest: SnapshotManifest): Promise<Uint8Array[]> {
  const count = snapshotChunkCount(manifest);
  return Promise.all(
    Array.from({ length: count }, (_, chunk) =>
      from.ledger.snapshotChunk(from.namespace, HEIGHT, manifest.from, chunk),
    ),
  );
}

test('a manifest survives its encoding, and a cut or altered one is refused', async () => {
  const manifest = await manifestOf(whole);
  assert.equal(manifest.from, 256);
  assert.equal(snapshotChunkCount(manifest), 1 + 3);
  const bytes = encodeSnapshotManifest(manifest);
  assert.deepEqual(decodeSnapshotManifest(bytes), manifest);
  for (let end = 0; end < bytes.length; end += 7) {
    assert.throws(() => decodeSnapshotManifest(bytes.subarray(0, end)), ProtocolError);
  }
  assert.throws(() => decodeSnapshotManifest(Buffer.concat([bytes, bytes])), ProtocolError);
  let kept = 0;
  for (let at = 0; at < bytes.length; at++) {
    const altered = bytes.slice();
    altered[at] = (altered[at] as number) ^ 1;
    try {
      decodeSnapshotManifest(altered);
      kept++;
    } catch (error) {
      assert(error instanceof ProtocolError, String(error));
    }
  }
  // Namespace, head hash, time and two sums of bytes are for the blocks to contradict; no more.
  assert(kept <= 16 + 32 + 8 + 8 + 8, String(kept));
});

/** A manifest that decodes, with one field that the blocks contradict. */
const lies: readonly [string, (manifest: SnapshotManifest) => SnapshotManifest, string][] = [
  [
    'another head hash',
    (m) => ({ ...m, snapshot: { ...m.snapshot, headHash: m.snapshot.root } }),
    'inconsistent-checkpoint',
  ],
  [
    'another time',
    (m) => ({ ...m, snapshot: { ...m.snapshot, createdMs: m.snapshot.createdMs + 1 } }),
    'inconsistent-checkpoint',
  ],
  ['another sum of bytes', (m) => ({ ...m, olderSizeBytes: 1 }), 'inconsistent-checkpoint'],
];

for (const [what, lie, code] of lies) {
  test(`a manifest with ${what} is refused with the last bundle`, async () => {
    const manifest = lie(await manifestOf(whole));
    const storage = createMemoryStorage();
    const store = await openStore(storage);
    await assert.rejects(importFrom(whole.ledger, manifest, store), { code });
    assert((await unfinishedSnapshot(store, whole.namespace)) !== undefined);
  });
}

test('a wrong chunk is refused by its number and the right one then taken', async () => {
  const manifest = await manifestOf(whole);
  const chunks = await chunksOf(whole, manifest);
  const foreign = await chunksOf(other, await manifestOf(other));
  const store = await openStore(createMemoryStorage());
  const running = await importSnapshot(importComponents(store), manifest);
  for (let chunk = running.nextChunk(); chunk !== undefined; chunk = running.nextChunk()) {
    const right = chunks[chunk] as Uint8Array;
    const wrong = [
      foreign[chunk] as Uint8Array,
      chunks[(chunk + 1) % chunks.length] as Uint8Array,
      right.subarray(0, right.length - 1),
      Buffer.concat([right, Uint8Array.of(0)]),
      new Uint8Array(0),
    ];
    for (let at = 0; at < right.length; at += Math.ceil(right.length / 40)) {
      const altered = right.slice();
      altered[at] = (altered[at] as number) ^ 0x10;
      wrong.push(altered);
    }
    for (const bytes of wrong) {
      await assert.rejects(running.add(bytes), (error: unknown) => {
        assert(error instanceof ProtocolError);
        assert.equal(error.metadata['chunk'], chunk);
        return true;
      });
      assert.equal(running.nextChunk(), chunk);
    }
    await running.add(right);
  }
  assert.equal((await store.head(whole.namespace))?.size, HEIGHT);
  assert.equal(await unfinishedSnapshot(store, whole.namespace), undefined);
});

test('a left out rotation is found where the next key signs, or where it stands', async () => {
  const rotated = await origin(300, 80);
  const { namespace, ledger } = rotated;
  const [first, next] = [seededSigner(80), seededSigner(81)];
  const newKey = { algorithm: ALGORITHM.ed25519, publicKey: next.publicKey };
  const payload = encodeRotation({ newKey, nextKeyHash: undefined });
  const payloadType = PAYLOAD_TYPE.keyRotation;
  await (await ledger.openWriter(namespace, first)).append([{ payload, payloadType }]);
  const writer = await ledger.openWriter(namespace, next);
  await writer.append(Array.from({ length: 599 }, (_, i) => ({ payload: utf8(`next ${i}`) })));
  await ledger.flush();
  for (const [blocks, code] of [
    [1, 'wrong-writer'],
    [600, 'payload-mismatch'],
  ] as const) {
    const manifest = await ledger.snapshotManifest(namespace, HEIGHT, blocks);
    assert.deepEqual(manifest.keyBlocks, [0, 300]);
    const chunks = await chunksOf(rotated, manifest);
    const store = await openStore(createMemoryStorage());
    const lie = { ...manifest, keyBlocks: [0] };
    const running = await importSnapshot(importComponents(store), lie);
    await running.add(chunks[0] as Uint8Array);
    await assert.rejects(
      async () => {
        for (const chunk of chunks.slice(2)) await running.add(chunk);
      },
      { code },
    );
    const lane = await store.head(namespace);
    assert((lane?.size ?? 0) <= 512);
  }
  await ledger.close();
});

test('a block that is called a key block and is none is refused', async () => {
  const manifest = await manifestOf(whole);
  const lie = { ...manifest, keyBlocks: [0, 5] };
  const store = await openStore(createMemoryStorage());
  const running = await importSnapshot(importComponents(store), lie);
  const [genesis] = await chunksOf(whole, manifest);
  await running.add(genesis as Uint8Array);
  // Block 5 is no key block, whoever says so.
  await assert.rejects(running.add(genesis as Uint8Array), { code: 'invalid-index' });
});

test('every fault of the disk, at every commit, leaves an import that goes on', async () => {
  const manifest = await manifestOf(whole);
  let commits = 0;
  let state: Uint8Array | undefined;
  {
    const store = await openStore(createMemoryStorage(), () => {
      commits++;
      return undefined;
    });
    await importFrom(whole.ledger, manifest, store);
    state = (await store.head(whole.namespace))?.state;
  }
  assert.equal(commits, 1 + 3);
  for (const persisted of [true, false]) {
    for (const code of ['io', 'disk-full'] as const) {
      for (let at = 1; at < commits; at++) {
        if (code === 'disk-full' && persisted) continue;
        const storage = createMemoryStorage();
        let commit = 0;
        const store = await openStore(storage, () =>
          commit++ === at ? { code, persisted } : undefined,
        );
        await assert.rejects(importFrom(whole.ledger, manifest, store), StoreError);
        // As after kill -9: only the rows are left.
        const again = await openStore(storage);
        const unfinished = await unfinishedSnapshot(again, whole.namespace);
        if (unfinished === undefined) {
          const isWhole = (await again.head(whole.namespace))?.size === HEIGHT;
          assert.equal(isWhole, persisted && at === commits - 1);
        }
        if ((await again.head(whole.namespace))?.size !== HEIGHT) {
          await importFrom(whole.ledger, unfinished ?? manifest, again);
        }
        assert.deepEqual((await again.head(whole.namespace))?.state, state);
        for await (const event of fsck(again)) assert.notEqual(event.kind, 'finding');
      }
    }
  }
});

test('an unfinished import takes no block and is not signed; another is refused', async () => {
  const manifest = await manifestOf(whole);
  const chunks = await chunksOf(whole, manifest);
  const storage = createMemoryStorage();
  const store = await openStore(storage);
  const running = await importSnapshot(importComponents(store), manifest);
  await running.add(chunks[0] as Uint8Array);
  await running.add(chunks[1] as Uint8Array);
  const smaller = await manifestOf(whole, 1);
  await assert.rejects(importSnapshot(importComponents(store), smaller), /another snapshot/);
  await store.close();
  const { ledger } = await createTestLedger({ engine: createMemoryEngine({ storage }) });
  const writer = await ledger.openWriter(whole.namespace, seededSigner(60));
  await assert.rejects(writer.append([{ payload: utf8('too early') }]), { code: 'unfinished' });
  await ledger.flush();
  assert.equal(await ledger.checkpoint(whole.namespace), undefined);
  await ledger.close();
  const reopened = await openStore(storage);
  await importFrom(whole.ledger, manifest, reopened);
  const twice = importSnapshot(importComponents(reopened), manifest);
  await assert.rejects(twice, /here already/);
});

test('a whole namespace can be taken too, headers from its first block on', async () => {
  const manifest = await manifestOf(whole, HEIGHT);
  assert.equal(manifest.from, 0);
  const storage = createMemoryStorage();
  const store = await openStore(storage);
  await importFrom(whole.ledger, manifest, store);
  assert.equal((await store.head(whole.namespace))?.begin, undefined);
  const { crypto, verifier } = importComponents(store);
  assert.deepEqual(await auditNamespace(whole.namespace, { store, crypto, verifier }), []);
});

test('what cannot be handed out is refused', async () => {
  const { ledger, namespace } = whole;
  await assert.rejects(ledger.snapshotManifest(namespace, 901), { code: 'out-of-range' });
  await assert.rejects(ledger.snapshotManifest(namespace, 0), { code: 'out-of-range' });
  await assert.rejects(ledger.snapshotChunk(namespace, 901, 768, 0), { code: 'not-covered' });
  for (const from of [-256, 1, 900, 1024, Number.NaN]) {
    await assert.rejects(ledger.snapshotChunk(namespace, 900, from, 0), { code: 'out-of-range' });
  }
  for (const chunk of [2, 1e9]) {
    await assert.rejects(ledger.snapshotChunk(namespace, 900, 768, chunk), {
      code: 'out-of-range',
    });
  }
});
