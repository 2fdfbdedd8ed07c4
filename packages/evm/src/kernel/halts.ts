import type { ExceptionalHalt } from '../types.ts';

/** By the HALT_* numbers of assembly/kernel/layout.ts; undefined for STOP, RETURN, SELFDESTRUCT. */
const HALTS: readonly (ExceptionalHalt | undefined)[] = [
  undefined,
  undefined,
  undefined,
  undefined,
  'revert',
  'out-of-gas',
  'stack-underflow',
  'stack-overflow',
  'invalid-jump',
  'invalid-opcode',
  'static-state-change',
  'return-data-out-of-bounds',
  'create-collision',
  'code-size',
  'init-code-size',
  'invalid-code-prefix',
  'precompile-failure',
  'call-depth',
  'insufficient-balance',
  'nonce-overflow',
];

/** What a number of the kernel says about how a frame ended; undefined: it succeeded. */
export function haltOf(number: number): ExceptionalHalt | undefined {
  return HALTS[number];
}
