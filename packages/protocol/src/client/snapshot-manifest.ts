import type { Hash32 } from '../brands.ts';
import { equalBytes } from '../bytes.ts';
import { ByteReader, ByteWriter } from '../codec.ts';
import { ProtocolError } from '../errors.ts';
import { KEY_PERIODS_MAX, TILE_WIDTH } from '../limits.ts';
import type { HashFunction } from '../suite.ts';
import { RangeBuilder } from '../tree/compact-range.ts';
import { HASH_BYTES, nodeHash, sha256 } from '../tree/hash.ts';
import { TILE_BYTES, TileBuilder } from '../tree/tiles.ts';
import { decodeSnapshot, encodeSnapshot, type SnapshotProof } from './snapshot.ts';

const FORMAT = 1;

/** Snapshot with 53 peaks. */
const SNAPSHOT_BYTES_MAX = 2_048;

/** Partial tiles of levels 1 to 6. */
const EDGE_BYTES_MAX: number = 6 * TILE_BYTES;

/** Each key has its key block, and so may a recovery that was contradicted before it. */
const KEY_BLOCKS_MAX: number = 2 * KEY_PERIODS_MAX;

/**
 * Bundles of one snapshot, about a million blocks: so its manifest stays below 200 KiB. Who wants
 * more history mirrors the log.
 */
export const SNAPSHOT_BUNDLES_MAX = 4_096;

/** The longest manifest that keeps these bounds. */
export const SNAPSHOT_MANIFEST_BYTES_MAX: number =
  64 + SNAPSHOT_BYTES_MAX + EDGE_BYTES_MAX + 8 * KEY_BLOCKS_MAX + 32 * SNAPSHOT_BUNDLES_MAX;

/**
 * What a copy of a namespace that begins at `from` consists of. Everything in it follows from the
 * blocks, so it never changes; everything but the sizes in bytes and the completeness of
 * `keyBlocks` is shown to belong to the root of the snapshot.
 *
 * Its chunks, by number: one for each key block, then one for each bundle of 256 blocks, the last
 * of which may have fewer.
 */
export interface SnapshotManifest {
  readonly snapshot: SnapshotProof;
  /** First block of the copy: a multiple of 256, below the height; 0 is the whole namespace. */
  readonly from: number;
  /** Right edge of the tree of the first `from` leaves. */
  readonly edge: Uint8Array;
  /** Bytes of entries and payloads of the blocks below `from`; the word of who made it. */
  readonly olderSizeBytes: number;
  /** Indexes of genesis, rotations and recoveries below the height; rising, the first is 0. */
  readonly keyBlocks: readonly number[];
  /** Root of the entries of each bundle from `from` on: 32 bytes. */
  readonly bundleRoots: readonly Hash32[];
}

/** u8 format 1, u32 + snapshot, u64 from, u32 + edge, u64 older bytes, u32 + indexes, roots. */
export function encodeSnapshotManifest(manifest: SnapshotManifest): Uint8Array {
  const { edge, keyBlocks } = manifest;
  const snapshot = encodeSnapshot(manifest.snapshot);
  const writer = new ByteWriter().u8(FORMAT).u32(snapshot.length).bytes(snapshot);
  writer.u64(manifest.from).u32(edge.length).bytes(edge).u64(manifest.olderSizeBytes);
  writer.u32(keyBlocks.length);
  for (const index of keyBlocks) writer.u64(index);
  for (const root of manifest.bundleRoots) writer.bytes(root);
  return writer.done();
}

/**
 * Reads a manifest and checks that its parts make the root of its snapshot. Whether that root is
 * one that a log has signed is for `checkSnapshot` with a checkpoint, or a consistency proof.
 *
 * @throws ProtocolError `malformed`, `invalid-proof`
 */
export function decodeSnapshotManifest(
  bytes: Uint8Array,
  hash: HashFunction = sha256,
): SnapshotManifest {
  const reader = new ByteReader(bytes, 'a snapshot manifest');
  if (reader.u8() !== FORMAT) refuse('expected a snapshot manifest of format 1');
  const snapshot = decodeSnapshot(reader.bytes(bounded(reader.u32(), SNAPSHOT_BYTES_MAX)));
  const from = reader.u64();
  if (from % TILE_WIDTH !== 0 || from >= snapshot.height) {
    refuse('expected a beginning below the height, at the border of a bundle');
  }
  const edge = reader.bytes(bounded(reader.u32(), EDGE_BYTES_MAX)).slice();
  const olderSizeBytes = reader.u64();
  const keyCount = bounded(reader.u32(), KEY_BLOCKS_MAX);
  const keyBlocks = Array.from({ length: keyCount }, () => reader.u64());
  const isRising = keyBlocks.every((index, i) => i === 0 || index > (keyBlocks[i - 1] as number));
  if (keyBlocks[0] !== 0 || !isRising || (keyBlocks.at(-1) as number) >= snapshot.height) {
    refuse('expected the indexes of key blocks in order, the genesis first');
  }
  const count = bounded(bundleCount(snapshot.height, from), SNAPSHOT_BUNDLES_MAX);
  const bundleRoots = Array.from(
    { length: count },
    () => reader.bytes(HASH_BYTES).slice() as Hash32,
  );
  reader.end();
  const manifest = { snapshot, from, edge, olderSizeBytes, keyBlocks, bundleRoots };
  checkManifest(manifest, hash);
  return manifest;
}

/** Bundles, the last one perhaps partial, that hold the blocks [from, height). */
export function bundleCount(height: number, from: number): number {
  return Math.ceil((height - from) / TILE_WIDTH);
}

/** Number of chunks. */
export function snapshotChunkCount(manifest: SnapshotManifest): number {
  return manifest.keyBlocks.length + manifest.bundleRoots.length;
}

/** Where the bundle of a chunk lies: blocks [from, to). Undefined: the chunk is no bundle. */
export function bundleOfChunk(
  manifest: SnapshotManifest,
  chunk: number,
): { readonly from: number; readonly to: number; readonly root: Hash32 } | undefined {
  const bundle = chunk - manifest.keyBlocks.length;
  const root = manifest.bundleRoots[bundle];
  if (root === undefined) return undefined;
  const from = manifest.from + bundle * TILE_WIDTH;
  return { from, to: Math.min(from + TILE_WIDTH, manifest.snapshot.height), root };
}

/**
 * A full bundle is a node of height 8, and no peak of the tree of `from` leaves is lower: with
 * bundles as leaves the peaks are the same.
 */
function checkManifest(manifest: SnapshotManifest, hash: HashFunction): void {
  const { snapshot, from, edge, bundleRoots } = manifest;
  const older = new TileBuilder({ size: from, leaves: new Uint8Array(0), edge }, hash).range();
  const range = new RangeBuilder({ size: from / TILE_WIDTH, peaks: older.peaks }, hash);
  const isPartial = snapshot.height % TILE_WIDTH !== 0;
  for (const root of isPartial ? bundleRoots.slice(0, -1) : bundleRoots) range.append(root);
  const last = isPartial ? bundleRoots.at(-1) : undefined;
  const root =
    last === undefined
      ? range.root()
      : range.peaks().reduceRight((right, peak) => nodeHash(peak, right, hash), last);
  if (equalBytes(root, snapshot.root)) return;
  throw new ProtocolError('invalid-proof', 'expected an edge and bundles that make the root');
}

function bounded(value: number, most: number): number {
  return value <= most ? value : refuse(`expected at most ${most} in a snapshot manifest`);
}

function refuse(message: string): never {
  throw new ProtocolError('malformed', message);
}
