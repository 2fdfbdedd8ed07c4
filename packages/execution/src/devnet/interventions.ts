import { type Account, type AccountChange, EMPTY_CODE_HASH, keccak256 } from '@basalt/evm';
import type { Chain } from '../chain/types.ts';
import { ExecutionError } from '../errors.ts';
import type { StateView } from '../state/types.ts';

const NO_ACCOUNT: Account = { nonce: 0n, balance: 0n, codeHash: EMPTY_CODE_HASH };

/** What a developer changes in the state by hand, and keeps until a block carries it. */
export class Interventions {
  readonly #chain: Chain;
  /** Since the newest block, in order. */
  #pending: AccountChange[] = [];

  constructor(chain: Chain) {
    this.#chain = chain;
  }

  get pending(): readonly AccountChange[] {
    return [...this.#pending];
  }

  /** The chain forgot them, or a block carries them. */
  clear(): void {
    this.#pending = [];
  }

  /** Applies changes once more, after a rewind. */
  repeat(changes: readonly AccountChange[]): void {
    if (changes.length === 0) return;
    this.#chain.intervene(changes);
    this.#pending.push(...changes);
  }

  setAccount(address: Uint8Array, values: Partial<Pick<Account, 'nonce' | 'balance'>>): void {
    const state = this.#head();
    const account = { ...(state.readAccount(address) ?? NO_ACCOUNT), ...values };
    const isEmpty = account.nonce === 0n && account.balance === 0n && !hasCode(account);
    // An empty account does not exist (EIP-161), unless there is storage that only it can hold.
    const isGone = isEmpty && !state.hasStorage(address);
    this.#change({ address, account: isGone ? undefined : account });
  }

  setCode(address: Uint8Array, code: Uint8Array): void {
    const account = this.#head().readAccount(address) ?? NO_ACCOUNT;
    this.#change({ address, account: { ...account, codeHash: keccak256(code) }, code });
  }

  setStorageAt(address: Uint8Array, slot: Uint8Array, value: Uint8Array): void {
    const account = this.#head().readAccount(address) ?? NO_ACCOUNT;
    this.#change({ address, account, storage: [{ slot, value }] });
  }

  #change(change: Pick<AccountChange, 'address' | 'account'> & Partial<AccountChange>): void {
    this.repeat([{ storageCleared: false, storage: [], ...change }]);
  }

  #head(): StateView {
    const number = Number(this.#chain.head().header.number);
    const state = this.#chain.stateAt(number);
    if (state === undefined) {
      throw new ExecutionError('unknown-state', `the state of block ${number} is not there`);
    }
    return state;
  }
}

function hasCode({ codeHash }: Account): boolean {
  return codeHash.some((byte, at) => byte !== EMPTY_CODE_HASH[at]);
}
