import type { AccountChange, ExceptionalHalt, Log } from '../types.ts';
import type { RunOutcome } from './types.ts';

/**
 * True when two runs left the same: end, gas, refund, output, logs and changes. Which exceptional
 * halt took all gas does not count: a block fails as a whole, and the tiers cut blocks differently.
 */
export function isSameOutcome(a: RunOutcome, b: RunOutcome): boolean {
  return (
    endOf(a.result.halt) === endOf(b.result.halt) &&
    a.result.gasLeft === b.result.gasLeft &&
    a.result.gasRefund === b.result.gasRefund &&
    isSame(a.result.output, b.result.output) &&
    isSame(a.result.created, b.result.created) &&
    isSameList(a.logs, b.logs, isSameLog) &&
    isSameList(sorted(a.changes), sorted(b.changes), isSameChange)
  );
}

function endOf(halt: ExceptionalHalt | undefined): string {
  return halt === undefined || halt === 'revert' ? String(halt) : 'exception';
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function isSameList<T>(
  a: readonly T[],
  b: readonly T[],
  isEqual: (a: T, b: T) => boolean,
): boolean {
  return a.length === b.length && a.every((each, index) => isEqual(each, b[index] as T));
}

function isSameLog(a: Log, b: Log): boolean {
  return (
    isSame(a.address, b.address) && isSameList(a.topics, b.topics, isSame) && isSame(a.data, b.data)
  );
}

/** Changes of an account with its slots in order. */
function sorted(changes: readonly AccountChange[]): AccountChange[] {
  return changes
    .map((change) => ({
      ...change,
      storage: change.storage.toSorted((a, b) => compareBytes(a.slot, b.slot)),
    }))
    .sort((a, b) => compareBytes(a.address, b.address));
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (const [index, byte] of a.entries()) {
    const difference = byte - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function isSameChange(a: AccountChange, b: AccountChange): boolean {
  return (
    isSame(a.address, b.address) &&
    a.storageCleared === b.storageCleared &&
    a.account?.nonce === b.account?.nonce &&
    a.account?.balance === b.account?.balance &&
    isSame(a.account?.codeHash, b.account?.codeHash) &&
    isSame(a.code, b.code) &&
    isSameList(a.storage, b.storage, (x, y) => isSame(x.slot, y.slot) && isSame(x.value, y.value))
  );
}
