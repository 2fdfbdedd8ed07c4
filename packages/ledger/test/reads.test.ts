import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Block,
  type BlockHash,
  blockHash,
  decodeBlock,
  decodeMultiProof,
  decodeSuperTreeProof,
  encodeV1Block,
  leafHash,
  type NamespaceId,
  namespaceId,
  nobleProvider,
  parseCheckpoint,
  parseNote,
  toHex,
  utf8,
  verifyChainFromSnapshot,
  verifyMultiProof,
  verifySuperInclusion,
} from '@basalt/protocol';
import { createMemoryEngine, createMemoryStorage, StoreError } from '@basalt/store';
import { createTestLedger, genesisPayload, seededSigner, signedChain } from './support/harness.ts';

const payloads = (count: number): { payload: Uint8Array }[] =>
  Array.from({ length: count }, (_, i) => ({ payload: utf8(`record ${i}`) }));

const namespaceOf = (chain: readonly Block[]): NamespaceId =>
  (chain[0] as Block).entry.header.namespace;

test('version 1 blocks are taken as they are into the namespace of their key', async () => {
  const { ledger, time } = await createTestLedger();
  const signer = seededSigner(20);
  let previous = new Uint8Array(32) as BlockHash;
  const blocks: Block[] = [];
  for (let index = 0; index < 3; index++) {
    const parts = {
      wireVersion: 0x0107,
      index,
      timestampSeconds: 1_700_000_000 + index,
      previous,
      payloadType: 0x0100,
      payload: utf8(`old record ${index}`),
    };
    const block = decodeBlock(encodeV1Block(parts, signer));
    previous = blockHash(block.entry, block.payload);
    blocks.push(block);
  }
  const outcomes = await ledger.submit(blocks);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['accepted', 'accepted', 'accepted'],
  );
  await time.advance(500);
  const view = await ledger.block(previous);
  assert.deepEqual(view?.entry, blocks[2]?.entry.bytes);
  const proof = await ledger.inclusionProof(namespaceOf(blocks), 2);
  assert.equal(toHex(proof.leafHash), toHex(leafHash(view?.entry as Uint8Array)));
  const again = await ledger.submit(blocks);
  assert.ok(again.every(({ status }) => status === 'duplicate'));
  await ledger.close();
});

test('a pruned version 1 chain is still read and known by its hashes', async () => {
  const { ledger, time } = await createTestLedger();
  const signer = seededSigner(33);
  let previous = new Uint8Array(32) as BlockHash;
  const blocks: Block[] = [];
  const hashes: BlockHash[] = [];
  for (let index = 0; index < 300; index++) {
    const payload = utf8(`old ${index}`);
    const timestampSeconds = 1_700_000_000 + index;
    const place = { wireVersion: 0x0107, index, timestampSeconds, previous, payloadType: 0x0100 };
    const block = decodeBlock(encodeV1Block({ ...place, payload }, signer));
    previous = blockHash(block.entry, block.payload);
    blocks.push(block);
    hashes.push(previous);
  }
  await ledger.submit(blocks);
  await time.advance(500);
  const namespace = namespaceOf(blocks);
  await ledger.prunePayloads(namespace, 300);
  for (const index of [0, 200, 299]) {
    const view = await ledger.blockAt(namespace, index);
    assert.deepEqual(view?.blockHash, hashes[index]);
  }
  const again = await ledger.submit(blocks.slice(0, 3));
  assert.ok(again.every(({ status }) => status === 'duplicate'));
  await ledger.close();
});

test('one super-log checkpoint proves the head of a namespace, or its absence', async () => {
  const { ledger, time } = await createTestLedger();
  const chains = [21, 22, 23].map((seed) => signedChain(seededSigner(seed), 5, `n${seed}`));
  for (const chain of chains) await ledger.submit(chain);
  await time.advance(5_000);
  const { size, root } = parseCheckpoint(parseNote((await ledger.checkpoint('super')) ?? '').text);
  const prove = async (
    namespace: NamespaceId,
  ): Promise<ReturnType<typeof verifySuperInclusion>> => {
    const { treeProof, superBlock, inclusion } = await ledger.superProof(namespace);
    const claim = {
      treeProof: decodeSuperTreeProof(treeProof),
      superBlock,
      size: inclusion.size,
      proof: inclusion.hashes,
    };
    return verifySuperInclusion(claim, namespace, { size, root }, nobleProvider);
  };
  for (const chain of chains) {
    const { value } = await prove(namespaceOf(chain));
    assert.equal(value?.size, 5);
    assert.equal(toHex(value.headHash), toHex(blockHash((chain[4] as Block).entry)));
  }
  const { value } = await prove(namespaceId(new Uint8Array(16).fill(9)));
  assert.equal(value, undefined);
  await ledger.close();
});

test('a snapshot is enough to follow the chain with nothing older', async () => {
  const { ledger, time } = await createTestLedger();
  const chain = signedChain(seededSigner(24), 600);
  await ledger.submit(chain);
  await time.advance(500);
  for (const height of [1, 255, 256, 257, 599]) {
    const snapshot = await ledger.snapshot(namespaceOf(chain), height);
    const followed = verifyChainFromSnapshot(chain.slice(height), snapshot);
    const whole = await ledger.snapshot(namespaceOf(chain), 600);
    assert.deepEqual(followed.snapshot, whole);
  }
  await assert.rejects(ledger.snapshot(namespaceOf(chain), 601), { code: 'out-of-range' });
  await ledger.close();
});

test('a multi-proof covers many blocks of one checkpoint', async () => {
  const { ledger, time } = await createTestLedger();
  const chain = signedChain(seededSigner(25), 400);
  await ledger.submit(chain);
  await time.advance(500);
  const indexes = [0, 3, 255, 256, 399];
  const proof = decodeMultiProof(await ledger.multiProof(namespaceOf(chain), indexes));
  const note = (await ledger.checkpoint(namespaceOf(chain))) ?? '';
  const { root } = parseCheckpoint(parseNote(note).text);
  const leafHashes = indexes.map((index) => leafHash((chain[index] as Block).entry.bytes));
  verifyMultiProof({ proof, leafHashes, root });
  await assert.rejects(ledger.multiProof(namespaceOf(chain), [400]), { code: 'not-covered' });
  await assert.rejects(ledger.multiProof(namespaceOf(chain), []), { code: 'out-of-range' });
  await ledger.close();
});

test('tiles are served up to the published size and not beyond', async () => {
  const { ledger, time } = await createTestLedger();
  const chain = signedChain(seededSigner(26), 300);
  const namespace = namespaceOf(chain);
  await ledger.submit(chain);
  assert.equal(await ledger.tile(namespace, 0, 0, 256), undefined);
  await time.advance(500);
  const expected = chain.map(({ entry }) => toHex(leafHash(entry.bytes)));
  const full = await ledger.tile(namespace, 0, 0, 256);
  assert.equal(toHex(full as Uint8Array), expected.slice(0, 256).join(''));
  const partial = await ledger.tile(namespace, 0, 1, 44);
  assert.equal(toHex(partial as Uint8Array), expected.slice(256).join(''));
  const prefix = await ledger.tile(namespace, 0, 0, 7);
  assert.equal(toHex(prefix as Uint8Array), expected.slice(0, 7).join(''));
  assert.equal(await ledger.tile(namespace, 0, 1, 45), undefined);
  assert.equal(await ledger.tile(namespace, 1, 0, 2), undefined);
  await ledger.close();
});

test('everything is there again after a restart', async () => {
  const storage = createMemoryStorage();
  const first = await createTestLedger({ engine: createMemoryEngine({ storage }) });
  const signer = seededSigner(27);
  const writer = await first.ledger.createNamespace(genesisPayload(signer, 'again'), signer);
  await writer.append(payloads(300));
  await first.time.advance(3_000);
  const superBefore = await first.ledger.superProof(writer.namespace);
  await first.ledger.close();

  const second = await createTestLedger({ engine: createMemoryEngine({ storage }) });
  assert.equal(second.ledger.superNamespace(), first.ledger.superNamespace());
  const info = await second.ledger.info(writer.namespace);
  assert.equal(info?.size, 301);
  assert.equal(info.label, 'again');
  const superAfter = await second.ledger.superProof(writer.namespace);
  assert.deepEqual(superAfter.superRoot, superBefore.superRoot);
  const reopened = await second.ledger.openWriter(writer.namespace, signer);
  const appended = await reopened.append(payloads(1));
  assert.equal(appended[0]?.index, 301);
  await assert.rejects(second.ledger.openWriter(writer.namespace, seededSigner(28)), {
    code: 'wrong-writer',
  });
  await second.ledger.close();
});

test('pruned payloads leave headers, proofs and key blocks', async () => {
  const { ledger, time, store, components } = await createTestLedger();
  const signer = seededSigner(29);
  const writer = await ledger.createNamespace(genesisPayload(signer, 'prune'), signer);
  await writer.append(payloads(600));
  await time.advance(500);
  const before = await ledger.inclusionProof(writer.namespace, 10);
  assert.ok((await ledger.prunePayloads(writer.namespace, 512)) > 0);
  assert.equal((await ledger.blockAt(writer.namespace, 10))?.payload, undefined);
  assert.deepEqual((await ledger.blockAt(writer.namespace, 550))?.payload, utf8('record 549'));
  assert.deepEqual(await ledger.inclusionProof(writer.namespace, 10), before);
  assert.equal((await ledger.info(writer.namespace))?.label, 'prune');
  // Without the genesis nobody could tell who may sign: it stays whole.
  const genesis = genesisPayload(signer, 'prune');
  assert.deepEqual((await ledger.blockAt(writer.namespace, 0))?.payload, genesis);
  assert.deepEqual(await ledger.payload(writer.namespace, 0), genesis);
  await assert.rejects(ledger.payload(writer.namespace, 10), { code: 'pruned' });
  const { auditNamespace } = await import('../src/index.ts');
  const findings = await auditNamespace(writer.namespace, { store, crypto: components.crypto });
  assert.deepEqual(findings, []);
  await ledger.close();
});

test('a namespace that cannot be read does not keep the others from being covered', async () => {
  const engine = createMemoryEngine();
  const first = await createTestLedger({ engine });
  const [a, b] = [seededSigner(66), seededSigner(67)];
  const broken = await first.ledger.createNamespace(genesisPayload(a, 'broken'), a);
  const whole = await first.ledger.createNamespace(genesisPayload(b, 'whole'), b);
  // As after a kill: nothing was covered, and a sector of the one is unreadable.
  const { store } = first;
  const damaged = new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name !== 'entries') return value.bind(target);
      return async (namespace: NamespaceId, from: number, count: number) => {
        if (namespace === broken.namespace) throw new StoreError('corrupt', 'unreadable');
        return await target.entries(namespace, from, count);
      };
    },
  });
  const second = await createTestLedger({ components: { store: damaged } });
  await second.time.advance(2_000);
  assert.equal((await second.ledger.info(whole.namespace))?.checkpointSize, 1);
  await assert.rejects(second.ledger.flush(), { code: 'corrupt' });
});
