// Keccak-256 with the padding of 2011 (0x01), as Ethereum uses it; not SHA-3 of FIPS 202.
import { HASH_CACHE_ENTRIES, HASH_CACHE_ENTRY_BYTES, hashCache } from './layout';

const RATE: u32 = 136;

const ROUND_CONSTANTS: StaticArray<u64> = [
  0x0000000000000001,
  0x0000000000008082,
  0x800000000000808a,
  0x8000000080008000,
  0x000000000000808b,
  0x0000000080000001,
  0x8000000080008081,
  0x8000000000008009,
  0x000000000000008a,
  0x0000000000000088,
  0x0000000080008009,
  0x000000008000000a,
  0x000000008000808b,
  0x800000000000008b,
  0x8000000000008089,
  0x8000000000008003,
  0x8000000000008002,
  0x8000000000000080,
  0x000000000000800a,
  0x800000008000000a,
  0x8000000080008081,
  0x8000000000008080,
  0x0000000080000001,
  0x8000000080008008,
];

/** 512 bytes of its own: 200 for the state, and a spare state 256 further on. */
let sponge: usize = 0;
export function setKeccakScratch(at: usize): void {
  sponge = at;
}

/** keccak-256 of `length` bytes at `input`: 32 bytes at `output`, in the order the hash has. */
export function keccak256(input: usize, length: u32, output: usize): void {
  if (length > 64 || length == 0) {
    absorb(input, length);
    copyDigest(output, sponge);
    return;
  }
  // Mapping slots hash the same 64 bytes over and over: short inputs are remembered.
  const entry = findEntry(input, length);
  if (!isHit(entry, input, length)) {
    absorb(input, length);
    fillEntry(entry, input, length);
  }
  copyDigest(output, entry + 64);
}

/** The same for inputs that are not likely to come again: nothing is remembered. */
export function digest(input: usize, length: u32, output: usize): void {
  absorb(input, length);
  copyDigest(output, sponge);
}

// An entry: 64 bytes input, 32 bytes hash, u32 length (0: empty).
// @ts-ignore: decorator
@inline
function findEntry(input: usize, length: u32): usize {
  let mixed: u64 = length;
  let at: u32 = 0;
  for (; at + 8 <= length; at += 8) {
    mixed = rotl<u64>((mixed ^ load<u64>(input + at)) * 0x9e3779b97f4a7c15, 29);
  }
  for (; at < length; at++) {
    mixed = rotl<u64>((mixed ^ u64(load<u8>(input + at))) * 0x9e3779b97f4a7c15, 29);
  }
  const index = <u32>(mixed >> 32) & (HASH_CACHE_ENTRIES - 1);
  return hashCache + <usize>index * HASH_CACHE_ENTRY_BYTES;
}

function isHit(entry: usize, input: usize, length: u32): bool {
  if (load<u32>(entry, 96) != length) return false;
  let at: u32 = 0;
  for (; at + 8 <= length; at += 8) {
    if (load<u64>(input + at) != load<u64>(entry + at)) return false;
  }
  for (; at < length; at++) {
    if (load<u8>(input + at) != load<u8>(entry + at)) return false;
  }
  return true;
}

function fillEntry(entry: usize, input: usize, length: u32): void {
  let at: u32 = 0;
  for (; at + 8 <= length; at += 8) store<u64>(entry + at, load<u64>(input + at));
  for (; at < length; at++) store<u8>(entry + at, load<u8>(input + at));
  copyDigest(entry + 64, sponge);
  store<u32>(entry, length, 96);
}

// @ts-ignore: decorator
@inline
function copyDigest(to: usize, from: usize): void {
  store<u64>(to, load<u64>(from));
  store<u64>(to, load<u64>(from, 8), 8);
  store<u64>(to, load<u64>(from, 16), 16);
  store<u64>(to, load<u64>(from, 24), 24);
}

function absorb(input: usize, length: u32): void {
  for (let i: usize = 0; i < 208; i += 16) v128.store(sponge + i, i64x2.splat(0));
  let at = input;
  let left = length;
  for (; left >= RATE; left -= RATE, at += RATE) {
    for (let i: usize = 0; i < RATE; i += 8) {
      store<u64>(sponge + i, load<u64>(sponge + i) ^ load<u64>(at + i));
    }
    permute(sponge);
  }
  let i: u32 = 0;
  for (; i + 8 <= left; i += 8) {
    store<u64>(sponge + i, load<u64>(sponge + i) ^ load<u64>(at + i));
  }
  for (; i < left; i++) store<u8>(sponge + i, load<u8>(sponge + i) ^ load<u8>(at + i));
  store<u8>(sponge + left, load<u8>(sponge + left) ^ 1);
  store<u8>(sponge, load<u8>(sponge, RATE - 1) ^ 0x80, RATE - 1);
  permute(sponge);
}

/**
 * keccak-f[1600] (FIPS 202, section 3), state to `spare` and back, two rounds a turn. Six lanes are
 * kept complemented from the first round to the last, which takes most of the NOTs out of chi
 * (Keccak implementation overview, section 2.2). p and q are column parities of the round before
 * and of this one; b is a row after theta, rho and pi.
 */
function permute(s: usize): void {
  const constants = changetype<usize>(ROUND_CONSTANTS);
  store<u64>(s, ~load<u64>(s, 8), 8);
  store<u64>(s, ~load<u64>(s, 16), 16);
  store<u64>(s, ~load<u64>(s, 64), 64);
  store<u64>(s, ~load<u64>(s, 96), 96);
  store<u64>(s, ~load<u64>(s, 136), 136);
  store<u64>(s, ~load<u64>(s, 160), 160);
  let p0 =
    load<u64>(s, 0) ^ load<u64>(s, 40) ^ load<u64>(s, 80) ^ load<u64>(s, 120) ^ load<u64>(s, 160);
  let q0: u64 = 0;
  let p1 =
    load<u64>(s, 8) ^ load<u64>(s, 48) ^ load<u64>(s, 88) ^ load<u64>(s, 128) ^ load<u64>(s, 168);
  let q1: u64 = 0;
  let p2 =
    load<u64>(s, 16) ^ load<u64>(s, 56) ^ load<u64>(s, 96) ^ load<u64>(s, 136) ^ load<u64>(s, 176);
  let q2: u64 = 0;
  let p3 =
    load<u64>(s, 24) ^ load<u64>(s, 64) ^ load<u64>(s, 104) ^ load<u64>(s, 144) ^ load<u64>(s, 184);
  let q3: u64 = 0;
  let p4 =
    load<u64>(s, 32) ^ load<u64>(s, 72) ^ load<u64>(s, 112) ^ load<u64>(s, 152) ^ load<u64>(s, 192);
  let q4: u64 = 0;
  const t = s + 256; // the spare state
  for (let r: usize = 0; r < 192; r += 16) {
    {
      const d0 = p4 ^ rotl<u64>(p1, 1);
      const d1 = p0 ^ rotl<u64>(p2, 1);
      const d2 = p1 ^ rotl<u64>(p3, 1);
      const d3 = p2 ^ rotl<u64>(p4, 1);
      const d4 = p3 ^ rotl<u64>(p0, 1);
      {
        const b0 = load<u64>(s, 0) ^ d0;
        const b1 = rotl<u64>(load<u64>(s, 48) ^ d1, 44);
        const b2 = rotl<u64>(load<u64>(s, 96) ^ d2, 43);
        const b3 = rotl<u64>(load<u64>(s, 144) ^ d3, 21);
        const b4 = rotl<u64>(load<u64>(s, 192) ^ d4, 14);
        const e0 = b0 ^ (b1 | b2) ^ load<u64>(constants + r);
        store<u64>(t, e0, 0);
        q0 = e0;
        const e1 = b1 ^ (~b2 | b3);
        store<u64>(t, e1, 8);
        q1 = e1;
        const e2 = b2 ^ (b3 & b4);
        store<u64>(t, e2, 16);
        q2 = e2;
        const e3 = b3 ^ (b4 | b0);
        store<u64>(t, e3, 24);
        q3 = e3;
        const e4 = b4 ^ (b0 & b1);
        store<u64>(t, e4, 32);
        q4 = e4;
      }
      {
        const b0 = rotl<u64>(load<u64>(s, 24) ^ d3, 28);
        const b1 = rotl<u64>(load<u64>(s, 72) ^ d4, 20);
        const b2 = rotl<u64>(load<u64>(s, 80) ^ d0, 3);
        const b3 = rotl<u64>(load<u64>(s, 128) ^ d1, 45);
        const b4 = rotl<u64>(load<u64>(s, 176) ^ d2, 61);
        const e0 = b0 ^ (b1 | b2);
        store<u64>(t, e0, 40);
        q0 ^= e0;
        const e1 = b1 ^ (b2 & b3);
        store<u64>(t, e1, 48);
        q1 ^= e1;
        const e2 = b2 ^ (b3 | ~b4);
        store<u64>(t, e2, 56);
        q2 ^= e2;
        const e3 = b3 ^ (b4 | b0);
        store<u64>(t, e3, 64);
        q3 ^= e3;
        const e4 = b4 ^ (b0 & b1);
        store<u64>(t, e4, 72);
        q4 ^= e4;
      }
      {
        const b0 = rotl<u64>(load<u64>(s, 8) ^ d1, 1);
        const b1 = rotl<u64>(load<u64>(s, 56) ^ d2, 6);
        const b2 = rotl<u64>(load<u64>(s, 104) ^ d3, 25);
        const b3 = rotl<u64>(load<u64>(s, 152) ^ d4, 8);
        const b4 = rotl<u64>(load<u64>(s, 160) ^ d0, 18);
        const n = ~b3;
        const e0 = b0 ^ (b1 | b2);
        store<u64>(t, e0, 80);
        q0 ^= e0;
        const e1 = b1 ^ (b2 & b3);
        store<u64>(t, e1, 88);
        q1 ^= e1;
        const e2 = b2 ^ (n & b4);
        store<u64>(t, e2, 96);
        q2 ^= e2;
        const e3 = n ^ (b4 | b0);
        store<u64>(t, e3, 104);
        q3 ^= e3;
        const e4 = b4 ^ (b0 & b1);
        store<u64>(t, e4, 112);
        q4 ^= e4;
      }
      {
        const b0 = rotl<u64>(load<u64>(s, 32) ^ d4, 27);
        const b1 = rotl<u64>(load<u64>(s, 40) ^ d0, 36);
        const b2 = rotl<u64>(load<u64>(s, 88) ^ d1, 10);
        const b3 = rotl<u64>(load<u64>(s, 136) ^ d2, 15);
        const b4 = rotl<u64>(load<u64>(s, 184) ^ d3, 56);
        const n = ~b3;
        const e0 = b0 ^ (b1 & b2);
        store<u64>(t, e0, 120);
        q0 ^= e0;
        const e1 = b1 ^ (b2 | b3);
        store<u64>(t, e1, 128);
        q1 ^= e1;
        const e2 = b2 ^ (n | b4);
        store<u64>(t, e2, 136);
        q2 ^= e2;
        const e3 = n ^ (b4 & b0);
        store<u64>(t, e3, 144);
        q3 ^= e3;
        const e4 = b4 ^ (b0 | b1);
        store<u64>(t, e4, 152);
        q4 ^= e4;
      }
      {
        const b0 = rotl<u64>(load<u64>(s, 16) ^ d2, 62);
        const b1 = rotl<u64>(load<u64>(s, 64) ^ d3, 55);
        const b2 = rotl<u64>(load<u64>(s, 112) ^ d4, 39);
        const b3 = rotl<u64>(load<u64>(s, 120) ^ d0, 41);
        const b4 = rotl<u64>(load<u64>(s, 168) ^ d1, 2);
        const n = ~b1;
        const e0 = b0 ^ (n & b2);
        store<u64>(t, e0, 160);
        q0 ^= e0;
        const e1 = n ^ (b2 | b3);
        store<u64>(t, e1, 168);
        q1 ^= e1;
        const e2 = b2 ^ (b3 & b4);
        store<u64>(t, e2, 176);
        q2 ^= e2;
        const e3 = b3 ^ (b4 | b0);
        store<u64>(t, e3, 184);
        q3 ^= e3;
        const e4 = b4 ^ (b0 & b1);
        store<u64>(t, e4, 192);
        q4 ^= e4;
      }
      p0 = q0;
      p1 = q1;
      p2 = q2;
      p3 = q3;
      p4 = q4;
    }
    {
      const d0 = p4 ^ rotl<u64>(p1, 1);
      const d1 = p0 ^ rotl<u64>(p2, 1);
      const d2 = p1 ^ rotl<u64>(p3, 1);
      const d3 = p2 ^ rotl<u64>(p4, 1);
      const d4 = p3 ^ rotl<u64>(p0, 1);
      {
        const b0 = load<u64>(t, 0) ^ d0;
        const b1 = rotl<u64>(load<u64>(t, 48) ^ d1, 44);
        const b2 = rotl<u64>(load<u64>(t, 96) ^ d2, 43);
        const b3 = rotl<u64>(load<u64>(t, 144) ^ d3, 21);
        const b4 = rotl<u64>(load<u64>(t, 192) ^ d4, 14);
        const e0 = b0 ^ (b1 | b2) ^ load<u64>(constants + r, 8);
        store<u64>(s, e0, 0);
        q0 = e0;
        const e1 = b1 ^ (~b2 | b3);
        store<u64>(s, e1, 8);
        q1 = e1;
        const e2 = b2 ^ (b3 & b4);
        store<u64>(s, e2, 16);
        q2 = e2;
        const e3 = b3 ^ (b4 | b0);
        store<u64>(s, e3, 24);
        q3 = e3;
        const e4 = b4 ^ (b0 & b1);
        store<u64>(s, e4, 32);
        q4 = e4;
      }
      {
        const b0 = rotl<u64>(load<u64>(t, 24) ^ d3, 28);
        const b1 = rotl<u64>(load<u64>(t, 72) ^ d4, 20);
        const b2 = rotl<u64>(load<u64>(t, 80) ^ d0, 3);
        const b3 = rotl<u64>(load<u64>(t, 128) ^ d1, 45);
        const b4 = rotl<u64>(load<u64>(t, 176) ^ d2, 61);
        const e0 = b0 ^ (b1 | b2);
        store<u64>(s, e0, 40);
        q0 ^= e0;
        const e1 = b1 ^ (b2 & b3);
        store<u64>(s, e1, 48);
        q1 ^= e1;
        const e2 = b2 ^ (b3 | ~b4);
        store<u64>(s, e2, 56);
        q2 ^= e2;
        const e3 = b3 ^ (b4 | b0);
        store<u64>(s, e3, 64);
        q3 ^= e3;
        const e4 = b4 ^ (b0 & b1);
        store<u64>(s, e4, 72);
        q4 ^= e4;
      }
      {
        const b0 = rotl<u64>(load<u64>(t, 8) ^ d1, 1);
        const b1 = rotl<u64>(load<u64>(t, 56) ^ d2, 6);
        const b2 = rotl<u64>(load<u64>(t, 104) ^ d3, 25);
        const b3 = rotl<u64>(load<u64>(t, 152) ^ d4, 8);
        const b4 = rotl<u64>(load<u64>(t, 160) ^ d0, 18);
        const n = ~b3;
        const e0 = b0 ^ (b1 | b2);
        store<u64>(s, e0, 80);
        q0 ^= e0;
        const e1 = b1 ^ (b2 & b3);
        store<u64>(s, e1, 88);
        q1 ^= e1;
        const e2 = b2 ^ (n & b4);
        store<u64>(s, e2, 96);
        q2 ^= e2;
        const e3 = n ^ (b4 | b0);
        store<u64>(s, e3, 104);
        q3 ^= e3;
        const e4 = b4 ^ (b0 & b1);
        store<u64>(s, e4, 112);
        q4 ^= e4;
      }
      {
        const b0 = rotl<u64>(load<u64>(t, 32) ^ d4, 27);
        const b1 = rotl<u64>(load<u64>(t, 40) ^ d0, 36);
        const b2 = rotl<u64>(load<u64>(t, 88) ^ d1, 10);
        const b3 = rotl<u64>(load<u64>(t, 136) ^ d2, 15);
        const b4 = rotl<u64>(load<u64>(t, 184) ^ d3, 56);
        const n = ~b3;
        const e0 = b0 ^ (b1 & b2);
        store<u64>(s, e0, 120);
        q0 ^= e0;
        const e1 = b1 ^ (b2 | b3);
        store<u64>(s, e1, 128);
        q1 ^= e1;
        const e2 = b2 ^ (n | b4);
        store<u64>(s, e2, 136);
        q2 ^= e2;
        const e3 = n ^ (b4 & b0);
        store<u64>(s, e3, 144);
        q3 ^= e3;
        const e4 = b4 ^ (b0 | b1);
        store<u64>(s, e4, 152);
        q4 ^= e4;
      }
      {
        const b0 = rotl<u64>(load<u64>(t, 16) ^ d2, 62);
        const b1 = rotl<u64>(load<u64>(t, 64) ^ d3, 55);
        const b2 = rotl<u64>(load<u64>(t, 112) ^ d4, 39);
        const b3 = rotl<u64>(load<u64>(t, 120) ^ d0, 41);
        const b4 = rotl<u64>(load<u64>(t, 168) ^ d1, 2);
        const n = ~b1;
        const e0 = b0 ^ (n & b2);
        store<u64>(s, e0, 160);
        q0 ^= e0;
        const e1 = n ^ (b2 | b3);
        store<u64>(s, e1, 168);
        q1 ^= e1;
        const e2 = b2 ^ (b3 & b4);
        store<u64>(s, e2, 176);
        q2 ^= e2;
        const e3 = b3 ^ (b4 | b0);
        store<u64>(s, e3, 184);
        q3 ^= e3;
        const e4 = b4 ^ (b0 & b1);
        store<u64>(s, e4, 192);
        q4 ^= e4;
      }
      p0 = q0;
      p1 = q1;
      p2 = q2;
      p3 = q3;
      p4 = q4;
    }
  }
  store<u64>(s, ~load<u64>(s, 8), 8);
  store<u64>(s, ~load<u64>(s, 16), 16);
  store<u64>(s, ~load<u64>(s, 64), 64);
  store<u64>(s, ~load<u64>(s, 96), 96);
  store<u64>(s, ~load<u64>(s, 136), 136);
  store<u64>(s, ~load<u64>(s, 160), 160);
}
