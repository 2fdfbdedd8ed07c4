/**
 * What generated code imports: functions of the kernel (assembly/kernel/native.ts), in the order of
 * their numbers. Most carry out one opcode on operands in stack memory.
 */

/** Numbers of the function types. */
export const TYPE_BLOCK = 0;
export const TYPE_OPCODE = 1;
export const TYPE_SSTORE = 2;
export const TYPE_LEAVE = 3;
export const TYPE_TOUCH = 4;
export const TYPE_LENGTH = 5;
export const TYPE_MULTIPLY = 6;

export const IMPORT_LEAVE = 0;
export const IMPORT_TOUCH = 1;
export const IMPORT_RETURN_LENGTH = 2;
export const IMPORT_SSTORE = 3;
export const IMPORT_RESULT = 4;
const FIRST_OPCODE = 5;

/** An opcode that a function of the kernel carries out: frame, gas, stack pointer; gas back. */
export interface RuntimeOpcode {
  readonly code: number;
  readonly name: string;
  readonly import: number;
  /** Gas changes, and a negative result ends the frame. */
  readonly charges: boolean;
  /** EVM memory may grow. */
  readonly grows: boolean;
}

const PURE = { charges: false, grows: false };
const CHARGES = { charges: true, grows: false };
const GROWS = { charges: true, grows: true };

const ROWS: readonly (readonly [number, string, { charges: boolean; grows: boolean }])[] = [
  [0x04, 'nativeDiv', PURE],
  [0x05, 'nativeSdiv', PURE],
  [0x06, 'nativeMod', PURE],
  [0x07, 'nativeSmod', PURE],
  [0x08, 'nativeAddmod', PURE],
  [0x09, 'nativeMulmod', PURE],
  [0x0a, 'nativeExp', CHARGES],
  [0x0b, 'nativeSignextend', PURE],
  [0x1a, 'nativeByte', PURE],
  [0x1b, 'nativeShl', PURE],
  [0x1c, 'nativeShr', PURE],
  [0x1d, 'nativeSar', PURE],
  [0x1e, 'nativeClz', PURE],
  [0x20, 'nativeKeccak256', GROWS],
  [0x31, 'nativeBalance', CHARGES],
  [0x35, 'nativeCalldataload', PURE],
  [0x37, 'nativeCalldatacopy', GROWS],
  [0x39, 'nativeCodecopy', GROWS],
  [0x3b, 'nativeExtcodesize', CHARGES],
  [0x3c, 'nativeExtcodecopy', GROWS],
  [0x3e, 'nativeReturndatacopy', GROWS],
  [0x3f, 'nativeExtcodehash', CHARGES],
  [0x40, 'nativeBlockhash', PURE],
  [0x47, 'nativeSelfbalance', PURE],
  [0x49, 'nativeBlobhash', PURE],
  [0x54, 'nativeSload', CHARGES],
  [0x5c, 'nativeTload', PURE],
  [0x5d, 'nativeTstore', CHARGES],
  [0x5e, 'nativeMcopy', GROWS],
  [0xa0, 'nativeLog0', GROWS],
  [0xa1, 'nativeLog1', GROWS],
  [0xa2, 'nativeLog2', GROWS],
  [0xa3, 'nativeLog3', GROWS],
  [0xa4, 'nativeLog4', GROWS],
  [0xff, 'nativeSelfdestruct', CHARGES],
];

export const RUNTIME_OPCODES: readonly RuntimeOpcode[] = ROWS.map(([code, name, rest], index) => ({
  code,
  name,
  import: FIRST_OPCODE + index,
  ...rest,
}));

/** Name and type of every imported function. */
export const IMPORTS: readonly (readonly [string, number])[] = [
  ['nativeLeave', TYPE_LEAVE],
  ['nativeTouch', TYPE_TOUCH],
  ['outputLength', TYPE_LENGTH],
  ['nativeSstore', TYPE_SSTORE],
  ['nativeResult', TYPE_OPCODE],
  ...RUNTIME_OPCODES.map(({ name }): [string, number] => [name, TYPE_OPCODE]),
];

/** By opcode byte. */
export const RUNTIME_BY_OPCODE: readonly (RuntimeOpcode | undefined)[] = Array.from(
  { length: 256 },
  (_, code) => RUNTIME_OPCODES.find((each) => each.code === code),
);

// Functions of the module itself, before those of the blocks.
/** Entered by the kernel: goes to the function whose number stands in the frame. */
export const FUNCTION_ENTER: number = IMPORTS.length;
/** Where jumps to no JUMPDEST end. */
export const FUNCTION_INVALID: number = IMPORTS.length + 1;
/** 256-bit product of eight limbs, as four. */
export const FUNCTION_MULTIPLY: number = IMPORTS.length + 2;
/** Block functions by slot of the table: slot 0 is {@link FUNCTION_INVALID}. */
export function functionOf(slot: number): number {
  return IMPORTS.length + 2 + slot;
}
/** Slot of the function at code offset 0. */
export const SLOT_START = 1;

export const GLOBAL_TARGETS = 0;
export const GLOBAL_ENVIRONMENT = 1;
