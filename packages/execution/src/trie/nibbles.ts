/** Digits of four bits, as the paths of a Merkle-Patricia trie have them. */

/** The digit of a key at a depth; the high half of a byte comes first. */
export function nibbleAt(key: Uint8Array, depth: number): number {
  const byte = key[depth >>> 1] as number;
  return (depth & 1) === 0 ? byte >>> 4 : byte & 15;
}

/** Two digits a byte come out as one digit a byte. */
export function toNibbles(key: Uint8Array): Uint8Array {
  const nibbles = new Uint8Array(key.length * 2);
  for (let index = 0; index < key.length; index++) {
    const byte = key[index] as number;
    nibbles[2 * index] = byte >>> 4;
    nibbles[2 * index + 1] = byte & 15;
  }
  return nibbles;
}

/** First depth from `depth` on at which two keys differ, at most `end`. */
export function firstDifference(
  one: Uint8Array,
  other: Uint8Array,
  depth: number,
  end: number,
): number {
  let at = depth;
  while (at < end && nibbleAt(one, at) === nibbleAt(other, at)) at++;
  return at;
}
