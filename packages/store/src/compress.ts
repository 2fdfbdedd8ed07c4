import { promisify } from 'node:util';
import {
  constants,
  zstdCompress,
  zstdCompressSync,
  zstdDecompress,
  zstdDecompressSync,
} from 'node:zlib';
import { VALUE_BYTES_MAX } from './limits.ts';
import { corruptRow } from './rows.ts';

/** How a stored value is coded, its first byte. */
export const CODING = { raw: 0, zstd: 1 } as const;

const compressAside = promisify(zstdCompress);
const decompressAside = promisify(zstdDecompress);

/**
 * Above this the work moves to libuv's threads. Below it that costs more than it frees (measured
 * for 54 KB: 105 us in place, 340 us aside, mostly for setting up).
 */
const ASIDE_BYTES_MIN: number = 512 * 1024;

/** Below this, nothing is gained that the page of the row would not waste again. */
const COMPRESS_BYTES_MIN = 512;

/** Raw length on 4 bytes follows the coding byte when compressed. */
const ZSTD_HEADER_BYTES = 5;

/**
 * zstd levels. Entries are hashes and signatures: levels 3, 1 and -5 gave 133.6, 133.0 and 135.3
 * bytes each, and level 1 takes half the time of 3. Payloads are often text, where 3 pays.
 */
export const ZSTD_LEVEL = { entries: 1, payloads: 3 } as const;

/**
 * Packs bytes for a row: coding u8 and the bytes as they are, or, when that saves at least a 32nd,
 * coding u8, raw length u32 and a zstd frame (RFC 8878) with checksum.
 */
export async function packBytes(raw: Uint8Array, level: number): Promise<Uint8Array> {
  if (raw.length >= COMPRESS_BYTES_MIN) {
    const options = {
      params: {
        [constants.ZSTD_c_compressionLevel]: level,
        // xxHash64 at the end: rot on the disk meets an error here, not a wrong block.
        [constants.ZSTD_c_checksumFlag]: 1,
      },
      // One piece of output: the default of 16 KiB comes back to JavaScript for each.
      chunkSize: raw.length + 1024,
    };
    const isSmall = raw.length < ASIDE_BYTES_MIN;
    const frame = isSmall ? zstdCompressSync(raw, options) : await compressAside(raw, options);
    if (ZSTD_HEADER_BYTES + frame.length <= raw.length - raw.length / 32) {
      const packed = new Uint8Array(ZSTD_HEADER_BYTES + frame.length);
      packed[0] = CODING.zstd;
      new DataView(packed.buffer).setUint32(1, raw.length);
      packed.set(frame, ZSTD_HEADER_BYTES);
      return packed;
    }
  }
  const packed = new Uint8Array(1 + raw.length);
  packed[0] = CODING.raw;
  packed.set(raw, 1);
  return packed;
}

/** The inverse. May return a view of `packed`. @throws StoreError `corrupt` */
export async function unpackBytes(packed: Uint8Array, table: string): Promise<Uint8Array> {
  if (packed[0] === CODING.raw) return packed.subarray(1);
  if (packed[0] !== CODING.zstd || packed.length < ZSTD_HEADER_BYTES) {
    throw corruptRow(table, 'a row has an unknown coding');
  }
  const { buffer, byteOffset, byteLength } = packed;
  const rawLength = new DataView(buffer, byteOffset, byteLength).getUint32(1);
  if (rawLength > VALUE_BYTES_MAX) throw corruptRow(table, 'a row is too long');
  const frame = packed.subarray(ZSTD_HEADER_BYTES);
  const options = { maxOutputLength: rawLength, chunkSize: Math.max(64, rawLength) };
  let raw: Uint8Array;
  try {
    const isSmall = rawLength < ASIDE_BYTES_MIN;
    raw = isSmall ? zstdDecompressSync(frame, options) : await decompressAside(frame, options);
  } catch {
    throw corruptRow(table, 'a compressed row does not decompress');
  }
  if (raw.length !== rawLength) {
    throw corruptRow(table, 'a compressed row has another length than it says');
  }
  return new Uint8Array(raw.buffer, raw.byteOffset, raw.length);
}
