import { keccak256 } from '@basalt/evm';
import { assert } from '@basalt/protocol';
import { BRANCH_BYTES_MAX, HASH_BYTES } from './limits.ts';
import { firstDifference, nibbleAt } from './nibbles.ts';
import { NodeWriter } from './node-writer.ts';

/** keccak-256 of the RLP of an empty string: the root of a trie without leaves. */
export const EMPTY_TRIE_ROOT: Uint8Array = keccak256(Uint8Array.of(0x80));

/** A node within its parent: RLP of its hash, or the node itself where that is shorter. */
const REFERENCE_BYTES = 1 + HASH_BYTES;
/** Of the RLP of a safe integer. */
const KEY_BYTES_MAX = 8;

interface Leaf {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Encoded nodes on the way to one key, deepest first. */
interface Trail {
  readonly key: Uint8Array;
  readonly nodes: Uint8Array[];
}

/** Keys of the first items, made when they are first asked for: every block has the same. */
const KEYS_KEPT = 4_096;
const keys: Uint8Array[] = [];

/**
 * Root of the trie whose keys are the RLP of 0, 1, 2 ... (Yellow Paper, 4.3.2): transactions,
 * receipts and withdrawals of a block. Items are not empty. 32 bytes.
 */
export function orderedTrieRoot(items: readonly Uint8Array[]): Uint8Array {
  return rootOf(leavesOf(items), undefined);
}

/**
 * Proof that `items[index]` stands at its place under {@link orderedTrieRoot}: encoded nodes from
 * the root down. An index behind the last item gives a proof that nothing is there.
 */
export function orderedTrieProof(items: readonly Uint8Array[], index: number): Uint8Array[] {
  assert(Number.isSafeInteger(index) && index >= 0, 'an index is a natural number');
  const trail: Trail = { key: orderedTrieKey(index), nodes: [] };
  rootOf(leavesOf(items), trail);
  return trail.nodes.reverse();
}

/** RLP of an index: the key of an item in an ordered trie. */
export function orderedTrieKey(index: number): Uint8Array {
  if (index === 0) return Uint8Array.of(0x80);
  if (index < 0x80) return Uint8Array.of(index);
  const bytes: number[] = [];
  for (let rest = index; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest & 0xff);
  return Uint8Array.of(0x80 + bytes.length, ...bytes);
}

function keyAt(index: number): Uint8Array {
  if (index >= KEYS_KEPT) return orderedTrieKey(index);
  while (keys.length <= index) keys.push(orderedTrieKey(keys.length));
  return keys[index] as Uint8Array;
}

/** In the order of their keys: 1 to 127, then 0, whose key is 0x80, then the longer keys. */
function leavesOf(items: readonly Uint8Array[]): Leaf[] {
  const leaves: Leaf[] = [];
  const add = (index: number): void => {
    const value = items[index];
    if (value === undefined) return;
    assert(value.length > 0, 'an item of an ordered trie is not empty');
    leaves.push({ key: keyAt(index), value });
  };
  for (let index = 1; index < 0x80; index++) add(index);
  add(0);
  for (let index = 0x80; index < items.length; index++) add(index);
  return leaves;
}

function rootOf(leaves: readonly Leaf[], trail: Trail | undefined): Uint8Array {
  if (leaves.length === 0) return EMPTY_TRIE_ROOT;
  return new TreeBuilder(leaves, trail).root();
}

/**
 * Hashes each node once, from the leaves up. No key is the beginning of another. References of
 * nodes whose parent is not written yet (RLP of a hash, or the node itself) lie on a stack.
 */
class TreeBuilder {
  readonly #leaves: readonly Leaf[];
  readonly #trail: Trail | undefined;
  readonly #writer = new NodeWriter();
  /** A level has sixteen at most, and one of a key's digits: two for each byte. */
  readonly #stack: Uint8Array;
  #top = 0;

  constructor(leaves: readonly Leaf[], trail: Trail | undefined) {
    this.#leaves = leaves;
    this.#trail = trail;
    this.#stack = new Uint8Array((2 * KEY_BYTES_MAX + 1) * 16 * REFERENCE_BYTES);
  }

  root(): Uint8Array {
    const length = this.#build(0, this.#leaves.length, 0);
    const reference = this.#stack.slice(0, length);
    // The root is hashed however short it is.
    return length === REFERENCE_BYTES ? reference.slice(1) : keccak256(reference);
  }

  /**
   * The node over the leaves from `begin` to `end`, which agree in the first `depth` digits.
   *
   * @returns bytes of its reference, which is on top of the stack
   */
  #build(begin: number, end: number, depth: number): number {
    const first = this.#leaves[begin] as Leaf;
    if (end - begin === 1) return this.#leaf(first, depth);
    const { key: last } = this.#leaves[end - 1] as Leaf;
    const digits = 2 * Math.min(first.key.length, last.length);
    const shared = firstDifference(first.key, last, depth, digits);
    const branch = this.#branch(begin, end, shared);
    if (shared === depth) return branch;
    this.#writer.begin(2 * REFERENCE_BYTES + first.key.length);
    this.#pop(branch);
    this.#writer.path(first.key, depth, shared, false);
    this.#writer.list();
    return this.#finish(first.key, depth);
  }

  #leaf({ key, value }: Leaf, depth: number): number {
    this.#writer.begin(value.length + key.length + 32);
    this.#writer.string(value);
    this.#writer.path(key, depth, 2 * key.length, true);
    this.#writer.list();
    return this.#finish(key, depth);
  }

  #branch(begin: number, end: number, depth: number): number {
    const lengths: number[] = [];
    let next = begin;
    for (let digit = 0; digit < 16; digit++) {
      const from = next;
      while (next < end && nibbleAt((this.#leaves[next] as Leaf).key, depth) === digit) next++;
      lengths.push(next === from ? 0 : this.#build(from, next, depth + 1));
    }
    this.#writer.begin(BRANCH_BYTES_MAX);
    this.#writer.byte(0x80);
    for (let digit = 15; digit >= 0; digit--) {
      const length = lengths[digit] as number;
      if (length === 0) this.#writer.byte(0x80);
      else this.#pop(length);
    }
    this.#writer.list();
    return this.#finish((this.#leaves[begin] as Leaf).key, depth);
  }

  /** Writes the reference on top of the stack into the node at hand. */
  #pop(length: number): void {
    this.#top -= length;
    this.#writer.part(this.#stack, this.#top, length);
  }

  /** `key` is that of any leaf below the node, which begins at `depth`. */
  #finish(key: Uint8Array, depth: number): number {
    const length = this.#writer.reference(this.#stack, this.#top);
    this.#top += length;
    const trail = this.#trail;
    // A node that stands inside its parent is part of the parent's bytes in a proof.
    if (trail !== undefined && (length > HASH_BYTES || depth === 0)) {
      const digits = Math.min(depth, 2 * trail.key.length);
      const isOnTrail = digits === depth && firstDifference(key, trail.key, 0, depth) === depth;
      if (isOnTrail) trail.nodes.push(this.#writer.bytes.slice());
    }
    return length;
  }
}
