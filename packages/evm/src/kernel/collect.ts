/**
 * What a session leaves behind. Its records are copied out as they lie in linear memory, a few
 * kilobytes; logs, changes and reads are made of the copy only when somebody looks at them.
 */
import type { SessionResult } from '../evm.ts';
import type { ForkRules } from '../forks.ts';
import type { Account, AccountChange, Log, ReadSet } from '../types.ts';
import {
  copyOut,
  type KernelInstance,
  type Readable,
  readWord,
  readWordAsBytes,
} from './instance.ts';
import * as L from './layout.ts';

type Slot = AccountChange['storage'][number];

/** A copy of a region. Records name each other by the addresses they had: add `shift` to those. */
interface Region extends Readable {
  /** Where the copy lies in its buffer. */
  readonly from: number;
  readonly to: number;
  readonly shift: number;
}

interface Records {
  readonly accounts: Region;
  readonly slots: Region;
  readonly logs: Region;
  readonly newCode: Region;
}

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

/** The results of the session so far, independent of what the kernel does next. */
export function collect(kernel: KernelInstance, rules: ForkRules): SessionResult {
  const records = copyRecords(kernel);
  let logs: Log[] | undefined;
  let changes: AccountChange[] | undefined;
  let reads: ReadSet | undefined;
  return {
    get logs() {
      logs ??= readLogs(records);
      return logs;
    },
    get changes() {
      changes ??= readChanges(records, rules);
      return changes;
    },
    get reads() {
      reads ??= readReads(records);
      return reads;
    },
  };
}

function copyRecords(kernel: KernelInstance): Records {
  const { at, exports, pool } = kernel;
  const accounts = exports.accountCount() * L.ACCOUNT_BYTES;
  const slots = exports.slotsCount() * L.SLOT_BYTES;
  const logs = exports.logsEnd() - at.logs;
  const newCode = exports.newCodeUsedEnd() - at.newCode;
  const place = pool.take(accounts + slots + logs + newCode);
  let from = place.offset;
  const copy = (start: number, length: number): Region => {
    const to = from + length;
    if (length > 0) place.bytes.set(kernel.bytes.subarray(start, start + length), from);
    const region = { bytes: place.bytes, view: place.view, from, to, shift: from - start };
    from = to;
    return region;
  };
  return {
    accounts: copy(at.accounts, accounts),
    slots: copy(at.slots, slots),
    logs: copy(at.logs, logs),
    newCode: copy(at.newCode, newCode),
  };
}

/** Logs of all frames that did not fail, in order. */
function readLogs({ logs, accounts }: Records): Log[] {
  const { view } = logs;
  const list: Log[] = [];
  for (let at = logs.from; at < logs.to; at += view.getUint32(at + L.LOG_BYTES, true)) {
    const topicCount = view.getUint32(at + L.LOG_TOPICS, true);
    const dataAt = at + L.LOG_HEAD_BYTES + topicCount * 32;
    const topics: Uint8Array[] = [];
    for (let topic = at + L.LOG_HEAD_BYTES; topic < dataAt; topic += 32) {
      topics.push(copyOut(logs, topic, 32));
    }
    list.push({
      address: addressAt(accounts, view.getUint32(at + L.LOG_ACCOUNT, true) + accounts.shift),
      topics,
      data: copyOut(logs, dataAt, view.getUint32(at + L.LOG_DATA_LENGTH, true)),
    });
  }
  return list;
}

/** What was read of the state below. */
function readReads({ accounts, slots }: Records): ReadSet {
  const accountList: Uint8Array[] = [];
  const slotList: { address: Uint8Array; slot: Uint8Array }[] = [];
  for (let at = accounts.from; at < accounts.to; at += L.ACCOUNT_BYTES) {
    const flags = accounts.view.getUint32(at + L.ACCOUNT_FLAGS, true);
    if (flags & L.ACCOUNT_IS_LOADED) accountList.push(addressAt(accounts, at));
  }
  for (let at = slots.from; at < slots.to; at += L.SLOT_BYTES) {
    if (!(slots.view.getUint32(at + L.SLOT_FLAGS, true) & L.SLOT_IS_READ)) continue;
    const account = slots.view.getUint32(at + L.SLOT_ACCOUNT, true);
    slotList.push({
      address: addressAt(accounts, account + accounts.shift),
      slot: readWordAsBytes(slots, at + L.SLOT_KEY, 32),
    });
  }
  return { accounts: accountList, slots: slotList };
}

/** What differs from the state below, with the fork's rules of the end of a transaction applied. */
function readChanges(records: Records, rules: ForkRules): AccountChange[] {
  const changes: AccountChange[] = [];
  const { from, to } = records.accounts;
  for (let at = from; at < to; at += L.ACCOUNT_BYTES) {
    const change = changeAt(records, rules, at);
    if (change !== undefined) changes.push(change);
  }
  return changes;
}

function changeAt(records: Records, rules: ForkRules, at: number): AccountChange | undefined {
  const { accounts } = records;
  const flags = accounts.view.getUint32(at + L.ACCOUNT_FLAGS, true);
  if (!(flags & L.ACCOUNT_IS_LOADED)) return undefined;
  const existedBelow = accounts.view.getUint32(at + L.ACCOUNT_BELOW_EXISTS, true) === 1;
  if (isGone(accounts, rules, at, flags)) {
    if (!existedBelow) return undefined;
    const address = addressAt(accounts, at);
    return { address, account: undefined, storageCleared: true, storage: [] };
  }
  const hasNewCode = !isEqual(accounts, at, L.ACCOUNT_CODE_HASH, L.ACCOUNT_BELOW_CODE_HASH, 32);
  const storage = changedSlots(records, at);
  const isMadeAnew = (flags & L.ACCOUNT_IS_CREATED) !== 0;
  const isSame =
    existedBelow &&
    !isMadeAnew &&
    !hasNewCode &&
    storage.length === 0 &&
    isEqual(accounts, at, L.ACCOUNT_NONCE, L.ACCOUNT_BELOW_NONCE, 8) &&
    isEqual(accounts, at, L.ACCOUNT_BALANCE, L.ACCOUNT_BELOW_BALANCE, 32);
  if (isSame) return undefined;
  const change = {
    address: addressAt(accounts, at),
    account: readAccount(accounts, at),
    storageCleared: isMadeAnew,
    storage,
  };
  return hasNewCode ? { ...change, code: readNewCode(records, at) } : change;
}

/** Destroyed, absent, or empty and touched where empty accounts are cleared (EIP-161). */
function isGone(accounts: Region, rules: ForkRules, at: number, flags: number): boolean {
  if (!(flags & L.ACCOUNT_IS_EXISTING) || flags & L.ACCOUNT_IS_DESTROYED) return true;
  if (!rules.clearsEmptyAccounts || !(flags & L.ACCOUNT_IS_TOUCHED)) return false;
  const { nonce, balance, codeHash } = readAccount(accounts, at);
  return nonce === 0n && balance === 0n && codeHash.every((byte, i) => byte === EMPTY_CODE_HASH[i]);
}

function changedSlots({ accounts, slots }: Records, account: number): Slot[] {
  const changed: Slot[] = [];
  let record = accounts.view.getUint32(account + L.ACCOUNT_SLOTS, true);
  while (record !== 0) {
    const at = record + slots.shift;
    record = slots.view.getUint32(at + L.SLOT_NEXT, true);
    if (isEqual(slots, at, L.SLOT_VALUE, L.SLOT_BELOW, 32)) continue;
    changed.push({
      slot: readWordAsBytes(slots, at + L.SLOT_KEY, 32),
      value: readWordAsBytes(slots, at + L.SLOT_VALUE, 32),
    });
  }
  return changed;
}

/** The account of a record that was read, as it is now. */
export function readAccount(from: Readable, at: number): Account {
  return {
    nonce: from.view.getBigUint64(at + L.ACCOUNT_NONCE, true),
    balance: readWord(from, at + L.ACCOUNT_BALANCE),
    codeHash: copyOut(from, at + L.ACCOUNT_CODE_HASH, 32),
  };
}

function readNewCode({ accounts, newCode }: Records, account: number): Uint8Array {
  const record = accounts.view.getUint32(account + L.ACCOUNT_NEW_CODE, true);
  if (record === 0) return NO_BYTES;
  const at = record + newCode.shift;
  return copyOut(newCode, at + 4, newCode.view.getUint32(at, true));
}

export function addressAt(from: Readable, account: number): Uint8Array {
  return readWordAsBytes(from, account + L.ACCOUNT_ADDRESS, 20);
}

/** Two fields of one record hold the same bytes; `length` is a multiple of 4. */
function isEqual({ view }: Readable, at: number, a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i += 4) {
    if (view.getUint32(at + a + i, true) !== view.getUint32(at + b + i, true)) return false;
  }
  return true;
}
