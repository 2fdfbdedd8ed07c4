import { utf8 } from '@basalt/protocol';

/**
 * Keys of the layout. Integers are big-endian so that rows lie in the order of the log. `number` is
 * the small dense number of a namespace: 4 bytes in each key instead of the 16 of its id.
 */

export const META_FORMAT: Uint8Array = utf8('format');
export const META_COUNTERS: Uint8Array = utf8('counters');

/** First byte of a key in table `namespaces`: rows by number, and the number by id. */
export const NAMESPACE_BY_NUMBER = 0;
export const NAMESPACE_BY_ID = 1;

/**
 * Rows of one namespace: what changes with each block is apart from what changes seldom. `begin` is
 * there only where the namespace does not begin at 0.
 */
export const NAMESPACE_PART = { head: 0, edge: 1, state: 2, begin: 3 } as const;

export type NamespacePart = (typeof NAMESPACE_PART)[keyof typeof NAMESPACE_PART];

/** 6 bytes: 0, number, part. */
export function namespacePartKey(number: number, part: NamespacePart): Uint8Array {
  const key = new Uint8Array(6);
  key[0] = NAMESPACE_BY_NUMBER;
  writeU32(key, 1, number);
  key[5] = part;
  return key;
}

/** 17 bytes: 1, id. */
export function namespaceIdKey(idBytes: Uint8Array): Uint8Array {
  const key = new Uint8Array(17);
  key[0] = NAMESPACE_BY_ID;
  key.set(idBytes, 1);
  return key;
}

/** 10 bytes: number, index as u48. Tables `entries`, `payloads`, `bundles` and `packs`. */
export function logKey(number: number, index: number): Uint8Array {
  const key = new Uint8Array(10);
  writeU32(key, 0, number);
  writeU48(key, 4, index);
  return key;
}

export function decodeLogKey(key: Uint8Array): { number: number; index: number } {
  return { number: readU32(key, 0), index: readU48(key, 4) };
}

/** 11 bytes: number, level, index as u48. */
export function tileKey(number: number, level: number, index: number): Uint8Array {
  const key = new Uint8Array(11);
  writeU32(key, 0, number);
  key[4] = level;
  writeU48(key, 5, index);
  return key;
}

export function decodeTileKey(key: Uint8Array): { number: number; level: number; index: number } {
  return { number: readU32(key, 0), level: key[4] as number, index: readU48(key, 5) };
}

/** The least key that is greater than every key with this prefix; undefined: there is none. */
export function prefixEnd(prefix: Uint8Array): Uint8Array | undefined {
  for (let end = prefix.length; end > 0; end--) {
    const last = prefix[end - 1] as number;
    if (last === 0xff) continue;
    const bound = prefix.slice(0, end);
    bound[end - 1] = last + 1;
    return bound;
  }
  return undefined;
}

export function writeU32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 24;
  bytes[offset + 1] = value >>> 16;
  bytes[offset + 2] = value >>> 8;
  bytes[offset + 3] = value;
}

export function readU32(bytes: Uint8Array, offset: number): number {
  const high = (bytes[offset] as number) * 0x1000000;
  const low =
    ((bytes[offset + 1] as number) << 16) |
    ((bytes[offset + 2] as number) << 8) |
    (bytes[offset + 3] as number);
  return high + low;
}

export function writeU40(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = Math.floor(value / 0x1_0000_0000);
  writeU32(bytes, offset + 1, value % 0x1_0000_0000);
}

export function readU40(bytes: Uint8Array, offset: number): number {
  return (bytes[offset] as number) * 0x1_0000_0000 + readU32(bytes, offset + 1);
}

export function writeU48(bytes: Uint8Array, offset: number, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000);
  bytes[offset] = high >>> 8;
  bytes[offset + 1] = high;
  writeU32(bytes, offset + 2, value % 0x1_0000_0000);
}

export function readU48(bytes: Uint8Array, offset: number): number {
  const high = (bytes[offset] as number) * 256 + (bytes[offset + 1] as number);
  return high * 0x1_0000_0000 + readU32(bytes, offset + 2);
}
