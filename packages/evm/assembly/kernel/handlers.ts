// Numbers of the interpreter's cases. Opcodes that translate one to one keep their byte; the rest
// use bytes that no fork assigns.

/** Head of a basic block, two words: see decode.ts. */
export const DO_BLOCK: u32 = 0x0c;
/** Tells the tracer; upper half: code offset. */
export const DO_STEP: u32 = 0x0d;
/** PUSH and JUMP or JUMPI to a valid target; upper half: code offset of the target. */
export const DO_JUMP_TO: u32 = 0x0e;
export const DO_JUMP_TO_IF: u32 = 0x0f;
/** PUSH of up to 32 bits in the upper half, of up to 64 in the next word, of 256 in the next four. */
export const DO_PUSH_32: u32 = 0x60;
export const DO_PUSH_64: u32 = 0x61;
export const DO_PUSH_256: u32 = 0x62;
/** DUP1 to 16, SWAP1 to 16; upper half: distance in bytes. */
export const DO_DUP: u32 = 0x80;
export const DO_SWAP: u32 = 0x90;
export const DO_INVALID: u32 = 0xfe;
