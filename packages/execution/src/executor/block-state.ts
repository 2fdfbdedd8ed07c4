import type { Account, AccountChange, StateReader } from '@basalt/evm';
import { equalBytes } from '@basalt/protocol';
import type { StateView } from '../state/types.ts';
import { ByteTable } from './byte-table.ts';

const ZERO_WORD = new Uint8Array(32);

interface SlotEntry {
  /** Value below the block; undefined where nobody asked. */
  below: Uint8Array | undefined;
  value: Uint8Array;
}

interface AccountEntry {
  readonly address: Uint8Array;
  readonly below: Account | undefined;
  present: Account | undefined;
  /** Storage below does not count any more. */
  isCleared: boolean;
  isWritten: boolean;
  slots: ByteTable<SlotEntry> | undefined;
}

/** Below it a state, above it what the transactions of one block wrote so far. */
export interface BlockState extends StateReader {
  /**
   * A slot of the state below that was set to zero since still counts. Only accounts without nonce
   * and code are asked about (EIP-7610), and nothing can write their slots.
   */
  hasStorage(address: Uint8Array): boolean;
  apply(changes: readonly AccountChange[]): void;
  /** What differs from the state below, one entry an account, in order of first use. */
  changes(): AccountChange[];
  /** Everything that is known of the state now: what was read, and what was written. */
  contents(): AccountChange[];
  /** Questions that the state below was asked. */
  readonly misses: number;
}

/**
 * The state as the transactions of a block find it one after another. What is read of the state
 * below is read once.
 */
export function createBlockState(
  below: StateView,
  blockHash: (number: bigint) => Uint8Array,
): BlockState {
  return new Overlay(below, blockHash);
}

class Overlay implements BlockState {
  readonly #below: StateView;
  readonly #blockHash: (number: bigint) => Uint8Array;
  readonly #accounts = new ByteTable<AccountEntry>();
  /** In order of first use; the table has none. */
  readonly #order: AccountEntry[] = [];
  readonly #newCodes = new ByteTable<Uint8Array>();
  misses = 0;

  constructor(below: StateView, blockHash: (number: bigint) => Uint8Array) {
    this.#below = below;
    this.#blockHash = blockHash;
  }

  readAccount(address: Uint8Array): Account | undefined {
    return this.#account(address).present;
  }

  readStorage(address: Uint8Array, slot: Uint8Array): Uint8Array {
    const entry = this.#account(address);
    const found = entry.slots?.get(slot);
    if (found !== undefined) return found.value;
    if (entry.isCleared || entry.below === undefined) return ZERO_WORD;
    this.misses++;
    const value = this.#below.readStorage(address, slot);
    slotsOf(entry).set(slot, { below: value, value });
    return value;
  }

  readCode(codeHash: Uint8Array): Uint8Array {
    const found = this.#newCodes.get(codeHash);
    if (found !== undefined) return found;
    this.misses++;
    return this.#below.readCode(codeHash);
  }

  hasStorage(address: Uint8Array): boolean {
    const entry = this.#account(address);
    for (const [, { value }] of entry.slots ?? []) if (!isZero(value)) return true;
    return !entry.isCleared && this.#below.hasStorage(address);
  }

  blockHash(number: bigint): Uint8Array {
    return this.#blockHash(number);
  }

  apply(changes: readonly AccountChange[]): void {
    for (const { address, account, code, storageCleared, storage } of changes) {
      const entry = this.#account(address);
      entry.present = account;
      entry.isWritten = true;
      if (storageCleared) {
        entry.isCleared = true;
        entry.slots = undefined;
      }
      if (code !== undefined && account !== undefined) this.#newCodes.set(account.codeHash, code);
      if (storage.length === 0) continue;
      const slots = slotsOf(entry);
      for (const { slot, value } of storage) {
        const found = slots.get(slot);
        if (found === undefined) slots.set(slot, { below: undefined, value });
        else found.value = value;
      }
    }
  }

  changes(): AccountChange[] {
    const changes: AccountChange[] = [];
    for (const entry of this.#order) {
      const change = entry.isWritten ? this.#changeOf(entry) : undefined;
      if (change !== undefined) changes.push(change);
    }
    return changes;
  }

  contents(): AccountChange[] {
    return this.#order.map(({ address, present, isCleared, slots }) => {
      const storage: { slot: Uint8Array; value: Uint8Array }[] = [];
      if (present !== undefined) {
        for (const [slot, { value }] of slots ?? []) storage.push({ slot, value });
      }
      const storageCleared = isCleared || present === undefined;
      const change = { address, account: present, storageCleared, storage };
      const code = present === undefined ? undefined : this.#newCodes.get(present.codeHash);
      return code === undefined ? change : { ...change, code };
    });
  }

  #changeOf(entry: AccountEntry): AccountChange | undefined {
    const { address, below, present, isCleared } = entry;
    if (present === undefined) {
      if (below === undefined) return undefined;
      return { address, account: undefined, storageCleared: true, storage: [] };
    }
    const storage = changedSlots(entry);
    const hasNewCode = below === undefined || !equalBytes(below.codeHash, present.codeHash);
    const isSame =
      below !== undefined &&
      !isCleared &&
      !hasNewCode &&
      storage.length === 0 &&
      below.nonce === present.nonce &&
      below.balance === present.balance;
    if (isSame) return undefined;
    const change = { address, account: present, storageCleared: isCleared, storage };
    const code = hasNewCode ? this.#newCodes.get(present.codeHash) : undefined;
    return code === undefined ? change : { ...change, code };
  }

  #account(address: Uint8Array): AccountEntry {
    const found = this.#accounts.get(address);
    if (found !== undefined) return found;
    this.misses++;
    const below = this.#below.readAccount(address);
    const made: AccountEntry = {
      address,
      below,
      present: below,
      isCleared: false,
      isWritten: false,
      slots: undefined,
    };
    this.#accounts.set(address, made);
    this.#order.push(made);
    return made;
  }
}

function slotsOf(entry: AccountEntry): ByteTable<SlotEntry> {
  entry.slots ??= new ByteTable<SlotEntry>();
  return entry.slots;
}

function changedSlots({ slots, isCleared }: AccountEntry): AccountChange['storage'] {
  if (slots === undefined) return [];
  const changed: { slot: Uint8Array; value: Uint8Array }[] = [];
  for (const [slot, { below, value }] of slots) {
    const isSame = isCleared
      ? isZero(value)
      : below !== undefined && (below === value || equalBytes(below, value));
    if (!isSame) changed.push({ slot, value });
  }
  return changed;
}

function isZero(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== 0) return false;
  return true;
}
