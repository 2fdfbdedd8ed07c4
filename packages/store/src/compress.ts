import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import { corruptRow } from './rows.ts';

/** How a stored value is coded, its first byte. */
export const CODING = { raw: 0, zstd: 1 } as const;

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

const OPTIONS = {
  params: {
    // 3, 1 and -5 gave 133.6, 133.0 and 135.3 bytes per entry: hashes and signatures are what is left.
    [constants.ZSTD_c_compressionLevel]: 3,
    // xxHash64 at the end: rot on the disk meets an error here, not a wrong block.
    [constants.ZSTD_c_checksumFlag]: 1,
  },
} as const;

/** Below this, nothing is gained that the page of the row would not waste again. */
const COMPRESS_BYTES_MIN = 512;

/** Raw length on 4 bytes follows the coding byte when compressed. */
const ZSTD_HEADER_BYTES = 5;

/**
 * Packs bytes for a row: coding u8 and the bytes as they are, or, when that saves at least a 32nd,
 * coding u8, raw length u32 and a zstd frame (RFC 8878) with checksum. Runs on libuv's threads.
 */
export async function packBytes(raw: Uint8Array): Promise<Uint8Array> {
  if (raw.length >= COMPRESS_BYTES_MIN) {
    const frame = await compress(raw, OPTIONS);
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
  let raw: Uint8Array;
  try {
    raw = await decompress(packed.subarray(ZSTD_HEADER_BYTES), { maxOutputLength: rawLength });
  } catch {
    throw corruptRow(table, 'a compressed row does not decompress');
  }
  if (raw.length !== rawLength) {
    throw corruptRow(table, 'a compressed row has another length than it says');
  }
  return new Uint8Array(raw.buffer, raw.byteOffset, raw.length);
}
