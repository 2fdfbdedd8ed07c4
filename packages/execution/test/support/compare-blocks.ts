import assert from 'node:assert/strict';
import { type AccountChange, keccak256 } from '@basalt/evm';
import type { ExecutedBlock } from '../../src/executor/types.ts';
import type { StateView } from '../../src/state/types.ts';

/** Results, gas, and what the changes make of a state are the same. */
export function assertSameBlock(
  found: ExecutedBlock,
  expected: Omit<ExecutedBlock, 'statistics'>,
  state: StateView,
  name: string,
): void {
  assert.equal(found.results.length, expected.results.length, name);
  for (const [index, result] of expected.results.entries()) {
    assert.deepEqual(found.results[index], result, `${name}, transaction ${index}`);
  }
  assert.equal(found.gasUsed, expected.gasUsed, name);
  assert.equal(found.blobGasUsed, expected.blobGasUsed, name);
  const ours = netChanges(found.changes, state);
  const theirs = netChanges(expected.changes, state);
  assert.deepEqual([...ours.keys()], [...theirs.keys()], name);
  for (const [address, change] of theirs) {
    assert.deepEqual(ours.get(address), change, `${name}, account ${address}`);
  }
}

/**
 * By address in hex, in order; without what is as it was: a slot may be named that changed
 * back.
 */
function netChanges(
  changes: readonly AccountChange[],
  state: StateView,
): Map<string, Omit<AccountChange, 'code'>> {
  const net = new Map<string, Omit<AccountChange, 'code'>>();
  for (const change of changes) {
    const { address, account, code, storageCleared } = change;
    assert.ok(!net.has(toHex(address)), 'one entry an account');
    const below = state.readAccount(address);
    if (
      account !== undefined &&
      Buffer.compare(account.codeHash, below?.codeHash ?? NO_HASH) !== 0
    ) {
      const isEmpty = Buffer.compare(account.codeHash, EMPTY_HASH) === 0;
      assert.ok(isEmpty || code !== undefined, 'new code is told');
    }
    if (code !== undefined) assert.deepEqual(keccak256(code), account?.codeHash);
    const storage = change.storage
      .filter(({ slot, value }) => {
        const before = storageCleared ? NO_HASH : state.readStorage(address, slot);
        return Buffer.compare(before, value) !== 0;
      })
      .toSorted((one, other) => Buffer.compare(one.slot, other.slot));
    const isSame =
      !storageCleared &&
      storage.length === 0 &&
      account?.nonce === below?.nonce &&
      account?.balance === below?.balance &&
      Buffer.compare(account?.codeHash ?? NO_HASH, below?.codeHash ?? NO_HASH) === 0;
    if (!isSame) net.set(toHex(address), { address, account, storageCleared, storage });
  }
  return new Map([...net].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

const NO_HASH = new Uint8Array(32);
const EMPTY_HASH = keccak256(new Uint8Array(0));

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
