import { createS3Fifo } from '../cache/s3-fifo.ts';
import type { Cache } from '../cache/types.ts';
import type { StoredAccount } from './value-codec.ts';

/** About what an entry takes with its keys and objects. */
const ENTRY_BYTES = 512;
/** Accounts whose storage was cleared; beyond that many all slots are forgotten. */
const EPOCHS_MAX = 4_096;

/** A value at the head, with its place in the tables, so that a change of it hashes nothing. */
export interface KnownValue {
  readonly hash: Uint8Array;
  /** The hash as a key of maps. */
  readonly key: string;
  /** As the tables have it. */
  readonly encoded: Uint8Array;
}

export interface CachedAccount extends KnownValue {
  /** undefined: there is none. */
  readonly account: StoredAccount | undefined;
}

/**
 * Values at the head by address and slot as callers know them, so that a read that hits hashes
 * nothing. A commit writes through, a rewind empties it.
 */
export class ValueCache {
  readonly #accounts: Cache<string, CachedAccount>;
  readonly #slots: Cache<string, KnownValue>;
  /** Part of the keys of slots whose account was cleared: its slots from before do not count. */
  readonly #epochs = new Map<string, number>();
  #epoch = 0;
  hits = 0;
  misses = 0;

  constructor(bytes: number) {
    const entries = Math.max(16, Math.floor(bytes / ENTRY_BYTES));
    this.#accounts = createS3Fifo(Math.ceil(entries / 2));
    this.#slots = createS3Fifo(Math.ceil(entries / 2));
  }

  account(address: string): CachedAccount | undefined {
    const found = this.#accounts.get(address);
    if (found === undefined) this.misses++;
    else this.hits++;
    return found;
  }

  setAccount(address: string, account: CachedAccount): void {
    this.#accounts.set(address, account);
  }

  slot(key: string): KnownValue | undefined {
    const found = this.#slots.get(key);
    if (found === undefined) this.misses++;
    else this.hits++;
    return found;
  }

  setSlot(key: string, slot: KnownValue): void {
    this.#slots.set(key, slot);
  }

  slotKey(address: string, slot: string): string {
    const key = address + slot;
    if (this.#epochs.size === 0) return key;
    const epoch = this.#epochs.get(address);
    return epoch === undefined ? key : key + String.fromCharCode(epoch >>> 16, epoch & 0xffff);
  }

  /** The account's slots are not what they were. */
  clearSlots(address: string): void {
    this.#epoch++;
    if (this.#epochs.size >= EPOCHS_MAX || this.#epoch === 0xffff_ffff) {
      this.#slots.clear();
      this.#epochs.clear();
    }
    this.#epochs.set(address, this.#epoch);
  }

  clear(): void {
    this.#accounts.clear();
    this.#slots.clear();
    this.#epochs.clear();
  }
}
