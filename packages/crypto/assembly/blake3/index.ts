/**
 * BLAKE3 (default hash mode, 32 bytes) for inputs that the host hands over in pieces of 64 KiB,
 * each a complete subtree of 64 chunks: `absorb` for every piece with more behind it, `finish` for
 * the rest. Four chunks, and four parents, are compressed at once. The host's side is src/kernel/.
 */

import {
  CHUNK_END,
  CHUNK_START,
  compress,
  compress4,
  CV4,
  IV,
  loadFour,
  PARENT,
  ROOT,
} from './compress';

const CHUNK: usize = 1024;
const BLOCK: usize = 64;
const CV: usize = 32;
/** Chunks of one piece. */
const PIECE_CHUNKS: i32 = 64;

/** 64 KiB of input and one block of zeros behind it. */
const INPUT: usize = memory.data(65600, 16);
/** Chaining values of the level being reduced. */
const LEVEL: usize = memory.data(2048, 16);
/** Subtrees of 64 chunks each, not merged yet; 16 MiB needs 9, 2^64 bytes 48. */
const STACK: usize = memory.data(1600, 16);
const OUTPUT: usize = memory.data(32, 16);
const LAST: usize = memory.data(64, 16);

let pieces: u64 = 0;
let stackSize: usize = 0;

export function inputAddress(): usize {
  return INPUT;
}
export function outputAddress(): usize {
  return OUTPUT;
}

export function start(): void {
  pieces = 0;
  stackSize = 0;
}

/** Four whole chunks from `chunk` on, chaining values to `out`. */
function hashFourChunks(chunk: usize, counter: u64, out: usize): void {
  for (let block: usize = 0; block < CHUNK; block += BLOCK) {
    loadFour(chunk + block, CHUNK, block == 0);
    const flags = (block == 0 ? CHUNK_START : 0) | (block == CHUNK - BLOCK ? CHUNK_END : 0);
    compress4(counter, 1, flags);
  }
  storeFour(out);
}

/** CV4 back to four chaining values of 32 bytes. */
function storeFour(out: usize): void {
  for (let lane: usize = 0; lane < 4; lane++) {
    for (let w: usize = 0; w < 8; w++) {
      store<u32>(out + CV * lane + 4 * w, load<u32>(CV4 + 16 * w + 4 * lane));
    }
  }
}

/** Four parents of eight chaining values at `children`, to `out` (which may be `children`). */
function hashFourParents(children: usize, out: usize): void {
  loadFour(children, BLOCK, true);
  compress4(0, 0, PARENT);
  storeFour(out);
}

function hashParent(out: usize, children: usize, flags: u32): void {
  memory.copy(LAST, children, BLOCK);
  memory.copy(out, IV, CV);
  compress(out, LAST, 0, 64, PARENT | flags);
}

/** One chunk of 0 to 1,024 bytes; bytes behind its end in its last block are already zero. */
function hashChunk(out: usize, chunk: usize, length: usize, counter: u64, rootFlag: u32): void {
  memory.copy(out, IV, CV);
  let flags = CHUNK_START;
  let offset: usize = 0;
  while (length - offset > BLOCK) {
    compress(out, chunk + offset, counter, 64, flags);
    flags = 0;
    offset += BLOCK;
  }
  compress(out, chunk + offset, counter, <u32>(length - offset), flags | CHUNK_END | rootFlag);
}

/**
 * Reduces `count` chaining values at LEVEL to one, pairwise; an odd one moves up, which gives the
 * left-complete tree of the paper. `rootFlag` marks the last parent.
 */
function reduceLevel(count: i32, rootFlag: u32): void {
  while (count > 1) {
    const parents = count >> 1;
    const isLast = count == 2;
    let i = 0;
    for (; i + 4 <= parents; i += 4) hashFourParents(LEVEL + BLOCK * i, LEVEL + CV * i);
    for (; i < parents; i++) {
      hashParent(LEVEL + CV * i, LEVEL + BLOCK * i, isLast ? rootFlag : 0);
    }
    if (count & 1) memory.copy(LEVEL + CV * parents, LEVEL + BLOCK * parents, CV);
    count = parents + (count & 1);
  }
}

/** Takes 64 KiB at INPUT with more to come. */
export function absorb(): void {
  const counter = pieces * PIECE_CHUNKS;
  for (let i = 0; i < PIECE_CHUNKS; i += 4) {
    hashFourChunks(INPUT + CHUNK * i, counter + i, LEVEL + CV * i);
  }
  reduceLevel(PIECE_CHUNKS, 0);
  pieces += 1;
  memory.copy(STACK + CV * stackSize, LEVEL, CV);
  stackSize += 1;
  // As many merges as the count of pieces has trailing zero bits.
  for (let total = pieces; (total & 1) == 0; total >>= 1) {
    stackSize -= 1;
    hashParent(STACK + CV * (stackSize - 1), STACK + CV * (stackSize - 1), 0);
  }
}

/** Takes the last 0 to 65,536 bytes at INPUT (0 only when there was nothing) and writes OUTPUT. */
export function finish(length: i32): void {
  // Zeros behind the end, up to its block.
  memory.fill(INPUT + length, 0, BLOCK);
  const counter = pieces * PIECE_CHUNKS;
  const chunks = max((length + 1023) >> 10, 1);
  const isRoot = stackSize == 0;
  let i = 0;
  for (; (i + 4) * 1024 <= length; i += 4) {
    hashFourChunks(INPUT + CHUNK * i, counter + i, LEVEL + CV * i);
  }
  for (; i < chunks; i++) {
    const size = min(length - 1024 * i, 1024);
    const rootFlag = isRoot && chunks == 1 ? ROOT : 0;
    hashChunk(LEVEL + CV * i, INPUT + CHUNK * i, size, counter + i, rootFlag);
  }
  reduceLevel(chunks, isRoot ? ROOT : 0);
  while (stackSize > 0) {
    stackSize -= 1;
    memory.copy(LEVEL + CV, LEVEL, CV);
    memory.copy(LEVEL, STACK + CV * stackSize, CV);
    hashParent(LEVEL, LEVEL, stackSize == 0 ? ROOT : 0);
  }
  memory.copy(OUTPUT, LEVEL, CV);
}
