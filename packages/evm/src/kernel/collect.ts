/** Reads what a session leaves behind out of linear memory. */
import type { ForkRules } from '../forks.ts';
import type { Account, AccountChange, Log, ReadSet } from '../types.ts';
import { copyOut, type KernelInstance, readWord, readWordAsBytes } from './instance.ts';
import * as L from './layout.ts';

type Slot = AccountChange['storage'][number];

const EMPTY_CODE_HASH = Uint8Array.of(
  0xc5,
  0xd2,
  0x46,
  0x01,
  0x86,
  0xf7,
  0x23,
  0x3c,
  0x92,
  0x7e,
  0x7d,
  0xb2,
  0xdc,
  0xc7,
  0x03,
  0xc0,
  0xe5,
  0x00,
  0xb6,
  0x53,
  0xca,
  0x82,
  0x27,
  0x3b,
  0x7b,
  0xfa,
  0xd8,
  0x04,
  0x5d,
  0x85,
  0xa4,
  0x70,
);
const NO_BYTES = new Uint8Array(0);

/** Logs of all frames that did not fail, in order. */
export function collectLogs(kernel: KernelInstance): Log[] {
  const logs: Log[] = [];
  const end = kernel.exports.logsEnd();
  const { view } = kernel;
  for (let at = kernel.at.logs; at < end; at += view.getUint32(at + L.LOG_BYTES, true)) {
    const topicCount = view.getUint32(at + L.LOG_TOPICS, true);
    const topics = at + L.LOG_HEAD_BYTES;
    logs.push({
      address: addressOf(kernel, view.getUint32(at + L.LOG_ACCOUNT, true)),
      topics: Array.from({ length: topicCount }, (_, i) => copyOut(kernel, topics + i * 32, 32)),
      data: copyOut(kernel, topics + topicCount * 32, view.getUint32(at + L.LOG_DATA_LENGTH, true)),
    });
  }
  return logs;
}

/** What was read of the state below. */
export function collectReads(kernel: KernelInstance): ReadSet {
  const { view } = kernel;
  const accounts: Uint8Array[] = [];
  const slots: { address: Uint8Array; slot: Uint8Array }[] = [];
  for (const account of accountRecords(kernel)) {
    if (flagsOf(kernel, account) & L.ACCOUNT_IS_LOADED) accounts.push(addressOf(kernel, account));
  }
  const end = kernel.at.slots + kernel.exports.slotsCount() * L.SLOT_BYTES;
  for (let slot = kernel.at.slots; slot < end; slot += L.SLOT_BYTES) {
    if (!(view.getUint32(slot + L.SLOT_FLAGS, true) & L.SLOT_IS_READ)) continue;
    slots.push({
      address: addressOf(kernel, view.getUint32(slot + L.SLOT_ACCOUNT, true)),
      slot: readWordAsBytes(kernel, slot + L.SLOT_KEY, 32),
    });
  }
  return { accounts, slots };
}

/** What differs from the state below, with the fork's rules of the end of a transaction applied. */
export function collectChanges(kernel: KernelInstance, rules: ForkRules): AccountChange[] {
  const changes: AccountChange[] = [];
  for (const record of accountRecords(kernel)) {
    const change = changeOf(kernel, rules, record);
    if (change !== undefined) changes.push(change);
  }
  return changes;
}

function changeOf(
  kernel: KernelInstance,
  rules: ForkRules,
  record: number,
): AccountChange | undefined {
  const { view } = kernel;
  const flags = flagsOf(kernel, record);
  if (!(flags & L.ACCOUNT_IS_LOADED)) return undefined;
  const existedBelow = view.getUint32(record + L.ACCOUNT_BELOW_EXISTS, true) === 1;
  if (isGone(kernel, rules, record, flags)) {
    if (!existedBelow) return undefined;
    const address = addressOf(kernel, record);
    return { address, account: undefined, storageCleared: true, storage: [] };
  }
  const hasNewCode = !isEqual(kernel, record, L.ACCOUNT_CODE_HASH, L.ACCOUNT_BELOW_CODE_HASH, 32);
  const storage = changedSlots(kernel, record);
  const isMadeAnew = (flags & L.ACCOUNT_IS_CREATED) !== 0;
  const isSame =
    existedBelow &&
    !isMadeAnew &&
    !hasNewCode &&
    storage.length === 0 &&
    isEqual(kernel, record, L.ACCOUNT_NONCE, L.ACCOUNT_BELOW_NONCE, 8) &&
    isEqual(kernel, record, L.ACCOUNT_BALANCE, L.ACCOUNT_BELOW_BALANCE, 32);
  if (isSame) return undefined;
  const change = {
    address: addressOf(kernel, record),
    account: readAccount(kernel, record),
    storageCleared: isMadeAnew,
    storage,
  };
  return hasNewCode ? { ...change, code: readNewCode(kernel, record) } : change;
}

/** Destroyed, absent, or empty and touched where empty accounts are cleared (EIP-161). */
function isGone(kernel: KernelInstance, rules: ForkRules, record: number, flags: number): boolean {
  if (!(flags & L.ACCOUNT_IS_EXISTING) || flags & L.ACCOUNT_IS_DESTROYED) return true;
  if (!rules.clearsEmptyAccounts || !(flags & L.ACCOUNT_IS_TOUCHED)) return false;
  const { nonce, balance, codeHash } = readAccount(kernel, record);
  return nonce === 0n && balance === 0n && codeHash.every((byte, i) => byte === EMPTY_CODE_HASH[i]);
}

function changedSlots(kernel: KernelInstance, record: number): Slot[] {
  const { view } = kernel;
  const slots: Slot[] = [];
  let at = view.getUint32(record + L.ACCOUNT_SLOTS, true);
  for (; at !== 0; at = view.getUint32(at + L.SLOT_NEXT, true)) {
    if (isEqual(kernel, at, L.SLOT_VALUE, L.SLOT_BELOW, 32)) continue;
    slots.push({
      slot: readWordAsBytes(kernel, at + L.SLOT_KEY, 32),
      value: readWordAsBytes(kernel, at + L.SLOT_VALUE, 32),
    });
  }
  return slots;
}

/** The account of a record that was read, as it is now. */
export function readAccount(kernel: KernelInstance, record: number): Account {
  return {
    nonce: kernel.view.getBigUint64(record + L.ACCOUNT_NONCE, true),
    balance: readWord(kernel, record + L.ACCOUNT_BALANCE),
    codeHash: copyOut(kernel, record + L.ACCOUNT_CODE_HASH, 32),
  };
}

function readNewCode({ view, bytes }: KernelInstance, record: number): Uint8Array {
  const at = view.getUint32(record + L.ACCOUNT_NEW_CODE, true);
  if (at === 0) return NO_BYTES;
  return new Uint8Array(bytes.subarray(at + 4, at + 4 + view.getUint32(at, true)));
}

function* accountRecords(kernel: KernelInstance): Generator<number> {
  const end = kernel.at.accounts + kernel.exports.accountCount() * L.ACCOUNT_BYTES;
  for (let at = kernel.at.accounts; at < end; at += L.ACCOUNT_BYTES) yield at;
}

function flagsOf({ view }: KernelInstance, record: number): number {
  return view.getUint32(record + L.ACCOUNT_FLAGS, true);
}

export function addressOf(kernel: KernelInstance, account: number): Uint8Array {
  return readWordAsBytes(kernel, account + L.ACCOUNT_ADDRESS, 20);
}

/** Two fields of one record hold the same bytes; `length` is a multiple of 8. */
function isEqual(
  { view }: KernelInstance,
  record: number,
  a: number,
  b: number,
  length: number,
): boolean {
  for (let i = 0; i < length; i += 4) {
    if (view.getUint32(record + a + i, true) !== view.getUint32(record + b + i, true)) return false;
  }
  return true;
}
