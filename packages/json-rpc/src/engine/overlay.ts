import {
  type Account,
  type AccountChange,
  EMPTY_CODE_HASH,
  keccak256,
  type StateReader,
} from '@basalt/evm';
import type { LayeredState, StateView } from '@basalt/execution';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';

/** keccak-256 of nothing: the code hash of an account without code. */
const NO_ACCOUNT: Account = { nonce: 0n, balance: 0n, codeHash: EMPTY_CODE_HASH };
const NO_CODE = new Uint8Array(0);
const ZERO_WORD = new Uint8Array(32);

interface Entry {
  readonly account: Account | undefined;
  /** Storage of the state below does not count any more. */
  readonly isCleared: boolean;
  readonly slots: Map<string, Uint8Array>;
}

/** A state with changes of its own on top of one that it never writes to. */
export class Overlay implements StateReader, LayeredState {
  readonly number: number;
  readonly #below: StateView;
  readonly #blockHash: (number: bigint) => Uint8Array;
  /** By address in hexadecimal; bounded by what one request may change. */
  readonly #entries = new Map<string, Entry>();
  readonly #codes = new Map<string, Uint8Array>();

  constructor(below: StateView, blockHash: (number: bigint) => Uint8Array) {
    this.number = below.number;
    this.#below = below;
    this.#blockHash = blockHash;
  }

  /** Everything pushed so far, one entry an account. */
  changes(): AccountChange[] {
    return [...this.#entries].map(([key, { account, isCleared, slots }]) => {
      const address = hexToBytes(key);
      if (account === undefined) return { address, account, storageCleared: true, storage: [] };
      const storage = [...slots].map(([slot, value]) => ({ slot: hexToBytes(slot), value }));
      const change = { address, account, storageCleared: isCleared, storage };
      const code = this.#codes.get(bytesToHex(account.codeHash));
      return code === undefined ? change : { ...change, code };
    });
  }

  readAccount(address: Uint8Array): Account | undefined {
    const entry = this.#entries.get(bytesToHex(address));
    return entry === undefined ? this.#below.readAccount(address) : entry.account;
  }

  readStorage(address: Uint8Array, slot: Uint8Array): Uint8Array {
    const entry = this.#entries.get(bytesToHex(address));
    if (entry === undefined) return this.#below.readStorage(address, slot);
    const value = entry.slots.get(bytesToHex(slot));
    if (value !== undefined) return value;
    return entry.isCleared ? ZERO_WORD : this.#below.readStorage(address, slot);
  }

  readCode(codeHash: Uint8Array): Uint8Array {
    return this.#codes.get(bytesToHex(codeHash)) ?? this.#below.readCode(codeHash);
  }

  hasStorage(address: Uint8Array): boolean {
    const entry = this.#entries.get(bytesToHex(address));
    if (entry === undefined) return this.#below.hasStorage(address);
    for (const value of entry.slots.values()) if (value.some((byte) => byte !== 0)) return true;
    return !entry.isCleared && this.#below.hasStorage(address);
  }

  blockHash(number: bigint): Uint8Array {
    return this.#blockHash(number);
  }

  /** Code of an account; empty where there is none. */
  codeOf(address: Uint8Array): Uint8Array {
    const account = this.readAccount(address);
    if (account === undefined || isEmptyCode(account.codeHash)) return NO_CODE;
    return this.readCode(account.codeHash);
  }

  push(changes: readonly AccountChange[]): void {
    for (const change of changes) {
      const key = bytesToHex(change.address);
      const before = this.#entries.get(key);
      const isGone = change.account === undefined || change.storageCleared;
      const slots = isGone ? new Map<string, Uint8Array>() : (before?.slots ?? new Map());
      for (const { slot, value } of change.storage) slots.set(bytesToHex(slot), value);
      const isCleared = isGone || (before?.isCleared ?? false);
      this.#entries.set(key, { account: change.account, isCleared, slots });
      if (change.code !== undefined) {
        this.#codes.set(bytesToHex(keccak256(change.code)), change.code);
      }
    }
  }

  /** Sets fields of an account, which comes to be where it was not. */
  override(
    address: Uint8Array,
    fields: {
      readonly nonce: bigint | undefined;
      readonly balance: bigint | undefined;
      readonly code: Uint8Array | undefined;
      readonly state: readonly (readonly [Uint8Array, Uint8Array])[] | undefined;
      readonly stateDiff: readonly (readonly [Uint8Array, Uint8Array])[] | undefined;
    },
  ): void {
    const { nonce, balance, code, state, stateDiff } = fields;
    const before = this.readAccount(address) ?? NO_ACCOUNT;
    const account: Account = {
      nonce: nonce ?? before.nonce,
      balance: balance ?? before.balance,
      codeHash: code === undefined ? before.codeHash : keccak256(code),
    };
    const storage = (state ?? stateDiff ?? []).map(([slot, value]) => ({ slot, value }));
    const base = { address, account, storageCleared: state !== undefined, storage };
    this.push([code === undefined ? base : { ...base, code }]);
  }
}

export function isEmptyCode(codeHash: Uint8Array): boolean {
  return codeHash.every((byte, index) => byte === EMPTY_CODE_HASH[index]);
}
