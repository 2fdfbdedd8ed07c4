import { type Account, type AccountChange, EMPTY_CODE_HASH, keccak256 } from '@basalt/evm';
import type { StateView } from '../state/types.ts';

const NO_ACCOUNT: Account = { nonce: 0n, balance: 0n, codeHash: EMPTY_CODE_HASH };

/** What a developer changes in the state by hand, worked out from what is there then. */
export type Intervention = (head: StateView) => readonly AccountChange[];

export function withAccount(
  address: Uint8Array,
  values: Partial<Pick<Account, 'nonce' | 'balance'>>,
): Intervention {
  return (head) => {
    const account = { ...(head.readAccount(address) ?? NO_ACCOUNT), ...values };
    const isEmpty = account.nonce === 0n && account.balance === 0n && !hasCode(account);
    // An empty account does not exist (EIP-161), unless there is storage that only it can hold.
    const isGone = isEmpty && !head.hasStorage(address);
    return [change({ address, account: isGone ? undefined : account })];
  };
}

export function withCode(address: Uint8Array, code: Uint8Array): Intervention {
  return (head) => {
    const account = head.readAccount(address) ?? NO_ACCOUNT;
    return [change({ address, account: { ...account, codeHash: keccak256(code) }, code })];
  };
}

export function withStorage(
  address: Uint8Array,
  slot: Uint8Array,
  value: Uint8Array,
): Intervention {
  return (head) => {
    const account = head.readAccount(address) ?? NO_ACCOUNT;
    return [change({ address, account, storage: [{ slot, value }] })];
  };
}

function change(
  made: Pick<AccountChange, 'address' | 'account'> & Partial<AccountChange>,
): AccountChange {
  return { storageCleared: false, storage: [], ...made };
}

function hasCode({ codeHash }: Account): boolean {
  return codeHash.some((byte, at) => byte !== EMPTY_CODE_HASH[at]);
}
