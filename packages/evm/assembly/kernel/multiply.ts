// Products. WebAssembly has no 64 x 64 -> 128 multiply, so the high half is put together from four
// 32-bit products.

/** High 64 bits of a * b. */
// @ts-ignore: decorator
@inline
function highProduct(a: u64, b: u64): u64 {
  const aLow = a & 0xffffffff;
  const aHigh = a >> 32;
  const bLow = b & 0xffffffff;
  const bHigh = b >> 32;
  const middle = aHigh * bLow + ((aLow * bLow) >> 32);
  const cross = aLow * bHigh + (middle & 0xffffffff);
  return aHigh * bHigh + (middle >> 32) + (cross >> 32);
}

/** to = a * b modulo 2^256. `to` may be either operand. */
// @ts-ignore: decorator
@inline
export function multiplyWords(to: usize, a: usize, b: usize): void {
  const a0 = load<u64>(a);
  const b0 = load<u64>(b);
  const upper =
    load<u64>(a, 8) |
    load<u64>(a, 16) |
    load<u64>(a, 24) |
    load<u64>(b, 8) |
    load<u64>(b, 16) |
    load<u64>(b, 24);
  if (upper == 0) {
    store<u64>(to, a0 * b0);
    store<u64>(to, (a0 | b0) >> 32 == 0 ? 0 : highProduct(a0, b0), 8);
    store<u64>(to, 0, 16);
    store<u64>(to, 0, 24);
  } else {
    multiplyWide(to, a, b);
  }
}

/** to = a * factor, which has 32 bits. */
// @ts-ignore: decorator
@inline
export function multiplySmall(to: usize, a: usize, factor: u64): void {
  const a0 = load<u64>(a);
  const a1 = load<u64>(a, 8);
  const a2 = load<u64>(a, 16);
  const c0 = ((a0 >> 32) * factor + (((a0 & 0xffffffff) * factor) >> 32)) >> 32;
  const p1 = a1 * factor;
  const r1 = p1 + c0;
  const c1 =
    (((a1 >> 32) * factor + (((a1 & 0xffffffff) * factor) >> 32)) >> 32) + u64(r1 < p1);
  const p2 = a2 * factor;
  const r2 = p2 + c1;
  const c2 =
    (((a2 >> 32) * factor + (((a2 & 0xffffffff) * factor) >> 32)) >> 32) + u64(r2 < p2);
  store<u64>(to, a0 * factor);
  store<u64>(to, r1, 8);
  store<u64>(to, r2, 16);
  store<u64>(to, load<u64>(a, 24) * factor + c2, 24);
}

export function multiplyWide(to: usize, a: usize, b: usize): void {
  const a0 = load<u64>(a);
  const a1 = load<u64>(a, 8);
  const a2 = load<u64>(a, 16);
  const a3 = load<u64>(a, 24);
  const b0 = load<u64>(b);
  const b1 = load<u64>(b, 8);
  const b2 = load<u64>(b, 16);
  const b3 = load<u64>(b, 24);
  // Column 1: a0b0 high + a0b1 low + a1b0 low.
  let low = a0 * b1;
  let r1 = highProduct(a0, b0) + low;
  let carry = u64(r1 < low);
  low = a1 * b0;
  r1 += low;
  carry += u64(r1 < low);
  // Column 2.
  let r2 = highProduct(a0, b1) + carry;
  carry = u64(r2 < carry);
  low = highProduct(a1, b0);
  r2 += low;
  carry += u64(r2 < low);
  low = a0 * b2;
  r2 += low;
  carry += u64(r2 < low);
  low = a1 * b1;
  r2 += low;
  carry += u64(r2 < low);
  low = a2 * b0;
  r2 += low;
  carry += u64(r2 < low);
  // Column 3: what is carried out of it is lost.
  const r3 =
    carry +
    highProduct(a0, b2) +
    highProduct(a1, b1) +
    highProduct(a2, b0) +
    a0 * b3 +
    a1 * b2 +
    a2 * b1 +
    a3 * b0;
  store<u64>(to, a0 * b0);
  store<u64>(to, r1, 8);
  store<u64>(to, r2, 16);
  store<u64>(to, r3, 24);
}

/**
 * The full product, 64 bytes at `to`, which overlaps neither operand. Schoolbook in 32-bit digits.
 */
export function multiplyFull(to: usize, a: usize, b: usize): void {
  memory.fill(to, 0, 64);
  for (let i: usize = 0; i < 32; i += 4) {
    const digit = u64(load<u32>(a + i));
    if (digit == 0) continue;
    let carry: u64 = 0;
    for (let j: usize = 0; j < 32; j += 4) {
      // At most (2^32 - 1)^2 + 2 (2^32 - 1) = 2^64 - 1.
      const sum = digit * u64(load<u32>(b + j)) + u64(load<u32>(to + i + j)) + carry;
      store<u32>(to + i + j, u32(sum));
      carry = sum >> 32;
    }
    store<u32>(to + i + 32, u32(carry));
  }
}

/** to = base ^ exponent modulo 2^256, by squaring from the highest bit down. */
export function power(to: usize, base: usize, exponent: usize): void {
  const b0 = load<u64>(base);
  const b1 = load<u64>(base, 8);
  const b2 = load<u64>(base, 16);
  const b3 = load<u64>(base, 24);
  const e0 = load<u64>(exponent);
  const e1 = load<u64>(exponent, 8);
  const e2 = load<u64>(exponent, 16);
  const e3 = load<u64>(exponent, 24);
  const factor = powerScratch;
  store<u64>(factor, b0);
  store<u64>(factor, b1, 8);
  store<u64>(factor, b2, 16);
  store<u64>(factor, b3, 24);
  const result = factor + 32;
  store<u64>(result, 1);
  store<u64>(result, 0, 8);
  store<u64>(result, 0, 16);
  store<u64>(result, 0, 24);
  let started = false;
  for (let limb = 3; limb >= 0; limb--) {
    const bits = limb == 3 ? e3 : limb == 2 ? e2 : limb == 1 ? e1 : e0;
    if (bits == 0 && !started) continue;
    for (let bit: i64 = started ? 63 : 63 - i64(clz(bits)); bit >= 0; bit--) {
      if (started) multiplyWords(result, result, result);
      started = true;
      if ((bits >> u64(bit)) & 1) multiplyWords(result, result, factor);
    }
  }
  memory.copy(to, result, 32);
}

let powerScratch: usize = 0;
/** 64 bytes of its own. */
export function setPowerScratch(at: usize): void {
  powerScratch = at;
}
