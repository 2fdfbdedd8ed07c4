/** The part of WebAssembly that the generator writes (core specification 3.0, section 5.4). */

export const I32 = 0x7f;
export const I64 = 0x7e;
export const V128 = 0x7b;
export const FUNCREF = 0x70;
export const NO_RESULT = 0x40;

export const NOP = 0x01;
export const IF = 0x04;
export const ELSE = 0x05;
export const END = 0x0b;
export const RETURN = 0x0f;
export const CALL = 0x10;
export const RETURN_CALL = 0x12;
export const RETURN_CALL_INDIRECT = 0x13;
export const LOCAL_GET = 0x20;
export const LOCAL_SET = 0x21;
export const LOCAL_TEE = 0x22;
export const GLOBAL_GET = 0x23;
export const DROP = 0x1a;

export const I32_LOAD = 0x28;
export const I64_LOAD = 0x29;
export const I32_LOAD16_U = 0x2f;
export const I64_LOAD32_U = 0x35;
export const I32_STORE = 0x36;
export const I64_STORE = 0x37;
export const I64_STORE8 = 0x3c;

export const I32_CONST = 0x41;
export const I64_CONST = 0x42;
export const I32_LT_U = 0x49;
export const I32_GT_U = 0x4b;
export const I64_EQZ = 0x50;
export const I64_EQ = 0x51;
export const I64_NE = 0x52;
export const I64_LT_S = 0x53;
export const I64_LT_U = 0x54;
export const I64_GT_U = 0x56;
export const I64_GE_U = 0x5a;
export const I32_ADD = 0x6a;
export const I32_SUB = 0x6b;
export const I32_OR = 0x72;
export const I32_SHL = 0x74;
export const I64_ADD = 0x7c;
export const I64_SUB = 0x7d;
export const I64_MUL = 0x7e;
export const I64_AND = 0x83;
export const I64_OR = 0x84;
export const I64_XOR = 0x85;
export const I64_SHL = 0x86;
export const I64_SHR_S = 0x87;
export const I64_SHR_U = 0x88;
export const I32_WRAP_I64 = 0xa7;
export const I64_EXTEND_I32_U = 0xad;

export const SIMD = 0xfd;
export const V128_LOAD = 0x00;
export const V128_STORE = 0x0b;
export const I8X16_SHUFFLE = 0x0d;
export const I64X2_SPLAT = 0x12;
export const I64X2_EXTRACT_LANE = 0x1d;
export const I64X2_REPLACE_LANE = 0x1e;
