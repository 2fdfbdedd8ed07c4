/**
 * Offsets of the kernel's records, the same as in assembly/kernel/layout.ts (a test compares them).
 * Addresses in linear memory, bytes; integers are little-endian.
 */

export const ACCOUNT_BYTES = 256;
export const ACCOUNT_ADDRESS = 0;
export const ACCOUNT_FLAGS = 24;
export const ACCOUNT_SLOTS = 28;
export const ACCOUNT_NONCE = 32;
export const ACCOUNT_CODE_SIZE = 40;
export const ACCOUNT_NEW_CODE = 44;
export const ACCOUNT_BALANCE = 48;
export const ACCOUNT_CODE_HASH = 80;
export const ACCOUNT_BELOW_EXISTS = 112;
export const ACCOUNT_BELOW_NONCE = 120;
export const ACCOUNT_BELOW_BALANCE = 128;
export const ACCOUNT_BELOW_CODE_HASH = 160;

export const ACCOUNT_IS_LOADED = 1;
export const ACCOUNT_IS_EXISTING = 2;
export const ACCOUNT_IS_WARM = 4;
export const ACCOUNT_IS_CREATED = 8;
export const ACCOUNT_IS_DESTROYED = 16;
export const ACCOUNT_IS_TOUCHED = 32;

export const SLOT_BYTES = 128;
export const SLOT_KEY = 0;
export const SLOT_VALUE = 32;
export const SLOT_BELOW = 64;
export const SLOT_ACCOUNT = 96;
export const SLOT_FLAGS = 100;
export const SLOT_NEXT = 104;
export const SLOT_IS_READ = 8;

export const LOG_HEAD_BYTES = 32;
export const LOG_ACCOUNT = 0;
export const LOG_TOPICS = 4;
export const LOG_DATA_LENGTH = 8;
export const LOG_BYTES = 12;

export const ENV_ORIGIN = 0;
export const ENV_GAS_PRICE = 32;
export const ENV_COINBASE = 64;
export const ENV_TIMESTAMP = 96;
export const ENV_NUMBER = 128;
export const ENV_RANDOM = 160;
export const ENV_GAS_LIMIT = 192;
export const ENV_CHAIN_ID = 224;
export const ENV_BASE_FEE = 256;
export const ENV_BLOB_BASE_FEE = 288;
export const ENV_BLOB_COUNT = 320;
export const ENV_BLOBS = 352;

export const FRAME_BYTES = 256;
export const FRAME_IP = 0;
export const FRAME_SP = 4;
export const FRAME_GAS = 8;
export const FRAME_MEMORY = 16;
export const FRAME_MEMORY_SIZE = 20;
export const FRAME_STACK_EMPTY = 24;
export const FRAME_KIND = 28;
export const FRAME_DEPTH = 36;
export const FRAME_CODE = 40;
export const FRAME_CODE_LENGTH = 44;
export const FRAME_SELF = 60;
export const FRAME_CALLER = 64;
export const FRAME_INPUT = 68;
export const FRAME_INPUT_LENGTH = 72;
export const FRAME_VALUE = 96;
export const FRAME_GAS_START = 136;
export const FRAME_RESULT = 144;
export const FRAME_RESULT_LENGTH = 148;
export const FRAME_CODE_ACCOUNT = 152;

export const HALT_STOP = 1;
export const HALT_RETURN = 2;
export const HALT_SELFDESTRUCT = 3;
export const HALT_REVERT = 4;
export const HALT_INVALID_JUMP = 8;
export const HALT_INVALID_OPCODE = 9;
export const ACTION_CALL = 32;
export const ACTION_CALLCODE = 33;
export const ACTION_DELEGATECALL = 34;
export const ACTION_STATICCALL = 35;
export const ACTION_CREATE = 36;
export const ACTION_CREATE2 = 37;
