// Division by Knuth's algorithm D (The Art of Computer Programming 2, 4.3.1) in 32-bit digits, so
// that a quotient digit comes from one 64-bit division.
import { multiplyFull } from './multiply';
import { isNegative, isSmall, isZeroWord, negateWord, setWord } from './words';

// Digit buffers, set by `setDivisionScratch`: numerator of 17 digits (one above for the shift),
// divisor of 8, quotient of 16, and two words for absolute values.
let numerator: usize = 0;
let divisor: usize = 0;
let quotient: usize = 0;
let wordA: usize = 0;
let wordB: usize = 0;
let wide: usize = 0;

/** 512 bytes of its own. */
export function setDivisionScratch(at: usize): void {
  numerator = at;
  divisor = at + 96;
  quotient = at + 160;
  wordA = at + 256;
  wordB = at + 288;
  wide = at + 320;
}

/** Number of digits without leading zeros. */
function countDigits(at: usize, most: i32): i32 {
  let count = most;
  while (count > 0 && load<u32>(at + ((<usize>count - 1) << 2)) == 0) count--;
  return count;
}

/**
 * Divides the `length` digits at `value` by the 8 digits at `by` (not zero). Leaves the quotient's
 * `length` digits at `quotient` when asked, the remainder's 8 at `rest`.
 */
function divideDigits(
  value: usize,
  length: i32,
  by: usize,
  rest: usize,
  wantsQuotient: bool,
): void {
  const n = countDigits(by, 8);
  const m = countDigits(value, length);
  if (wantsQuotient) memory.fill(quotient, 0, <usize>length << 2);
  if (m < n) {
    copyDigits(rest, value, m);
    return;
  }
  if (n == 1) {
    divideByDigit(value, m, load<u32>(by), rest, wantsQuotient);
    return;
  }
  // Normalise: the divisor's top digit has its highest bit set.
  const shift = clz(load<u32>(by + ((<usize>n - 1) << 2)));
  shiftDigitsLeft(divisor, by, n, shift);
  store<u32>(numerator + (<usize>m << 2), shiftDigitsLeft(numerator, value, m, shift));
  const top = u64(load<u32>(divisor + ((<usize>n - 1) << 2)));
  const second = u64(load<u32>(divisor + ((<usize>n - 2) << 2)));
  for (let j = m - n; j >= 0; j--) {
    const at = numerator + (<usize>j << 2);
    const high = at + (<usize>n << 2);
    const pair = (u64(load<u32>(high)) << 32) | u64(load<u32>(high - 4));
    let digit = pair / top;
    let remainder = pair % top;
    while (
      digit > 0xffffffff ||
      digit * second > ((remainder << 32) | u64(load<u32>(high - 8)))
    ) {
      digit--;
      remainder += top;
      if (remainder > 0xffffffff) break;
    }
    if (subtractProduct(at, n, digit)) {
      // The digit was one too large: add the divisor back.
      digit--;
      addDivisor(at, n);
    }
    if (wantsQuotient) store<u32>(quotient + (<usize>j << 2), u32(digit));
  }
  shiftDigitsRight(rest, numerator, n, shift);
}

/** The n + 1 digits at `at` minus digit * divisor; true when the result is negative. */
function subtractProduct(at: usize, n: i32, digit: u64): bool {
  let borrow: i64 = 0;
  let carry: u64 = 0;
  const end = <usize>n << 2;
  for (let i: usize = 0; i < end; i += 4) {
    const product = digit * u64(load<u32>(divisor + i)) + carry;
    carry = product >> 32;
    const difference = i64(load<u32>(at + i)) - borrow - i64(product & 0xffffffff);
    store<u32>(at + i, u32(difference));
    borrow = i64(difference < 0);
  }
  const difference = i64(load<u32>(at + end)) - borrow - i64(carry);
  store<u32>(at + end, u32(difference));
  return difference < 0;
}

function addDivisor(at: usize, n: i32): void {
  let carry: u64 = 0;
  const end = <usize>n << 2;
  for (let i: usize = 0; i < end; i += 4) {
    const sum = u64(load<u32>(at + i)) + u64(load<u32>(divisor + i)) + carry;
    store<u32>(at + i, u32(sum));
    carry = sum >> 32;
  }
  store<u32>(at + end, load<u32>(at + end) + u32(carry));
}

function divideByDigit(value: usize, m: i32, digit: u32, rest: usize, wantsQuotient: bool): void {
  let remainder: u64 = 0;
  for (let i = m - 1; i >= 0; i--) {
    const pair = (remainder << 32) | u64(load<u32>(value + (<usize>i << 2)));
    if (wantsQuotient) store<u32>(quotient + (<usize>i << 2), u32(pair / digit));
    remainder = pair % digit;
  }
  setWord(rest, remainder);
}

/** Returns the digit shifted out. */
function shiftDigitsLeft(to: usize, from: usize, count: i32, shift: u32): u32 {
  let carry: u64 = 0;
  const end = <usize>count << 2;
  for (let i: usize = 0; i < end; i += 4) {
    const digit = (u64(load<u32>(from + i)) << shift) | carry;
    store<u32>(to + i, u32(digit));
    carry = digit >> 32;
  }
  return u32(carry);
}

/** Writes 8 digits, those above `count` zero. */
function shiftDigitsRight(to: usize, from: usize, count: i32, shift: u32): void {
  let carry: u64 = 0;
  memory.fill(to, 0, 32);
  for (let i = count - 1; i >= 0; i--) {
    const at = <usize>i << 2;
    const digit = (carry << 32) | u64(load<u32>(from + at));
    store<u32>(to + at, u32(digit >> shift));
    carry = digit & ((u64(1) << shift) - 1);
  }
}

function copyDigits(to: usize, from: usize, count: i32): void {
  memory.fill(wordA, 0, 32);
  memory.copy(wordA, from, <usize>count << 2);
  memory.copy(to, wordA, 32);
}

/** to = a / b, 0 when b is 0. `to` may be either operand. */
export function divideWords(to: usize, a: usize, b: usize): void {
  if (isZeroWord(b)) {
    setWord(to, 0);
  } else if (isSmall(a) && isSmall(b)) {
    setWord(to, load<u64>(a) / load<u64>(b));
  } else {
    divideDigits(a, 8, b, wordB, true);
    memory.copy(to, quotient, 32);
  }
}

/** to = a % b, 0 when b is 0. */
export function remainderWords(to: usize, a: usize, b: usize): void {
  if (isZeroWord(b)) setWord(to, 0);
  else if (isSmall(a) && isSmall(b)) setWord(to, load<u64>(a) % load<u64>(b));
  else divideDigits(a, 8, b, to, false);
}

/** to = a / b in two's complement, towards zero; -2^255 / -1 = -2^255. */
export function divideSigned(to: usize, a: usize, b: usize): void {
  const isResultNegative = isNegative(a) != isNegative(b);
  const x = absolute(wide, a);
  const y = absolute(wide + 32, b);
  divideWords(to, x, y);
  if (isResultNegative) negateWord(to, to);
}

/** to = a % b with the sign of a. */
export function remainderSigned(to: usize, a: usize, b: usize): void {
  const isResultNegative = isNegative(a);
  const x = absolute(wide, a);
  const y = absolute(wide + 32, b);
  remainderWords(to, x, y);
  if (isResultNegative) negateWord(to, to);
}

function absolute(to: usize, from: usize): usize {
  if (!isNegative(from)) return from;
  negateWord(to, from);
  return to;
}

/** to = (a + b) % modulus over the full 257-bit sum; 0 when the modulus is 0. */
export function addModulo(to: usize, a: usize, b: usize, modulus: usize): void {
  if (isZeroWord(modulus)) {
    setWord(to, 0);
    return;
  }
  let carry: u64 = 0;
  for (let i: usize = 0; i < 32; i += 4) {
    const sum = u64(load<u32>(a + i)) + u64(load<u32>(b + i)) + carry;
    store<u32>(wide + i, u32(sum));
    carry = sum >> 32;
  }
  store<u32>(wide + 32, u32(carry));
  divideDigits(wide, 9, modulus, to, false);
}

/** to = (a * b) % modulus over the full 512-bit product; 0 when the modulus is 0. */
export function multiplyModulo(to: usize, a: usize, b: usize, modulus: usize): void {
  if (isZeroWord(modulus)) {
    setWord(to, 0);
    return;
  }
  multiplyFull(wide, a, b);
  divideDigits(wide, 16, modulus, to, false);
}
