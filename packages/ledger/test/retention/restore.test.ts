import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNativeProvider } from '@basalt/crypto';
import { type NamespaceId, ProtocolError, utf8 } from '@basalt/protocol';
import { createLogStore, createMemoryEngine, type LogStore } from '@basalt/store';
import {
  createPayloadRestore,
  importSnapshot,
  type MissingPayloads,
  type PayloadRestore,
  storedNamespaces,
} from '../../src/index.ts';
import { importComponents, type Origin, origin } from '../support/snapshots.ts';

const hashes = createNativeProvider();

interface Pruned extends Origin {
  readonly restore: PayloadRestore;
  /** What an archive would send. */
  readonly payloadsOf: (missing: MissingPayloads) => (Uint8Array | undefined)[];
}

async function setup(size: number): Promise<Pruned> {
  const made = await origin(size);
  const { store, namespace } = made;
  const all: (Uint8Array | undefined)[] = [];
  for (let index = 0; index < size; index++) all.push(await store.payload(namespace, index));
  return {
    ...made,
    restore: createPayloadRestore({ store, hashes }, namespace),
    payloadsOf: ({ from, wanted }) =>
      wanted.map((bytes, i) => (bytes === undefined ? undefined : all[from + i])),
  };
}

async function heldCount(store: LogStore, namespace: NamespaceId): Promise<number> {
  return (await store.heldPayloads(namespace, 0, 10_000)).filter(Boolean).length;
}

test('what went comes back, newest first, and can be gone on with at any moment', async () => {
  const { store, namespace, restore, payloadsOf } = await setup(900);
  await store.prunePayloads(namespace, 700);
  await store.dropPayloads(namespace, [750, 899]);
  assert.equal((await restore.count()).payloads, 702);
  let runs = 0;
  for await (const missing of restore.missing()) {
    if (++runs > 2) break;
    await restore.add(missing, payloadsOf(missing));
  }
  assert.equal((await store.head(namespace))?.payloadsFrom, 512);
  const again = createPayloadRestore({ store, hashes }, namespace);
  assert.equal((await again.count()).payloads, 512);
  assert.equal((await again.count(300)).payloads, 256);
  for await (const missing of again.missing()) await again.add(missing, payloadsOf(missing));
  assert.deepEqual(await again.count(), { payloads: 0, bytes: 0 });
  assert.equal(await heldCount(store, namespace), 900);
  assert.deepEqual(await store.payload(namespace, 5), utf8('record 4'));
});

test('a payload that its header does not name is refused, with its index', async () => {
  const { store, namespace, restore, payloadsOf } = await setup(600);
  await store.prunePayloads(namespace, 600);
  for (const change of ['length', 'bytes']) {
    for await (const missing of restore.missing()) {
      const payloads = payloadsOf(missing).map((payload, i) => {
        if (missing.from + i !== 520 || payload === undefined) return payload;
        return change === 'length' ? payload.subarray(1) : payload.map((byte) => byte ^ 1);
      });
      await assert.rejects(restore.add(missing, payloads), (error) => {
        assert.ok(error instanceof ProtocolError && error.code === 'payload-mismatch');
        return error.metadata['index'] === 520;
      });
      break;
    }
    assert.equal(await heldCount(store, namespace), 0);
  }
});

test('what nobody has stays a gap where older ones are to be had; nothing is claimed', async () => {
  const { store, namespace, restore, payloadsOf } = await setup(1_000);
  await store.prunePayloads(namespace, 1_000);
  for await (const missing of restore.missing()) {
    const isLost = missing.from >= 512;
    await restore.add(missing, isLost ? [] : payloadsOf(missing));
    // Nothing moves for what brings nothing.
    if (isLost) assert.equal((await store.head(namespace))?.payloadsFrom, 1_000);
  }
  assert.equal(await heldCount(store, namespace), 512);
  assert.equal(await store.payload(namespace, 600), undefined);
  assert.equal((await restore.count()).payloads, 488);
});

test('a copy that begins at a snapshot gets the payloads of what it has', async () => {
  const { ledger, namespace, payloadsOf } = await setup(900);
  const store = await createLogStore(createMemoryEngine());
  const manifest = await ledger.snapshotManifest(namespace, 900, 300);
  const running = await importSnapshot(importComponents(store), manifest, { source: '' });
  for (let chunk = running.nextChunk(); chunk !== undefined; chunk = running.nextChunk()) {
    await running.add(await ledger.snapshotChunk(namespace, 900, manifest.from, chunk));
  }
  const restore = createPayloadRestore({ store, hashes }, namespace);
  assert.equal((await restore.count()).payloads, 900 - manifest.from);
  for await (const missing of restore.missing()) await restore.add(missing, payloadsOf(missing));
  assert.deepEqual(
    await store.payload(namespace, manifest.from),
    utf8(`record ${manifest.from - 1}`),
  );
  const found: string[] = [];
  for await (const { label } of storedNamespaces(store)) found.push(label);
  assert.deepEqual(found, ['audit']);
});
