// Code: bytes as the state holds them, and their translations (decode.ts), kept over sessions by
// code hash in one bounded region. The region is a row of blocks without gaps. `allocate` walks it
// like a clock hand, joins what no open frame holds into one block and drops what was there.
//
// Block head, 64 bytes: see the offsets. A block without a place in the buckets (init code, code
// given by the caller) is used once.
import { BOUND_CODE, BOUND_NEW_CODE, exceed, hostReadCode, hostTakeCode } from './host';
import {
  ACCOUNT_CODE_HASH,
  ACCOUNT_CODE_SIZE,
  ACCOUNT_NEW_CODE,
  CODE_BUCKETS,
  align,
  codeBuckets,
  codeEnd,
  codeStart,
  newCodeEndMax,
  newCodeStart,
} from './layout';
import { useCode } from './uses';

/** u32: bytes of the whole block, head included; a multiple of 64. */
const BLOCK_SIZE: usize = 0;
/** u32: BLOCK_IS_*. */
const BLOCK_STATE: usize = 4;
/** u32: open frames that hold it, valid while BLOCK_EPOCH is the present one. */
const BLOCK_PINS: usize = 8;
const BLOCK_EPOCH: usize = 12;
/** u32: next block of the same bucket. */
const BLOCK_NEXT: usize = 16;
/** u32: CODE_RAW or a DECODE_* mode. */
export const BLOCK_MODE: usize = 20;
/** u32: length of the code in bytes. */
export const BLOCK_LENGTH: usize = 24;
/** u32: table of jump targets (translations only); u32: calls, for whoever picks hot code. */
export const BLOCK_JUMPS: usize = 28;
const BLOCK_HASH: usize = 32;
export const BLOCK_HEAD_BYTES: usize = 64;

const BLOCK_IS_FREE: u32 = 0;
const BLOCK_IS_ANONYMOUS: u32 = 1;
const BLOCK_IS_CACHED: u32 = 2;

export const CODE_RAW: u32 = 0;

/** Where the hand stands. */
let hand: usize = 0;
/** Raised per session: holds of a run that was broken off do not count any more. */
let epoch: u32 = 0;
/** Next free byte of the arena of new code: u32 length, then the code. */
export let newCodeEnd: usize = 0;
export let evictions: u32 = 0;

/** Forgets all code. */
export function clearCode(): void {
  memory.fill(codeBuckets, 0, CODE_BUCKETS * 4);
  hand = codeStart;
  store<u32>(codeStart, <u32>(codeEnd - codeStart), BLOCK_SIZE);
  store<u32>(codeStart, BLOCK_IS_FREE, BLOCK_STATE);
  // What another engine left here would be held again in the session of the same number.
  store<u32>(codeStart, 0, BLOCK_PINS);
}

/** Code of open frames of an earlier session is let go; new code is forgotten. */
export function startCodeEpoch(): void {
  epoch++;
  newCodeEnd = newCodeStart;
}

export function pin(block: usize): void {
  const isPresent = load<u32>(block, BLOCK_EPOCH) == epoch;
  store<u32>(block, (isPresent ? load<u32>(block, BLOCK_PINS) : 0) + 1, BLOCK_PINS);
  store<u32>(block, epoch, BLOCK_EPOCH);
}

export function unpin(block: usize): void {
  const pins = load<u32>(block, BLOCK_PINS) - 1;
  store<u32>(block, pins, BLOCK_PINS);
  if (pins == 0 && load<u32>(block, BLOCK_STATE) == BLOCK_IS_ANONYMOUS) {
    store<u32>(block, BLOCK_IS_FREE, BLOCK_STATE);
    // Nothing was placed behind it: use the room again at once.
    if (block + <usize>load<u32>(block, BLOCK_SIZE) == hand) hand = block;
  }
}

// @ts-ignore: decorator
@inline
function isPinned(block: usize): bool {
  return load<u32>(block, BLOCK_EPOCH) == epoch && load<u32>(block, BLOCK_PINS) > 0;
}

/** A block with room for `bytes` after its head, not yet in any bucket, held once. */
export function allocate(bytes: usize): usize {
  const size = align(bytes + BLOCK_HEAD_BYTES, 64);
  if (hand >= codeEnd) hand = codeStart;
  let start = hand;
  let joined: usize = 0;
  let wraps = 0;
  while (joined < size) {
    const next = start + joined;
    if (next >= codeEnd) {
      if (++wraps > 1) exceed(BOUND_CODE);
      closeGap(start, joined);
      start = codeStart;
      joined = 0;
      continue;
    }
    // Read before the head is overwritten by the join.
    const nextSize = <usize>load<u32>(next, BLOCK_SIZE);
    if (isPinned(next)) {
      closeGap(start, joined);
      start = next + nextSize;
      joined = 0;
      continue;
    }
    evict(next);
    joined += nextSize;
  }
  if (joined > size) closeGap(start + size, joined - size);
  store<u32>(start, <u32>size, BLOCK_SIZE);
  store<u32>(start, BLOCK_IS_ANONYMOUS, BLOCK_STATE);
  store<u32>(start, 0, BLOCK_PINS);
  pin(start);
  hand = start + size;
  return start;
}

function closeGap(at: usize, size: usize): void {
  if (size == 0) return;
  store<u32>(at, <u32>size, BLOCK_SIZE);
  store<u32>(at, BLOCK_IS_FREE, BLOCK_STATE);
  store<u32>(at, 0, BLOCK_PINS);
}

/** Gives back what lies behind the first `bytes` after the head of the block allocated last. */
export function trim(block: usize, bytes: usize): void {
  const size = align(bytes + BLOCK_HEAD_BYTES, 64);
  const old = <usize>load<u32>(block, BLOCK_SIZE);
  if (size == old) return;
  store<u32>(block, <u32>size, BLOCK_SIZE);
  closeGap(block + size, old - size);
  hand = block + size;
}

// @ts-ignore: decorator
@inline
function bucketOf(hash: usize, mode: u32): usize {
  const index = (u32(load<u64>(hash) >> 20) + mode) & (CODE_BUCKETS - 1);
  return codeBuckets + <usize>index * 4;
}

/** The cached block of a hash in a mode; 0: none. */
export function findBlock(hash: usize, mode: u32): usize {
  let block = <usize>load<u32>(bucketOf(hash, mode));
  while (block != 0) {
    if (load<u32>(block, BLOCK_MODE) == mode && equalHashes(block + BLOCK_HASH, hash)) return block;
    block = <usize>load<u32>(block, BLOCK_NEXT);
  }
  return 0;
}

// @ts-ignore: decorator
@inline
function equalHashes(a: usize, b: usize): bool {
  return (
    load<u64>(a) == load<u64>(b) &&
    load<u64>(a, 8) == load<u64>(b, 8) &&
    load<u64>(a, 16) == load<u64>(b, 16) &&
    load<u64>(a, 24) == load<u64>(b, 24)
  );
}

/** Puts a filled block under its hash. */
export function insertBlock(block: usize, hash: usize, mode: u32): void {
  const bucket = bucketOf(hash, mode);
  memory.copy(block + BLOCK_HASH, hash, 32);
  store<u32>(block, mode, BLOCK_MODE);
  store<u32>(block, load<u32>(bucket), BLOCK_NEXT);
  store<u32>(bucket, <u32>block);
  store<u32>(block, BLOCK_IS_CACHED, BLOCK_STATE);
}

function evict(block: usize): void {
  if (load<u32>(block, BLOCK_STATE) != BLOCK_IS_CACHED) return;
  evictions++;
  store<u32>(block, BLOCK_IS_FREE, BLOCK_STATE);
  let link = bucketOf(block + BLOCK_HASH, load<u32>(block, BLOCK_MODE));
  while (<usize>load<u32>(link) != block) link = <usize>load<u32>(link) + BLOCK_NEXT;
  store<u32>(link, load<u32>(block, BLOCK_NEXT));
}

/**
 * Block with the bytes of an account's code, held once: the caller lets it go. Code is not empty.
 */
export function holdCode(account: usize): usize {
  useCode(account);
  const hash = account + ACCOUNT_CODE_HASH;
  const found = findBlock(hash, CODE_RAW);
  if (found != 0) {
    pin(found);
    return found;
  }
  const newCode = <usize>load<u32>(account, ACCOUNT_NEW_CODE);
  const length = newCode != 0 ? load<u32>(newCode) : hostReadCode(hash);
  const block = allocate(length);
  store<u32>(block, length, BLOCK_LENGTH);
  if (newCode != 0) memory.copy(block + BLOCK_HEAD_BYTES, newCode + 4, length);
  else hostTakeCode(block + BLOCK_HEAD_BYTES);
  insertBlock(block, hash, CODE_RAW);
  return block;
}

/** Length of an account's code, which was read or set. */
export function codeSizeOf(account: usize): u32 {
  const known = load<u32>(account, ACCOUNT_CODE_SIZE);
  if (known != u32.MAX_VALUE) return known;
  useCode(account);
  const found = load<u32>(account, ACCOUNT_CODE_SIZE);
  if (found != u32.MAX_VALUE) return found;
  const block = holdCode(account);
  const length = load<u32>(block, BLOCK_LENGTH);
  unpin(block);
  store<u32>(account, length, ACCOUNT_CODE_SIZE);
  return length;
}

/** Keeps code set in this session; returns where it lies, u32 length first. */
export function keepNewCode(code: usize, length: u32): usize {
  const at = newCodeEnd;
  if (at + <usize>length + 12 > newCodeEndMax) exceed(BOUND_NEW_CODE);
  newCodeEnd = align(at + 4 + <usize>length, 8);
  store<u32>(at, length);
  memory.copy(at + 4, code, length);
  return at;
}
