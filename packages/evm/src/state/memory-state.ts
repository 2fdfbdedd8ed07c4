import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import type { Account, AccountChange, StateReader } from '../types.ts';

/** keccak256 of nothing: the code hash of an account without code. */
export const EMPTY_CODE_HASH: Uint8Array = keccak_256(new Uint8Array(0));

const NO_CODE = new Uint8Array(0);
const ZERO_WORD = new Uint8Array(32);
const NO_CODE_KEY = bytesToHex(EMPTY_CODE_HASH);

/** An account with all that belongs to it. */
export interface AccountDump {
  /** 20 bytes. */
  readonly address: Uint8Array;
  readonly account: Account;
  readonly code: Uint8Array;
  /** Slots that are not zero, 32 bytes each. */
  readonly storage: readonly { readonly slot: Uint8Array; readonly value: Uint8Array }[];
}

/** Everything in maps in memory. Not for more accounts than fit there. */
export interface MemoryState extends StateReader {
  setAccount(address: Uint8Array, account: { nonce?: bigint; balance?: bigint }): void;
  /** Gives an account its code; makes the account where it does not exist. */
  setCode(address: Uint8Array, code: Uint8Array): void;
  /** A zero value removes the slot; makes the account where it does not exist. */
  setStorage(address: Uint8Array, slot: Uint8Array, value: Uint8Array): void;
  setBlockHash(number: bigint, hash: Uint8Array): void;
  /** Takes over what a call or transaction changed. */
  apply(changes: readonly AccountChange[]): void;
  /** Marks this moment; `revert` returns to it. Marks nest. */
  snapshot(): number;
  /** Undoes all changes since the mark and forgets it and the marks after it. */
  revert(snapshot: number): void;
  /** All accounts, in order of address. */
  dump(): AccountDump[];
}

interface Entry {
  readonly account: Account;
  /** Non-zero values by slot in hex. */
  readonly storage: Map<string, Uint8Array>;
}

/** A state that begins with the given accounts, empty unless said. */
export function createMemoryState(accounts: readonly AccountDump[] = []): MemoryState {
  return new Maps(accounts);
}

class Maps implements MemoryState {
  readonly #entries = new Map<string, Entry>();
  /** Codes stay once known: their hash names them. */
  readonly #codes = new Map<string, Uint8Array>();
  readonly #blockHashes = new Map<bigint, Uint8Array>();
  /** What undoes each change, oldest first; filled only while a mark exists. */
  readonly #undo: (() => void)[] = [];
  readonly #marks: number[] = [];

  constructor(accounts: readonly AccountDump[]) {
    for (const { address, account, code, storage } of accounts) {
      this.setAccount(address, account);
      if (code.length > 0) this.setCode(address, code);
      for (const { slot, value } of storage) this.setStorage(address, slot, value);
    }
  }

  readAccount(address: Uint8Array): Account | undefined {
    return this.#entries.get(bytesToHex(address))?.account;
  }

  readStorage(address: Uint8Array, slot: Uint8Array): Uint8Array {
    return this.#entries.get(bytesToHex(address))?.storage.get(bytesToHex(slot)) ?? ZERO_WORD;
  }

  hasStorage(address: Uint8Array): boolean {
    return (this.#entries.get(bytesToHex(address))?.storage.size ?? 0) > 0;
  }

  readCode(codeHash: Uint8Array): Uint8Array {
    return this.#codes.get(bytesToHex(codeHash)) ?? NO_CODE;
  }

  blockHash(number: bigint): Uint8Array {
    return this.#blockHashes.get(number) ?? ZERO_WORD;
  }

  setBlockHash(number: bigint, hash: Uint8Array): void {
    const before = this.#blockHashes.get(number);
    this.#blockHashes.set(number, hash);
    this.#remember(() => restore(this.#blockHashes, number, before));
  }

  setAccount(address: Uint8Array, account: { nonce?: bigint; balance?: bigint }): void {
    const key = bytesToHex(address);
    const before = this.#entries.get(key);
    const { nonce = 0n, balance = 0n } = account;
    const codeHash = before?.account.codeHash ?? EMPTY_CODE_HASH;
    const storage = before?.storage ?? new Map<string, Uint8Array>();
    this.#put(key, { account: { nonce, balance, codeHash }, storage });
  }

  setCode(address: Uint8Array, code: Uint8Array): void {
    const key = bytesToHex(address);
    const { account, storage } = this.#ensure(key);
    this.#put(key, { account: { ...account, codeHash: this.#keepCode(code) }, storage });
  }

  setStorage(address: Uint8Array, slot: Uint8Array, value: Uint8Array): void {
    const { storage } = this.#ensure(bytesToHex(address));
    this.#putSlot(storage, bytesToHex(slot), value);
  }

  apply(changes: readonly AccountChange[]): void {
    for (const { address, account, code, storageCleared, storage } of changes) {
      const key = bytesToHex(address);
      if (account === undefined) {
        this.#put(key, undefined);
        continue;
      }
      if (code !== undefined) this.#keepCode(code);
      const kept = storageCleared ? undefined : this.#entries.get(key)?.storage;
      const entry: Entry = { account, storage: kept ?? new Map() };
      this.#put(key, entry);
      for (const { slot, value } of storage) {
        this.#putSlot(entry.storage, bytesToHex(slot), value);
      }
    }
  }

  snapshot(): number {
    this.#marks.push(this.#undo.length);
    return this.#marks.length - 1;
  }

  revert(snapshot: number): void {
    const length = this.#marks[snapshot];
    if (length === undefined) throw new RangeError(`no snapshot ${snapshot}`);
    this.#marks.length = snapshot;
    while (this.#undo.length > length) this.#undo.pop()?.();
  }

  dump(): AccountDump[] {
    const sorted = [...this.#entries].sort(([one], [other]) => (one < other ? -1 : 1));
    return sorted.map(([key, { account, storage }]) => ({
      address: hexToBytes(key),
      account,
      code: this.readCode(account.codeHash),
      storage: [...storage].map(([slot, value]) => ({ slot: hexToBytes(slot), value })),
    }));
  }

  #ensure(key: string): Entry {
    const found = this.#entries.get(key);
    if (found !== undefined) return found;
    const account = { nonce: 0n, balance: 0n, codeHash: EMPTY_CODE_HASH };
    const made: Entry = { account, storage: new Map() };
    this.#put(key, made);
    return made;
  }

  #put(key: string, entry: Entry | undefined): void {
    const before = this.#entries.get(key);
    restore(this.#entries, key, entry);
    this.#remember(() => restore(this.#entries, key, before));
  }

  #putSlot(storage: Map<string, Uint8Array>, slot: string, value: Uint8Array): void {
    const before = storage.get(slot);
    restore(storage, slot, value.every((byte) => byte === 0) ? undefined : value.slice());
    this.#remember(() => restore(storage, slot, before));
  }

  #keepCode(code: Uint8Array): Uint8Array {
    const hash = keccak_256(code);
    const key = bytesToHex(hash);
    if (key !== NO_CODE_KEY && !this.#codes.has(key)) this.#codes.set(key, code.slice());
    return hash;
  }

  #remember(undo: () => void): void {
    if (this.#marks.length > 0) this.#undo.push(undo);
  }
}

function restore<K, V>(map: Map<K, V>, key: K, value: V | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
