import type { Transaction } from '@basalt/evm';
import { ByteTable } from './byte-table.ts';

/** What is known of a block's dependencies before anything ran. */
export interface BlockHints {
  /** For each transaction the nearest lower one that it depends on, or -1. */
  readonly predecessors: Int32Array;
  /** All gas limits over those of the heaviest chain. */
  readonly speedupBound: number;
}

/**
 * Transactions of one sender depend on each other by its nonce. Those that name, in their access
 * lists, a slot that caused aborts in blocks before depend on each other most likely.
 */
export function findHints(
  transactions: readonly Transaction[],
  hotSlots: ByteTable<true>,
): BlockHints {
  const predecessors = new Int32Array(transactions.length).fill(-1);
  const chainGas = new Float64Array(transactions.length);
  const lastOfSender = new ByteTable<number>();
  const lastOfSlot = new ByteTable<number>();
  let total = 0;
  let heaviest = 0;
  for (let index = 0; index < transactions.length; index++) {
    const transaction = transactions[index] as Transaction;
    const { sender } = transaction;
    const before = lastOfSender.set(sender, index) ?? -1;
    const related = hotSlots.size === 0 ? -1 : nearest(transaction, index, hotSlots, lastOfSlot);
    predecessors[index] = Math.max(before, related);
    const gas = Number(transaction.gasLimit);
    const chain = gas + Math.max(chainGas[before] ?? 0, chainGas[related] ?? 0);
    chainGas[index] = chain;
    total += gas;
    heaviest = Math.max(heaviest, chain);
  }
  return { predecessors, speedupBound: heaviest === 0 ? 1 : total / heaviest };
}

/** Key of a slot in a table: address and slot, 52 bytes. */
export function slotKey(address: Uint8Array, slot: Uint8Array): Uint8Array {
  const key = new Uint8Array(52);
  key.set(address);
  key.set(slot, 20);
  return key;
}

/** The last transaction before that names a hot slot which this one names too. */
function nearest(
  transaction: Transaction,
  index: number,
  hotSlots: ByteTable<true>,
  lastOfSlot: ByteTable<number>,
): number {
  if (transaction.type === 0) return -1;
  let last = -1;
  for (const { address, slots } of transaction.accessList) {
    for (const slot of slots) {
      const key = slotKey(address, slot);
      if (hotSlots.get(key) === undefined) continue;
      last = Math.max(last, lastOfSlot.get(key) ?? -1);
      lastOfSlot.set(key, index);
    }
  }
  return last;
}
