/**
 * The same bytes as a `Uint8Array` and nothing more: `slice` of Node's `Buffer` gives a view where
 * that of a `Uint8Array` gives a copy, and decoders rely on copies.
 */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  const { buffer, byteOffset, length } = bytes;
  return bytes.constructor === Uint8Array ? bytes : new Uint8Array(buffer, byteOffset, length);
}
