import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  type AlgorithmId,
  type BlockHash,
  type BlockHeader,
  blockHash,
  chunkProof,
  createBlock,
  createBlocks,
  createSigner,
  decodeBlock,
  decodeEntry,
  decodeGenesis,
  decodeHeader,
  decodeMerkleSignature,
  decodeRecovery,
  decodeRotation,
  deriveNamespaceId,
  encodeBlock,
  encodeEntry,
  encodeGenesis,
  encodeHeader,
  encodeRecovery,
  encodeRotation,
  encodeV1Block,
  fromHex,
  type GenesisPayload,
  type Hash32,
  type HashKind,
  hashPayload,
  type KeyId,
  keyId,
  leafHash,
  merkleBatchRoot,
  merkleSignedMessage,
  type NamespaceId,
  nobleProvider,
  type PublicKey,
  type Signer,
  type Strategy,
  signedBytes,
  toHex,
  v1NamespaceId,
  v1WireVersion,
  verifyChunk,
  verifySignature,
} from '../src/index.ts';

interface Fields extends Omit<BlockHeader, 'version' | 'previous' | 'payloadHash' | 'keyId'> {
  readonly previous: string;
  readonly payloadHash: string;
  readonly keyId: string;
}

interface BlockVector {
  readonly fields: Fields;
  readonly payload: string;
  readonly signature: string;
  readonly entry: string;
  readonly wire: string;
  readonly blockHash: string;
  readonly leafHash: string;
}

interface KeyVector {
  readonly name: string;
  readonly algorithm: AlgorithmId;
  readonly seed: string;
  readonly secretKey: string;
  readonly publicKey: string;
  readonly keyId: string;
}

// Vectors are plain JSON; each test reads the fields that it names.
// oxlint-disable-next-line typescript/no-explicit-any
function readVectors(name: string): any {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'vectors', name), 'utf8'));
}

const v2 = readVectors('block-v2.json');
const v1 = readVectors('block-v1.json');

function toHeader(fields: Fields): BlockHeader {
  return {
    ...fields,
    version: 2,
    previous: fromHex(fields.previous) as BlockHash,
    payloadHash: fromHex(fields.payloadHash) as Hash32,
    keyId: fromHex(fields.keyId) as KeyId,
  };
}

function toFields(header: BlockHeader): Fields {
  const { version: _, previous, payloadHash, keyId: id, ...rest } = header;
  return {
    ...rest,
    previous: toHex(previous),
    payloadHash: toHex(payloadHash),
    keyId: toHex(id),
  };
}

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i % 251);
}

const keys = new Map<string, KeyVector>(v2.keys.map((key: KeyVector) => [key.name, key]));

function keyOf(name: string): KeyVector {
  return keys.get(name) as KeyVector;
}

function signerOf(name: string): Signer {
  const { algorithm, seed } = keyOf(name);
  const suite = nobleProvider.suite(algorithm as 1);
  return createSigner(suite.keyPairFromSeed(fromHex(seed)));
}

test('keys: every suite derives the same pair and key id from the seed', () => {
  assert.deepEqual(
    v2.keys.map((key: KeyVector) => key.algorithm),
    [1, 2, 3, 4, 5, 6],
  );
  for (const key of v2.keys as KeyVector[]) {
    const suite = nobleProvider.suite(key.algorithm as 1);
    const pair = suite.keyPairFromSeed(fromHex(key.seed));
    assert.equal(toHex(pair.publicKey), key.publicKey, key.name);
    assert.equal(toHex(pair.secretKey), key.secretKey, key.name);
    assert.equal(toHex(keyId(key.algorithm, pair.publicKey)), key.keyId, key.name);
    assert.equal(pair.publicKey.length, suite.publicKeyBytes);
    assert.equal(pair.secretKey.length, suite.secretKeyBytes);
    assert.equal(fromHex(key.seed).length, suite.seedBytes);
  }
});

test('headers: every field encodes and decodes', () => {
  assert.ok(v2.headers.length > 20);
  for (const vector of v2.headers) {
    const bytes = encodeHeader(toHeader(vector.fields));
    assert.equal(toHex(bytes), vector.header, vector.name);
    assert.deepEqual(toFields(decodeHeader(fromHex(vector.header))), vector.fields, vector.name);
    assert.equal(toHex(signedBytes(bytes)), vector.signedBytes, vector.name);
    assert.equal(toHex(blockHash(bytes)), vector.blockHash, vector.name);
  }
});

test('payload hashes of all kinds, and the proof of every chunk', () => {
  for (const vector of v2.payloadHashes) {
    const payload = pattern(vector.length);
    const hash = hashPayload(payload, vector.kind as HashKind);
    assert.equal(toHex(hash), vector.hash, `kind ${vector.kind}, ${vector.length} bytes`);
    for (const [chunkIndex, expected] of (vector.proofs ?? []).entries()) {
      const proof = chunkProof(payload, chunkIndex);
      assert.deepEqual(proof.map(toHex), expected);
      const chunk = payload.subarray(chunkIndex * 16384, (chunkIndex + 1) * 16384);
      verifyChunk({ chunk, chunkIndex, payloadLength: payload.length, payloadHash: hash, proof });
    }
  }
});

function checkBlock(vector: BlockVector, publicKey: Uint8Array): void {
  const block = decodeBlock(fromHex(vector.wire));
  const { entry } = block;
  assert.deepEqual(toFields(entry.header), vector.fields);
  assert.equal(toHex(block.payload as Uint8Array), vector.payload);
  assert.equal(toHex(entry.signature), vector.signature);
  assert.equal(toHex(entry.bytes), vector.entry);
  assert.equal(toHex(encodeEntry(entry.headerBytes, entry.signature)), vector.entry);
  assert.equal(toHex(encodeBlock(block)), vector.wire);
  assert.equal(toHex(blockHash(entry)), vector.blockHash);
  assert.equal(toHex(leafHash(entry.bytes)), vector.leafHash);
  assert.equal(verifySignature(entry, publicKey), undefined);
  const headerOnly = decodeBlock(fromHex(vector.entry));
  assert.equal(headerOnly.payload, undefined);
  assert.equal(toHex(encodeBlock(headerOnly)), vector.entry);
}

test('blocks of the six plain algorithms, signed by another implementation', () => {
  assert.equal(v2.blocks.length, 6);
  for (const vector of v2.blocks) {
    checkBlock(vector, fromHex(keyOf(vector.key).publicKey));
  }
});

test('createBlock makes the same header and, with Ed25519, the same bytes', () => {
  for (const vector of v2.blocks as (BlockVector & { key: string })[]) {
    const { fields } = vector;
    const { block, hash } = createBlock({
      namespace: fields.namespace,
      tip: { size: fields.index, headHash: fromHex(fields.previous) as BlockHash, timestampMs: 0 },
      timestampMs: fields.timestampMs,
      payloadType: fields.payloadType,
      payload: fromHex(vector.payload),
      signer: signerOf(vector.key),
    });
    assert.deepEqual(toFields(block.entry.header), fields);
    assert.equal(toHex(hash), vector.blockHash);
    if (fields.algorithm === 1) assert.equal(toHex(encodeBlock(block)), vector.wire);
  }
});

test('Merkle-signed batches', () => {
  for (const batch of v2.batches) {
    const publicKey = fromHex(keyOf(batch.key).publicKey);
    for (const [position, vector] of (batch.blocks as BlockVector[]).entries()) {
      checkBlock(vector, publicKey);
      const entry = decodeEntry(fromHex(vector.entry));
      const signature = decodeMerkleSignature(entry.signature);
      assert.equal(signature.position, position);
      assert.equal(signature.size, batch.size);
      assert.equal(toHex(signature.inner), batch.inner);
      const root = merkleBatchRoot(entry.headerBytes, signature);
      assert.equal(toHex(root), batch.root);
      assert.equal(toHex(merkleSignedMessage(batch.size, root)), batch.message);
    }
    if (batch.algorithm === 17) assert.deepEqual(remakeBatch(batch), batch.blocks.map(wireOf));
  }
});

function wireOf(vector: BlockVector): string {
  return vector.wire;
}

function remakeBatch(batch: { key: string; blocks: BlockVector[] }): string[] {
  const [first] = batch.blocks;
  const fields = (first as BlockVector).fields;
  const created = createBlocks({
    namespace: fields.namespace,
    tip: { size: fields.index, headHash: fromHex(fields.previous) as BlockHash, timestampMs: 0 },
    contents: batch.blocks.map((vector) => ({
      timestampMs: vector.fields.timestampMs,
      payloadType: vector.fields.payloadType,
      payload: fromHex(vector.payload),
    })),
    signer: signerOf(batch.key),
  });
  return created.map(({ block }) => toHex(encodeBlock(block)));
}

type StrategyFields =
  | { readonly kind: 'per-writer'; readonly writer: string }
  | Exclude<Strategy, { kind: 'per-writer' }>;

interface GenesisFields {
  readonly nonce: string;
  readonly parent: NamespaceId | null;
  readonly label: string;
  readonly strategy: StrategyFields;
  readonly currentKey: { algorithm: 1; publicKey: string };
  readonly nextKeyHash: string | null;
  readonly recoveryDelayMs: number;
  readonly recoveryKeys: { algorithm: 1; publicKey: string }[];
}

function toKey(key: { algorithm: 1; publicKey: string }): PublicKey {
  return { algorithm: key.algorithm, publicKey: fromHex(key.publicKey) };
}

function fromKey(key: PublicKey): { algorithm: number; publicKey: string } {
  return { algorithm: key.algorithm, publicKey: toHex(key.publicKey) };
}

function toGenesis(fields: GenesisFields): GenesisPayload {
  const { strategy } = fields;
  const withBytes: Strategy =
    strategy.kind === 'per-writer'
      ? { kind: 'per-writer', writer: fromHex(strategy.writer) as KeyId }
      : strategy;
  return {
    ...fields,
    strategy: withBytes,
    nonce: fromHex(fields.nonce),
    parent: fields.parent ?? undefined,
    currentKey: toKey(fields.currentKey),
    nextKeyHash: fields.nextKeyHash === null ? undefined : (fromHex(fields.nextKeyHash) as Hash32),
    recoveryKeys: fields.recoveryKeys.map(toKey),
  };
}

function fromGenesis(genesis: GenesisPayload): object {
  const { strategy } = genesis;
  return {
    ...genesis,
    strategy:
      strategy.kind === 'per-writer'
        ? { kind: 'per-writer', writer: toHex(strategy.writer) }
        : strategy,
    nonce: toHex(genesis.nonce),
    parent: genesis.parent ?? null,
    currentKey: fromKey(genesis.currentKey),
    nextKeyHash: genesis.nextKeyHash === undefined ? null : toHex(genesis.nextKeyHash),
    recoveryKeys: genesis.recoveryKeys.map(fromKey),
  };
}

test('genesis payloads of every strategy, and the namespaces they make', () => {
  for (const vector of v2.genesis) {
    const payload = fromHex(vector.payload);
    assert.equal(toHex(encodeGenesis(toGenesis(vector.fields))), vector.payload);
    assert.deepEqual(fromGenesis(decodeGenesis(payload)), vector.fields);
    assert.equal(deriveNamespaceId(payload), vector.namespace);
  }
});

test('rotation and recovery payloads', () => {
  for (const vector of v2.rotations) {
    const { newKey, nextKeyHash } = decodeRotation(fromHex(vector.payload));
    assert.deepEqual(fromKey(newKey), vector.newKey);
    assert.equal(nextKeyHash === undefined ? null : toHex(nextKeyHash), vector.nextKeyHash);
    assert.equal(toHex(encodeRotation({ newKey, nextKeyHash })), vector.payload);
  }
  for (const vector of v2.recoveries) {
    const recovery = decodeRecovery(fromHex(vector.payload));
    assert.deepEqual(fromKey(recovery.newKey), vector.newKey);
    assert.equal(recovery.branch === undefined ? null : toHex(recovery.branch), vector.branch);
    assert.equal(toHex(encodeRecovery(recovery)), vector.payload);
  }
});

test('version 1 blocks', () => {
  const publicKey = fromHex(v1.key.publicKey);
  assert.equal(v1NamespaceId(publicKey), v1.namespace);
  const pair = nobleProvider.suite(1).keyPairFromSeed(fromHex(v1.key.seed));
  for (const vector of v1.blocks) {
    const { entry, payload } = decodeBlock(fromHex(vector.wire));
    const { header } = entry;
    assert.equal(header.version, 1);
    assert.equal(v1WireVersion(entry), vector.fields.wireVersion);
    assert.equal(header.namespace, v1.namespace);
    assert.equal(header.index, vector.fields.index);
    assert.equal(header.timestampMs, vector.fields.timestampSeconds * 1000);
    assert.equal(toHex(header.previous), vector.fields.previous);
    assert.equal(header.payloadType, vector.fields.payloadType);
    assert.equal(toHex(header.payloadHash), vector.payloadHash);
    assert.equal(toHex(header.keyId), v1.key.keyId);
    assert.equal(toHex(entry.bytes), vector.entry);
    assert.equal(toHex(entry.signature), vector.signature);
    assert.equal(toHex(entry.publicKey as Uint8Array), v1.key.publicKey);
    assert.equal(toHex(payload as Uint8Array), vector.payload);
    assert.equal(toHex(signedBytes(entry, payload)), vector.signedBytes);
    assert.equal(toHex(blockHash(entry, payload)), vector.blockHash);
    assert.equal(toHex(leafHash(entry.bytes)), vector.leafHash);
    assert.equal(verifySignature(entry, publicKey, payload), undefined);
    const previous = fromHex(vector.fields.previous) as BlockHash;
    const parts = { ...vector.fields, previous, payload: fromHex(vector.payload) };
    assert.equal(toHex(encodeV1Block(parts, createSigner(pair))), vector.wire);
  }
});
