// The journal: what to put back when a frame fails. An entry is 48 bytes: u32 kind, u32 address of
// the record, the old value (up to 32 bytes). Undone from the end, so a value changed twice gets
// its first one back. Refund and log ends are kept in the frame instead.
import { BOUND_JOURNAL, exceed } from './host';
import {
  ACCOUNT_ADDRESS,
  ACCOUNT_BALANCE,
  ACCOUNT_BELOW_EXISTS,
  ACCOUNT_CODE_HASH,
  ACCOUNT_CODE_SIZE,
  ACCOUNT_FLAGS,
  ACCOUNT_HAS_EXISTENCE,
  ACCOUNT_IS_EXISTING,
  ACCOUNT_IS_TOUCHED,
  ACCOUNT_NEW_CODE,
  ACCOUNT_NONCE,
  ACCOUNT_STAYS,
  SLOT_FLAGS,
  SLOT_IS_WARM,
  SLOT_VALUE,
  journal,
  journalEndMax,
} from './layout';

const ENTRY_BYTES: usize = 48;
const OLD: usize = 8;

const SLOT_CHANGED: u32 = 1;
const SLOT_WARMED: u32 = 2;
const FLAGS_CHANGED: u32 = 3;
const BALANCE_CHANGED: u32 = 4;
const NONCE_CHANGED: u32 = 5;
const CODE_CHANGED: u32 = 6;

export let journalEnd: usize = 0;

export function clearJournal(): void {
  journalEnd = journal;
}

// @ts-ignore: decorator
@inline
function append(kind: u32, record: usize): usize {
  const entry = journalEnd;
  if (entry + ENTRY_BYTES > journalEndMax) exceed(BOUND_JOURNAL);
  journalEnd = entry + ENTRY_BYTES;
  store<u32>(entry, kind);
  store<u32>(entry, <u32>record, 4);
  return entry;
}

// @ts-ignore: decorator
@inline
function keep32(entry: usize, from: usize): void {
  store<u64>(entry, load<u64>(from), OLD);
  store<u64>(entry, load<u64>(from, 8), OLD + 8);
  store<u64>(entry, load<u64>(from, 16), OLD + 16);
  store<u64>(entry, load<u64>(from, 24), OLD + 24);
}

export function noteSlot(slot: usize): void {
  keep32(append(SLOT_CHANGED, slot), slot + SLOT_VALUE);
}

export function noteSlotWarm(slot: usize): void {
  append(SLOT_WARMED, slot);
}

export function noteFlags(account: usize): void {
  store<u32>(append(FLAGS_CHANGED, account), load<u32>(account, ACCOUNT_FLAGS), OLD);
}

export function noteBalance(account: usize): void {
  keep32(append(BALANCE_CHANGED, account), account + ACCOUNT_BALANCE);
}

export function noteNonce(account: usize): void {
  store<u64>(append(NONCE_CHANGED, account), load<u64>(account, ACCOUNT_NONCE), OLD);
}

export function noteCode(account: usize): void {
  const entry = append(CODE_CHANGED, account);
  keep32(entry, account + ACCOUNT_CODE_HASH);
  store<u32>(entry, load<u32>(account, ACCOUNT_CODE_SIZE), 40);
  store<u32>(entry, load<u32>(account, ACCOUNT_NEW_CODE), 44);
}

/** Undoes everything noted after `start`. */
export function revertTo(start: usize): void {
  while (journalEnd > start) {
    const entry = journalEnd - ENTRY_BYTES;
    journalEnd = entry;
    const record = <usize>load<u32>(entry, 4);
    const old = entry + OLD;
    switch (load<u32>(entry)) {
      case SLOT_CHANGED:
        memory.copy(record + SLOT_VALUE, old, 32);
        break;
      case SLOT_WARMED:
        store<u32>(record, load<u32>(record, SLOT_FLAGS) & ~SLOT_IS_WARM, SLOT_FLAGS);
        break;
      case FLAGS_CHANGED:
        store<u32>(record, revertedFlags(record, load<u32>(old)), ACCOUNT_FLAGS);
        break;
      case BALANCE_CHANGED:
        memory.copy(record + ACCOUNT_BALANCE, old, 32);
        break;
      case NONCE_CHANGED:
        store<u64>(record, load<u64>(old), ACCOUNT_NONCE);
        break;
      default:
        memory.copy(record + ACCOUNT_CODE_HASH, old, 32);
        store<u32>(record, load<u32>(entry, 40), ACCOUNT_CODE_SIZE);
        store<u32>(record, load<u32>(entry, 44), ACCOUNT_NEW_CODE);
    }
  }
}

/**
 * What was read stays read. Address 3 stays touched: mainnet once lost the empty RIPEMD contract in
 * a frame that failed, and every client keeps that (Yellow Paper, appendix K).
 */
function revertedFlags(account: usize, old: u32): u32 {
  const now = load<u32>(account, ACCOUNT_FLAGS);
  const isRipemd =
    load<u64>(account, ACCOUNT_ADDRESS) == 3 &&
    load<u64>(account, ACCOUNT_ADDRESS + 8) == 0 &&
    load<u32>(account, ACCOUNT_ADDRESS + 16) == 0;
  let flags = old | (now & (isRipemd ? ACCOUNT_STAYS | ACCOUNT_IS_TOUCHED : ACCOUNT_STAYS));
  const wasReadSince = (now & ~old & ACCOUNT_HAS_EXISTENCE) != 0;
  if (wasReadSince && load<u32>(account, ACCOUNT_BELOW_EXISTS)) flags |= ACCOUNT_IS_EXISTING;
  return flags;
}
