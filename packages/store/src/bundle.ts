import { encodeBundle, TILE_WIDTH } from '@basalt/protocol';
import { packBytes, unpackBytes, ZSTD_LEVEL } from './compress.ts';
import { BUNDLE_WIDTH } from './limits.ts';
import { ownBytes } from './own-bytes.ts';
import { corruptRow } from './rows.ts';

const TILE_BYTES = TILE_WIDTH * 32;

/** 256 entries together, and the level 0 tile over them, which is as immutable as they are. */
export interface EntryBundle {
  /** tlog-tiles entry bundle: 256 times u16 length and entry. */
  readonly raw: Uint8Array;
  /** Where each entry begins in `raw`; 257 numbers, the last one where a 257th would. */
  readonly offsets: Uint32Array;
  /**
   * 8,192 bytes. Kept in this row because a row of its own would take three pages of 4 KiB;
   * undefined when the tile came in another commit than the last entry and so is a row of table
   * `tiles`.
   */
  readonly tile: Uint8Array | undefined;
}

/** Row: tile present u8, length of the packed entries u32, packed entries, tile. */
export async function encodeBundleRow(
  entries: readonly Uint8Array[],
  tile: Uint8Array | undefined,
): Promise<{ row: Uint8Array; bundle: EntryBundle }> {
  const raw = encodeBundle(entries);
  const packed = await packBytes(raw, ZSTD_LEVEL.entries);
  const row = new Uint8Array(5 + packed.length + (tile?.length ?? 0));
  row[0] = tile === undefined ? 0 : 1;
  new DataView(row.buffer).setUint32(1, packed.length);
  row.set(packed, 5);
  if (tile !== undefined) row.set(tile, 5 + packed.length);
  return { row, bundle: { raw, offsets: entryOffsets(raw), tile: tile && ownBytes(tile) } };
}

/** @throws StoreError `corrupt` */
export async function decodeBundleRow(row: Uint8Array): Promise<EntryBundle> {
  const view = new DataView(row.buffer, row.byteOffset, row.byteLength);
  const packedEnd = row.length < 5 ? -1 : 5 + view.getUint32(1);
  const tileBytes = row[0] === 1 ? TILE_BYTES : 0;
  if (row[0] === undefined || row[0] > 1 || packedEnd + tileBytes !== row.length) {
    throw corruptRow('bundles', 'a bundle has another length than it says');
  }
  const raw = await unpackBytes(row.subarray(5, packedEnd), 'bundles');
  return {
    raw,
    offsets: entryOffsets(raw),
    tile: tileBytes === 0 ? undefined : row.subarray(packedEnd),
  };
}

/** A view of one entry, 0 to 255. */
export function bundleEntry(bundle: EntryBundle, position: number): Uint8Array {
  const start = bundle.offsets[position] as number;
  const next = bundle.offsets[position + 1] as number;
  return bundle.raw.subarray(start, next - 2);
}

/** Bytes that a decoded bundle takes in memory. */
export function bundleBytes(bundle: EntryBundle): number {
  return bundle.raw.length + bundle.offsets.byteLength + (bundle.tile?.length ?? 0);
}

/** Only the lengths are read: 256 views would cost more than the one that is asked for. */
function entryOffsets(raw: Uint8Array): Uint32Array {
  const offsets = new Uint32Array(BUNDLE_WIDTH + 1);
  let offset = 0;
  for (let i = 0; i < BUNDLE_WIDTH && offset + 2 <= raw.length; i++) {
    offsets[i] = offset + 2;
    offset += 2 + (((raw[offset] as number) << 8) | (raw[offset + 1] as number));
  }
  offsets[BUNDLE_WIDTH] = offset + 2;
  const isWhole = offset === raw.length && (offsets[BUNDLE_WIDTH - 1] as number) > 0;
  if (!isWhole) throw corruptRow('bundles', 'a bundle does not hold 256 entries');
  return offsets;
}

/** A place in a pack: bytes, or where they are instead. */
export type PackedPayload = Uint8Array | 'none' | 'row';

const CODE_NONE = 0;
const CODE_ROW = 1;
const CODE_INLINE = 2;

/**
 * The payloads of a bundle in one row: 256 LEB128 codes (0 none, 1 a row of its own, n + 2 inline
 * with n bytes), then the inline bytes; packed as a whole.
 */
export function encodePackRow(payloads: readonly PackedPayload[]): Promise<Uint8Array> {
  const codes: number[] = [];
  let bytes = 0;
  for (const payload of payloads) {
    if (typeof payload === 'string') {
      codes.push(payload === 'none' ? CODE_NONE : CODE_ROW);
      continue;
    }
    pushVarint(codes, payload.length + CODE_INLINE);
    bytes += payload.length;
  }
  const raw = new Uint8Array(codes.length + bytes);
  raw.set(codes);
  let offset = codes.length;
  for (const payload of payloads) {
    if (typeof payload === 'string') continue;
    raw.set(payload, offset);
    offset += payload.length;
  }
  return packBytes(raw, ZSTD_LEVEL.payloads);
}

export interface PayloadPack {
  /** Views of one buffer. */
  readonly payloads: readonly PackedPayload[];
  readonly bytes: number;
}

/** @throws StoreError `corrupt` */
export async function decodePackRow(row: Uint8Array): Promise<PayloadPack> {
  const raw = await unpackBytes(row, 'packs');
  const codes: number[] = [];
  let offset = 0;
  while (codes.length < BUNDLE_WIDTH) {
    let code = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = raw[offset++];
      if (byte === undefined || shift > 28) throw corruptRow('packs', 'a pack ends in its lengths');
      code += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    codes.push(code);
  }
  const payloads: PackedPayload[] = [];
  for (const code of codes) {
    if (code === CODE_NONE) payloads.push('none');
    else if (code === CODE_ROW) payloads.push('row');
    else {
      const end = offset + code - CODE_INLINE;
      payloads.push(raw.subarray(offset, end));
      offset = end;
    }
  }
  if (offset !== raw.length) throw corruptRow('packs', 'a pack has another length than it says');
  return { payloads, bytes: raw.length };
}

function pushVarint(target: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    target.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  target.push(rest);
}
