// Where everything lies in linear memory. docs/evm-memory.md draws the map; src/kernel/layout.ts
// holds the same offsets for the host, and a test compares the two.

// ---- frame: one per open call, 1,025 of them (depth 0 to 1024) ----
export const FRAME_BYTES: usize = 256;
export const DEPTH_MAX: i32 = 1024;
/** u32: next instruction word. */
export const FRAME_IP: usize = 0;
/** u32: address of the top stack item. */
export const FRAME_SP: usize = 4;
/** i64: gas left. */
export const FRAME_GAS: usize = 8;
/** u32: first byte of EVM memory. */
export const FRAME_MEMORY: usize = 16;
/** u32: bytes of EVM memory, a multiple of 32. */
export const FRAME_MEMORY_SIZE: usize = 20;
/** u32: what FRAME_SP is when the stack is empty. */
export const FRAME_STACK_EMPTY: usize = 24;
/** u32: KIND_*. */
export const FRAME_KIND: usize = 28;
/** u32: 1 when state must not change. */
export const FRAME_STATIC: usize = 32;
/** u32: depth, 0 for the outermost. */
export const FRAME_DEPTH: usize = 36;
/** u32: first byte of the code that runs, and its length. */
export const FRAME_CODE: usize = 40;
export const FRAME_CODE_LENGTH: usize = 44;
/** u32: table from code offset to instruction word; 0: not a jump target. */
export const FRAME_JUMPS: usize = 48;
/** u32: blocks of the code cache that this frame holds; 0: none. */
export const FRAME_CODE_BLOCK: usize = 52;
export const FRAME_WORDS_BLOCK: usize = 56;
/** u32: account whose storage and balance this frame works on. */
export const FRAME_SELF: usize = 60;
/** u32: account that CALLER names. */
export const FRAME_CALLER: usize = 64;
/** u32: call data. */
export const FRAME_INPUT: usize = 68;
export const FRAME_INPUT_LENGTH: usize = 72;
/** u32: where in the caller's memory the output goes. */
export const FRAME_OUT: usize = 76;
export const FRAME_OUT_LENGTH: usize = 80;
/** u32: journal and log ends when the frame began. */
export const FRAME_JOURNAL_START: usize = 84;
export const FRAME_LOG_START: usize = 88;
/** u32: DECODE_*: how the code was translated. */
export const FRAME_MODE: usize = 92;
/** 32 bytes: CALLVALUE. */
export const FRAME_VALUE: usize = 96;
/** i64: refund counter when the frame began. */
export const FRAME_REFUND_START: usize = 128;
/** i64: gas the frame began with. */
export const FRAME_GAS_START: usize = 136;
/** u32: output of the frame in its own memory, once it returned or reverted. */
export const FRAME_RESULT: usize = 144;
export const FRAME_RESULT_LENGTH: usize = 148;
/** u32: account that the code was taken from, for tracers. */
export const FRAME_CODE_ACCOUNT: usize = 152;
/** u32: code offset of the present step, set by traced code only. */
export const FRAME_PC: usize = 156;
/** 32 bytes: hash of the code, all zero for init code and code given by the caller. */
export const FRAME_CODE_HASH: usize = 160;
/** u32: where generated code is entered, of frames in the mode DECODE_NATIVE. */
export const FRAME_NATIVE: usize = 192;
/** u32: record to which the gas spent is added (native.ts); 0: none. */
export const FRAME_RECORD: usize = 196;

/** How code is translated: decode.ts. */
export const DECODE_FUSED: u32 = 1;
export const DECODE_PLAIN: u32 = 2;
export const DECODE_STEP: u32 = 3;
/** Not a translation: generated code runs (native.ts). */
export const DECODE_NATIVE: u32 = 4;

export const KIND_CALL: i32 = 0;
export const KIND_CALLCODE: i32 = 1;
export const KIND_DELEGATECALL: i32 = 2;
export const KIND_STATICCALL: i32 = 3;
export const KIND_CREATE: i32 = 4;
export const KIND_CREATE2: i32 = 5;
export const KIND_SELFDESTRUCT: i32 = 6;

// ---- account: 256 bytes ----
export const ACCOUNT_BYTES: usize = 256;
/** The address as a little-endian number: two u64 and a u32. */
export const ACCOUNT_ADDRESS: usize = 0;
/** u32: ACCOUNT_IS_*. */
export const ACCOUNT_FLAGS: usize = 24;
/** u32: first of the account's slots, linked by SLOT_NEXT. */
export const ACCOUNT_SLOTS: usize = 28;
export const ACCOUNT_NONCE: usize = 32;
/** u32: length of the code; 0xffffffff: not known yet. */
export const ACCOUNT_CODE_SIZE: usize = 40;
/** u32: code set in this session, in the arena of new code; 0: none. */
export const ACCOUNT_NEW_CODE: usize = 44;
export const ACCOUNT_BALANCE: usize = 48;
export const ACCOUNT_CODE_HASH: usize = 80;
/** The state below: u32 1 when the account existed, nonce, balance, hash of the code. */
export const ACCOUNT_BELOW_EXISTS: usize = 112;
export const ACCOUNT_BELOW_NONCE: usize = 120;
export const ACCOUNT_BELOW_BALANCE: usize = 128;
export const ACCOUNT_BELOW_CODE_HASH: usize = 160;
/** Versioned sessions: what was added to a balance that is not known (32 bytes), the cell. */
export const ACCOUNT_DELTA: usize = 192;
export const ACCOUNT_CELL: usize = 224;
/** u32: OUTCOME_* of publish.ts. */
export const ACCOUNT_OUTCOME: usize = 228;

/** Read from the state below; without it only the address and warmth are known. */
export const ACCOUNT_IS_LOADED: u32 = 1;
export const ACCOUNT_IS_EXISTING: u32 = 2;
export const ACCOUNT_IS_WARM: u32 = 4;
/** Made by CREATE in this session: its storage starts empty. */
export const ACCOUNT_IS_CREATED: u32 = 8;
export const ACCOUNT_IS_DESTROYED: u32 = 16;
export const ACCOUNT_IS_TOUCHED: u32 = 32;
/** Parts that are known: a versioned session reads each when it is used, others all at once. */
export const ACCOUNT_HAS_BALANCE: u32 = 64;
export const ACCOUNT_HAS_NONCE: u32 = 128;
export const ACCOUNT_HAS_CODE: u32 = 256;
export const ACCOUNT_HAS_EXISTENCE: u32 = 512;
/** Whether it was empty below was asked for, and the answer. */
export const ACCOUNT_HAS_EMPTINESS: u32 = 1024;
export const ACCOUNT_WAS_EMPTY: u32 = 2048;
/** The balance is not known, and ACCOUNT_DELTA was added to it. */
export const ACCOUNT_HAS_DELTA: u32 = 4096;
export const ACCOUNT_HAS_ALL: u32 = 64 | 128 | 256 | 512;
/** What a frame that fails does not take back. */
export const ACCOUNT_STAYS: u32 = 1 | 64 | 128 | 256 | 512 | 1024 | 2048 | 4096;

// ---- storage slot: 128 bytes ----
export const SLOT_BYTES: usize = 128;
/** Key and values as on the stack: four u64, least first. */
export const SLOT_KEY: usize = 0;
export const SLOT_VALUE: usize = 32;
/** Value before the session. */
export const SLOT_BELOW: usize = 64;
export const SLOT_ACCOUNT: usize = 96;
/** u32: SLOT_IS_*. */
export const SLOT_FLAGS: usize = 100;
export const SLOT_NEXT: usize = 104;
/** u32: versioned sessions: the cell; 0: not looked for yet. */
export const SLOT_CELL: usize = 108;

export const SLOT_IS_LOADED: u32 = 1;
export const SLOT_IS_WARM: u32 = 2;
export const SLOT_IS_TRANSIENT: u32 = 4;
/** The state below was asked for it. */
export const SLOT_IS_READ: u32 = 8;

// ---- log record: this head, then topics of 32 bytes, then data, then padding to 8 ----
export const LOG_HEAD_BYTES: usize = 32;
export const LOG_ACCOUNT: usize = 0;
export const LOG_TOPICS: usize = 4;
export const LOG_DATA_LENGTH: usize = 8;
/** u32: bytes of the whole record. */
export const LOG_BYTES: usize = 12;

// ---- environment: words of 32 bytes as on the stack ----
export const ENV_ORIGIN: usize = 0;
export const ENV_GAS_PRICE: usize = 32;
export const ENV_COINBASE: usize = 64;
export const ENV_TIMESTAMP: usize = 96;
export const ENV_NUMBER: usize = 128;
/** PREVRANDAO or DIFFICULTY: the host knows which. */
export const ENV_RANDOM: usize = 160;
export const ENV_GAS_LIMIT: usize = 192;
export const ENV_CHAIN_ID: usize = 224;
export const ENV_BASE_FEE: usize = 256;
export const ENV_BLOB_BASE_FEE: usize = 288;
/** u32. */
export const ENV_BLOB_COUNT: usize = 320;
export const ENV_BLOBS: usize = 352;
export const ENV_BLOBS_MAX: u32 = 128;
export const ENV_BYTES: usize = 352 + 128 * 32;

// ---- outcomes of a frame ----
export const HALT_NONE: i32 = 0;
export const HALT_STOP: i32 = 1;
export const HALT_RETURN: i32 = 2;
export const HALT_SELFDESTRUCT: i32 = 3;
export const HALT_REVERT: i32 = 4;
/** The first of those that take all gas. */
export const HALT_OUT_OF_GAS: i32 = 5;
export const HALT_STACK_UNDERFLOW: i32 = 6;
export const HALT_STACK_OVERFLOW: i32 = 7;
export const HALT_INVALID_JUMP: i32 = 8;
export const HALT_INVALID_OPCODE: i32 = 9;
export const HALT_STATIC: i32 = 10;
export const HALT_RETURN_DATA: i32 = 11;
export const HALT_COLLISION: i32 = 12;
export const HALT_CODE_SIZE: i32 = 13;
export const HALT_INIT_CODE_SIZE: i32 = 14;
export const HALT_CODE_PREFIX: i32 = 15;
export const HALT_PRECOMPILE: i32 = 16;
/** No frame was opened and no gas taken. */
export const HALT_DEPTH: i32 = 17;
export const HALT_BALANCE: i32 = 18;
export const HALT_NONCE: i32 = 19;
/** Not an outcome: the interpreter hands over to the driver. */
export const ACTION_CALL: i32 = 32;
export const ACTION_CALLCODE: i32 = 33;
export const ACTION_DELEGATECALL: i32 = 34;
export const ACTION_STATICCALL: i32 = 35;
export const ACTION_CREATE: i32 = 36;
export const ACTION_CREATE2: i32 = 37;
/** Opened or closed a frame: go on with the present one. */
export const ACTION_CONTINUE: i32 = 38;

// ---- regions; addresses are set once by `initialize` ----
export let frames: usize = 0;
export let stacks: usize = 0;
export let environment: usize = 0;
export let scratch: usize = 0;
/** For the host's own words and short byte strings; the kernel never writes here. */
export let hostScratch: usize = 0;
export let opcodeTable: usize = 0;
export let hashCache: usize = 0;
export let frameMemory: usize = 0;
export let frameMemoryEnd: usize = 0;
export let returnBuffer: usize = 0;
export let returnBufferBytes: u32 = 0;
export let codeStart: usize = 0;
export let codeEnd: usize = 0;
export let codeBuckets: usize = 0;
export let newCodeStart: usize = 0;
export let newCodeEndMax: usize = 0;
export let accounts: usize = 0;
export let accountsMax: u32 = 0;
export let accountIndex: usize = 0;
export let accountIndexMask: u32 = 0;
export let slots: usize = 0;
export let slotsMax: u32 = 0;
export let slotIndex: usize = 0;
export let slotIndexMask: u32 = 0;
export let logs: usize = 0;
export let logsEndMax: usize = 0;
export let journal: usize = 0;
export let journalEndMax: usize = 0;
/** Mixed into every table position, so that nobody outside can aim for collisions. */
export let hashSeed: u64 = 0;

export const SCRATCH_BYTES: usize = 4096;
export const OPCODE_ROW_BYTES: usize = 8;
/** 4,096 entries of 128 bytes: keccak of up to 64 bytes. */
export const HASH_CACHE_ENTRIES: u32 = 4096;
export const HASH_CACHE_ENTRY_BYTES: usize = 128;
export const CODE_BUCKETS: u32 = 8192;
const PAGE: usize = 65536;

/**
 * Lays the regions out from `base`; returns the end. Sizes in bytes or records; indexes are powers
 * of two.
 */
export function initialize(
  base: usize,
  frameMemoryBytes: u32,
  codeBytes: u32,
  accountCount: u32,
  slotCount: u32,
  logBytes: u32,
  journalBytes: u32,
  newCodeBytes: u32,
  returnBytes: u32,
  seed: u64,
): usize {
  let at = align(base, PAGE);
  hashSeed = seed;
  environment = at;
  at = align(at + ENV_BYTES, 64);
  scratch = at;
  at += SCRATCH_BYTES;
  hostScratch = at;
  at += SCRATCH_BYTES;
  opcodeTable = at;
  at += 256 * OPCODE_ROW_BYTES;
  frames = at;
  at += FRAME_BYTES * (DEPTH_MAX + 2);
  codeBuckets = at;
  at = align(at + CODE_BUCKETS * 4, 64);
  hashCache = at;
  at += HASH_CACHE_ENTRIES * HASH_CACHE_ENTRY_BYTES;
  accountsMax = accountCount;
  accountIndexMask = indexSize(accountCount) - 1;
  accountIndex = at;
  at += (accountIndexMask + 1) * 8;
  slotsMax = slotCount;
  slotIndexMask = indexSize(slotCount) - 1;
  slotIndex = at;
  at += (slotIndexMask + 1) * 8;
  accounts = at;
  at += accountCount * ACCOUNT_BYTES;
  slots = at;
  at += slotCount * SLOT_BYTES;
  logs = at = align(at, PAGE);
  at += logBytes;
  logsEndMax = at;
  journal = at = align(at, PAGE);
  at += journalBytes;
  journalEndMax = at;
  newCodeStart = at = align(at, PAGE);
  at += newCodeBytes;
  newCodeEndMax = at;
  returnBuffer = at = align(at, PAGE);
  returnBufferBytes = returnBytes;
  // A word may be read up to 31 bytes past the end.
  at += returnBytes + 64;
  stacks = at = align(at, PAGE);
  // One item more below, where the top of an empty stack points.
  at += (DEPTH_MAX + 1) * 1025 * 32 + 64;
  frameMemory = at = align(at, PAGE);
  at += frameMemoryBytes;
  frameMemoryEnd = at;
  codeStart = at = align(at + 64, PAGE);
  at += codeBytes;
  codeEnd = at;
  return align(at, PAGE);
}

/** Twice the records, rounded up to a power of two: half full at most. */
function indexSize(records: u32): u32 {
  let size: u32 = 16;
  while (size < records * 2) size <<= 1;
  return size;
}

// @ts-ignore: decorator
@inline
export function align(value: usize, to: usize): usize {
  return (value + to - 1) & ~(to - 1);
}
