/** Longest code that is generated: EIP-170's 24,576 bytes. */
export const CODE_BYTES_MAX = 24_576;
/** Opcodes of one function; what follows becomes a function of its own. */
export const FUNCTION_OPCODES_MAX = 256;
/** Locals of one function: V8 takes 50,000, but time to compile grows faster than their number. */
export const FUNCTION_LOCALS_MAX = 2_500;
/**
 * Opcodes up to which a function goes on at a jump's known target in place of leaving for it. More
 * makes faster code and more of it.
 */
export const FOLLOW_OPCODES_MAX = 40;
/** Bytes of WASM for a byte of code beyond which no function does that; 32 are usual. */
export const FOLLOW_BYTES_FACTOR = 96;
/** Beyond this the code stays in the interpreter: it was written to make much of little. */
export const MODULE_BYTES_FACTOR = 320;
/** Added to both, for short code. */
export const MODULE_BYTES_EXTRA = 65_536;

// ---- the tier manager ----

/** Gas spent on a code in the interpreter before it is generated: some 5 ms, as that takes. */
export const HOT_GAS_DEFAULT = 10_000_000n;
/** Generated codes that one engine keeps. */
export const MODULES_MAX_DEFAULT = 512;
/** Bytes of their WASM together; machine code takes several times as much. */
export const MODULE_BYTES_MAX_DEFAULT: number = 64 * 2 ** 20;
/** Room for the tables of jump targets, two bytes for each byte of code. */
export const TARGET_BYTES: number = 4 * 2 ** 20;
/** Codes that wait for the background at a time; hot ones beyond are asked for again later. */
export const PENDING_MAX = 32;
/** One run in so many that used generated code is run again in the interpreter. */
export const SAMPLE_EVERY_DEFAULT = 1024;
/** Frames after installation during which every run is. */
export const SAMPLE_FIRST_DEFAULT = 4;
/** Hashes whose generated code is not used any more; beyond, the oldest may be tried again. */
export const DISABLED_MAX = 4096;
/** Generated codes that are tried one by one for which of them made a difference. */
export const SUSPECTS_MAX = 16;
