import type { OrderedTables } from '@basalt/store';
import { Leaf, type NodeSource } from '../trie/node.ts';
import type { TrieMemory } from '../trie/trie-memory.ts';
import { keyOf } from './byte-key.ts';
import { afterPrefix, branchKey, slotKey } from './tables.ts';
import { NOTHING } from './value-codec.ts';

/** Values that are not in the engine yet. */
export class WaitingValues {
  readonly accounts: Map<string, Uint8Array> = new Map();
  /** By owner. */
  readonly slots: Map<string, Map<string, Uint8Array>> = new Map();
  readonly codes: Map<string, Uint8Array> = new Map();

  slotsOf(owner: string): Map<string, Uint8Array> {
    let slots = this.slots.get(owner);
    if (slots === undefined) {
      slots = new Map();
      this.slots.set(owner, slots);
    }
    return slots;
  }

  /** Values of before under those here. */
  addEarlier(earlier: WaitingValues): void {
    underlay(this.accounts, earlier.accounts);
    underlay(this.codes, earlier.codes);
    for (const [owner, slots] of earlier.slots) underlay(this.slotsOf(owner), slots);
  }
}

function underlay(over: Map<string, Uint8Array>, under: ReadonlyMap<string, Uint8Array>): void {
  for (const [key, value] of under) if (!over.has(key)) over.set(key, value);
}

/**
 * Flat values at the head: those that wait for the engine over those that it has. Values are as the
 * tables have them, {@link NOTHING} where there is none; keys are hashes and {@link keyOf} them.
 */
export class FlatState {
  readonly #engine: OrderedTables;
  #waiting = new WaitingValues();
  /** On the way to the engine; under those that wait. */
  #flushing: WaitingValues | undefined;

  constructor(engine: OrderedTables) {
    this.#engine = engine;
  }

  account(hash: Uint8Array, key: string): Uint8Array {
    const waiting = this.#waiting.accounts.get(key) ?? this.#flushing?.accounts.get(key);
    return waiting ?? this.#engine.get('accounts', hash) ?? NOTHING;
  }

  slot(owner: Uint8Array, ownerKey: string, slot: Uint8Array): Uint8Array {
    const key = keyOf(slot);
    const waiting =
      this.#waiting.slots.get(ownerKey)?.get(key) ?? this.#flushing?.slots.get(ownerKey)?.get(key);
    return waiting ?? this.#engine.get('storage', slotKey(owner, slot)) ?? NOTHING;
  }

  code(hash: Uint8Array): Uint8Array | undefined {
    const key = keyOf(hash);
    const waiting = this.#waiting.codes.get(key) ?? this.#flushing?.codes.get(key);
    return waiting ?? this.#engine.get('codes', hash);
  }

  /** All slots of an account that are not zero: hash and value, in no order. */
  *slotsOf(owner: Uint8Array): Iterable<readonly [string, Uint8Array]> {
    const key = keyOf(owner);
    const waiting = new Map(this.#flushing?.slots.get(key));
    for (const [slot, value] of this.#waiting.slots.get(key) ?? []) waiting.set(slot, value);
    for (const [slot, value] of waiting) if (value.length > 0) yield [slot, value];
    const to = afterPrefix(owner);
    const bounds = { from: owner, ...(to === undefined ? {} : { to }) };
    for (const row of this.#engine.range('storage', bounds)) {
      const slot = keyOf(row.key.subarray(32));
      if (!waiting.has(slot)) yield [slot, row.value];
    }
  }

  setAccount(key: string, value: Uint8Array): void {
    this.#waiting.accounts.set(key, value);
  }

  setSlot(owner: string, slot: string, value: Uint8Array): void {
    this.#waiting.slotsOf(owner).set(slot, value);
  }

  setCode(key: string, value: Uint8Array): void {
    this.#waiting.codes.set(key, value);
  }

  /** Everything that waits goes on its way. */
  beginFlush(): WaitingValues {
    this.#flushing = this.#waiting;
    this.#waiting = new WaitingValues();
    return this.#flushing;
  }

  endFlush(isDurable: boolean): void {
    if (!isDurable && this.#flushing !== undefined) this.#waiting.addEarlier(this.#flushing);
    this.#flushing = undefined;
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
