/** Writes a fork into the kernel: its rules and its table of opcodes. */
import type { ForkRules } from '../forks.ts';
import { findOpcode, OPCODES, staticGas } from '../opcodes.ts';
import type { KernelInstance } from './instance.ts';

const OPCODE_ROW_BYTES = 8;

/** How translation treats an opcode; the numbers are those of assembly/kernel/decode.ts. */
const KIND_PLAIN = 1;
const KIND_CUT = 2;
const KIND_END = 3;

/** Opcodes behind which a basic block ends, though control may come back there. */
const CUTS: ReadonlySet<string> = new Set([
  'JUMPI',
  'CREATE',
  'CALL',
  'CALLCODE',
  'DELEGATECALL',
  'CREATE2',
  'STATICCALL',
]);
const ENDS: ReadonlySet<string> = new Set(['STOP', 'JUMP', 'RETURN', 'REVERT', 'SELFDESTRUCT']);

/** @param precompiles numbers of the addresses that the engine has a precompile for */
export function configure(
  kernel: KernelInstance,
  rules: ForkRules,
  precompiles: readonly number[],
): void {
  ruleValues(rules, precompiles).forEach((value, index) => {
    kernel.exports.setRule(index, BigInt(value));
  });
  const table = kernel.exports.opcodeTableAt();
  kernel.bytes.fill(0, table, table + 256 * OPCODE_ROW_BYTES);
  for (const { code } of OPCODES) {
    const opcode = findOpcode(rules.fork, code);
    if (opcode === undefined) continue;
    const row = table + code * OPCODE_ROW_BYTES;
    kernel.view.setUint32(row, staticGas(rules.fork, opcode), true);
    kernel.view.setUint8(row + 4, opcode.pops);
    kernel.view.setUint8(row + 5, opcode.pushes);
    kernel.view.setUint8(row + 6, kindOf(opcode.name));
  }
  kernel.exports.completeOpcodes();
}

function kindOf(name: string): number {
  if (CUTS.has(name)) return KIND_CUT;
  return ENDS.has(name) ? KIND_END : KIND_PLAIN;
}

/** In the order of `setRule` in assembly/kernel/rules.ts. */
function ruleValues(rules: ForkRules, precompiles: readonly number[]): (number | bigint)[] {
  return [
    rules.coldAccountExtra,
    rules.coldAccountGas,
    rules.warmAccessGas,
    rules.coldSlotExtra,
    rules.coldSlotGas,
    Number(rules.storage.rule === 'net'),
    rules.storage.sentry,
    rules.storage.dirty,
    rules.storage.set,
    rules.storage.reset,
    rules.storage.clearRefund,
    rules.expByteGas,
    Number(rules.hasAllButOne64th),
    rules.selfDestructRefund,
    rules.selfDestructNewAccountGas,
    Number(rules.selfDestructOnlyNew),
    rules.initCodeWordGas,
    rules.codeSizeMax,
    rules.initCodeSizeMax,
    Number(rules.failsOnCodeDeposit),
    rules.newContractNonce,
    Number(rules.refusesCodePrefix),
    Number(rules.clearsEmptyAccounts),
    Number(rules.hasDelegation),
    precompiles.reduce((bits, id) => bits | (1n << BigInt(id === 0x100 ? 32 : id)), 0n),
  ];
}
