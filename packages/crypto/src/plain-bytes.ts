/**
 * The same memory as a plain `Uint8Array`. Node answers with `Buffer`s, whose `slice` is a view and
 * not a copy: handing one out where the protocol says `Uint8Array` would be a trap.
 */
export function plainBytes(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
