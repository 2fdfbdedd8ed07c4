import { equalBytes } from '@basalt/protocol';
import type { OrderedTables, TableWrite } from '@basalt/store';
import { bytesToHex } from '@noble/hashes/utils.js';
import { plainBytes } from '../block/plain-bytes.ts';
import { encodeStoredReceipts } from '../block/stored-receipts.ts';
import type { Block, Receipt } from '../block/types.ts';
import { ExecutionError } from '../errors.ts';
import { RlpReader } from '../rlp/reader.ts';
import { RlpWriter } from '../rlp/writer.ts';
import {
  BLOCKS_CACHED_BYTES_MAX,
  BLOCKS_CACHED_MAX,
  INDEX_BLOCKS_GATHERED,
  INDEX_COMMITS_MAX,
  INDEX_ROWS_GATHERED,
  STORED_RECEIPTS_BYTES_MAX,
} from './limits.ts';
import type { TransactionLocation } from './types.ts';

/** Names that the tables of a chain have; others may stand in the same store. */
export const CHAIN_TABLES = [
  'chain-blocks',
  'chain-numbers',
  'chain-transactions',
  'chain-receipts',
  'chain-meta',
] as const;

const [BLOCKS, NUMBERS, TRANSACTIONS, RECEIPTS, META] = CHAIN_TABLES;
const META_KEY = Uint8Array.of(0);
const ADDRESS_BYTES = 20;
/** Bytes of a block's hash in a transaction's row: enough to see that it was undone. */
const HASH_PREFIX_BYTES = 8;

/** What the index knows of a block without reading it. */
export interface BlockRow {
  readonly hash: Uint8Array;
  readonly logIndex: number;
  /** With its own difficulty. */
  readonly totalDifficulty: bigint;
  /** One after another; recovering them again would cost 40 us each. */
  readonly senders: Uint8Array;
}

/** What the index as a whole was made of. */
export interface IndexMeta {
  readonly genesisHash: Uint8Array;
  /** Entries of the log that are in the index. */
  readonly logLength: number;
  readonly head: number;
  readonly mergeBlock: bigint | undefined;
}

/** A block that is held in memory. */
export interface HotBlock {
  readonly block: Block;
  /** undefined: not worked out since it was loaded. */
  readonly receipts: readonly Receipt[] | undefined;
  readonly row: BlockRow;
  /** Places of its transactions by hash in hex, made when first asked for. */
  places?: Map<string, number>;
}

/**
 * Finds blocks by number and hash, transactions by hash, and keeps receipts. The newest blocks are
 * held in memory, at least until their rows are durable, so answers never wait for the store. The
 * log is the truth: what this loses in a crash is made again from there.
 */
export class BlockIndex {
  readonly #tables: OrderedTables;
  readonly #receiptWindow: number;
  /** By number, oldest first. */
  readonly #hot = new Map<number, HotBlock>();
  #hotBytes = 0;
  /** Blocks whose rows are not durable yet. */
  readonly #unsettled = new Map<HotBlock, Promise<void>>();
  /** Rows of the newest small blocks, which nothing has sent to the disk yet. */
  #gathered: TableWrite[] = [];
  readonly #waiting = new Set<HotBlock>();
  #meta: IndexMeta | undefined;
  #failure: unknown;

  constructor(tables: OrderedTables, receiptWindow: number) {
    this.#tables = tables;
    this.#receiptWindow = receiptWindow;
  }

  meta(): IndexMeta | undefined {
    const bytes = this.#tables.get(META, META_KEY);
    if (bytes === undefined) return undefined;
    const reader = new RlpReader(bytes);
    const outer = reader.enterList();
    const genesisHash = reader.readFixed(32);
    const logLength = reader.readNumber();
    const head = reader.readNumber();
    const merge = reader.readInteger(8);
    reader.leaveList(outer);
    return { genesisHash, logLength, head, mergeBlock: merge === 0n ? undefined : merge - 1n };
  }

  hot(number: number): HotBlock | undefined {
    return this.#hot.get(number);
  }

  hotByHash(hash: Uint8Array): HotBlock | undefined {
    for (const hot of this.#hot.values()) if (equalBytes(hot.block.hash, hash)) return hot;
    return undefined;
  }

  row(number: number): BlockRow | undefined {
    const hot = this.#hot.get(number);
    if (hot !== undefined) return hot.row;
    const bytes = this.#tables.get(BLOCKS, numberKey(number));
    return bytes === undefined ? undefined : decodeRow(bytes);
  }

  /** The number that a block had when it was kept; it may have been undone since. */
  numberOf(hash: Uint8Array): number | undefined {
    const hot = this.hotByHash(hash);
    if (hot !== undefined) return Number(hot.block.header.number);
    const bytes = this.#tables.get(NUMBERS, hash);
    return bytes === undefined ? undefined : new RlpReader(bytes).readNumber();
  }

  /** Where a transaction is, unless its block was undone. */
  locate(transactionHash: Uint8Array): TransactionLocation | undefined {
    const key = bytesToHex(transactionHash);
    for (const [blockNumber, hot] of this.#hot) {
      const index = placesOf(hot).get(key);
      if (index !== undefined) return { blockNumber, blockHash: hot.block.hash, index };
    }
    const bytes = this.#tables.get(TRANSACTIONS, transactionHash);
    if (bytes === undefined) return undefined;
    const reader = new RlpReader(bytes);
    const blockNumber = reader.readNumber();
    const index = reader.readNumber();
    const prefix = reader.readBytes();
    const blockHash = this.row(blockNumber)?.hash;
    if (blockHash === undefined) return undefined;
    if (!equalBytes(blockHash.subarray(0, HASH_PREFIX_BYTES), prefix)) return undefined;
    return { blockNumber, blockHash, index };
  }

  /** As `encodeStoredReceipts` made them; undefined outside of the window. */
  storedReceipts(number: number): Uint8Array | undefined {
    return this.#tables.get(RECEIPTS, numberKey(number));
  }

  /** Holds a block that was read from the log, as long as there is room. */
  warm(hot: HotBlock): void {
    this.#hold(hot);
  }

  /** Rows of a block that do not depend on its place in the log: most of the work. */
  prepare(block: Block, receipts: readonly Receipt[] | undefined): TableWrite[] {
    const number = Number(block.header.number);
    const writes: TableWrite[] = [{ table: NUMBERS, key: block.hash, value: encodeNumber(number) }];
    const prefix = block.hash.subarray(0, HASH_PREFIX_BYTES);
    const writer = new RlpWriter(32);
    block.transactions.forEach(({ hash }, index) => {
      writer.reset();
      writer.writeNumber(number);
      writer.writeNumber(index);
      writer.writeBytes(prefix);
      writes.push({ table: TRANSACTIONS, key: hash, value: writer.toBytes() });
    });
    if (receipts !== undefined && this.#receiptWindow > 0) {
      const value = encodeStoredReceipts(receipts);
      if (value.length <= STORED_RECEIPTS_BYTES_MAX) {
        writes.push({ table: RECEIPTS, key: numberKey(number), value });
      }
    }
    const old = number - this.#receiptWindow;
    if (old > 0) writes.push({ table: RECEIPTS, key: numberKey(old), value: undefined });
    return writes;
  }

  /**
   * Keeps a block. Waits only when too many before it are not durable yet.
   *
   * @param prepared from {@link prepare}; the index owns it from here on
   */
  async put(hot: HotBlock, meta: IndexMeta, prepared: TableWrite[]): Promise<void> {
    const key = numberKey(Number(hot.block.header.number));
    prepared.push({ table: BLOCKS, key, value: encodeRow(hot.row) });
    this.#check();
    // Before anything can put it out of memory.
    this.#waiting.add(hot);
    this.#hold(hot);
    this.#meta = meta;
    if (this.#gathered.length === 0) this.#gathered = prepared;
    else for (const write of prepared) this.#gathered.push(write);
    const isLittle = this.#gathered.length < INDEX_ROWS_GATHERED;
    if (isLittle && this.#waiting.size < INDEX_BLOCKS_GATHERED) return;
    this.#commitGathered();
    if (this.#unsettled.size <= INDEX_COMMITS_MAX) return;
    const [oldest] = this.#unsettled.values();
    await oldest;
    this.#check();
  }

  /** Forgets blocks that were undone, and says where the log is now. */
  async rewind(
    removed: readonly { readonly number: number; readonly hash: Uint8Array }[],
    meta: IndexMeta,
  ): Promise<void> {
    this.#commitGathered();
    this.#check();
    const writes: TableWrite[] = [];
    for (const { number, hash } of removed) {
      const hot = this.#hot.get(number);
      if (hot !== undefined) this.#drop(number, hot);
      writes.push({ table: BLOCKS, key: numberKey(number), value: undefined });
      writes.push({ table: NUMBERS, key: hash, value: undefined });
      writes.push({ table: RECEIPTS, key: numberKey(number), value: undefined });
    }
    writes.push({ table: META, key: META_KEY, value: encodeMeta(meta) });
    // What was undone must not be found in the tables afterwards.
    await this.#tables.commit(writes);
  }

  /** Resolves when everything kept so far is durable. */
  async flush(): Promise<void> {
    this.#commitGathered();
    await Promise.all(this.#unsettled.values());
    this.#check();
  }

  #commitGathered(): void {
    if (this.#waiting.size === 0 || this.#meta === undefined) return;
    const writes = this.#gathered;
    const blocks = [...this.#waiting];
    this.#gathered = [];
    this.#waiting.clear();
    writes.push({ table: META, key: META_KEY, value: encodeMeta(this.#meta) });
    const settled = this.#tables.commit(writes).then(
      () => {
        for (const hot of blocks) this.#unsettled.delete(hot);
        this.#evict();
      },
      (error: unknown) => {
        this.#failure ??= error;
      },
    );
    for (const hot of blocks) this.#unsettled.set(hot, settled);
  }

  #check(): void {
    if (this.#failure === undefined) return;
    const { message } = this.#failure as Error;
    throw new ExecutionError('damaged-state', `the block index could not be written: ${message}`);
  }

  #hold(hot: HotBlock): void {
    const number = Number(hot.block.header.number);
    const before = this.#hot.get(number);
    if (before !== undefined) this.#drop(number, before);
    this.#hot.set(number, hot);
    this.#hotBytes += hot.block.sizeBytes;
    this.#evict();
  }

  #drop(number: number, hot: HotBlock): void {
    this.#hot.delete(number);
    this.#hotBytes -= hot.block.sizeBytes;
  }

  /** Longest held first; what is not durable stays. */
  #evict(): void {
    for (const [number, hot] of this.#hot) {
      const isFull = this.#hot.size > BLOCKS_CACHED_MAX || this.#hotBytes > BLOCKS_CACHED_BYTES_MAX;
      if (!isFull || this.#hot.size === 1) return;
      if (!this.#unsettled.has(hot) && !this.#waiting.has(hot)) this.#drop(number, hot);
    }
  }
}

function placesOf(hot: HotBlock): Map<string, number> {
  hot.places ??= new Map(
    hot.block.transactions.map(({ hash }, index) => [bytesToHex(hash), index]),
  );
  return hot.places;
}

/** Senders of a block as its row has them. */
export function joinSenders(transactions: Block['transactions']): Uint8Array {
  const senders = new Uint8Array(transactions.length * ADDRESS_BYTES);
  transactions.forEach(({ sender }, index) => {
    senders.set(sender, index * ADDRESS_BYTES);
  });
  return senders;
}

export function senderAt(senders: Uint8Array, index: number): Uint8Array {
  return senders.slice(index * ADDRESS_BYTES, (index + 1) * ADDRESS_BYTES);
}

/** Big-endian, so that rows stand in order of number. */
function numberKey(number: number): Uint8Array {
  const key = new Uint8Array(8);
  new DataView(key.buffer).setBigUint64(0, BigInt(number));
  return key;
}

function encodeNumber(number: number): Uint8Array {
  const writer = new RlpWriter(16);
  writer.writeNumber(number);
  return writer.toBytes();
}

function encodeRow(row: BlockRow): Uint8Array {
  const writer = new RlpWriter(row.senders.length + 96);
  const list = writer.openList();
  writer.writeBytes(row.hash);
  writer.writeNumber(row.logIndex);
  writer.writeInteger(row.totalDifficulty);
  writer.writeBytes(row.senders);
  writer.closeList(list);
  return writer.toBytes();
}

function decodeRow(bytes: Uint8Array): BlockRow {
  const reader = new RlpReader(plainBytes(bytes));
  const outer = reader.enterList();
  const row: BlockRow = {
    hash: reader.readFixed(32),
    logIndex: reader.readNumber(),
    totalDifficulty: reader.readInteger(),
    senders: reader.readBytes(),
  };
  reader.leaveList(outer);
  return row;
}

/** The first block of proof of stake is stored one higher: 0 is none. */
function encodeMeta({ genesisHash, logLength, head, mergeBlock }: IndexMeta): Uint8Array {
  const writer = new RlpWriter(64);
  const list = writer.openList();
  writer.writeBytes(genesisHash);
  writer.writeNumber(logLength);
  writer.writeNumber(head);
  writer.writeInteger(mergeBlock === undefined ? 0n : mergeBlock + 1n);
  writer.closeList(list);
  return writer.toBytes();
}
