import type { Account, AccountChange } from '@basalt/evm';
import { assert } from '@basalt/protocol';
import type { BlockDiff } from './block-diff.ts';
import { bytesOfKey, keyOf } from './byte-key.ts';
import type { FlatState } from './flat-state.ts';
import type { AccountUpdate, SlotUpdate } from './staging.ts';
import type { KnownValue } from './value-cache.ts';
import { decodeAccount, encodeSlot } from './value-codec.ts';

/** Changes of one account put together. */
export interface MergedChange {
  readonly address: Uint8Array;
  readonly addressKey: string;
  after: Account | undefined;
  cleared: boolean;
  /** By {@link keyOf} of the slot. */
  readonly slots: Map<string, MergedSlot>;
}

export interface MergedSlot {
  readonly slot: Uint8Array;
  readonly value: Uint8Array;
  /** Key of the cache, once it was asked: making such a string costs more than a look-up. */
  cacheKey: string | undefined;
}

export interface MergedChanges {
  readonly accounts: readonly MergedChange[];
  readonly codes: ReadonlyMap<string, { readonly hash: Uint8Array; readonly code: Uint8Array }>;
}

/** In order: a later change of an account wins, slots add up until they are cleared. */
export function mergeChanges(changes: readonly AccountChange[]): MergedChanges {
  const accounts = new Map<string, MergedChange>();
  const codes = new Map<string, { readonly hash: Uint8Array; readonly code: Uint8Array }>();
  for (const { address, account, code, storageCleared, storage } of changes) {
    assert(address.length === 20, 'an address has 20 bytes');
    const addressKey = keyOf(address);
    let merged = accounts.get(addressKey);
    if (merged === undefined) {
      merged = { address, addressKey, after: account, cleared: false, slots: new Map() };
      accounts.set(addressKey, merged);
    }
    merged.after = account;
    if (storageCleared || account === undefined) {
      merged.cleared = true;
      merged.slots.clear();
    }
    if (account !== undefined) {
      for (const { slot, value } of storage) {
        merged.slots.set(keyOf(slot), { slot, value, cacheKey: undefined });
      }
    }
    if (code !== undefined && code.length > 0 && account !== undefined) {
      codes.set(keyOf(account.codeHash), { hash: account.codeHash, code });
    }
  }
  return { accounts: [...accounts.values()], codes };
}

/** Values of the state below, through whatever remembers them. */
export interface ValuesBelow {
  account(change: MergedChange): KnownValue;
  slot(change: MergedChange, slotKey: string, slot: MergedSlot): KnownValue;
}

/** Changes as the tries take them: one update for each, with its slots in their order. */
export function updatesOfChanges(
  below: ValuesBelow,
  changes: readonly MergedChange[],
): AccountUpdate[] {
  return changes.map((change) => {
    const { after, cleared } = change;
    const slots: SlotUpdate[] = [];
    for (const [slotKey, slot] of change.slots) {
      const { value } = slot;
      assert(slot.slot.length === 32 && value.length === 32, 'slots and values have 32 bytes');
      const { hash, key, encoded } = below.slot(change, slotKey, slot);
      slots.push({ hash, key, before: encoded, after: encodeSlot(value) });
    }
    const { hash, key, encoded } = below.account(change);
    return { hash, key, before: encoded, after, cleared, slots };
  });
}

/** What leads back to an older state: values of the diff in place of those at the head. */
export function updatesOfDiff(flat: FlatState, diff: BlockDiff): AccountUpdate[] {
  const keys = new Set([...diff.accounts.keys(), ...diff.slots.keys()]);
  return [...keys].map((key) => {
    const hash = bytesOfKey(key);
    const before = flat.account(hash, key);
    const old = diff.accounts.get(key) ?? before;
    const slots: SlotUpdate[] = [];
    for (const [slotKey, after] of diff.slots.get(key) ?? []) {
      const slotHash = bytesOfKey(slotKey);
      const now = flat.slot(hash, key, slotHash);
      slots.push({ hash: slotHash, key: slotKey, before: now, after });
    }
    const after = old.length === 0 ? undefined : decodeAccount(old);
    return { hash, key, before, after, cleared: false, slots };
  });
}
