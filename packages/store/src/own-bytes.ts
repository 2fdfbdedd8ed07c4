/**
 * A copy that nobody else holds, as a plain Uint8Array. Not `slice`: that of a Node Buffer, which a
 * caller may pass anywhere, shares its memory.
 */
export function ownBytes<Bytes extends Uint8Array>(bytes: Bytes): Bytes & Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes) as Bytes & Uint8Array<ArrayBuffer>;
}
