import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ALGORITHM,
  type Block,
  createBlock,
  decodeEntry,
  encodeRotation,
  type NamespaceId,
  PAYLOAD_TYPE,
  parseCheckpoint,
  parseNote,
  utf8,
  verifyConsistency,
  verifyInclusion,
} from '@basalt/protocol';
import { fsck, StoreError } from '@basalt/store';
import { auditNamespace, createRetention, type Ledger, parsePolicyWord } from '../src/index.ts';
import { seededSigner, type TestLedger } from './support/harness.ts';
import { copyOf, type Origin, openStore, origin } from './support/snapshots.ts';

const SIGNER = seededSigner(60);
const pruned = (error: unknown) => error instanceof StoreError && error.code === 'pruned';

/** Appends the same signed blocks to several ledgers. */
async function appendAll(
  namespace: NamespaceId,
  ledgers: readonly Ledger[],
  count: number,
): Promise<void> {
  const info = await ledgers[0]?.info(namespace);
  assert(info !== undefined);
  let tip = { size: info.size, headHash: info.headHash, timestampMs: info.timestampMs };
  const blocks: Block[] = [];
  for (let i = 0; i < count; i++) {
    const made = createBlock({
      namespace,
      tip,
      timestampMs: tip.timestampMs + 1,
      payloadType: PAYLOAD_TYPE.opaque,
      payload: utf8(`later ${tip.size}`),
      signer: SIGNER,
    });
    blocks.push(made.block);
    const { timestampMs } = made.block.entry.header;
    tip = { size: tip.size + 1, headHash: made.hash, timestampMs };
  }
  for (const ledger of ledgers) {
    const outcomes = await ledger.submit(blocks);
    assert(outcomes.every(({ status }) => status === 'accepted'));
    await ledger.flush();
  }
}

async function rootOf(ledger: Ledger, namespace: NamespaceId) {
  const note = await ledger.checkpoint(namespace);
  assert(note !== undefined);
  return parseCheckpoint(parseNote(note).text);
}

/** Every proof that a copy which begins at `begin` must be able to give. */
async function checkProofs(
  { ledger, components }: TestLedger,
  whole: Ledger,
  namespace: NamespaceId,
  begin: number,
): Promise<void> {
  const { size, root } = await rootOf(ledger, namespace);
  assert.deepEqual((await rootOf(whole, namespace)).root, root);
  const { sha256 } = components.crypto;
  const indexes = [...(await ledger.keyBlocks(namespace)), begin, begin + 1, begin + 255, size - 1];
  for (const index of indexes) {
    const proof = await ledger.inclusionProof(namespace, index);
    verifyInclusion({ leafHash: proof.leafHash, index, size, root, proof: proof.hashes }, sha256);
    assert.deepEqual(proof.hashes, (await whole.inclusionProof(namespace, index)).hashes);
    assert((await ledger.multiProof(namespace, [index, size - 1])).length > 0);
  }
  for (const from of [begin, begin + 1, begin + 256, size - 1, size]) {
    const proof = await ledger.consistencyProof(namespace, from, size);
    const older = await whole.snapshot(namespace, from);
    verifyConsistency(
      { fromSize: from, fromRoot: older.root, toSize: size, toRoot: root, proof },
      sha256,
    );
  }
}

async function requireSound({ store, components }: TestLedger, namespace: NamespaceId) {
  const { crypto, verifier } = components;
  assert.deepEqual(await auditNamespace(namespace, { store, crypto, verifier }), []);
  for await (const event of fsck(store as Parameters<typeof fsck>[0])) {
    assert.notEqual(event.kind, 'finding', JSON.stringify(event));
  }
}

for (const height of [257, 512, 700]) {
  test(`a copy begun at height ${height} appends, proves and serves like the whole`, async () => {
    const whole = await origin(900);
    const { namespace } = whole;
    const copy = await copyOf(whole, height, 1);
    const begin = height - 1 - ((height - 1) % 256);
    const info = await copy.ledger.info(namespace);
    assert.equal(info?.beginsAt, begin);
    assert.equal(info.size, height);
    assert.equal(info.label, 'audit');
    // What the whole one has had since, and then both.
    const since: Block[] = [];
    for (let index = height; index < 900; index++) {
      const view = await whole.ledger.blockAt(namespace, index);
      assert(view !== undefined);
      since.push({ entry: decodeEntry(view.entry), payload: view.payload });
    }
    const outcomes = await copy.ledger.submit(since);
    assert(outcomes.every(({ status }) => status === 'accepted'));
    await appendAll(namespace, [whole.ledger, copy.ledger], 300);
    await checkProofs(copy, whole.ledger, namespace, begin);
    await requireSound(copy, namespace);
    const [own, theirs] = await Promise.all(
      [copy, whole].map(({ ledger }) => ledger.snapshot(namespace, 1200)),
    );
    assert.deepEqual(own, theirs);
    assert.equal(
      (await copy.ledger.blockAt(namespace, begin))?.payload?.length,
      begin ? undefined : 1,
    );
    const tile = await copy.ledger.tile(namespace, 0, begin / 256, 256);
    assert.deepEqual(tile, await whole.ledger.tile(namespace, 0, begin / 256, 256));
    await copy.ledger.close();
    await whole.ledger.close();
  });
}

test('a copy of a copy, restarted, with more blocks than one bundle', async () => {
  const whole = await origin(1000);
  const { namespace } = whole;
  const first = await copyOf(whole, 1000, 600);
  await first.ledger.flush();
  assert.equal((await first.ledger.info(namespace))?.beginsAt, 256);
  const second = await copyOf({ ...first, namespace }, 1000, 100);
  assert.equal((await second.ledger.info(namespace))?.beginsAt, 768);
  await appendAll(namespace, [whole.ledger, second.ledger], 300);
  await checkProofs(second, whole.ledger, namespace, 768);
  await requireSound(second, namespace);
  await assert.rejects(first.ledger.snapshotManifest(namespace, 1000, 900), pruned);
  for (const { ledger } of [whole, first, second]) await ledger.close();
});

test('what is older than a copy is refused by name, key blocks stay', async () => {
  const whole = await origin(700);
  const { namespace } = whole;
  const { ledger } = await copyOf(whole, 700, 1);
  await ledger.flush();
  for (const read of [
    () => ledger.blockAt(namespace, 100),
    () => ledger.entries(namespace, 100, 3),
    () => ledger.payload(namespace, 100),
    () => ledger.inclusionProof(namespace, 100),
    () => ledger.multiProof(namespace, [300, 690]),
    () => ledger.consistencyProof(namespace, 300, 700),
    () => ledger.snapshot(namespace, 300),
    () => ledger.tile(namespace, 0, 1, 256),
  ]) {
    await assert.rejects(read, (error: unknown) => {
      assert(pruned(error) && error instanceof StoreError);
      return error.metadata['beginsAt'] === 512 || /begins at block 512/.test(error.message);
    });
  }
  assert.deepEqual(await ledger.blockAt(namespace, 0), await whole.ledger.blockAt(namespace, 0));
  assert.equal((await ledger.consistencyProof(namespace, 0, 700)).length, 0);
  await ledger.close();
  await whole.ledger.close();
});

test('rotated keys before and within what is copied are known to the copy', async () => {
  const whole = await origin(600);
  const { namespace, ledger } = whole;
  let signer = SIGNER;
  for (const [seed, count] of [
    [61, 100],
    [62, 250],
  ] as const) {
    const next = seededSigner(seed);
    const newKey = { algorithm: ALGORITHM.ed25519, publicKey: next.publicKey };
    const rotation = encodeRotation({ newKey, nextKeyHash: undefined });
    const before = await ledger.openWriter(namespace, signer);
    await before.append([{ payload: rotation, payloadType: PAYLOAD_TYPE.keyRotation }]);
    const after = await ledger.openWriter(namespace, next);
    await after.append(
      Array.from({ length: count }, (_, i) => ({ payload: utf8(`${seed} ${i}`) })),
    );
    signer = next;
  }
  await ledger.flush();
  assert.deepEqual(await ledger.keyBlocks(namespace), [0, 600, 701]);
  for (const blocks of [1, 200, 952]) {
    const copy = await copyOf(whole, 952, blocks);
    assert.deepEqual(await copy.ledger.keyState(namespace), await ledger.keyState(namespace));
    await copy.ledger.flush();
    for (const index of [0, 600, 701]) {
      const proof = await copy.ledger.inclusionProof(namespace, index);
      assert.deepEqual(proof.hashes, (await ledger.inclusionProof(namespace, index)).hashes);
      assert((await copy.ledger.blockAt(namespace, index))?.payload !== undefined);
    }
    await requireSound(copy, namespace);
    const writer = await copy.ledger.openWriter(namespace, signer);
    assert.equal((await writer.append([{ payload: utf8('on') }]))[0]?.index, 952);
    await copy.ledger.close();
  }
  await ledger.close();
});

/** A second block of the writer at an index. */
async function rival(from: Origin, index: number): Promise<Block> {
  const before = await from.ledger.blockAt(from.namespace, index - 1);
  assert(before !== undefined);
  const { timestampMs } = decodeEntry(before.entry).header;
  const tip = { size: index, headHash: before.blockHash, timestampMs };
  return createBlock({
    namespace: from.namespace,
    tip,
    timestampMs: timestampMs + 1,
    payloadType: PAYLOAD_TYPE.opaque,
    payload: utf8('another history'),
    signer: SIGNER,
  }).block;
}

test('a fork above the beginning freezes; below it nothing can be compared', async () => {
  const whole = await origin(700);
  const { namespace } = whole;
  const copy = await copyOf(whole, 700, 1);
  const [below] = await copy.ledger.submit([await rival(whole, 300)]);
  assert(below?.status === 'rejected');
  assert.equal(below.code, 'pruned');
  assert.equal((await copy.ledger.forkProofs(namespace)).length, 0);
  const view = await whole.ledger.blockAt(namespace, 600);
  assert(view !== undefined);
  const known = { entry: decodeEntry(view.entry), payload: view.payload };
  const [again] = await copy.ledger.submit([known]);
  assert.equal(again?.status, 'duplicate');
  const [fork] = await copy.ledger.submit([await rival(whole, 600)]);
  assert(fork?.status === 'rejected');
  assert.equal(fork.code, 'fork');
  assert.equal((await copy.ledger.forkProofs(namespace)).length, 1);
  assert.equal((await copy.ledger.info(namespace))?.frozenAt, 600);
  await copy.ledger.flush();
  await assert.rejects(copy.ledger.snapshotManifest(namespace, 700), { code: 'namespace-frozen' });
  await copy.ledger.close();
  await whole.ledger.close();
});

test('a copy is pruned like any other', async () => {
  const whole = await origin(700);
  const { namespace } = whole;
  const copy = await copyOf(whole, 700, 1);
  await appendAll(namespace, [whole.ledger, copy.ledger], 400);
  const { store, time } = copy;
  const retention = createRetention(
    { store, clock: time, scheduler: time },
    { policy: parsePolicyWord('keep-recent:100') ?? { mode: 'none' } },
  );
  const [account] = await retention.account();
  assert.equal(account?.payloads, 400);
  const results = await retention.run();
  assert.equal(results.find((each) => each.namespace === namespace)?.payloads, 300);
  await assert.rejects(copy.ledger.payload(namespace, 800), pruned);
  assert((await copy.ledger.payload(namespace, 1050)) !== undefined);
  assert((await copy.ledger.payload(namespace, 0)) !== undefined);
  await checkProofs(copy, whole.ledger, namespace, 512);
  await requireSound(copy, namespace);
  await copy.ledger.close();
  const reopened = await openStore(copy.storage);
  assert.equal((await reopened.head(namespace))?.begin?.index, 512);
  await whole.ledger.close();
});
