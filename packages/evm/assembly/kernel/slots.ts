// Storage slots that the session knows, persistent and transient, in one table keyed by account and
// key. As in accounts.ts an index entry is u32 record and u32 generation.
import { storeAddress, storeBytes32, loadBytes32 } from './bytes';
import { BOUND_SLOTS, exceed, hostReadStorage } from './host';
import { noteSlot, noteSlotWarm } from './journal';
import {
  ACCOUNT_ADDRESS,
  ACCOUNT_FLAGS,
  ACCOUNT_IS_CREATED,
  ACCOUNT_SLOTS,
  SLOT_ACCOUNT,
  SLOT_BELOW,
  SLOT_BYTES,
  SLOT_FLAGS,
  SLOT_IS_LOADED,
  SLOT_IS_READ,
  SLOT_IS_TRANSIENT,
  SLOT_IS_WARM,
  SLOT_KEY,
  SLOT_NEXT,
  SLOT_VALUE,
  hashSeed,
  scratch,
  slotIndex,
  slotIndexMask,
  slots,
  slotsMax,
} from './layout';
import { isVersioned } from './cells';
import { readSlot } from './uses';
import { copyWord, equalWords } from './words';

export let slotCount: u32 = 0;
let generation: u32 = 0;

export function clearSlots(): void {
  slotCount = 0;
  generation++;
  if (generation == 0) {
    memory.fill(slotIndex, 0, <usize>(slotIndexMask + 1) * 8);
    generation = 1;
  }
}

/** As in accounts.ts. */
export function emptySlotIndex(): void {
  memory.fill(slotIndex, 0, <usize>(slotIndexMask + 1) * 8);
}

/** Record of a persistent slot; its value is not read yet. */
export function findSlot(account: usize, key: usize): usize {
  return find(account, key, 0);
}

/** Record of a transient slot, zero at first (EIP-1153). */
export function findTransient(account: usize, key: usize): usize {
  return find(account, key, SLOT_IS_TRANSIENT);
}

// @ts-ignore: decorator
@inline
function find(account: usize, key: usize, kind: u32): usize {
  let position = hashKey(account + kind, key) & slotIndexMask;
  while (true) {
    const entry = slotIndex + <usize>position * 8;
    if (load<u32>(entry, 4) != generation) return addSlot(entry, account, key, kind);
    const slot = <usize>load<u32>(entry);
    if (
      load<u32>(slot, SLOT_ACCOUNT) == <u32>account &&
      equalWords(slot + SLOT_KEY, key) &&
      (load<u32>(slot, SLOT_FLAGS) & SLOT_IS_TRANSIENT) == kind
    ) {
      return slot;
    }
    position = (position + 1) & slotIndexMask;
  }
}

// @ts-ignore: decorator
@inline
function hashKey(account: usize, key: usize): u32 {
  let mixed = (load<u64>(key) ^ hashSeed) * 0x9e3779b97f4a7c15;
  mixed = (rotl<u64>(mixed, 31) ^ load<u64>(key, 8)) * 0xc2b2ae3d27d4eb4f;
  mixed = (rotl<u64>(mixed, 27) ^ load<u64>(key, 16)) * 0x165667b19e3779f9;
  mixed = (rotl<u64>(mixed, 33) ^ load<u64>(key, 24) ^ u64(account)) * 0x9e3779b97f4a7c15;
  return u32(mixed >> 32);
}

function addSlot(entry: usize, account: usize, key: usize, kind: u32): usize {
  if (slotCount >= slotsMax) exceed(BOUND_SLOTS);
  const slot = slots + <usize>slotCount * SLOT_BYTES;
  slotCount++;
  store<u32>(entry, <u32>slot);
  store<u32>(entry, generation, 4);
  copyWord(slot + SLOT_KEY, key);
  memory.fill(slot + SLOT_VALUE, 0, SLOT_BYTES - SLOT_VALUE);
  store<u32>(slot, <u32>account, SLOT_ACCOUNT);
  store<u32>(slot, kind == 0 ? 0 : SLOT_IS_TRANSIENT | SLOT_IS_LOADED, SLOT_FLAGS);
  if (kind == 0) {
    store<u32>(slot, load<u32>(account, ACCOUNT_SLOTS), SLOT_NEXT);
    store<u32>(account, <u32>slot, ACCOUNT_SLOTS);
  }
  return slot;
}

/** Reads the slot from the state below, once. */
// @ts-ignore: decorator
@inline
export function ensureSlotLoaded(slot: usize): void {
  if (!(load<u32>(slot, SLOT_FLAGS) & SLOT_IS_LOADED)) loadBelow(slot);
}

function loadBelow(slot: usize): void {
  const account = <usize>load<u32>(slot, SLOT_ACCOUNT);
  let flags = load<u32>(slot, SLOT_FLAGS) | SLOT_IS_LOADED;
  // A contract made in this session has nothing below: EIP-7610 keeps creations off such addresses.
  if (!(load<u32>(account, ACCOUNT_FLAGS) & ACCOUNT_IS_CREATED)) {
    if (isVersioned) readSlot(slot, account);
    else {
      storeAddress(scratch, account + ACCOUNT_ADDRESS);
      storeBytes32(scratch + 32, slot + SLOT_KEY);
      hostReadStorage(scratch, scratch + 32, scratch + 64);
      loadBytes32(slot + SLOT_BELOW, scratch + 64);
    }
    copyWord(slot + SLOT_VALUE, slot + SLOT_BELOW);
    flags |= SLOT_IS_READ;
  }
  store<u32>(slot, flags, SLOT_FLAGS);
}

/** True when the slot was cold; it is warm afterwards. */
// @ts-ignore: decorator
@inline
export function warmSlot(slot: usize): bool {
  const flags = load<u32>(slot, SLOT_FLAGS);
  if (flags & SLOT_IS_WARM) return false;
  noteSlotWarm(slot);
  store<u32>(slot, flags | SLOT_IS_WARM, SLOT_FLAGS);
  return true;
}

export function setSlot(slot: usize, value: usize): void {
  noteSlot(slot);
  copyWord(slot + SLOT_VALUE, value);
}
