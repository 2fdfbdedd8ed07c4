import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { toHex, toQuantity } from '../../params/hex.ts';
import type { View } from '../../views/transaction.ts';
import type { Overlay } from '../overlay.ts';
import type { TracedRun } from './types.ts';

/** Fields of an account as the tracer shows them; absent where they are nothing. */
type AccountView = { balance?: string; nonce?: number; code?: string; storage?: View };

/**
 * What a run found of the accounts and slots that it touched (geth's prestateTracer); with
 * `diffMode` only what it changed, before and after.
 */
export function prestate(run: TracedRun, diffMode: boolean): View {
  return diffMode ? difference(run) : found(run);
}

function found({ before, changes, reads }: TracedRun): View {
  const slots = new Map<string, string[]>();
  for (const address of reads.accounts) slots.set(bytesToHex(address), []);
  for (const { address } of changes) {
    if (!slots.has(bytesToHex(address))) slots.set(bytesToHex(address), []);
  }
  for (const { address, slot } of reads.slots) {
    const key = bytesToHex(address);
    const known = slots.get(key);
    if (known === undefined) slots.set(key, [bytesToHex(slot)]);
    else known.push(bytesToHex(slot));
  }
  const view: Record<string, unknown> = {};
  for (const [key, keys] of slots) {
    const address = hexToBytes(key);
    const account = accountView(before, address);
    // As geth: who was nothing before, what is created here among them, is left out.
    if (account.nonce === undefined && account.code === undefined && isZero(account)) continue;
    const storage = Object.fromEntries(
      keys.map((slot) => [`0x${slot}`, toHex(before.readStorage(address, hexToBytes(slot)))]),
    );
    view[`0x${key}`] = {
      ...account,
      ...(keys.length === 0 ? {} : { storage }),
    };
  }
  return view;
}

function difference({ before, changes }: TracedRun): View {
  const pre: Record<string, AccountView> = {};
  const post: Record<string, AccountView> = {};
  for (const { address, account, code, storage } of changes) {
    const key = toHex(address);
    const old = accountView(before, address);
    const oldSlots: Record<string, string> = {};
    const newSlots: Record<string, string> = {};
    for (const { slot, value } of storage) {
      const was = before.readStorage(address, slot);
      if (was.some((byte) => byte !== 0)) oldSlots[toHex(slot)] = toHex(was);
      if (value.some((byte) => byte !== 0)) newSlots[toHex(slot)] = toHex(value);
    }
    if (before.readAccount(address) !== undefined) {
      pre[key] = { ...old, ...(isEmpty(oldSlots) ? {} : { storage: oldSlots }) };
    }
    if (account === undefined) continue;
    const balance = toQuantity(account.balance);
    const nonce = Number(account.nonce);
    post[key] = {
      ...(balance === old.balance ? {} : { balance }),
      ...(nonce === (old.nonce ?? 0) ? {} : { nonce }),
      ...(code === undefined ? {} : { code: toHex(code) }),
      ...(isEmpty(newSlots) ? {} : { storage: newSlots }),
    };
  }
  return { pre, post };
}

function accountView(state: Overlay, address: Uint8Array): AccountView {
  const account = state.readAccount(address);
  if (account === undefined) return {};
  const code = state.codeOf(address);
  return {
    balance: toQuantity(account.balance),
    ...(account.nonce === 0n ? {} : { nonce: Number(account.nonce) }),
    ...(code.length === 0 ? {} : { code: toHex(code) }),
  };
}

function isZero({ balance = '0x0' }: AccountView): boolean {
  return balance === '0x0';
}

function isEmpty(record: object): boolean {
  return Object.keys(record).length === 0;
}
