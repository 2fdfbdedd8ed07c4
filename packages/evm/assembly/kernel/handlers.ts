// Numbers of the interpreter's cases. Opcodes that translate one to one keep their byte; the rest
// use bytes that no fork assigns. "Upper half" is the operand in bits 32 to 63 of the word, "lower"
// the one in bits 8 to 31.

/** Head of a basic block, two words: see decode.ts. */
export const DO_BLOCK: u32 = 0x0c;
/**
 * PUSH of up to 32 bits in the upper half, of up to 64 in the next word, of 256 in the next four.
 */
export const DO_PUSH_32: u32 = 0x60;
export const DO_PUSH_64: u32 = 0x61;
export const DO_PUSH_256: u32 = 0x62;
/** DUP1 to 16, SWAP1 to 16; upper half: distance in bytes. */
export const DO_DUP: u32 = 0x80;
export const DO_SWAP: u32 = 0x90;
/** A word of the environment; upper half: its offset. */
export const DO_ENVIRONMENT: u32 = 0x4b;
export const DO_INVALID: u32 = 0xfe;

// ---- joined opcodes, in the fused mode only ----

/** PUSH and JUMP or JUMPI to a valid target; upper half: code offset of the target. */
export const DO_JUMP_TO: u32 = 0xb0;
export const DO_JUMP_TO_IF: u32 = 0xb1;
/** ISZERO before it. */
export const DO_JUMP_TO_UNLESS: u32 = 0xb2;
/** A comparison before it, five of them from LT to EQ; then the five with ISZERO between. */
export const DO_JUMP_TO_IF_LT: u32 = 0xb3;
export const DO_JUMP_TO_UNLESS_LT: u32 = 0xb8;
/** A comparison and ISZERO. */
export const DO_NOT_LT: u32 = 0xbd;

/** PUSH of 32 bits and an opcode that takes it as the first operand; upper half: the constant. */
export const DO_ADD_CONSTANT: u32 = 0xc2;
export const DO_AND_CONSTANT: u32 = 0xc3;
export const DO_EQ_CONSTANT: u32 = 0xc4;
export const DO_LT_CONSTANT: u32 = 0xc5;
export const DO_GT_CONSTANT: u32 = 0xc6;
export const DO_SHL_CONSTANT: u32 = 0xc7;
export const DO_SHR_CONSTANT: u32 = 0xc8;
export const DO_MLOAD_CONSTANT: u32 = 0xc9;
export const DO_MSTORE_CONSTANT: u32 = 0xca;
/** PUSH, SWAP1, SUB. */
export const DO_SUB_CONSTANT: u32 = 0xcb;
export const DO_MUL_CONSTANT: u32 = 0xcc;

/** DUP and an opcode that takes the copy as the first operand; upper half: distance in bytes. */
export const DO_DUP_ADD: u32 = 0xd0;
export const DO_DUP_SUB: u32 = 0xd1;
export const DO_DUP_AND: u32 = 0xd2;
export const DO_DUP_LT: u32 = 0xd3;
export const DO_DUP_GT: u32 = 0xd4;
export const DO_DUP_SLT: u32 = 0xd5;
export const DO_DUP_SGT: u32 = 0xd6;
export const DO_DUP_EQ: u32 = 0xd7;
export const DO_DUP_MUL: u32 = 0xd8;
export const DO_DUP_ISZERO: u32 = 0xd9;
export const DO_DUP_MLOAD: u32 = 0xda;
export const DO_DUP_MSTORE: u32 = 0xdb;

/** Two moves of the stack; first in lower, second in upper half, as each alone has it. */
export const DO_DUP_DUP: u32 = 0xe0;
export const DO_DUP_PUSH: u32 = 0xe1;
/** PUSH in the upper half, DUP in lower. */
export const DO_PUSH_DUP: u32 = 0xe2;
export const DO_PUSH_PUSH: u32 = 0xe3;
export const DO_SWAP_SWAP: u32 = 0xe4;
/** SWAP and POP: the top item replaces one further down. */
export const DO_SWAP_POP: u32 = 0xe5;
/** Several POPs; upper half: bytes. */
export const DO_DROP: u32 = 0xe6;
