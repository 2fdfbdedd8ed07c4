import { keccak256 } from '@basalt/evm';
import { assert } from '@basalt/protocol';
import { BRANCH_BYTES_MAX, HASH_BYTES } from './limits.ts';
import { firstDifference, nibbleAt } from './nibbles.ts';
import { NodeWriter } from './node-writer.ts';

/** keccak-256 of the RLP of an empty string: the root of a trie without leaves. */
export const EMPTY_TRIE_ROOT: Uint8Array = keccak256(Uint8Array.of(0x80));

interface Leaf {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Encoded nodes on the way to one key, deepest first. */
interface Trail {
  readonly key: Uint8Array;
  readonly nodes: Uint8Array[];
}

/** A node within its parent: RLP of its hash, or the node itself. */
type Reference = Uint8Array;

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

/** In the order of their keys: 1 to 127, then 0, whose key is 0x80, then the longer keys. */
function leavesOf(items: readonly Uint8Array[]): Leaf[] {
  const leaves: Leaf[] = [];
  const add = (index: number): void => {
    const value = items[index];
    if (value === undefined) return;
    assert(value.length > 0, 'an item of an ordered trie is not empty');
    leaves.push({ key: orderedTrieKey(index), value });
  };
  for (let index = 1; index < 0x80; index++) add(index);
  add(0);
  for (let index = 0x80; index < items.length; index++) add(index);
  return leaves;
}

function rootOf(leaves: readonly Leaf[], trail: Trail | undefined): Uint8Array {
  if (leaves.length === 0) return EMPTY_TRIE_ROOT;
  const builder = new TreeBuilder(leaves, trail);
  const reference = builder.build(0, leaves.length, 0);
  // The root is hashed however short it is.
  return reference.length === 1 + HASH_BYTES ? reference.slice(1) : keccak256(reference);
}

/** Hashes each node once, from the leaves up. No key is the beginning of another. */
class TreeBuilder {
  readonly #leaves: readonly Leaf[];
  readonly #trail: Trail | undefined;
  readonly #writer = new NodeWriter();
  readonly #scratch = new Uint8Array(1 + HASH_BYTES);

  constructor(leaves: readonly Leaf[], trail: Trail | undefined) {
    this.#leaves = leaves;
    this.#trail = trail;
  }

  /** The node over the leaves from `begin` to `end`, which agree in the first `depth` digits. */
  build(begin: number, end: number, depth: number): Reference {
    const first = this.#leaves[begin] as Leaf;
    if (end - begin === 1) return this.#leaf(first, depth);
    const { key: last } = this.#leaves[end - 1] as Leaf;
    const digits = 2 * Math.min(first.key.length, last.length);
    const shared = firstDifference(first.key, last, depth, digits);
    const branch = this.#branch(begin, end, shared);
    if (shared === depth) return branch;
    this.#writer.begin(2 * (1 + HASH_BYTES) + first.key.length);
    this.#writer.raw(branch);
    this.#writer.path(first.key, depth, shared, false);
    this.#writer.list();
    return this.#finish(first.key, depth);
  }

  #leaf({ key, value }: Leaf, depth: number): Reference {
    this.#writer.begin(value.length + key.length + 32);
    this.#writer.string(value);
    this.#writer.path(key, depth, 2 * key.length, true);
    this.#writer.list();
    return this.#finish(key, depth);
  }

  #branch(begin: number, end: number, depth: number): Reference {
    const children: (Reference | undefined)[] = [];
    let next = begin;
    for (let digit = 0; digit < 16; digit++) {
      const from = next;
      while (next < end && nibbleAt((this.#leaves[next] as Leaf).key, depth) === digit) next++;
      children.push(next === from ? undefined : this.build(from, next, depth + 1));
    }
    this.#writer.begin(BRANCH_BYTES_MAX);
    this.#writer.byte(0x80);
    for (let digit = 15; digit >= 0; digit--) {
      const child = children[digit];
      if (child === undefined) this.#writer.byte(0x80);
      else this.#writer.raw(child);
    }
    this.#writer.list();
    return this.#finish((this.#leaves[begin] as Leaf).key, depth);
  }

  /** `key` is that of any leaf below the node, which begins at `depth`. */
  #finish(key: Uint8Array, depth: number): Reference {
    const length = this.#writer.reference(this.#scratch, 0);
    const trail = this.#trail;
    // A node that stands inside its parent is part of the parent's bytes in a proof.
    if (trail !== undefined && (length > HASH_BYTES || depth === 0)) {
      const digits = Math.min(depth, 2 * trail.key.length);
      const isOnTrail = digits === depth && firstDifference(key, trail.key, 0, depth) === depth;
      if (isOnTrail) trail.nodes.push(this.#writer.bytes.slice());
    }
    return this.#scratch.slice(0, length);
  }
}
