import { createS3Fifo } from '../cache/s3-fifo.ts';
import type { ResizableCache } from '../cache/types.ts';
import { keyHash } from './byte-key.ts';
import type { StoredAccount } from './value-codec.ts';

/** About what an entry takes with its keys and objects. */
const ENTRY_BYTES = 512;
const ENTRIES_MIN = 16;
/** Accounts whose storage was cleared; beyond that many everything is forgotten. */
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

/** The cache of values as somebody sees it who decides how large it is. */
export interface ValueCacheControl {
  /** Bound now; one entry takes about 512 bytes. */
  readonly entriesMax: number;
  readonly entries: number;
  /**
   * What is hot stays. A part of what is too much goes at once; called again, the next part.
   *
   * @param entriesMax at least 16
   */
  resize(entriesMax: number): void;
  /** Told a well spread hash of 32 bits at each look-up; undefined: nobody listens. */
  onLookUp: ((hash: number) => void) | undefined;
}

/**
 * Values at the head by address and slot as callers know them, so that a read that hits hashes
 * nothing. A commit writes through, a rewind empties it. Accounts and slots share the room: which
 * of them a chain reads more is its own affair.
 */
export class ValueCache implements ValueCacheControl {
  /** Keys of accounts have 10 characters, those of slots 26 or more. */
  readonly #values: ResizableCache<string, CachedAccount | KnownValue>;
  /** Part of the keys of slots whose account was cleared: its slots from before do not count. */
  readonly #epochs = new Map<string, number>();
  #epoch = 0;
  #entriesMax: number;
  hits = 0;
  misses = 0;
  onLookUp: ((hash: number) => void) | undefined;

  constructor(bytes: number) {
    this.#entriesMax = Math.max(ENTRIES_MIN, Math.floor(bytes / ENTRY_BYTES));
    this.#values = createS3Fifo(this.#entriesMax);
  }

  get entriesMax(): number {
    return this.#entriesMax;
  }

  get entries(): number {
    return this.#values.size;
  }

  resize(entriesMax: number): void {
    this.#entriesMax = Math.max(ENTRIES_MIN, Math.floor(entriesMax));
    this.#values.resize(this.#entriesMax);
  }

  account(address: string): CachedAccount | undefined {
    return this.#lookUp(address) as CachedAccount | undefined;
  }

  setAccount(address: string, account: CachedAccount): void {
    this.#values.set(address, account);
  }

  slot(key: string): KnownValue | undefined {
    return this.#lookUp(key);
  }

  setSlot(key: string, slot: KnownValue): void {
    this.#values.set(key, slot);
  }

  #lookUp(key: string): KnownValue | undefined {
    this.onLookUp?.(keyHash(key));
    const found = this.#values.get(key);
    if (found === undefined) this.misses++;
    else this.hits++;
    return found;
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
      this.clear();
    }
    this.#epochs.set(address, this.#epoch);
  }

  clear(): void {
    this.#values.clear();
    this.#epochs.clear();
  }
}
