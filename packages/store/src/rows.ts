import {
  type BlockHash,
  dataView,
  fromUtf8,
  type NamespaceId,
  namespaceBytes,
  utf8,
} from '@basalt/protocol';
import { StoreError } from './errors.ts';
import { readU48, writeU48 } from './keys.ts';
import { BEGIN_SOURCE_BYTES_MAX } from './limits.ts';
import type { NamespaceBegin } from './log-store.ts';

/** Version of the layout, in table `meta`; other numbers are refused. */
export const LAYOUT_VERSION = 1;

/** Where the payload of a block is. */
export const PAYLOAD_PLACE = {
  /** Header form: never stored, or pruned. */
  none: 0,
  /** In the hot row, later in the pack of the bundle. */
  inline: 1,
  /** A row of table `payloads`. */
  row: 2,
} as const;

export type PayloadPlace = (typeof PAYLOAD_PLACE)[keyof typeof PAYLOAD_PLACE];

/** A block that is not in a bundle yet. */
export interface HotBlock {
  readonly entry: Uint8Array;
  readonly place: PayloadPlace;
  /** Present when the place is `inline`. */
  readonly payload: Uint8Array | undefined;
}

/** Bytes of a hot row: place u8, entry length u16, entry, inline payload. */
export function hotRowBytes(block: HotBlock): number {
  return 3 + block.entry.length + (block.payload?.length ?? 0);
}

/** Writes the row at the start of `row`, which has the length that `hotRowBytes` tells. */
export function writeHotRow(row: Uint8Array, block: HotBlock): void {
  row[0] = block.place;
  row[1] = block.entry.length >>> 8;
  row[2] = block.entry.length;
  row.set(block.entry, 3);
  if (block.payload !== undefined) row.set(block.payload, 3 + block.entry.length);
}

/** Fields are views of `row`. @throws StoreError `corrupt` */
export function decodeHotRow(row: Uint8Array): HotBlock {
  const place = row[0] as number;
  const entryEnd = 3 + (((row[1] as number) << 8) | (row[2] as number));
  const trailing = row.length - entryEnd;
  if (
    !(
      place <= PAYLOAD_PLACE.row &&
      (place === PAYLOAD_PLACE.inline ? trailing >= 0 : trailing === 0)
    )
  ) {
    throw corruptRow('entries', 'a hot row has another length than it says');
  }
  return {
    entry: row.subarray(3, entryEnd),
    place: place as PayloadPlace,
    payload: place === PAYLOAD_PLACE.inline ? row.subarray(entryEnd) : undefined,
  };
}

/** The row of a namespace that changes with each group. */
export interface HeadRow {
  readonly id: NamespaceId;
  readonly size: number;
  /** Undefined at size 0. */
  readonly headHash: BlockHash | undefined;
  /** Payloads below are gone for readers. */
  readonly payloadsFrom: number;
  /** Payloads below are gone from the disk; behind `payloadsFrom` while pruning runs. */
  readonly prunedTo: number;
}

const HEAD_ROW_BYTES: number = 16 + 6 + 32 + 6 + 6;

/** 66 bytes: id, size, head hash (zeros at size 0), payloadsFrom, prunedTo. */
export function encodeHeadRow(head: HeadRow): Uint8Array {
  const row = new Uint8Array(HEAD_ROW_BYTES);
  row.set(namespaceBytes(head.id));
  writeU48(row, 16, head.size);
  if (head.headHash !== undefined) row.set(head.headHash, 22);
  writeU48(row, 54, head.payloadsFrom);
  writeU48(row, 60, head.prunedTo);
  return row;
}

/** @throws StoreError `corrupt` */
export function decodeHeadRow(row: Uint8Array, id: NamespaceId): HeadRow {
  if (row.length !== HEAD_ROW_BYTES) {
    throw corruptRow('namespaces', `the head of ${id} has ${row.length} bytes instead of 66`);
  }
  const size = readU48(row, 16);
  return {
    id,
    size,
    headHash: size === 0 ? undefined : (row.slice(22, 54) as BlockHash),
    payloadsFrom: readU48(row, 54),
    prunedTo: readU48(row, 60),
  };
}

/** u48 index, u16 + source, edge. */
export function encodeBeginRow(begin: NamespaceBegin): Uint8Array {
  const source = utf8(begin.source);
  const row = new Uint8Array(8 + source.length + begin.edge.length);
  writeU48(row, 0, begin.index);
  dataView(row).setUint16(6, source.length);
  row.set(source, 8);
  row.set(begin.edge, 8 + source.length);
  return row;
}

/** @throws StoreError `corrupt` */
export function decodeBeginRow(row: Uint8Array): NamespaceBegin {
  const sourceEnd = row.length < 8 ? Number.POSITIVE_INFINITY : 8 + dataView(row).getUint16(6);
  if (sourceEnd > row.length || sourceEnd > 8 + BEGIN_SOURCE_BYTES_MAX) {
    throw corruptRow('namespaces', 'the row of a beginning has another length than it says');
  }
  const index = readU48(row, 0);
  return { index, source: fromUtf8(row.subarray(8, sourceEnd)), edge: row.slice(sourceEnd) };
}

/** Numbers of the whole store; `commits` doubles as the condition of each commit. */
export interface Counters {
  readonly commits: number;
  readonly namespaces: number;
  readonly blocks: number;
}

const COUNTERS_BYTES: number = 6 + 4 + 6;

export function encodeCounters(counters: Counters): Uint8Array {
  const row = new Uint8Array(COUNTERS_BYTES);
  writeU48(row, 0, counters.commits);
  dataView(row).setUint32(6, counters.namespaces);
  writeU48(row, 10, counters.blocks);
  return row;
}

/** @throws StoreError `corrupt` */
export function decodeCounters(row: Uint8Array): Counters {
  if (row.length !== COUNTERS_BYTES) {
    throw corruptRow('meta', `the counters have ${row.length} bytes instead of 16`);
  }
  return {
    commits: readU48(row, 0),
    namespaces: dataView(row).getUint32(6),
    blocks: readU48(row, 10),
  };
}

export function corruptRow(table: string, what: string): StoreError {
  return new StoreError(
    'corrupt',
    `${what}; stop writing, run fsck on a copy and restore from a mirror or a backup`,
    { table },
  );
}
