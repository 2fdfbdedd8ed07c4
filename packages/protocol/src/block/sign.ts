import { assert } from '../assert.ts';
import type { BlockHash, KeyId, NamespaceId } from '../brands.ts';
import { ProtocolError } from '../errors.ts';
import { SIGNED_BATCH_BLOCKS_MAX } from '../limits.ts';
import { encodeGenesis, type GenesisPayload } from '../namespace/genesis.ts';
import { deriveNamespaceId } from '../namespace/id.ts';
import { type AlgorithmId, HASH_KIND, type HashKind, type Signer } from '../suite.ts';
import { isPlainAlgorithm, merkleAlgorithm } from '../suites/algorithms.ts';
import { keyId } from '../suites/key-id.ts';
import { nobleHashes } from '../suites/noble-hashes.ts';
import type { Block } from './block.ts';
import { decodeEntry, encodeEntry } from './entry.ts';
import { blockHash, hashPayload, type PayloadHashes, signedBytes } from './hash.ts';
import { encodeHeader } from './header.ts';
import { signMerkleBatch } from './merkle-signed.ts';
import { PAYLOAD_TYPE } from './payload-types.ts';
import type { ChainTip } from './rules.ts';

/** What a block says, beside its place in the chain. */
export interface BlockContent {
  readonly timestampMs: number;
  /** u32, see `PAYLOAD_TYPE`. */
  readonly payloadType: number;
  readonly payload: Uint8Array;
  /** 0 (SHA-256) unless given. */
  readonly payloadHashKind?: HashKind;
}

export interface CreateBlockOptions extends BlockContent {
  readonly namespace: NamespaceId;
  /** undefined makes block 0. */
  readonly tip: ChainTip | undefined;
  readonly signer: Signer;
  readonly provider?: PayloadHashes;
}

/** A new block with its name. */
export interface CreatedBlock {
  readonly block: Block;
  readonly hash: BlockHash;
}

export interface CreateBlocksOptions {
  readonly namespace: NamespaceId;
  readonly tip: ChainTip | undefined;
  /** 1 to 256 blocks, in chain order. */
  readonly contents: readonly BlockContent[];
  readonly signer: Signer;
  readonly provider?: PayloadHashes;
}

/** Everything of a genesis payload that has no plain default, and the block around it. */
export interface CreateGenesisOptions
  extends Partial<Omit<GenesisPayload, 'currentKey' | 'label' | 'nonce'>> {
  readonly label: string;
  /** 16 random bytes. */
  readonly nonce: Uint8Array;
  readonly timestampMs: number;
  /** Holds the current key. */
  readonly signer: Signer;
  readonly provider?: PayloadHashes;
}

/**
 * Makes and signs the next version 2 block of a namespace. The caller keeps the rules
 * (`checkSuccession` tells); a signature must not leave before the place in the chain is secured on
 * disk.
 * @throws ProtocolError `payload-too-large`, `malformed`, `unknown-hash-kind`, `unknown-algorithm`
 */
export function createBlock(options: CreateBlockOptions): CreatedBlock {
  const { namespace, tip, signer, provider = nobleHashes } = options;
  assert(isPlainAlgorithm(signer.algorithm), 'a signer signs plainly; createBlocks makes batches');
  const place = { namespace, tip, algorithm: signer.algorithm, signer };
  const headerBytes = headerFor(place, options, provider);
  const signature = signer.sign(signedBytes(headerBytes));
  return assemble(headerBytes, signature, options.payload, provider);
}

/**
 * Makes a run of blocks under one Merkle signature (algorithm 17, 19 or 20 by the signer's key).
 * @throws ProtocolError as `createBlock`; `unknown-algorithm` when the key has no Merkle-signed
 *   form
 */
export function createBlocks(options: CreateBlocksOptions): CreatedBlock[] {
  const { namespace, contents, signer, provider = nobleHashes } = options;
  const count = contents.length;
  assert(count >= 1 && count <= SIGNED_BATCH_BLOCKS_MAX, 'a signed batch has 1 to 256 blocks');
  const algorithm = isPlainAlgorithm(signer.algorithm)
    ? merkleAlgorithm(signer.algorithm)
    : undefined;
  if (algorithm === undefined) {
    throw new ProtocolError('unknown-algorithm', 'expected a signer with a Merkle-signed form', {
      found: signer.algorithm,
    });
  }
  let tip = options.tip;
  const headers = contents.map((content) => {
    const place = { namespace, tip, algorithm, signer };
    const headerBytes = headerFor(place, content, provider);
    tip = {
      size: (tip?.size ?? 0) + 1,
      headHash: blockHash(headerBytes, undefined, provider.sha256),
      timestampMs: content.timestampMs,
    };
    return headerBytes;
  });
  const signatures = signMerkleBatch(headers, signer, provider.sha256);
  return contents.map(({ payload }, i) =>
    assemble(headers[i] as Uint8Array, signatures[i] as Uint8Array, payload, provider),
  );
}

/**
 * Makes the first block of a new namespace; its id is derived from the payload. Without a strategy
 * the namespace is the signer's own (`per-writer`).
 * @throws ProtocolError `malformed`, `unknown-algorithm`
 */
export function createGenesisBlock(options: CreateGenesisOptions): CreatedBlock {
  const { signer, provider = nobleHashes } = options;
  const { algorithm, publicKey } = signer;
  if (!isPlainAlgorithm(algorithm)) {
    throw new ProtocolError('unknown-algorithm', 'expected a signer of a plain algorithm', {
      found: algorithm,
    });
  }
  const writer = keyId(algorithm, publicKey, provider.sha256);
  const payload = encodeGenesis({
    strategy: options.strategy ?? { kind: 'per-writer', writer },
    label: options.label,
    currentKey: { algorithm, publicKey },
    nextKeyHash: options.nextKeyHash,
    recoveryKeys: options.recoveryKeys ?? [],
    recoveryDelayMs: options.recoveryDelayMs ?? 0,
    parent: options.parent,
    nonce: options.nonce,
  });
  return createBlock({
    namespace: deriveNamespaceId(payload, provider.sha256),
    tip: undefined,
    timestampMs: options.timestampMs,
    payloadType: PAYLOAD_TYPE.namespaceGenesis,
    payload,
    signer,
    provider,
  });
}

/** The tip that the next block builds on when this one is the head. */
export function tipAfter(block: Block, hash: BlockHash): ChainTip {
  const { index, timestampMs } = block.entry.header;
  return { size: index + 1, headHash: hash, timestampMs };
}

interface Place {
  readonly namespace: NamespaceId;
  readonly tip: ChainTip | undefined;
  readonly algorithm: AlgorithmId;
  readonly signer: Signer;
}

/** A signer's key does not change, so neither does its id: one hash less per block. */
const signerKeyIds: WeakMap<Signer, KeyId> = /* @__PURE__ */ new WeakMap();

function signerKeyId(signer: Signer, provider: PayloadHashes): KeyId {
  const known = signerKeyIds.get(signer);
  if (known !== undefined) return known;
  const id = keyId(signer.algorithm, signer.publicKey, provider.sha256);
  signerKeyIds.set(signer, id);
  return id;
}

function headerFor(place: Place, content: BlockContent, provider: PayloadHashes): Uint8Array {
  const { namespace, tip, algorithm, signer } = place;
  const { payload, payloadHashKind = HASH_KIND.sha256 } = content;
  return encodeHeader({
    version: 2,
    namespace,
    index: tip?.size ?? 0,
    timestampMs: content.timestampMs,
    previous: tip?.headHash ?? (new Uint8Array(32) as BlockHash),
    payloadHash: hashPayload(payload, payloadHashKind, provider),
    payloadType: content.payloadType,
    payloadLength: payload.length,
    algorithm,
    payloadHashKind,
    keyId: signerKeyId(signer, provider),
  });
}

function assemble(
  headerBytes: Uint8Array,
  signature: Uint8Array,
  payload: Uint8Array,
  provider: PayloadHashes,
): CreatedBlock {
  const entry = decodeEntry(encodeEntry(headerBytes, signature));
  return { block: { entry, payload }, hash: blockHash(entry, undefined, provider.sha256) };
}
