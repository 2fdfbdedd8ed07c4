/** Seeded faults of the multi-version memory: mutants.ts says how they are switched on. */
import type { Mutant } from './mutants.ts';

export const PARALLEL_MUTANTS: readonly Mutant[] = [
  {
    name: 'balances: deltas are ignored',
    file: 'versions.ts',
    original: 'addWords(out, out, entry + ENTRY_VALUE);',
    fault:
      'if (!(load<u32>(entry, ENTRY_FLAGS) & ENTRY_IS_DELTA)) addWords(out, out, entry + ENTRY_VALUE);',
    kind: 'statement',
  },
  {
    name: 'balances: only the nearest version counts',
    file: 'versions.ts',
    original: 'if (!(load<u32>(entry, ENTRY_FLAGS) & ENTRY_IS_DELTA)) return true;',
    fault: 'return true;',
    kind: 'statement',
  },
  {
    name: 'estimates are read as values',
    file: 'versions.ts',
    original: 'if (!(atomic.load<u32>(entry, ENTRY_FLAGS) & ENTRY_IS_ESTIMATE)) return false;',
    fault: 'return false;',
    kind: 'statement',
  },
  {
    name: 'existence: an account that only has a balance does not exist',
    file: 'versions.ts',
    original: 'if (!isZeroWord(room)) return ANSWER_YES;',
    fault: '',
    kind: 'statement',
  },
  {
    name: 'storage: what was written before a destruction still counts',
    file: 'versions.ts',
    original: 'load<u32>(entry, ENTRY_FLAGS) & ENTRY_IS_CLEARED',
    fault: '0',
    kind: 'expression',
  },
  {
    name: 'versions: what only an earlier incarnation wrote stays',
    file: 'records.ts',
    original:
      'removeOlder(<usize>load<u32>(old), <usize>load<u32>(old, 4), transaction, incarnation);',
    fault: '',
    kind: 'statement',
  },
  {
    name: 'versions: a new location is not told',
    file: 'records.ts',
    original: 'if (!insertEntry(cell, list, entry)) isWider = true;',
    fault: 'insertEntry(cell, list, entry);',
    kind: 'statement',
  },
  {
    name: 'validation: always true',
    file: 'records.ts',
    original: '!isReadSame(cell, load<u32>(read, 4), index, read + 8)',
    fault: 'false',
    kind: 'expression',
  },
  {
    name: 'read set: slots are left out',
    file: 'uses.ts',
    original: 'copyWord(noteRead(READ_SLOT, cell), slot + SLOT_BELOW);',
    fault: '',
    kind: 'statement',
  },
  {
    name: 'read set: balances are left out',
    file: 'uses.ts',
    original: 'copyWord(noteRead(READ_BALANCE, cell), below);',
    fault: '',
    kind: 'statement',
  },
  {
    name: 'read set: nonces are left out',
    file: 'uses.ts',
    original: 'setWord(noteRead(READ_NONCE, cell), nonceFound);',
    fault: '',
    kind: 'statement',
  },
  {
    name: 'read set: codes are left out',
    file: 'uses.ts',
    original: 'copyWord(noteRead(READ_CODE, cell), account + ACCOUNT_BELOW_CODE_HASH);',
    fault: '',
    kind: 'statement',
  },
  {
    name: 'read set: whether an account exists is left out',
    file: 'uses.ts',
    original: 'setWord(noteRead(READ_EXISTENCE, cell), u64(answer));',
    fault: '',
    kind: 'statement',
  },
  {
    name: 'read set: whether an account is empty is left out',
    file: 'uses.ts',
    original: 'setWord(noteRead(READ_EMPTINESS, cell), u64(answer));',
    fault: '',
    kind: 'statement',
  },
  {
    name: 'end: touched empty accounts stay',
    file: 'publish.ts',
    original: '(isTouched && rules.clearsEmptyAccounts != 0 && isEmptyAccount(account))',
    fault: 'false',
    kind: 'expression',
  },
  {
    name: 'commit: slots of a destroyed account keep their base value',
    file: 'coordinate.ts',
    original: 'if (isCleared) store<u32>(account, epoch + 1, CELL_EPOCH);',
    fault: '',
    kind: 'statement',
  },
];
