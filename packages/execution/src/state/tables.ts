import { createLmdbTables, createMemoryTables, type OrderedTables } from '@basalt/store';
import { ExecutionError } from '../errors.ts';
import { EMPTY_TRIE_ROOT } from '../trie/ordered-trie.ts';

/**
 * Tables of a state. Flat values are the leaves of the tries, so tries keep branches only.
 *
 * | table | key | value |
 * |---|---|---|
 * | meta | 0 | head: number, hash, root, counts, oldest block |
 * | meta | 1 | a snapshot that is being imported: its block, and chunks that are there |
 * | accounts | keccak(address) | leaf of the state trie |
 * | storage | keccak(address), keccak(slot) | leaf of a storage trie |
 * | codes | code hash | code; never deleted |
 * | branches | digits, path | branch of the state trie |
 * | storageBranches | keccak(address), digits, path | branch of a storage trie |
 * | history | block, chunk | values as they were before the block |
 * | blocks | block | hash, root, counts |
 *
 * Code stays because accounts share it: counting them would cost a write at each creation, and what
 * was paid for at 200 gas a byte is little beside the history of the block that made it.
 */
export const STATE_TABLES: readonly string[] = [
  'meta',
  'accounts',
  'storage',
  'codes',
  'branches',
  'storageBranches',
  'history',
  'blocks',
];

const FORMAT = 'basalt-state 1';

export interface StateEngineOptions {
  /** Folder of the state; created when absent. Without it the state is in memory and forgotten. */
  readonly path?: string;
  /** Room that stays free on the disk. */
  readonly reserveBytes?: number;
}

/**
 * The engine under a world state. One process may have a folder open.
 *
 * @throws StoreError `unknown-format`, `io`
 */
export async function createStateEngine(options: StateEngineOptions = {}): Promise<OrderedTables> {
  const { path, reserveBytes } = options;
  if (path === undefined) return createMemoryTables({ tables: STATE_TABLES });
  return createLmdbTables({
    path,
    tables: STATE_TABLES,
    format: FORMAT,
    ...(reserveBytes === undefined ? {} : { reserveBytes }),
  });
}

/** What is known of one block. */
export interface BlockRecord {
  readonly number: number;
  readonly hash: Uint8Array;
  readonly root: Uint8Array;
  readonly accounts: number;
  readonly slots: number;
}

/** The last commit: everything else in the tables belongs to it. */
export interface HeadRecord extends BlockRecord {
  readonly oldest: number;
}

export const HEAD_KEY: Uint8Array = Uint8Array.of(0);
/** There while a snapshot is being imported. */
export const IMPORT_KEY: Uint8Array = Uint8Array.of(1);

/** Of a state without any block. */
export const NO_HEAD: HeadRecord = {
  number: -1,
  hash: new Uint8Array(32),
  root: EMPTY_TRIE_ROOT,
  accounts: 0,
  slots: 0,
  oldest: 0,
};

/** Numbers of 6 bytes: 8,900 years of blocks at 1,000 a second. */
const NUMBER_BYTES = 6;
const BLOCK_BYTES: number = 64 + 3 * NUMBER_BYTES;

export function blockKey(number: number): Uint8Array {
  const key = new Uint8Array(NUMBER_BYTES);
  writeNumber(key, 0, number);
  return key;
}

/** Chunk 0 is the directory of the others. */
export function historyKey(number: number, chunk: number): Uint8Array {
  const key = new Uint8Array(2 * NUMBER_BYTES);
  writeNumber(key, 0, number);
  writeNumber(key, NUMBER_BYTES, chunk);
  return key;
}

/** Place of a branch: owner of the trie (nothing: the state trie), count of digits, digits. */
export function branchKey(
  owner: Uint8Array | undefined,
  key: Uint8Array,
  depth: number,
): Uint8Array {
  const from = owner?.length ?? 0;
  const bytes = (depth + 1) >>> 1;
  const place = new Uint8Array(from + 1 + bytes);
  if (owner !== undefined) place.set(owner);
  place[from] = depth;
  for (let index = 0; index < bytes; index++) place[from + 1 + index] = key[index] as number;
  if (depth % 2 === 1) place[from + bytes] = (place[from + bytes] as number) & 0xf0;
  return place;
}

export function slotKey(owner: Uint8Array, slot: Uint8Array): Uint8Array {
  const key = new Uint8Array(64);
  key.set(owner);
  key.set(slot, 32);
  return key;
}

/** First key behind all that begin with these bytes; undefined: there is none. */
export function afterPrefix(prefix: Uint8Array): Uint8Array | undefined {
  const after = prefix.slice();
  for (let at = after.length - 1; at >= 0; at--) {
    const byte = after[at] as number;
    if (byte < 0xff) {
      after[at] = byte + 1;
      return after.slice(0, at + 1);
    }
  }
  return undefined;
}

export function encodeHead(head: HeadRecord): Uint8Array {
  const bytes = new Uint8Array(BLOCK_BYTES + NUMBER_BYTES);
  bytes.set(encodeBlock(head));
  writeNumber(bytes, BLOCK_BYTES, head.oldest);
  return bytes;
}

export function decodeHead(bytes: Uint8Array): HeadRecord {
  const block = decodeBlock(bytes.subarray(0, BLOCK_BYTES));
  return { ...block, oldest: readNumber(bytes, BLOCK_BYTES) };
}

export function encodeBlock(block: BlockRecord): Uint8Array {
  const bytes = new Uint8Array(BLOCK_BYTES);
  writeNumber(bytes, 0, block.number);
  bytes.set(block.hash, NUMBER_BYTES);
  bytes.set(block.root, NUMBER_BYTES + 32);
  writeNumber(bytes, NUMBER_BYTES + 64, block.accounts);
  writeNumber(bytes, 2 * NUMBER_BYTES + 64, block.slots);
  return bytes;
}

/** @throws ExecutionError `damaged-state` */
export function decodeBlock(bytes: Uint8Array): BlockRecord {
  if (bytes.length !== BLOCK_BYTES) {
    throw new ExecutionError('damaged-state', `a record of a block has ${bytes.length} bytes`);
  }
  return {
    number: readNumber(bytes, 0),
    hash: bytes.slice(NUMBER_BYTES, NUMBER_BYTES + 32),
    root: bytes.slice(NUMBER_BYTES + 32, NUMBER_BYTES + 64),
    accounts: readNumber(bytes, NUMBER_BYTES + 64),
    slots: readNumber(bytes, 2 * NUMBER_BYTES + 64),
  };
}

export function writeNumber(bytes: Uint8Array, offset: number, value: number): void {
  let rest = value;
  for (let at = offset + NUMBER_BYTES - 1; at >= offset; at--) {
    bytes[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

export function readNumber(bytes: Uint8Array, offset: number): number {
  let value = 0;
  for (let at = 0; at < NUMBER_BYTES; at++) value = value * 256 + (bytes[offset + at] ?? 0);
  return value;
}
