/** SHA-512 (FIPS 180-4, 6.4) of R || A || M, the challenge of RFC 8032 section 5.1.7. */

const K: usize = memory.data<u64>([
  0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
  0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
  0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
  0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
  0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
  0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
  0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
  0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
  0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
  0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
  0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
  0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
  0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
  0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
  0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
  0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
  0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
  0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
  0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
  0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
]);
const H0: usize = memory.data<u64>([
  0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
  0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
]);
/** Message schedule: 80 words. */
const W: usize = memory.data(640, 16);
/** Chaining value: 8 words. */
const STATE: usize = memory.data(64, 16);
/** The partial block at either end of a message. */
const BLOCK: usize = memory.data(256, 16);

// @ts-ignore: decorator
@inline
function choose(e: u64, f: u64, g: u64): u64 {
  return g ^ (e & (f ^ g));
}

// @ts-ignore: decorator
@inline
function majority(a: u64, b: u64, c: u64): u64 {
  return (a & b) | (c & (a | b));
}

// @ts-ignore: decorator
@inline
function sum1(e: u64): u64 {
  return rotr(e, 14) ^ rotr(e, 18) ^ rotr(e, 41);
}

// @ts-ignore: decorator
@inline
function sum0(a: u64): u64 {
  return rotr(a, 28) ^ rotr(a, 34) ^ rotr(a, 39);
}

function schedule(block: usize): void {
  for (let i: usize = 0; i < 128; i += 8) store<u64>(W + i, bswap(load<u64>(block + i)));
  for (let p: usize = W + 128; p < W + 640; p += 8) {
    const w15 = load<u64>(p - 120);
    const w2 = load<u64>(p - 16);
    const s0 = rotr(w15, 1) ^ rotr(w15, 8) ^ (w15 >> 7);
    const s1 = rotr(w2, 19) ^ rotr(w2, 61) ^ (w2 >> 6);
    store<u64>(p, load<u64>(p - 128) + s0 + load<u64>(p - 56) + s1);
  }
}

/** Eight rounds a turn, so that the eight working variables never move. */
function compress(block: usize): void {
  schedule(block);
  let a = load<u64>(STATE, 0);
  let b = load<u64>(STATE, 8);
  let c = load<u64>(STATE, 16);
  let d = load<u64>(STATE, 24);
  let e = load<u64>(STATE, 32);
  let f = load<u64>(STATE, 40);
  let g = load<u64>(STATE, 48);
  let h = load<u64>(STATE, 56);
  for (let i: usize = 0; i < 640; i += 64) {
    const w = W + i;
    const k = K + i;
    h += sum1(e) + choose(e, f, g) + load<u64>(k, 0) + load<u64>(w, 0);
    d += h;
    h += sum0(a) + majority(a, b, c);
    g += sum1(d) + choose(d, e, f) + load<u64>(k, 8) + load<u64>(w, 8);
    c += g;
    g += sum0(h) + majority(h, a, b);
    f += sum1(c) + choose(c, d, e) + load<u64>(k, 16) + load<u64>(w, 16);
    b += f;
    f += sum0(g) + majority(g, h, a);
    e += sum1(b) + choose(b, c, d) + load<u64>(k, 24) + load<u64>(w, 24);
    a += e;
    e += sum0(f) + majority(f, g, h);
    d += sum1(a) + choose(a, b, c) + load<u64>(k, 32) + load<u64>(w, 32);
    h += d;
    d += sum0(e) + majority(e, f, g);
    c += sum1(h) + choose(h, a, b) + load<u64>(k, 40) + load<u64>(w, 40);
    g += c;
    c += sum0(d) + majority(d, e, f);
    b += sum1(g) + choose(g, h, a) + load<u64>(k, 48) + load<u64>(w, 48);
    f += b;
    b += sum0(c) + majority(c, d, e);
    a += sum1(f) + choose(f, g, h) + load<u64>(k, 56) + load<u64>(w, 56);
    e += a;
    a += sum0(b) + majority(b, c, d);
  }
  store<u64>(STATE, load<u64>(STATE, 0) + a, 0);
  store<u64>(STATE, load<u64>(STATE, 8) + b, 8);
  store<u64>(STATE, load<u64>(STATE, 16) + c, 16);
  store<u64>(STATE, load<u64>(STATE, 24) + d, 24);
  store<u64>(STATE, load<u64>(STATE, 32) + e, 32);
  store<u64>(STATE, load<u64>(STATE, 40) + f, 40);
  store<u64>(STATE, load<u64>(STATE, 48) + g, 48);
  store<u64>(STATE, load<u64>(STATE, 56) + h, 56);
}

/** out (64 bytes, big-endian words as the standard writes them) = SHA-512(r || key || message). */
export function challengeHash(
  out: usize,
  r: usize,
  key: usize,
  message: usize,
  length: usize,
): void {
  memory.copy(STATE, H0, 64);
  memory.copy(BLOCK, r, 32);
  memory.copy(BLOCK + 32, key, 32);
  const head = length < 64 ? length : 64;
  memory.copy(BLOCK + 64, message, head);
  let tail: usize = 64 + head;
  let next = message + head;
  let left = length - head;
  if (tail == 128) {
    compress(BLOCK);
    while (left >= 128) {
      compress(next);
      next += 128;
      left -= 128;
    }
    memory.copy(BLOCK, next, left);
    tail = left;
  }
  // Padding: 0x80, zeros, the bit length as a 128-bit big-endian number.
  const end: usize = tail < 112 ? 128 : 256;
  memory.fill(BLOCK + tail, 0, end - tail);
  store<u8>(BLOCK + tail, 0x80);
  store<u64>(BLOCK + end - 8, bswap(<u64>(length + 64) << 3));
  compress(BLOCK);
  if (end == 256) compress(BLOCK + 128);
  for (let i: usize = 0; i < 64; i += 8) store<u64>(out + i, bswap(load<u64>(STATE + i)));
}
