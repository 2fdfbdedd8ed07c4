import type { Block } from '../block/block.ts';
import { blockHash, type PayloadHashes } from '../block/hash.ts';
import { type ChainTip, checkPayload, checkSuccession } from '../block/rules.ts';
import { verifySignatureWith } from '../block/verify.ts';
import type { BlockHash, Hash32, NamespaceId } from '../brands.ts';
import { equalBytes } from '../bytes.ts';
import { ByteReader, ByteWriter } from '../codec.ts';
import { ProtocolError } from '../errors.ts';
import { namespaceBytes, namespaceId } from '../namespace/id.ts';
import { applyKeyBlock, type KeyState, writerAt } from '../namespace/key-state.ts';
import type { Checkpoint } from '../note/checkpoint.ts';
import type { CryptoProvider, HashFunction } from '../suite.ts';
import { nobleProvider } from '../suites/noble.ts';
import { nobleHashes } from '../suites/noble-hashes.ts';
import { type CompactRange, countPeaks, RangeBuilder, rangeRoot } from '../tree/compact-range.ts';
import { HASH_BYTES, leafHash, sha256 } from '../tree/hash.ts';
import { verifyInclusion } from '../tree/verify.ts';

const FORMAT = 1;

/**
 * Where a namespace stood after its first `height` blocks. Who holds it can check and append what
 * follows with nothing older; it is only as good as the checkpoint that names its root.
 */
export interface SnapshotProof {
  readonly namespace: NamespaceId;
  /** Number of blocks, at least 1. */
  readonly height: number;
  /** 32-byte root of their tree. */
  readonly root: Hash32;
  /** Peaks of the tree, as in a compact range: one per set bit of `height`, largest first. */
  readonly peaks: readonly Hash32[];
  /** Hash of block `height - 1`. */
  readonly headHash: BlockHash;
  /** Blocks that the snapshot covers: `height`. */
  readonly blockCount: number;
  /** Bytes of entries and payloads of those blocks. */
  readonly totalSizeBytes: number;
  /** Timestamp of block `height - 1`, so that everybody makes the same snapshot. */
  readonly createdMs: number;
}

/** How far a chain was followed from a snapshot. */
export interface FollowedChain {
  /** The snapshot after the last block; sizes counted on. */
  readonly snapshot: SnapshotProof;
  /** Keys after the last block, when keys were given. */
  readonly keys: KeyState | undefined;
  /** `verified` when keys were given; `unchecked` otherwise: order and payloads only. */
  readonly signatures: 'verified' | 'unchecked';
}

/**
 * u8 format 1, namespace (16), u64 height, root, head hash, u64 total size, i64 created, peaks. The
 * block count is the height, and the number of peaks follows from it.
 */
export function encodeSnapshot(snapshot: SnapshotProof): Uint8Array {
  const writer = new ByteWriter().u8(FORMAT).bytes(namespaceBytes(snapshot.namespace));
  writer.u64(snapshot.height).bytes(snapshot.root).bytes(snapshot.headHash);
  writer.u64(snapshot.totalSizeBytes).i64(snapshot.createdMs);
  for (const peak of snapshot.peaks) writer.bytes(peak);
  return writer.done();
}

/** @throws ProtocolError `malformed`, `invalid-proof` when the peaks do not make the root */
export function decodeSnapshot(bytes: Uint8Array): SnapshotProof {
  const reader = new ByteReader(bytes, 'a snapshot');
  if (reader.u8() !== FORMAT) {
    throw new ProtocolError('malformed', 'expected a snapshot of format 1');
  }
  const namespace = namespaceId(reader.bytes(16));
  const height = reader.u64();
  const root = reader.bytes(HASH_BYTES).slice() as Hash32;
  const headHash = reader.bytes(HASH_BYTES).slice() as BlockHash;
  const totalSizeBytes = reader.u64();
  const createdMs = reader.i64();
  const peaks = Array.from(
    { length: countPeaks(height) },
    () => reader.bytes(HASH_BYTES).slice() as Hash32,
  );
  reader.end();
  const snapshot = {
    namespace,
    height,
    root,
    peaks,
    headHash,
    blockCount: height,
    totalSizeBytes,
    createdMs,
  };
  checkSnapshot(snapshot);
  return snapshot;
}

/**
 * Checks that a snapshot agrees with itself and, where one is given, with a checkpoint.
 *
 * @throws ProtocolError `invalid-proof`, `inconsistent-checkpoint`
 */
export function checkSnapshot(
  snapshot: SnapshotProof,
  checkpoint?: Pick<Checkpoint, 'size' | 'root'>,
  hash: HashFunction = sha256,
): void {
  const { height, peaks, root, blockCount } = snapshot;
  const isHash = (bytes: Uint8Array): boolean => bytes.length === HASH_BYTES;
  if (!Number.isSafeInteger(height) || height < 1 || blockCount !== height) {
    refuse('expected a snapshot of at least one block, all of them counted');
  }
  if (peaks.length !== countPeaks(height) || !peaks.every(isHash) || !isHash(root)) {
    refuse('expected one peak of 32 bytes per set bit of the height');
  }
  if (!isHash(snapshot.headHash)) refuse('expected a head hash of 32 bytes');
  if (!equalBytes(rangeRoot({ size: height, peaks }, hash), root)) {
    refuse('expected peaks that make the root');
  }
  if (checkpoint === undefined) return;
  if (checkpoint.size !== height || !equalBytes(checkpoint.root, root)) {
    throw new ProtocolError('inconsistent-checkpoint', 'expected the tree of the checkpoint', {
      expected: checkpoint.size,
      found: height,
    });
  }
}

/**
 * Checks that a block is among those that a snapshot covers.
 *
 * @param proof inclusion proof of the block's entry in the tree of `snapshot.height` leaves
 * @throws ProtocolError `wrong-namespace`, `invalid-proof`, `payload-mismatch`, `invalid-genesis`
 */
export function verifyWithSnapshot(
  block: Block,
  proof: readonly Uint8Array[],
  snapshot: SnapshotProof,
  provider: PayloadHashes = nobleHashes,
): void {
  const { header, bytes } = block.entry;
  requireNamespace(header.namespace, snapshot);
  const leaf = leafHash(bytes, provider.sha256);
  const { height: size, root } = snapshot;
  verifyInclusion({ leafHash: leaf, index: header.index, size, root, proof }, provider.sha256);
  if (block.payload !== undefined) checkPayload(block.entry, block.payload, provider);
}

/**
 * Follows the blocks right after a snapshot: every rule of the chain, every payload that is there,
 * and with `keys` every signature.
 *
 * @param options.keys key state of the namespace at the snapshot's height
 * @throws ProtocolError the codes of `checkSuccession`, `checkPayload`, `writerAt`,
 *   `applyKeyBlock`; `wrong-namespace`, `invalid-signature`, `invalid-proof`
 */
export function verifyChainFromSnapshot(
  blocks: readonly Block[],
  snapshot: SnapshotProof,
  options: { readonly keys?: KeyState; readonly provider?: CryptoProvider } = {},
): FollowedChain {
  const provider = options.provider ?? nobleProvider;
  checkSnapshot(snapshot, undefined, provider.sha256);
  const { height, peaks, namespace } = snapshot;
  const range = new RangeBuilder({ size: height, peaks }, provider.sha256);
  let tip: ChainTip = {
    size: height,
    headHash: snapshot.headHash,
    timestampMs: snapshot.createdMs,
  };
  let { keys } = options;
  let { totalSizeBytes } = snapshot;
  for (const { entry, payload } of blocks) {
    const { header } = entry;
    requireNamespace(header.namespace, snapshot);
    checkSuccession(tip, header);
    if (payload !== undefined) checkPayload(entry, payload, provider);
    if (keys !== undefined) {
      const { publicKey } = writerAt(keys, header);
      const verdict = verifySignatureWith(provider, entry, publicKey, payload);
      if (verdict !== undefined) {
        throw new ProtocolError(verdict, 'expected the signature of the writer', {
          index: header.index,
        });
      }
      keys = applyKeyBlock(keys, entry, payload);
    }
    const headHash = blockHash(entry, payload, provider.sha256);
    tip = { size: tip.size + 1, headHash, timestampMs: header.timestampMs };
    range.append(leafHash(entry.bytes, provider.sha256));
    totalSizeBytes += entry.bytes.length + header.payloadLength;
  }
  const end: CompactRange = range.range();
  return {
    snapshot: {
      namespace,
      height: end.size,
      root: range.root(),
      peaks: end.peaks,
      headHash: tip.headHash,
      blockCount: end.size,
      totalSizeBytes,
      createdMs: tip.timestampMs,
    },
    keys,
    signatures: keys === undefined ? 'unchecked' : 'verified',
  };
}

function requireNamespace(found: NamespaceId, snapshot: SnapshotProof): void {
  if (found === snapshot.namespace) return;
  throw new ProtocolError('wrong-namespace', 'expected a block of the namespace', {
    expected: snapshot.namespace,
    found,
  });
}

function refuse(message: string): never {
  throw new ProtocolError('invalid-proof', message);
}
