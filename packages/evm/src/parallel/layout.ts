/**
 * The region of the multi-version memory, as assembly/kernel/cells.ts has it (a test compares the
 * two). docs/evm-memory.md draws it.
 */
import { ENGINES_MAX } from '../limits.ts';
import type { VersionedMemorySizes } from './types.ts';

// ---- header: u32 each ----
export const V_CELLS_MAX = 0;
export const V_INDEX_MASK = 4;
export const V_TRANSACTIONS_MAX = 8;
export const V_BLOCK_BYTES = 12;
export const V_ENGINES = 16;
/** u32: raised by each block; versions of another generation do not exist. */
export const V_GENERATION = 20;
/** u32: raised when all cells are forgotten. */
export const V_TABLE_VERSION = 24;
export const V_CELL_COUNT = 28;
/** u32: bytes handed out of the block's room, in chunks. */
export const V_BLOCK_USED = 32;
/** u32: transactions of the block. */
export const V_TRANSACTIONS = 36;
/** u64. */
export const V_SEED = 40;
/** u32: first byte of each part. */
export const V_INDEX_AT = 48;
export const V_CELLS_AT = 52;
export const V_RECORDS_AT = 56;
export const V_BLOCK_AT = 60;
/** 256 bytes of working room for each engine, and for the coordinator behind the last. */
export const V_WORK = 256;
export const WORK_BYTES = 256;

export const V_HOT_COUNT = 64;
export const V_HOT = 128;
export const HOT_MAX = 32;

export const CELL_BYTES = 160;
export const CELL_KIND = 0;
export const CELL_ADDRESS = 32;
export const CELL_ACCOUNT = 32;
export const CELL_KEY = 96;
export const CELL_ABORTS = 128;
export const CELL_NEXT = 144;
export const CELL_SLOTS = 148;
export const CELL_BALANCE = 64;
export const CELL_CODE_HASH = 96;
export const CELL_VALUE = 64;
export const CELL_IS_SLOT = 2;

export const RECORD_BYTES = 128;
export const RECORD_STATUS = 0;
export const RECORD_LOGS = 24;
export const RECORD_LOG_BYTES = 28;
export const RECORD_GAS_USED = 32;
export const RECORD_BLOB_GAS = 40;
export const RECORD_ERROR = 48;
export const RECORD_MESSAGE = 52;
export const RECORD_MESSAGE_LENGTH = 56;
export const RECORD_HAS_CREATED = 60;
export const RECORD_GAS_PRICE = 64;
export const RECORD_CREATED = 96;
export const RAN_NOT = 0;
export const RAN_REFUSED = 1;
export const RAN_WELL = 3;
export const LOG_ADDRESS_LOW = 16;

// ---- an account after a block, at the coordinator's working room ----
export const AFTER_EXISTS = 0;
export const AFTER_EXISTED = 4;
export const AFTER_CLEARED = 8;
export const AFTER_CODE = 12;
export const AFTER_NONCE = 16;
export const AFTER_BALANCE = 32;
export const AFTER_CODE_HASH = 64;

const HEADER_BYTES = V_WORK + (ENGINES_MAX + 1) * WORK_BYTES;

/** Bytes of the whole region. */
export function versionedBytes(sizes: VersionedMemorySizes): number {
  return partsOf(sizes).end;
}

/** Writes where everything lies; the memory is zero otherwise. */
export function writeVersionedHeader(
  memory: WebAssembly.Memory,
  at: number,
  sizes: VersionedMemorySizes,
  engines: number,
  seed: bigint,
): void {
  const view = new DataView(memory.buffer, at);
  const parts = partsOf(sizes);
  const write = (offset: number, value: number): void => view.setUint32(offset, value, true);
  write(V_CELLS_MAX, sizes.cells);
  write(V_INDEX_MASK, parts.indexEntries - 1);
  write(V_TRANSACTIONS_MAX, sizes.transactions);
  write(V_BLOCK_BYTES, sizes.blockBytes);
  write(V_ENGINES, engines);
  write(V_GENERATION, 1);
  view.setBigUint64(V_SEED, BigInt.asUintN(64, seed), true);
  write(V_INDEX_AT, at + parts.index);
  write(V_CELLS_AT, at + parts.cells);
  write(V_RECORDS_AT, at + parts.records);
  write(V_BLOCK_AT, at + parts.block);
}

function partsOf(sizes: VersionedMemorySizes): {
  readonly indexEntries: number;
  readonly index: number;
  readonly cells: number;
  readonly records: number;
  readonly block: number;
  readonly end: number;
} {
  // Half full at most.
  let indexEntries = 16;
  while (indexEntries < sizes.cells * 2) indexEntries *= 2;
  const index = align(HEADER_BYTES);
  const cells = align(index + indexEntries * 4);
  const records = align(cells + sizes.cells * CELL_BYTES);
  const block = align(records + sizes.transactions * RECORD_BYTES);
  return { indexEntries, index, cells, records, block, end: block + sizes.blockBytes };
}

function align(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}
