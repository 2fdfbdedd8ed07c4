import type { ExceptionalHalt } from '../types.ts';

/** What geth calls the same failure; people and tools look for these words in traces. */
const WORDS: Readonly<Record<ExceptionalHalt, string>> = {
  revert: 'execution reverted',
  'out-of-gas': 'out of gas',
  'stack-underflow': 'stack underflow',
  'stack-overflow': 'stack limit reached 1024',
  'invalid-jump': 'invalid jump destination',
  'invalid-opcode': 'invalid opcode',
  'static-state-change': 'write protection',
  'return-data-out-of-bounds': 'return data out of bounds',
  'call-depth': 'max call depth exceeded',
  'insufficient-balance': 'insufficient balance for transfer',
  'create-collision': 'contract address collision',
  'nonce-overflow': 'nonce uint64 overflow',
  'code-size': 'max code size exceeded',
  'init-code-size': 'max initcode size exceeded',
  'invalid-code-prefix': 'invalid code: must not begin with 0xef',
  'precompile-failure': 'precompiled contract failed',
};

export function traceError(halt: ExceptionalHalt): string {
  return WORDS[halt];
}
