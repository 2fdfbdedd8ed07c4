import { keccak256 } from '@basalt/evm';
import { equalBytes } from '@basalt/protocol';
import { ExecutionError } from '../errors.ts';
import { keyOf } from './byte-key.ts';
import type { FlatState } from './flat-state.ts';
import type { Staged } from './staged.ts';
import type { AccountUpdate } from './staging.ts';
import { type MergedChange, updatesOfChanges } from './updates.ts';
import {
  type CachedAccount,
  type KnownValue,
  ValueCache,
  type ValueCacheControl,
} from './value-cache.ts';
import { decodeAccount, decodeSlot, EMPTY_CODE_HASH, NOTHING } from './value-codec.ts';

/** Accounts, slots and code at the head as callers name them, through a cache. */
export class HeadValues {
  readonly #flat: FlatState;
  readonly #cache: ValueCache;

  constructor(flat: FlatState, cacheBytes: number) {
    this.#flat = flat;
    this.#cache = new ValueCache(cacheBytes);
  }

  get cache(): ValueCacheControl {
    return this.#cache;
  }

  get hits(): number {
    return this.#cache.hits;
  }

  get misses(): number {
    return this.#cache.misses;
  }

  account(address: Uint8Array): CachedAccount {
    return this.#account(address, keyOf(address));
  }

  /** 32 bytes. */
  slot(address: Uint8Array, slot: Uint8Array): Uint8Array {
    const cacheKey = this.#cache.slotKey(keyOf(address), keyOf(slot));
    return decodeSlot(this.#slot(address, cacheKey, slot).encoded);
  }

  /** @throws ExecutionError `damaged-state` */
  code(codeHash: Uint8Array): Uint8Array {
    if (equalBytes(codeHash, EMPTY_CODE_HASH)) return NOTHING;
    const code = this.#flat.code(codeHash);
    if (code !== undefined) return code;
    throw new ExecutionError('damaged-state', 'the store has no code with a hash it knows');
  }

  /** Changes on top of the head as the tries take them. */
  updatesOf(changes: readonly MergedChange[]): AccountUpdate[] {
    return updatesOfChanges(
      {
        account: ({ address, addressKey }) => this.#account(address, addressKey),
        slot: ({ address, addressKey }, slotKey, slot) => {
          slot.cacheKey = this.#cache.slotKey(addressKey, slotKey);
          return this.#slot(address, slot.cacheKey, slot.slot);
        },
      },
      changes,
    );
  }

  /** What was staged is the head now. */
  commit({ updates, changes, accountUpdates }: Staged): void {
    for (const [key, { code }] of changes.codes) this.#flat.setCode(key, code);
    changes.accounts.forEach(({ addressKey, after, cleared, slots }, index) => {
      const written = updates.results[index];
      if (written !== undefined) {
        const { value, storageRoot, hash, key } = written;
        const account = after && { ...after, storageRoot };
        this.#cache.setAccount(addressKey, { account, encoded: value, hash, key });
      }
      if (cleared) this.#cache.clearSlots(addressKey);
      const slotUpdates = accountUpdates[index]?.slots ?? [];
      let at = 0;
      for (const [slotKey, { cacheKey }] of slots) {
        const update = slotUpdates[at++];
        if (update === undefined) break;
        const { hash, key, after: encoded } = update;
        const place = cleared ? undefined : cacheKey;
        const known = { encoded, hash, key };
        this.#cache.setSlot(place ?? this.#cache.slotKey(addressKey, slotKey), known);
      }
    });
  }

  /** The head is another in ways that nobody listed. */
  forget(): void {
    this.#cache.clear();
  }

  #account(address: Uint8Array, addressKey: string): CachedAccount {
    const cached = this.#cache.account(addressKey);
    if (cached !== undefined) return cached;
    const hash = keccak256(address);
    const key = keyOf(hash);
    const encoded = this.#flat.account(hash, key);
    const account = encoded.length === 0 ? undefined : decodeAccount(encoded);
    const found = { account, encoded, hash, key };
    this.#cache.setAccount(addressKey, found);
    return found;
  }

  #slot(address: Uint8Array, cacheKey: string, slot: Uint8Array): KnownValue {
    const cached = this.#cache.slot(cacheKey);
    if (cached !== undefined) return cached;
    const owner = keccak256(address);
    const hash = keccak256(slot);
    const encoded = this.#flat.slot(owner, keyOf(owner), hash);
    const found = { encoded, hash, key: keyOf(hash) };
    this.#cache.setSlot(cacheKey, found);
    return found;
  }
}
