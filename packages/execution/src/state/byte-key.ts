/**
 * Byte strings of even length as keys of a `Map`: two bytes a character. Half as long as the usual
 * one, and made without a look-up table.
 */
export function keyOf(bytes: Uint8Array): string {
  switch (bytes.length) {
    case 32:
      return halfKey(bytes, 0) + halfKey(bytes, 16);
    case 20:
      return halfKey(bytes, 0) + String.fromCharCode(pair(bytes, 16), pair(bytes, 18));
    default: {
      let key = '';
      for (let at = 0; at < bytes.length; at += 2) key += String.fromCharCode(pair(bytes, at));
      return key;
    }
  }
}

/** Characters of an address and a slot, together. */
const SLOT_KEY_LENGTH = 26;

export function bytesOfKey(key: string): Uint8Array {
  const bytes = new Uint8Array(2 * key.length);
  for (let at = 0; at < key.length; at++) {
    const code = key.charCodeAt(at);
    bytes[2 * at] = code >>> 8;
    bytes[2 * at + 1] = code & 0xff;
  }
  return bytes;
}

/**
 * 32 bits, spread well, for the key of an account (its address) or of a slot (address and slot, and
 * what may follow): from the last four bytes of each, since the others are zeros or as random as
 * these. The mixing is MurmurHash3's.
 */
export function keyHash(key: string): number {
  const at = key.length < SLOT_KEY_LENGTH ? 6 : SLOT_KEY_LENGTH - 2;
  const owner = (key.charCodeAt(8) << 16) | key.charCodeAt(9);
  const last = (key.charCodeAt(at) << 16) | key.charCodeAt(at + 1);
  let hash = Math.imul(owner, 0x9e3779b1) ^ last;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function halfKey(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(
    pair(bytes, at),
    pair(bytes, at + 2),
    pair(bytes, at + 4),
    pair(bytes, at + 6),
    pair(bytes, at + 8),
    pair(bytes, at + 10),
    pair(bytes, at + 12),
    pair(bytes, at + 14),
  );
}

function pair(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}
