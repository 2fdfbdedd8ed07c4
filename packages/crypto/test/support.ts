/** Chains and signatures that the tests of this package share. */

import {
  ALGORITHM,
  type AlgorithmId,
  type Block,
  type BlockHash,
  type ChainTip,
  type CryptoProvider,
  createBlock,
  createBlocks,
  createGenesisBlock,
  createSigner,
  decodeBlock,
  decodeEntry,
  encodeEntry,
  encodeV1Block,
  isMerkleAlgorithm,
  plainAlgorithm,
  type Signer,
  tipAfter,
  utf8,
  type Verdict,
} from '@basalt/protocol';
import type { VerificationItem } from '../src/batch/task.ts';

export interface TestChain {
  readonly signer: Signer;
  readonly blocks: readonly Block[];
}

export interface ChainOptions {
  readonly algorithm?: AlgorithmId;
  readonly count: number;
  /** Chains of different seeds have different keys. */
  readonly seed?: number;
  readonly provider: CryptoProvider;
}

/** A chain of `count` blocks behind its genesis block, signed by one key. */
export function makeChain(options: ChainOptions): TestChain {
  const { algorithm = ALGORITHM.ed25519, count, seed = 1, provider } = options;
  const suite = provider.suite(plainAlgorithm(algorithm));
  const keyPair = suite.keyPairFromSeed(new Uint8Array(suite.seedBytes).fill(seed));
  const signer = createSigner(keyPair, provider);
  const nonce = new Uint8Array(16).fill(seed);
  const genesis = createGenesisBlock({ label: 'test', nonce, timestampMs: 1, signer, provider });
  const { namespace } = genesis.block.entry.header;
  let tip: ChainTip = tipAfter(genesis.block, genesis.hash);
  if (isMerkleAlgorithm(algorithm)) {
    const contents = Array.from({ length: count }, (_, i) => contentOf(i));
    const created = createBlocks({ namespace, tip, contents, signer, provider });
    return { signer, blocks: created.map(({ block }) => block) };
  }
  const blocks = Array.from({ length: count }, (_, i) => {
    const created = createBlock({ namespace, tip, ...contentOf(i), signer, provider });
    tip = tipAfter(created.block, created.hash);
    return created.block;
  });
  return { signer, blocks };
}

export function itemsOf(chain: TestChain): VerificationItem[] {
  return chain.blocks.map((block) => ({
    entry: block.entry,
    publicKey: chain.signer.publicKey,
    payload: block.payload,
  }));
}

/** The item with one bit of its signature changed. */
export function withBadSignature(item: VerificationItem, bit: number): VerificationItem {
  const signature = item.entry.signature.slice();
  const index = Math.floor(bit / 8) % signature.length;
  signature[index] = (signature[index] ?? 0) ^ (1 << (bit % 8));
  return { ...item, entry: decodeEntry(encodeEntry(item.entry.headerBytes, signature)) };
}

/** Blocks of version 1, each as a chain of its own. */
export function v1Items(count: number, provider: CryptoProvider): VerificationItem[] {
  const pair = provider.suite(ALGORITHM.ed25519).keyPairFromSeed(new Uint8Array(32).fill(8));
  const signer = createSigner(pair, provider);
  const previous = new Uint8Array(32) as BlockHash;
  return Array.from({ length: count }, (_, i) => {
    const payload = utf8(`reading ${i}`);
    const parts = { wireVersion: 0x0105, index: 0, timestampSeconds: i, previous };
    const block = decodeBlock(encodeV1Block({ ...parts, payloadType: 1, payload }, signer));
    return { entry: block.entry, publicKey: signer.publicKey, payload };
  });
}

/** Bit `bit` of the bytes, changed. */
export function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = bytes.slice();
  const index = Math.floor(bit / 8) % bytes.length;
  flipped[index] = (flipped[index] ?? 0) ^ (1 << (bit % 8));
  return flipped;
}

function contentOf(index: number): {
  timestampMs: number;
  payloadType: number;
  payload: Uint8Array;
} {
  return { timestampMs: 2 + index, payloadType: 1, payload: utf8(`reading ${index}`) };
}

/** The verdicts of `count` valid blocks. */
export function allValid(count: number): Verdict[] {
  return Array.from({ length: count }, () => undefined);
}
