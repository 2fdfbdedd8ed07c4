import type { OrderedTables } from '@basalt/store';
import { Leaf, type NodeSource } from '../trie/node.ts';
import type { TrieMemory } from '../trie/trie-memory.ts';
import { keyOf } from './byte-key.ts';
import { afterPrefix, branchKey, slotKey } from './tables.ts';
import { NOTHING } from './value-codec.ts';

/** A value that is not in the engine yet. */
interface Waiting {
  readonly value: Uint8Array;
  /** Of the last commit that wrote it. */
  readonly sequence: number;
}

/**
 * Flat values at the head: those that wait for the engine over those that it has. Values are as the
 * tables have them, {@link NOTHING} where there is none; keys are hashes and {@link keyOf} them.
 */
export class FlatState {
  readonly #engine: OrderedTables;
  readonly #accounts = new Map<string, Waiting>();
  readonly #slots = new Map<string, Map<string, Waiting>>();
  readonly #codes = new Map<string, Waiting>();

  constructor(engine: OrderedTables) {
    this.#engine = engine;
  }

  account(hash: Uint8Array, key: string): Uint8Array {
    return this.#accounts.get(key)?.value ?? this.#engine.get('accounts', hash) ?? NOTHING;
  }

  slot(owner: Uint8Array, ownerKey: string, slot: Uint8Array): Uint8Array {
    const waiting = this.#slots.get(ownerKey)?.get(keyOf(slot));
    return waiting?.value ?? this.#engine.get('storage', slotKey(owner, slot)) ?? NOTHING;
  }

  code(hash: Uint8Array): Uint8Array | undefined {
    if (this.#codes.size > 0) {
      const waiting = this.#codes.get(keyOf(hash));
      if (waiting !== undefined) return waiting.value;
    }
    return this.#engine.get('codes', hash);
  }

  /** All slots of an account that are not zero: hash and value, in no order. */
  *slotsOf(owner: Uint8Array): Iterable<readonly [string, Uint8Array]> {
    const waiting = this.#slots.get(keyOf(owner));
    if (waiting !== undefined) {
      for (const [slot, { value }] of waiting) if (value.length > 0) yield [slot, value];
    }
    const to = afterPrefix(owner);
    const bounds = { from: owner, ...(to === undefined ? {} : { to }) };
    for (const row of this.#engine.range('storage', bounds)) {
      const slot = keyOf(row.key.subarray(32));
      if (waiting?.has(slot) !== true) yield [slot, row.value];
    }
  }

  setAccount(key: string, value: Uint8Array, sequence: number): void {
    this.#accounts.set(key, { value, sequence });
  }

  setSlot(owner: string, slot: string, value: Uint8Array, sequence: number): void {
    let slots = this.#slots.get(owner);
    if (slots === undefined) {
      slots = new Map();
      this.#slots.set(owner, slots);
    }
    slots.set(slot, { value, sequence });
  }

  setCode(key: string, value: Uint8Array, sequence: number): void {
    this.#codes.set(key, { value, sequence });
  }

  /** The engine has everything up to this commit. */
  settle(sequence: number): void {
    dropSettled(this.#accounts, sequence);
    dropSettled(this.#codes, sequence);
    for (const [owner, slots] of this.#slots) {
      dropSettled(slots, sequence);
      if (slots.size === 0) this.#slots.delete(owner);
    }
  }

  /** What the engine has for a trie: branches, and flat values as leaves. */
  source(memory: TrieMemory, owner: Uint8Array | undefined): NodeSource {
    const engine = this.#engine;
    const branches = owner === undefined ? 'branches' : 'storageBranches';
    const leaves = owner === undefined ? 'accounts' : 'storage';
    const ownerBytes = owner?.length ?? 0;
    return {
      memory,
      loadBranch: (key, depth) => engine.get(branches, branchKey(owner, key, depth)),
      // A leaf that is not in memory was not changed by a commit that waits, so the engine has it.
      findLeaf(key, depth) {
        const [from, to] = pathBounds(owner, key, depth);
        const bounds = { from, limit: 2, ...(to === undefined ? {} : { to }) };
        const rows = [...engine.range(leaves, bounds)];
        const [only] = rows;
        if (only === undefined || rows.length > 1) return undefined;
        return new Leaf(only.key.slice(ownerBytes), only.value);
      },
    };
  }
}

/** First key with a path and the first behind all those with it. */
function pathBounds(
  owner: Uint8Array | undefined,
  key: Uint8Array,
  depth: number,
): readonly [Uint8Array, Uint8Array | undefined] {
  const first = new Uint8Array(32);
  const bytes = depth >>> 1;
  first.set(key.subarray(0, bytes));
  const isOdd = depth % 2 === 1;
  if (isOdd) first[bytes] = (key[bytes] as number) & 0xf0;
  const from = owner === undefined ? first : slotKey(owner, first);
  const ownerBytes = owner?.length ?? 0;
  if (!isOdd) {
    const prefix = from.subarray(0, ownerBytes + bytes);
    return [from, prefix.length === 0 ? undefined : afterPrefix(prefix)];
  }
  const last = from.slice(0, ownerBytes + bytes + 1);
  const at = ownerBytes + bytes;
  if ((last[at] as number) < 0xf0) {
    last[at] = (last[at] as number) + 0x10;
    return [from, last];
  }
  return [from, afterPrefix(from.subarray(0, at))];
}

function dropSettled(waiting: Map<string, Waiting>, sequence: number): void {
  for (const [key, each] of waiting) if (each.sequence <= sequence) waiting.delete(key);
}
