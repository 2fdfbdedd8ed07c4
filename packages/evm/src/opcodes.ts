/**
 * One row per opcode: when it came, what it takes from the stack and leaves there, and the part of
 * its gas that depends on nothing but the fork. What depends on operands (words copied, cold
 * accounts, value sent) is charged by the kernel with the figures of `forks.ts`.
 *
 * Where an access list decides the price (EIP-2929), the row holds the warm price and the kernel
 * adds the difference to the cold one.
 */
import { FORKS, type Fork } from './types.ts';

export interface OpcodeRow {
  readonly code: number;
  readonly name: string;
  /** Items taken from the stack; for DUP and SWAP the depth that must be there. */
  readonly pops: number;
  readonly pushes: number;
  readonly since: Fork;
  /** Static gas by the fork it begins with, in order of activation. */
  readonly gas: readonly (readonly [Fork, number])[];
}

type GasSteps = Partial<Record<Fork, number>>;

/** Every opcode up to Osaka, in order of its byte. */
export const OPCODES: readonly OpcodeRow[] = [
  row(0x00, 'STOP', 0, 0, 0),
  row(0x01, 'ADD', 2, 1, 3),
  row(0x02, 'MUL', 2, 1, 5),
  row(0x03, 'SUB', 2, 1, 3),
  row(0x04, 'DIV', 2, 1, 5),
  row(0x05, 'SDIV', 2, 1, 5),
  row(0x06, 'MOD', 2, 1, 5),
  row(0x07, 'SMOD', 2, 1, 5),
  row(0x08, 'ADDMOD', 3, 1, 8),
  row(0x09, 'MULMOD', 3, 1, 8),
  row(0x0a, 'EXP', 2, 1, 10),
  row(0x0b, 'SIGNEXTEND', 2, 1, 5),
  row(0x10, 'LT', 2, 1, 3),
  row(0x11, 'GT', 2, 1, 3),
  row(0x12, 'SLT', 2, 1, 3),
  row(0x13, 'SGT', 2, 1, 3),
  row(0x14, 'EQ', 2, 1, 3),
  row(0x15, 'ISZERO', 1, 1, 3),
  row(0x16, 'AND', 2, 1, 3),
  row(0x17, 'OR', 2, 1, 3),
  row(0x18, 'XOR', 2, 1, 3),
  row(0x19, 'NOT', 1, 1, 3),
  row(0x1a, 'BYTE', 2, 1, 3),
  row(0x1b, 'SHL', 2, 1, { constantinople: 3 }),
  row(0x1c, 'SHR', 2, 1, { constantinople: 3 }),
  row(0x1d, 'SAR', 2, 1, { constantinople: 3 }),
  row(0x1e, 'CLZ', 1, 1, { osaka: 5 }),
  row(0x20, 'KECCAK256', 2, 1, 30),
  row(0x30, 'ADDRESS', 0, 1, 2),
  row(0x31, 'BALANCE', 1, 1, { frontier: 20, tangerineWhistle: 400, istanbul: 700, berlin: 100 }),
  row(0x32, 'ORIGIN', 0, 1, 2),
  row(0x33, 'CALLER', 0, 1, 2),
  row(0x34, 'CALLVALUE', 0, 1, 2),
  row(0x35, 'CALLDATALOAD', 1, 1, 3),
  row(0x36, 'CALLDATASIZE', 0, 1, 2),
  row(0x37, 'CALLDATACOPY', 3, 0, 3),
  row(0x38, 'CODESIZE', 0, 1, 2),
  row(0x39, 'CODECOPY', 3, 0, 3),
  row(0x3a, 'GASPRICE', 0, 1, 2),
  row(0x3b, 'EXTCODESIZE', 1, 1, { frontier: 20, tangerineWhistle: 700, berlin: 100 }),
  row(0x3c, 'EXTCODECOPY', 4, 0, { frontier: 20, tangerineWhistle: 700, berlin: 100 }),
  row(0x3d, 'RETURNDATASIZE', 0, 1, { byzantium: 2 }),
  row(0x3e, 'RETURNDATACOPY', 3, 0, { byzantium: 3 }),
  row(0x3f, 'EXTCODEHASH', 1, 1, { constantinople: 400, istanbul: 700, berlin: 100 }),
  row(0x40, 'BLOCKHASH', 1, 1, 20),
  row(0x41, 'COINBASE', 0, 1, 2),
  row(0x42, 'TIMESTAMP', 0, 1, 2),
  row(0x43, 'NUMBER', 0, 1, 2),
  row(0x44, 'PREVRANDAO', 0, 1, 2),
  row(0x45, 'GASLIMIT', 0, 1, 2),
  row(0x46, 'CHAINID', 0, 1, { istanbul: 2 }),
  row(0x47, 'SELFBALANCE', 0, 1, { istanbul: 5 }),
  row(0x48, 'BASEFEE', 0, 1, { london: 2 }),
  row(0x49, 'BLOBHASH', 1, 1, { cancun: 3 }),
  row(0x4a, 'BLOBBASEFEE', 0, 1, { cancun: 2 }),
  row(0x50, 'POP', 1, 0, 2),
  row(0x51, 'MLOAD', 1, 1, 3),
  row(0x52, 'MSTORE', 2, 0, 3),
  row(0x53, 'MSTORE8', 2, 0, 3),
  row(0x54, 'SLOAD', 1, 1, { frontier: 50, tangerineWhistle: 200, istanbul: 800, berlin: 100 }),
  row(0x55, 'SSTORE', 2, 0, 0),
  row(0x56, 'JUMP', 1, 0, 8),
  row(0x57, 'JUMPI', 2, 0, 10),
  row(0x58, 'PC', 0, 1, 2),
  row(0x59, 'MSIZE', 0, 1, 2),
  row(0x5a, 'GAS', 0, 1, 2),
  row(0x5b, 'JUMPDEST', 0, 0, 1),
  row(0x5c, 'TLOAD', 1, 1, { cancun: 100 }),
  row(0x5d, 'TSTORE', 2, 0, { cancun: 100 }),
  row(0x5e, 'MCOPY', 3, 0, { cancun: 3 }),
  row(0x5f, 'PUSH0', 0, 1, { shanghai: 2 }),
  ...family(0x60, 32, (n) => [`PUSH${n}`, 0, 1, 3]),
  ...family(0x80, 16, (n) => [`DUP${n}`, n, n + 1, 3]),
  ...family(0x90, 16, (n) => [`SWAP${n}`, n + 1, n + 1, 3]),
  ...family(0xa0, 5, (n) => [`LOG${n - 1}`, n + 1, 0, 375 * n]),
  row(0xf0, 'CREATE', 3, 1, 32_000),
  row(0xf1, 'CALL', 7, 1, { frontier: 40, tangerineWhistle: 700, berlin: 100 }),
  row(0xf2, 'CALLCODE', 7, 1, { frontier: 40, tangerineWhistle: 700, berlin: 100 }),
  row(0xf3, 'RETURN', 2, 0, 0),
  row(0xf4, 'DELEGATECALL', 6, 1, { homestead: 40, tangerineWhistle: 700, berlin: 100 }),
  row(0xf5, 'CREATE2', 4, 1, { constantinople: 32_000 }),
  row(0xfa, 'STATICCALL', 6, 1, { byzantium: 700, berlin: 100 }),
  row(0xfd, 'REVERT', 2, 0, { byzantium: 0 }),
  row(0xff, 'SELFDESTRUCT', 1, 0, { frontier: 0, tangerineWhistle: 5_000 }),
];

const ROW_BY_CODE: ReadonlyMap<number, OpcodeRow> = new Map(
  OPCODES.map((each) => [each.code, each]),
);

/** True when `fork` is `other` or comes after it. */
export function isAtLeast(fork: Fork, other: Fork): boolean {
  return FORKS.indexOf(fork) >= FORKS.indexOf(other);
}

/** The row of an opcode that exists in a fork; undefined for an undefined byte. */
export function findOpcode(fork: Fork, code: number): OpcodeRow | undefined {
  const found = ROW_BY_CODE.get(code);
  return found !== undefined && isAtLeast(fork, found.since) ? found : undefined;
}

/** Static gas of an opcode in a fork. */
export function staticGas(fork: Fork, opcode: OpcodeRow): number {
  let gas = 0;
  for (const [since, price] of opcode.gas) if (isAtLeast(fork, since)) gas = price;
  return gas;
}

/** Name of the opcode as traces show it; PREVRANDAO was DIFFICULTY before Paris. */
export function opcodeName(fork: Fork, code: number): string {
  if (code === 0x44 && !isAtLeast(fork, 'paris')) return 'DIFFICULTY';
  return findOpcode(fork, code)?.name ?? `INVALID(0x${code.toString(16).padStart(2, '0')})`;
}

function row(
  code: number,
  name: string,
  pops: number,
  pushes: number,
  gas: number | GasSteps,
): OpcodeRow {
  const steps = typeof gas === 'number' ? { frontier: gas } : gas;
  const list: (readonly [Fork, number])[] = FORKS.flatMap((fork) => {
    const price = steps[fork];
    return price === undefined ? [] : [[fork, price] as const];
  });
  return { code, name, pops, pushes, since: list[0]?.[0] ?? 'frontier', gas: list };
}

/** Rows of consecutive bytes that differ in a count, from 1. */
function family(
  first: number,
  length: number,
  describe: (n: number) => readonly [string, number, number, number],
): OpcodeRow[] {
  return Array.from({ length }, (_, index) => row(first + index, ...describe(index + 1)));
}
