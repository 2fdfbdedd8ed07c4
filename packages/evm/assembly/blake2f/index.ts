// The compression function of BLAKE2b with any number of rounds (RFC 7693, section 3.2; EIP-152).
// Here and not in JavaScript, because 64-bit words cost ten times as much there and a round costs
// one gas.

/** h, 64 bytes, in and out; m, 128 bytes; t, 16 bytes. Words are little-endian. */
const STATE: usize = 0;
const MESSAGE: usize = 64;
const COUNTER: usize = 192;
/** v, 128 bytes. */
const WORK: usize = 256;

const IV: StaticArray<u64> = [
  0x6a09e667f3bcc908,
  0xbb67ae8584caa73b,
  0x3c6ef372fe94f82b,
  0xa54ff53a5f1d36f1,
  0x510e527fade682d1,
  0x9b05688c2b3e6c1f,
  0x1f83d9abfb41bd6b,
  0x5be0cd19137e2179,
];

/** Message words of the ten rounds (RFC 7693, section 2.7). */
const SIGMA: StaticArray<u8> = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, //
  14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3, //
  11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4, //
  7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8, //
  9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13, //
  2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9, //
  12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11, //
  13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10, //
  6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5, //
  10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0,
];

export function compress(rounds: u32, isFinal: bool): void {
  memory.copy(WORK, STATE, 64);
  memory.copy(WORK + 64, changetype<usize>(IV), 64);
  xor(WORK + 96, load<u64>(COUNTER));
  xor(WORK + 104, load<u64>(COUNTER + 8));
  if (isFinal) xor(WORK + 112, u64.MAX_VALUE);
  const table = changetype<usize>(SIGMA);
  let row = table;
  for (let round: u32 = 0; round < rounds; round++) {
    mixRound(row);
    row += 16;
    if (row == table + 160) row = table;
  }
  for (let at: usize = 0; at < 64; at += 8) {
    xor(STATE + at, load<u64>(WORK + at) ^ load<u64>(WORK + 64 + at));
  }
}

function mixRound(row: usize): void {
  // Columns, then diagonals.
  mix(row, 0, 32, 64, 96);
  mix(row + 2, 8, 40, 72, 104);
  mix(row + 4, 16, 48, 80, 112);
  mix(row + 6, 24, 56, 88, 120);
  mix(row + 8, 0, 40, 80, 120);
  mix(row + 10, 8, 48, 88, 96);
  mix(row + 12, 16, 56, 64, 104);
  mix(row + 14, 24, 32, 72, 112);
}

// @ts-ignore: decorator
@inline
function mix(row: usize, a: usize, b: usize, c: usize, d: usize): void {
  let va = load<u64>(WORK + a);
  let vb = load<u64>(WORK + b);
  let vc = load<u64>(WORK + c);
  let vd = load<u64>(WORK + d);
  va += vb + load<u64>(MESSAGE + (<usize>load<u8>(row) << 3));
  vd = rotr<u64>(vd ^ va, 32);
  vc += vd;
  vb = rotr<u64>(vb ^ vc, 24);
  va += vb + load<u64>(MESSAGE + (<usize>load<u8>(row, 1) << 3));
  vd = rotr<u64>(vd ^ va, 16);
  vc += vd;
  vb = rotr<u64>(vb ^ vc, 63);
  store<u64>(WORK + a, va);
  store<u64>(WORK + b, vb);
  store<u64>(WORK + c, vc);
  store<u64>(WORK + d, vd);
}

// @ts-ignore: decorator
@inline
function xor(at: usize, value: u64): void {
  store<u64>(at, load<u64>(at) ^ value);
}
