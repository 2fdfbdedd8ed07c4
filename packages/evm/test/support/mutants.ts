/**
 * Seeded faults of the kernel, all in one build: each is switched on by its number in a word of
 * memory that the kernel does not use (static data begins at 1024), so that ten faults cost one
 * compilation. A fault whose original text is gone from the source fails the test that builds it.
 */
import assert from 'node:assert/strict';
import { compileKernel } from '../../assembly/compile.mjs';
import { createEvm } from '../../src/create-evm.ts';
import type { Evm } from '../../src/evm.ts';
import type { Fork } from '../../src/types.ts';

export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly original: string;
  /** What stands in its place when the fault is on; `original` otherwise. */
  readonly fault: string;
  /** A statement is wrapped in `if`, an expression in `? :`. */
  readonly kind: 'expression' | 'statement';
}

/** Where the number of the fault stands that is on. */
export const SWITCH_AT = 16;

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'gas: memory grows for less',
    file: 'memory.ts',
    original: '((words * words) >> 9)',
    fault: '((words * words) >> 10)',
    kind: 'expression',
  },
  {
    name: 'gas: a call hands on all of it instead of all but a 64th',
    file: 'call.ts',
    original: 'gas - (gas >> 6)',
    fault: 'gas',
    kind: 'expression',
  },
  {
    name: 'signedness: SAR fills with zeros',
    file: 'shift.ts',
    original: 'isNegative(value) ? u64.MAX_VALUE : 0',
    fault: 'u64(0)',
    kind: 'expression',
  },
  {
    name: 'signedness: SLT compares the top limbs unsigned',
    file: 'words.ts',
    original: 'if (a3 != b3) return a3 < b3;\n  return isLess(a, b);',
    fault: 'return isLess(a, b);',
    kind: 'statement',
  },
  {
    name: 'arithmetic: a carry that comes from a carry is lost',
    file: 'words.ts',
    original: 'u64(t1 < a1) | u64(r1 < t1)',
    fault: 'u64(t1 < a1)',
    kind: 'expression',
  },
  {
    name: 'memory: new memory holds what an earlier frame left',
    file: 'memory.ts',
    original: 'memory.fill(memoryStart + size, 0, newSize - size);',
    fault: '',
    kind: 'statement',
  },
  {
    name: 'revert: a balance is not put back',
    file: 'journal.ts',
    original: 'memory.copy(record + ACCOUNT_BALANCE, old, 32);',
    fault: '',
    kind: 'statement',
  },
  {
    name: 'revert: storage is not put back',
    file: 'journal.ts',
    original: 'memory.copy(record + SLOT_VALUE, old, 32);',
    fault: '',
    kind: 'statement',
  },
  {
    name: 'warm and cold: a slot stays warm after its frame failed',
    file: 'journal.ts',
    original: 'store<u32>(record, load<u32>(record, SLOT_FLAGS) & ~SLOT_IS_WARM, SLOT_FLAGS);',
    fault: '',
    kind: 'statement',
  },
  {
    name: 'warm and cold: BALANCE does not pay for a cold account',
    file: 'state-ops.ts',
    original:
      'if (rules.coldAccountExtra != 0 && warmAccount(account)) left -= rules.coldAccountExtra;',
    fault: 'warmAccount(account);',
    kind: 'statement',
  },
  {
    name: 'refund: setting a cleared slot again takes nothing back',
    file: 'state-ops.ts',
    original: 'refund -= rules.storageClearRefund',
    fault: 'refund -= 0',
    kind: 'expression',
  },
  {
    name: 'return data: reading past its end is let through',
    file: 'memory.ts',
    original: 'if (end < offset || end > u64(returnLength)) return -HALT_RETURN_DATA;',
    fault: '',
    kind: 'statement',
  },
];

/** Compiles the kernel with all faults in it, all off. */
export async function compileMutants(
  mutants: readonly Mutant[] = MUTANTS,
): Promise<WebAssembly.Module> {
  const used = new Set<Mutant>();
  const edit = (name: string, text: string): string => {
    let edited = text;
    for (const [index, mutant] of mutants.entries()) {
      if (!name.endsWith(mutant.file) || !edited.includes(mutant.original)) continue;
      edited = edited.replace(mutant.original, () => switched(mutant, index + 1));
      used.add(mutant);
    }
    return edited;
  };
  const binary = await compileKernel({ isShared: true, edit });
  const missing = mutants.filter((mutant) => !used.has(mutant)).map(({ name }) => name);
  assert.deepEqual(missing, [], 'the source no longer holds the text of these faults');
  return new WebAssembly.Module(binary);
}

/** An engine with one fault on; 0 for none. */
export async function createMutant(
  module: WebAssembly.Module,
  fork: Fork,
  number: number,
): Promise<Evm> {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536, shared: true });
  const evm = await createEvm({ fork, sharedMemory: memory, kernelModule: module });
  new DataView(memory.buffer).setUint32(SWITCH_AT, number, true);
  return evm;
}

function switched({ original, fault, kind }: Mutant, number: number): string {
  const isOn = `load<u32>(${SWITCH_AT}) == ${number}`;
  if (kind === 'expression') return `(${isOn} ? (${fault}) : (${original}))`;
  return `if (${isOn}) { ${fault} } else { ${original} }`;
}
