// SHL, SHR, SAR (EIP-145): `value` is shifted in place by a number of bits.
import { isNegative, isSmall, setWord } from './words';

/** value = value << bits; `shift` is the address of the word that holds the number of bits. */
export function shiftLeft(value: usize, shift: usize): void {
  const bits = load<u64>(shift);
  if (!isSmall(shift) || bits > 255) setWord(value, 0);
  else shiftLeftBy(value, bits);
}

// @ts-ignore: decorator
@inline
export function shiftLeftBy(value: usize, bits: u64): void {
  let l0 = load<u64>(value);
  let l1 = load<u64>(value, 8);
  let l2 = load<u64>(value, 16);
  let l3 = load<u64>(value, 24);
  if (bits & 128) {
    l3 = l1;
    l2 = l0;
    l1 = l0 = 0;
  }
  if (bits & 64) {
    l3 = l2;
    l2 = l1;
    l1 = l0;
    l0 = 0;
  }
  const rest = bits & 63;
  // A shift by 64 is none in WebAssembly: split it into one and the remainder.
  const back = 63 - rest;
  store<u64>(value, l0 << rest);
  store<u64>(value, (l1 << rest) | ((l0 >> 1) >> back), 8);
  store<u64>(value, (l2 << rest) | ((l1 >> 1) >> back), 16);
  store<u64>(value, (l3 << rest) | ((l2 >> 1) >> back), 24);
}

/** value = value >> bits, unsigned. */
export function shiftRight(value: usize, shift: usize): void {
  const bits = load<u64>(shift);
  if (!isSmall(shift) || bits > 255) setWord(value, 0);
  else shiftRightBy(value, bits, 0);
}

/** value = value >> bits, two's complement. */
export function shiftRightSigned(value: usize, shift: usize): void {
  const fill = u64(load<i64>(value, 24) >> 63);
  const bits = load<u64>(shift);
  if (!isSmall(shift) || bits > 255) {
    store<u64>(value, fill);
    store<u64>(value, fill, 8);
    store<u64>(value, fill, 16);
    store<u64>(value, fill, 24);
  } else {
    shiftRightBy(value, bits, isNegative(value) ? u64.MAX_VALUE : 0);
  }
}

// @ts-ignore: decorator
@inline
export function shiftRightBy(value: usize, bits: u64, fill: u64): void {
  let l0 = load<u64>(value);
  let l1 = load<u64>(value, 8);
  let l2 = load<u64>(value, 16);
  let l3 = load<u64>(value, 24);
  if (bits & 128) {
    l0 = l2;
    l1 = l3;
    l2 = l3 = fill;
  }
  if (bits & 64) {
    l0 = l1;
    l1 = l2;
    l2 = l3;
    l3 = fill;
  }
  const rest = bits & 63;
  const back = 63 - rest;
  store<u64>(value, (l0 >> rest) | ((l1 << 1) << back));
  store<u64>(value, (l1 >> rest) | ((l2 << 1) << back), 8);
  store<u64>(value, (l2 >> rest) | ((l3 << 1) << back), 16);
  store<u64>(value, (l3 >> rest) | ((fill << 1) << back), 24);
}
