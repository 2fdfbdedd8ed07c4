import {
  type BlockHash,
  blockHash,
  decodeEntry,
  equalBytes,
  type HashFunction,
  type NamespaceId,
} from '@basalt/protocol';
import {
  bundleBytes,
  bundleEntry,
  decodeBundleRow,
  decodePackRow,
  type EntryBundle,
  type PackedPayload,
  type PayloadPack,
} from './bundle.ts';
import { ByteCache } from './cache.ts';
import { unpackBytes } from './compress.ts';
import type { KeyValueEngine } from './engine.ts';
import { StoreError } from './errors.ts';
import type { HashIndex } from './hash-index.ts';
import type { IndexedPlace } from './hash-run.ts';
import { logKey, tileKey } from './keys.ts';
import { BUNDLE_WIDTH, LOCATED_MAX, TAIL_BYTES_MAX } from './limits.ts';
import type { BlockLocation } from './log-store.ts';
import { beginIndex, type NamespaceState, type NamespaceTable } from './namespace-table.ts';
import { corruptRow, decodeHotRow, type HotBlock, PAYLOAD_PLACE } from './rows.ts';

export interface LogReaderOptions {
  readonly engine: KeyValueEngine;
  readonly namespaces: NamespaceTable;
  readonly cacheBytes: number;
  readonly sha256: HashFunction;
  /** Resolves when the commit that runs now, if any, has been applied in memory. */
  readonly settled: () => Promise<void>;
}

/** All blocks of a namespace from index `from`, its last full bundle, on. */
interface Tail {
  readonly from: number;
  readonly blocks: readonly HotBlock[];
}

/** Reads blocks: hot rows, bundles and packs, with what was decoded last kept in memory. */
export class LogReader {
  readonly #options: LogReaderOptions;
  readonly #bundles: ByteCache<string, EntryBundle>;
  readonly #packs: ByteCache<string, PayloadPack>;
  /** Counts changed packs, so that one that was read before is not kept after. */
  #packChanges = 0;
  /** Places of hashes, as latin1 text of the 32 bytes. A place never changes. */
  readonly #located = new ByteCache<string, BlockLocation>(LOCATED_MAX);
  /** By number of the namespace. Written only where the namespace's state is. */
  readonly #tails = new ByteCache<number, Tail>(TAIL_BYTES_MAX);

  constructor(options: LogReaderOptions) {
    this.#options = options;
    this.#bundles = new ByteCache(options.cacheBytes / 2);
    this.#packs = new ByteCache(options.cacheBytes / 2);
  }

  get cachedBytes(): number {
    return this.#bundles.bytes + this.#packs.bytes + this.#tails.bytes;
  }

  /** A copy of the entry at an index below the size. */
  async entry(state: NamespaceState, index: number): Promise<Uint8Array> {
    if (inBundle(state, index)) {
      const bundle = await this.bundle(state, Math.floor(index / BUNDLE_WIDTH));
      return bundleEntry(bundle, index % BUNDLE_WIDTH).slice();
    }
    const hot = await this.#hot(state, index);
    if (hot !== undefined) return hot.entry.slice();
    // A commit has moved it into a bundle since `state` was read.
    const bundle = await this.bundle(state, Math.floor(index / BUNDLE_WIDTH));
    return bundleEntry(bundle, index % BUNDLE_WIDTH).slice();
  }

  async entries(state: NamespaceState, from: number, to: number): Promise<Uint8Array[]> {
    const entries: Uint8Array[] = [];
    while (from + entries.length < to) {
      const index = from + entries.length;
      if (!inBundle(state, index)) {
        entries.push(await this.entry(state, index));
        continue;
      }
      const bundle = await this.bundle(state, Math.floor(index / BUNDLE_WIDTH));
      const start = index % BUNDLE_WIDTH;
      const end = Math.min(BUNDLE_WIDTH, start + to - index);
      for (let i = start; i < end; i++) entries.push(bundleEntry(bundle, i).slice());
    }
    return entries;
  }

  /** @throws StoreError `corrupt` when it is not there although the size says so */
  async bundle(state: NamespaceState, bundle: number): Promise<EntryBundle> {
    const cacheKey = `${state.number}/${bundle}`;
    const cached = this.#bundles.get(cacheKey);
    if (cached !== undefined) return cached;
    const { engine, settled } = this.#options;
    const key = logKey(state.number, bundle);
    let row = await engine.get('bundles', key);
    if (row === undefined) {
      await settled();
      row = await engine.get('bundles', key);
    }
    if (row === undefined) throw missing(state, `bundle ${bundle}`);
    const decoded = await decodeBundleRow(row);
    this.keepBundle(state.number, bundle, decoded);
    return decoded;
  }

  /** Undefined: stored in header form, or dropped. @throws StoreError `pruned` */
  async payload(state: NamespaceState, index: number): Promise<Uint8Array | undefined> {
    if (index < state.payloadsFrom) throw pruned(state, index);
    const place = await this.#placed(state, index);
    if (place instanceof Uint8Array) return place.slice();
    if (place === 'none') return undefined;
    const row = await this.#options.engine.get('payloads', logKey(state.number, index));
    if (row !== undefined) return (await unpackBytes(row, 'payloads')).slice();
    await this.#options.settled();
    const now = await this.#options.namespaces.get(state.id);
    if (now !== undefined && index < now.payloadsFrom) throw pruned(state, index);
    // Dropped since its place was read.
    if (now !== undefined && (await this.#placed(now, index)) === 'none') return undefined;
    throw missing(state, `the payload of block ${index}`);
  }

  /** Which payloads of [from, to) are here. */
  async held(state: NamespaceState, from: number, to: number): Promise<boolean[]> {
    const held: boolean[] = [];
    for (let index = from; index < to; index++) {
      held.push(index >= state.payloadsFrom && (await this.#placed(state, index)) !== 'none');
    }
    return held;
  }

  /** The payload, or where it is instead; views of what is kept in memory. */
  async #placed(state: NamespaceState, index: number): Promise<PackedPayload> {
    const hot = inBundle(state, index) ? undefined : await this.#hot(state, index);
    if (hot === undefined) {
      const pack = await this.#pack(state, Math.floor(index / BUNDLE_WIDTH));
      return pack?.payloads[index % BUNDLE_WIDTH] ?? 'row';
    }
    if (hot.place === PAYLOAD_PLACE.none) return 'none';
    return hot.payload ?? 'row';
  }

  async tile(state: NamespaceState, level: number, index: number): Promise<Uint8Array | undefined> {
    const isStored = index * BUNDLE_WIDTH >= beginIndex(state);
    if (level === 0 && isStored && index < Math.floor(state.size / BUNDLE_WIDTH)) {
      const { tile } = await this.bundle(state, index);
      if (tile !== undefined) return tile.slice();
    }
    return this.#options.engine.get('tiles', tileKey(state.number, level, index));
  }

  /** The place whose block has exactly this hash; the index knows 16 bytes of it. */
  async locate(hash: BlockHash, index: HashIndex): Promise<BlockLocation | undefined> {
    const name = hashName(hash);
    const known = this.#located.get(name);
    if (known !== undefined) return known;
    const found = await this.#verifyPlace(hash, await index.find(hash));
    if (found !== undefined) this.#located.set(name, found, 1);
    return found;
  }

  async #verifyPlace(
    hash: BlockHash,
    places: readonly IndexedPlace[],
  ): Promise<BlockLocation | undefined> {
    for (const { number, index } of places) {
      const state = await this.#options.namespaces.byNumber(number);
      // A commit that is under way has written the index already; nobody was told of it.
      if (state === undefined || index >= state.size) continue;
      const found = await this.hashAt(state, index);
      if (equalBytes(found, hash)) return { namespace: state.id, index };
    }
    return undefined;
  }

  /** Hash of a stored block, from its bytes where they are enough. */
  async hashAt(state: NamespaceState, index: number): Promise<BlockHash> {
    if (index === state.size - 1 && state.headHash !== undefined) return state.headHash;
    const bytes = await this.entry(state, index);
    const entry = decodeStored(bytes, state.id, index);
    const { sha256 } = this.#options;
    if (entry.header.version === 2) return blockHash(entry, undefined, sha256);
    // The hash of version 1 covers the payload, which may be gone; the next block names it too.
    const next = await this.entry(state, index + 1);
    return decodeStored(next, state.id, index + 1).header.previous;
  }

  /** All hot blocks of a namespace, in order. */
  async tail(state: NamespaceState): Promise<readonly HotBlock[]> {
    const cached = this.#tails.get(state.number);
    if (cached !== undefined) return cached.blocks;
    const blocks: HotBlock[] = [];
    for (let index = tailStart(state.size); index < state.size; index++) {
      const row = await this.#options.engine.get('entries', logKey(state.number, index));
      if (row === undefined) throw missing(state, `block ${index}`);
      blocks.push(decodeHotRow(row));
    }
    return blocks;
  }

  keepBundle(number: number, bundle: number, decoded: EntryBundle): void {
    this.#bundles.set(`${number}/${bundle}`, decoded, bundleBytes(decoded));
  }

  dropPack(number: number, bundle: number): void {
    this.#packChanges++;
    this.#packs.delete(`${number}/${bundle}`);
  }

  dropTail(number: number): void {
    this.#tails.delete(number);
  }

  /** After a commit: `hot` came behind what was stored, or behind new bundles. */
  extendTail(
    before: NamespaceState | undefined,
    after: NamespaceState,
    hot: readonly HotBlock[],
  ): void {
    const stored = before?.size ?? 0;
    const from = tailStart(after.size);
    if (from >= stored) this.#keepTail(after.number, { from, blocks: hot });
    else {
      const tail = this.#tails.get(after.number);
      if (tail === undefined || hot.length === 0) return;
      this.#keepTail(after.number, { from, blocks: [...tail.blocks, ...hot] });
    }
  }

  clear(): void {
    this.#located.clear();
    this.#bundles.clear();
    this.#packs.clear();
    this.#tails.clear();
  }

  #keepTail(number: number, tail: Tail): void {
    let bytes = 0;
    for (const { entry, payload } of tail.blocks) {
      bytes += 128 + entry.length + (payload?.length ?? 0);
    }
    this.#tails.set(number, tail, bytes);
  }

  async #hot(state: NamespaceState, index: number): Promise<HotBlock | undefined> {
    const tail = this.#tails.get(state.number);
    const hot = tail === undefined ? undefined : tail.blocks[index - tail.from];
    if (hot !== undefined) return hot;
    const row = await this.#options.engine.get('entries', logKey(state.number, index));
    return row === undefined ? undefined : decodeHotRow(row);
  }

  async #pack(state: NamespaceState, bundle: number): Promise<PayloadPack | undefined> {
    const cacheKey = `${state.number}/${bundle}`;
    const cached = this.#packs.get(cacheKey);
    if (cached !== undefined) return cached;
    const changes = this.#packChanges;
    const row = await this.#options.engine.get('packs', logKey(state.number, bundle));
    if (row === undefined) return undefined;
    const pack = await decodePackRow(row);
    if (changes === this.#packChanges) this.#packs.set(cacheKey, pack, pack.bytes + 256 * 64);
    return pack;
  }
}

/** @throws StoreError `corrupt` */
function decodeStored(
  bytes: Uint8Array,
  namespace: NamespaceId,
  index: number,
): ReturnType<typeof decodeEntry> {
  try {
    return decodeEntry(bytes);
  } catch (cause) {
    throw new StoreError(
      'corrupt',
      `entry ${index} of ${namespace} does not decode; run fsck on a copy and restore the log`,
      { namespace, index },
      { cause },
    );
  }
}

function hashName(hash: BlockHash): string {
  return Buffer.from(hash.buffer, hash.byteOffset, hash.length).toString('latin1');
}

function tailStart(size: number): number {
  return size - (size % BUNDLE_WIDTH);
}

function inBundle(state: NamespaceState, index: number): boolean {
  return index < tailStart(state.size);
}

/** What is older than the copy here. */
export function beforeBegin(state: NamespaceState, what: string): StoreError {
  const { index: beginsAt, source } = state.begin ?? { index: 0, source: '' };
  const where = source === '' ? 'another node' : source;
  return new StoreError(
    'pruned',
    `${what} of ${state.id} is not here: this copy begins at block ${beginsAt}; ask ${where}`,
    { namespace: state.id, beginsAt, ...(source === '' ? {} : { source }) },
  );
}

function pruned(state: NamespaceState, index: number): StoreError {
  if (index < beginIndex(state)) return beforeBegin(state, `block ${index}`);
  return new StoreError(
    'pruned',
    `the payload of block ${index} of ${state.id} was pruned (kept from ${state.payloadsFrom}); ` +
      'ask an archive node for it',
    { namespace: state.id, index, payloadsFrom: state.payloadsFrom },
  );
}

function missing(state: NamespaceState, what: string): StoreError {
  return corruptRow('entries', `${what} of ${state.id} is missing (size ${state.size})`);
}
