import { type Block, decodeBlock, encodeBlock } from '../block/block.ts';
import { decodeEntry, type Entry } from '../block/entry.ts';
import { checkPayload } from '../block/rules.ts';
import { verifySignatureWith } from '../block/verify.ts';
import { equalBytes } from '../bytes.ts';
import { ByteReader, ByteWriter } from '../codec.ts';
import { ProtocolError } from '../errors.ts';
import { ENTRY_BYTES_MAX, TILE_WIDTH } from '../limits.ts';
import {
  applyKeyBlock,
  initialKeyState,
  isKeyBlock,
  type KeyState,
  writerAt,
} from '../namespace/key-state.ts';
import type { CryptoProvider } from '../suite.ts';
import { nobleProvider } from '../suites/noble.ts';
import { decodeBundle } from '../tree/bundle.ts';
import { RangeBuilder } from '../tree/compact-range.ts';
import { HASH_BYTES, leafHash } from '../tree/hash.ts';
import { checkOlderTile, tilesOnPath } from '../tree/older-tiles.ts';
import { type BuiltTile, TILE_BYTES } from '../tree/tiles.ts';
import { bundleOfChunk, type SnapshotManifest } from './snapshot-manifest.ts';

/** A key block is at most an entry, and a payload of a few keys. */
const KEY_BLOCK_BYTES_MAX: number = ENTRY_BYTES_MAX + 64 * 1024;

/** The longest chunk: 256 entries of the longest kind, each after its length. */
export const SNAPSHOT_CHUNK_BYTES_MAX: number = TILE_WIDTH * (ENTRY_BYTES_MAX + 2);

/** A key block with what proves it, now and in every later tree. */
export interface KeyBlockChunk {
  readonly kind: 'key-block';
  readonly block: Block;
  /** The full tiles of the tree of `from` leaves above it, lowest first. */
  readonly tiles: readonly BuiltTile[];
}

export interface BundleChunk {
  readonly kind: 'bundle';
  /** Index of the first entry. */
  readonly from: number;
  /** Views of the chunk. */
  readonly entries: readonly Entry[];
}

/** u32 + block in wire form, then the tiles, 8,192 bytes each. Bundles are those of tlog-tiles. */
export function encodeKeyBlockChunk(chunk: Omit<KeyBlockChunk, 'kind'>): Uint8Array {
  const block = encodeBlock(chunk.block);
  const writer = new ByteWriter().u32(block.length).bytes(block);
  for (const tile of chunk.tiles) writer.bytes(tile.bytes);
  return writer.done();
}

/**
 * Reads one chunk and checks that it belongs to the tree of its manifest, with no other chunk at
 * hand. Signatures and the rules of the chain are for who puts the chunks together.
 *
 * @throws ProtocolError `malformed`, `invalid-proof`, `payload-mismatch`, `wrong-namespace`,
 *   `invalid-index`; the metadata names the chunk
 */
export function openSnapshotChunk(
  manifest: SnapshotManifest,
  chunk: number,
  bytes: Uint8Array,
  provider: CryptoProvider = nobleProvider,
): KeyBlockChunk | BundleChunk {
  try {
    const index = manifest.keyBlocks[chunk];
    return index === undefined
      ? openBundle(manifest, chunk, bytes, provider)
      : openKeyBlock(manifest, index, bytes, provider);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const message = `chunk ${chunk} of the snapshot does not hold: ${error.message}`;
    throw new ProtocolError(error.code, message, { ...error.metadata, chunk });
  }
}

function openBundle(
  manifest: SnapshotManifest,
  chunk: number,
  bytes: Uint8Array,
  provider: CryptoProvider,
): BundleChunk {
  const bundle = bundleOfChunk(manifest, chunk);
  if (bundle === undefined) {
    throw new ProtocolError('invalid-index', 'the snapshot has fewer chunks');
  }
  const { from, to, root } = bundle;
  const raw = decodeBundle(bytes);
  if (raw.length !== to - from) {
    throw new ProtocolError('malformed', `expected ${to - from} entries, found ${raw.length}`);
  }
  const range = new RangeBuilder(undefined, provider.sha256);
  const entries = raw.map((entry) => {
    range.append(leafHash(entry, provider.sha256));
    return decodeEntry(entry);
  });
  if (!equalBytes(range.root(), root)) {
    throw new ProtocolError('invalid-proof', 'expected the entries of the tree', { from, to });
  }
  entries.forEach(({ header }, i) => {
    requirePlace(manifest, header, from + i);
    if (header.version !== 2) {
      throw new ProtocolError(
        'version-mismatch',
        'a block of version 1 is known by its payload: take such a namespace from its beginning',
        { index: header.index },
      );
    }
  });
  return { kind: 'bundle', from, entries };
}

function openKeyBlock(
  manifest: SnapshotManifest,
  index: number,
  bytes: Uint8Array,
  provider: CryptoProvider,
): KeyBlockChunk {
  const reader = new ByteReader(bytes, 'a key block of a snapshot');
  const length = reader.u32();
  if (length > KEY_BLOCK_BYTES_MAX) {
    throw new ProtocolError('payload-too-large', 'expected a key block of less than 72 KiB');
  }
  const block = decodeBlock(reader.bytes(length).slice());
  const path = index < manifest.from ? tilesOnPath(index, manifest.from) : [];
  const tiles = path.map(
    (tile): BuiltTile => ({ ...tile, bytes: reader.bytes(TILE_BYTES).slice() }),
  );
  reader.end();
  const { entry, payload } = block;
  requirePlace(manifest, entry.header, index);
  if (payload === undefined || !isKeyBlock(entry.header)) {
    throw new ProtocolError('malformed', 'expected a whole key block', { index });
  }
  checkPayload(entry, payload, provider);
  const edge = { size: manifest.from, edge: manifest.edge };
  const hash = provider.sha256;
  for (const [i, tile] of tiles.entries()) {
    checkOlderTile(tile, edge, () => tiles[i + 1]?.bytes, hash);
  }
  const [lowest] = tiles;
  if (lowest === undefined) return { kind: 'key-block', block, tiles };
  const offset = (index % TILE_WIDTH) * HASH_BYTES;
  const slot = lowest.bytes.subarray(offset, offset + HASH_BYTES);
  if (!equalBytes(leafHash(entry.bytes, hash), slot)) {
    throw new ProtocolError('invalid-proof', 'expected a key block of the tree', { index });
  }
  return { kind: 'key-block', block, tiles };
}

/**
 * Keys of a namespace after some key blocks, from the genesis on, each signed by who was entitled.
 *
 * @throws ProtocolError the codes of `initialKeyState`, `applyKeyBlock`, `invalid-signature`
 */
export function replayKeyBlocks(
  blocks: readonly Block[],
  provider: CryptoProvider = nobleProvider,
): KeyState {
  let keys: KeyState | undefined;
  for (const { entry, payload } of blocks) {
    const after: KeyState =
      keys === undefined
        ? initialKeyState(entry, payload ?? new Uint8Array(0))
        : applyKeyBlock(keys, entry, payload);
    const { publicKey } = writerAt(keys ?? after, entry.header);
    const verdict = verifySignatureWith(provider, entry, publicKey, payload);
    if (verdict !== undefined) {
      const { index } = entry.header;
      throw new ProtocolError(verdict, 'expected the signature of who was entitled', { index });
    }
    keys = after;
  }
  if (keys === undefined) throw new ProtocolError('invalid-genesis', 'expected the genesis block');
  return keys;
}

function requirePlace(
  manifest: SnapshotManifest,
  { namespace, index }: Entry['header'],
  expected: number,
): void {
  if (namespace !== manifest.snapshot.namespace) {
    throw new ProtocolError('wrong-namespace', 'expected a block of the namespace', {
      expected: manifest.snapshot.namespace,
      found: namespace,
    });
  }
  if (index === expected) return;
  throw new ProtocolError('invalid-index', `expected block ${expected}`, { found: index });
}
