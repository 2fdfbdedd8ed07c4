import type { Precompile } from './types.ts';

/** EIP-152: rounds (4), h (64), m (128), t (16), the final flag (1). */
const INPUT_LENGTH = 213;

const IV: readonly bigint[] = [
  0x6a09e667f3bcc908n,
  0xbb67ae8584caa73bn,
  0x3c6ef372fe94f82bn,
  0xa54ff53a5f1d36f1n,
  0x510e527fade682d1n,
  0x9b05688c2b3e6c1fn,
  0x1f83d9abfb41bd6bn,
  0x5be0cd19137e2179n,
];

/** RFC 7693, section 2.7: which message word goes where, by round. */
const SIGMA: readonly Uint8Array[] = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
].map((row) => Uint8Array.from(row));

/** Positions of the four words of each mixing step: columns, then diagonals. */
const STEPS: readonly (readonly [number, number, number, number])[] = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
];

/** EIP-152: the compression function of BLAKE2b with the caller's number of rounds. */
export const blake2f: Precompile = {
  name: 'blake2f',
  address: 9,
  since: 'istanbul',
  gas: (input) => (input.length === INPUT_LENGTH ? BigInt(readRounds(input)) : 0n),
  run(input) {
    const final = input[212];
    if (input.length !== INPUT_LENGTH || (final !== 0 && final !== 1)) return undefined;
    return compress(input, readRounds(input), final === 1);
  },
};

function readRounds(input: Uint8Array): number {
  return new DataView(input.buffer, input.byteOffset).getUint32(0);
}

function compress(input: Uint8Array, rounds: number, isFinal: boolean): Uint8Array {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const message = new Uint32Array(32);
  for (let index = 0; index < 32; index++) message[index] = view.getUint32(68 + 4 * index, true);
  // Words as pairs of 32 bits, low half first: JavaScript has no 64-bit integers that do not
  // allocate.
  const v = new Uint32Array(32);
  for (let index = 0; index < 16; index++) v[index] = view.getUint32(4 + 4 * index, true);
  for (const [index, word] of IV.entries()) {
    v[16 + 2 * index] = Number(word & 0xffffffffn);
    v[17 + 2 * index] = Number(word >> 32n);
  }
  for (let index = 0; index < 4; index++) {
    v[24 + index] = (v[24 + index] ?? 0) ^ view.getUint32(196 + 4 * index, true);
  }
  if (isFinal) {
    v[28] = ~(v[28] ?? 0);
    v[29] = ~(v[29] ?? 0);
  }
  for (let round = 0; round < rounds; round++)
    mixRound(v, message, SIGMA[round % 10] as Uint8Array);

  const output = new Uint8Array(64);
  const outputView = new DataView(output.buffer);
  for (let index = 0; index < 16; index++) {
    const mixed = (v[index] ?? 0) ^ (v[16 + index] ?? 0);
    outputView.setUint32(4 * index, view.getUint32(4 + 4 * index, true) ^ mixed, true);
  }
  return output;
}

function mixRound(v: Uint32Array, message: Uint32Array, sigma: Uint8Array): void {
  for (let step = 0; step < 8; step++) {
    const [a, b, c, d] = STEPS[step] as readonly [number, number, number, number];
    addWord(v, a, b, message, sigma[2 * step]);
    xorRotated(v, d, a, 32);
    addWord(v, c, d);
    xorRotated(v, b, c, 24);
    addWord(v, a, b, message, sigma[2 * step + 1]);
    xorRotated(v, d, a, 16);
    addWord(v, c, d);
    xorRotated(v, b, c, 63);
  }
}

/** v[a] += v[b] + message[word], 64 bits each. */
function addWord(v: Uint32Array, a: number, b: number, message?: Uint32Array, word = 0): void {
  const extraLow = message === undefined ? 0 : (message[2 * word] as number);
  const extraHigh = message === undefined ? 0 : (message[2 * word + 1] as number);
  const low = (v[2 * a] as number) + (v[2 * b] as number) + extraLow;
  v[2 * a] = low;
  const carry = Math.floor(low / 0x1_0000_0000);
  v[2 * a + 1] = (v[2 * a + 1] as number) + (v[2 * b + 1] as number) + extraHigh + carry;
}

/** v[a] = rotateRight(v[a] ^ v[b], bits) for the four rotations of BLAKE2b. */
function xorRotated(v: Uint32Array, a: number, b: number, bits: 16 | 24 | 32 | 63): void {
  const low = (v[2 * a] as number) ^ (v[2 * b] as number);
  const high = (v[2 * a + 1] as number) ^ (v[2 * b + 1] as number);
  if (bits === 32) {
    v[2 * a] = high;
    v[2 * a + 1] = low;
  } else if (bits === 63) {
    v[2 * a] = (low << 1) | (high >>> 31);
    v[2 * a + 1] = (high << 1) | (low >>> 31);
  } else {
    v[2 * a] = (low >>> bits) | (high << (32 - bits));
    v[2 * a + 1] = (high >>> bits) | (low << (32 - bits));
  }
}
