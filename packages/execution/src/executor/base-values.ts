import type { AccountChange, VersionedMemory } from '@basalt/evm';
import { ByteTable } from './byte-table.ts';
import { slotKey } from './hints.ts';
import type { ExecutionJob } from './types.ts';

/** Part of the table of cells that old base values may fill; the rest is the next block's. */
const FILL_MAX = 0.6;
/** Part that may be filled beforehand: what a block asks for needs room too. */
const ROOM_MAX = 0.8;

/**
 * Base values in shared memory: what a block finds there it need not ask for. Here it is known
 * which accounts and slots were put there on purpose.
 */
export class BaseValues {
  #accounts = new ByteTable<true>();
  #slots = new ByteTable<true>();

  /** Senders, callees, fee recipient and access lists of a block, before it starts. */
  prefetch(job: ExecutionJob, memory: VersionedMemory): void {
    const { cells, cellsMax } = memory.stats();
    if (cells > cellsMax * FILL_MAX) {
      memory.clear();
      this.forget();
    }
    const wanted: AccountChange[] = [];
    this.#account(job, job.environment.coinbase, wanted);
    for (const transaction of job.transactions) {
      this.#account(job, transaction.sender, wanted);
      if (transaction.to !== undefined) this.#account(job, transaction.to, wanted);
      if (transaction.type === 0) continue;
      for (const { address, slots } of transaction.accessList) {
        this.#account(job, address, wanted);
        this.#storage(job, address, slots, wanted);
      }
    }
    this.#add(wanted, memory);
  }

  /** What a block that ran one after another has read and written. */
  add(values: readonly AccountChange[], memory: VersionedMemory): void {
    this.#add(values, memory);
  }

  /** The memory is empty. */
  forget(): void {
    this.#accounts = new ByteTable<true>();
    this.#slots = new ByteTable<true>();
  }

  #add(values: readonly AccountChange[], memory: VersionedMemory): void {
    const { cells, cellsMax } = memory.stats();
    let count = cells;
    for (const { storage } of values) count += 1 + storage.length;
    if (count < cellsMax * ROOM_MAX) memory.addToBase(values);
    else memory.applyToBase(values);
  }

  #account({ state }: ExecutionJob, address: Uint8Array, wanted: AccountChange[]): void {
    if (this.#accounts.set(address, true) === true) return;
    const account = state.readAccount(address);
    wanted.push({ address, account, storageCleared: account === undefined, storage: [] });
  }

  #storage(
    { state }: ExecutionJob,
    address: Uint8Array,
    slots: readonly Uint8Array[],
    wanted: AccountChange[],
  ): void {
    const storage: { slot: Uint8Array; value: Uint8Array }[] = [];
    for (const slot of slots) {
      const key = slotKey(address, slot);
      if (this.#slots.set(key, true) === true) continue;
      storage.push({ slot, value: state.readStorage(address, slot) });
    }
    if (storage.length === 0) return;
    const account = state.readAccount(address);
    if (account === undefined) return;
    wanted.push({ address, account, storageCleared: false, storage });
  }
}
