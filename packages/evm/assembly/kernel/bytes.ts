// Between words as the stack holds them (four u64, least first) and bytes as the EVM shows them
// (big-endian).

// @ts-ignore: decorator
@inline
function reverse(bytes: v128): v128 {
  return v128.shuffle<u8>(bytes, bytes, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
}

/** Writes a word as 32 big-endian bytes. */
// @ts-ignore: decorator
@inline
export function storeBytes32(to: usize, word: usize): void {
  const low = i64x2.replace_lane(i64x2.splat(load<i64>(word)), 1, load<i64>(word, 8));
  const high = i64x2.replace_lane(i64x2.splat(load<i64>(word, 16)), 1, load<i64>(word, 24));
  v128.store(to, reverse(high));
  v128.store(to, reverse(low), 16);
}

/** Reads 32 big-endian bytes as a word. */
// @ts-ignore: decorator
@inline
export function loadBytes32(word: usize, from: usize): void {
  const high = reverse(v128.load(from));
  const low = reverse(v128.load(from, 16));
  // By limbs: what follows reads limbs, and a store of 16 bytes would still serve it, but stores
  // of 8 serve both.
  store<i64>(word, i64x2.extract_lane(low, 0));
  store<i64>(word, i64x2.extract_lane(low, 1), 8);
  store<i64>(word, i64x2.extract_lane(high, 0), 16);
  store<i64>(word, i64x2.extract_lane(high, 1), 24);
}

/** Writes the low 20 bytes of a word, big-endian. */
export function storeAddress(to: usize, word: usize): void {
  store<u32>(to, bswap<u32>(load<u32>(word, 16)));
  store<u64>(to, bswap<u64>(load<u64>(word, 8)), 4);
  store<u64>(to, bswap<u64>(load<u64>(word)), 12);
}

/** Reads 20 big-endian bytes as a word. */
export function loadAddress(word: usize, from: usize): void {
  store<u64>(word, bswap<u64>(load<u64>(from, 12)));
  store<u64>(word, bswap<u64>(load<u64>(from, 4)), 8);
  store<u64>(word, u64(bswap<u32>(load<u32>(from))), 16);
  store<u64>(word, 0, 24);
}

/** Reads up to 32 big-endian bytes of a buffer at an offset; what lies beyond the end is zero. */
export function loadBytesPadded(word: usize, buffer: usize, length: u32, offset: u64): void {
  if (offset + 32 <= u64(length) && offset < u64(length)) {
    loadBytes32(word, buffer + <usize>offset);
    return;
  }
  store<u64>(word, 0);
  store<u64>(word, 0, 8);
  store<u64>(word, 0, 16);
  store<u64>(word, 0, 24);
  if (offset >= u64(length)) return;
  const count = length - <u32>offset;
  const from = buffer + <usize>offset;
  for (let i: u32 = 0; i < count; i++) store<u8>(word + 31 - i, load<u8>(from + i));
}

/** Copies from a buffer at an offset; what lies beyond its end is zero. */
export function copyPadded(
  to: usize,
  size: u32,
  buffer: usize,
  length: u32,
  offset: u64,
): void {
  if (offset >= u64(length)) {
    memory.fill(to, 0, size);
    return;
  }
  const available = length - <u32>offset;
  if (available >= size) {
    memory.copy(to, buffer + <usize>offset, size);
    return;
  }
  memory.copy(to, buffer + <usize>offset, available);
  memory.fill(to + available, 0, size - available);
}
