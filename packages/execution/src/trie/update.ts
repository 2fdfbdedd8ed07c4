import { compareBytes, equalBytes } from '@basalt/protocol';
import { writeImage } from './hashing.ts';
import { loadChild } from './load.ts';
import { firstDifference, nibbleAt } from './nibbles.ts';
import { Branch, childCount, Leaf, type Node, type NodeSource, noChildren } from './node.ts';
import type { TrieMemory } from './trie-memory.ts';

/** A batch: keys of one length in ascending order, each once. */
export interface TrieChanges {
  readonly keys: readonly Uint8Array[];
  /** undefined: no leaf any more. */
  readonly values: readonly (Uint8Array | undefined)[];
  /**
   * True where the trie is known to have a leaf for the key. False costs a look and nothing else;
   * true where there is none damages the trie.
   */
  readonly known: readonly boolean[];
}

/** What a batch makes and what it replaces, told in order. */
export interface TrieSink {
  /** What became of the record at a path: the last word counts. */
  write(key: Uint8Array, depth: number, branch: Branch | undefined): void;
  /** Has a slot of its own, which is free again when the batch is not kept. */
  made(branch: Branch): void;
  /** Nothing needs its slot any more when the batch is kept. */
  replaced(branch: Branch): void;
}

/** A batch out of pairs in any order; `known` is the caller's word. */
export function sortChanges(
  changes: readonly { key: Uint8Array; value: Uint8Array | undefined; known: boolean }[],
): TrieChanges {
  // Six bytes decide almost every comparison of hashed keys, and are exact as a number.
  const order = changes.map((change) => ({ change, head: headOf(change.key) }));
  order.sort((a, b) => a.head - b.head || compareBytes(a.change.key, b.change.key));
  return {
    keys: order.map(({ change }) => change.key),
    values: order.map(({ change }) => change.value),
    known: order.map(({ change }) => change.known),
  };
}

function headOf(key: Uint8Array): number {
  let head = 0;
  for (let index = 0; index < 6; index++) head = head * 256 + (key[index] ?? 0);
  return head;
}

/**
 * A batch of changes on a trie (Yellow Paper, appendix D): each branch above a change is made anew
 * and hashed once. The nodes given stay as they are, so other batches can begin at the same root.
 *
 * @returns the new root; the same object when nothing changed
 * @throws ExecutionError `damaged-state`
 */
export function updateTrie(
  source: NodeSource,
  root: Node | undefined,
  changes: TrieChanges,
  sink: TrieSink,
): Node | undefined {
  if (changes.keys.length === 0) return root;
  return new Batch(source, sink).update(changes, root, 0, 0, changes.keys.length);
}

/** The node over leaves that agree in their first `depth` digits, in a memory alone. */
export function buildTrie(
  memory: TrieMemory,
  leaves: TrieChanges,
  depth: number,
): Node | undefined {
  const nothing = (): undefined => undefined;
  const source: NodeSource = { memory, loadBranch: nothing, findLeaf: nothing };
  const sink: TrieSink = { write: nothing, made: nothing, replaced: nothing };
  return new Batch(source, sink).update(leaves, undefined, depth, 0, leaves.keys.length);
}

/** Leaves and branches of a branch in the making. */
interface Draft {
  readonly children: (Node | undefined)[];
  mask: number;
  leaves: number;
  changed: number;
}

class Batch {
  readonly #source: NodeSource;
  readonly #sink: TrieSink;

  constructor(source: NodeSource, sink: TrieSink) {
    this.#source = source;
    this.#sink = sink;
  }

  /** The changes from `low` to `high`, whose keys agree in `depth` digits, on what hangs there. */
  update(
    changes: TrieChanges,
    node: Node | undefined,
    depth: number,
    low: number,
    high: number,
  ): Node | undefined {
    if (node === undefined) return this.#build(changes, depth, low, high);
    if (node instanceof Leaf) return this.#updateLeaf(changes, node, depth, low, high);
    const result = this.#updateBranch(changes, node, low, high);
    if (result !== node) this.#sink.replaced(node);
    if (!(result instanceof Branch)) this.#sink.write(node.key, node.start, undefined);
    return result;
  }

  #build(changes: TrieChanges, depth: number, low: number, high: number): Node | undefined {
    const { keys, values } = changes;
    let from = low;
    while (from < high && values[from] === undefined) from++;
    let to = high;
    while (to > from && values[to - 1] === undefined) to--;
    if (from === to) return undefined;
    const first = keys[from] as Uint8Array;
    if (to - from === 1) return new Leaf(first, values[from] as Uint8Array);
    const end = firstDifference(first, keys[to - 1] as Uint8Array, depth, 2 * first.length);
    const draft: Draft = { children: noChildren(), mask: 0, leaves: 0, changed: 0 };
    eachDigit(changes, end, from, to, (digit, begin, stop) => {
      place(draft, digit, this.#build(changes, end + 1, begin, stop));
    });
    return this.#finish(undefined, draft, first, depth, end);
  }

  #updateLeaf(
    changes: TrieChanges,
    leaf: Leaf,
    depth: number,
    low: number,
    high: number,
  ): Node | undefined {
    const { keys, values, known } = changes;
    let at = low;
    while (at < high && compareBytes(keys[at] as Uint8Array, leaf.key) < 0) at++;
    if (at < high && equalBytes(keys[at] as Uint8Array, leaf.key)) {
      if (high - low > 1) return this.#build(changes, depth, low, high);
      const value = values[at];
      if (value === undefined) return undefined;
      return equalBytes(value, leaf.value) ? leaf : new Leaf(leaf.key, value);
    }
    let inserts = false;
    for (let index = low; index < high; index++) inserts ||= values[index] !== undefined;
    if (!inserts) return leaf;
    const merged: TrieChanges = {
      keys: [...keys.slice(low, at), leaf.key, ...keys.slice(at, high)],
      values: [...values.slice(low, at), leaf.value, ...values.slice(at, high)],
      known: [...known.slice(low, at), true, ...known.slice(at, high)],
    };
    return this.#build(merged, depth, 0, merged.keys.length);
  }

  #updateBranch(changes: TrieChanges, node: Branch, low: number, high: number): Node | undefined {
    const { start, end } = node;
    if (start < end) {
      let split = end;
      let leaves = false;
      for (let index = low; index < high; index++) {
        const key = changes.keys[index] as Uint8Array;
        const at = firstDifference(key, node.key, start, end);
        if (at === end) continue;
        leaves = true;
        if (changes.values[index] !== undefined && at < split) split = at;
      }
      if (split < end) return this.#splitBranch(changes, node, split, low, high);
      if (leaves) {
        const inside = withPrefix(changes, node, low, high);
        if (inside.keys.length === 0) return node;
        return this.#updateChildren(inside, node, 0, inside.keys.length);
      }
    }
    return this.#updateChildren(changes, node, low, high);
  }

  /** A key leaves the extension at depth `split`: a new branch there, the old one below it. */
  #splitBranch(
    changes: TrieChanges,
    node: Branch,
    split: number,
    low: number,
    high: number,
  ): Node | undefined {
    const lower = this.#move(node, split + 1);
    const draft: Draft = { children: noChildren(), mask: 0, leaves: 0, changed: 0 };
    const lowerDigit = nibbleAt(node.key, split);
    // Deletions may leave the extension above the split: there is nothing to delete there.
    const inside = withPrefix(changes, { key: node.key, start: node.start, end: split }, low, high);
    place(draft, lowerDigit, lower);
    eachDigit(inside, split, 0, inside.keys.length, (digit, begin, stop) => {
      const child = digit === lowerDigit ? lower : undefined;
      place(draft, digit, this.update(inside, child, split + 1, begin, stop));
    });
    return this.#finish(undefined, draft, node.key, node.start, split);
  }

  #updateChildren(changes: TrieChanges, node: Branch, low: number, high: number): Node | undefined {
    const { end } = node;
    const draft: Draft = {
      children: node.children.slice(),
      mask: node.mask,
      leaves: node.leaves,
      changed: 0,
    };
    eachDigit(changes, end, low, high, (digit, begin, stop) => {
      const bit = 1 << digit;
      if ((node.mask & bit) === 0) {
        const built = this.#build(changes, end + 1, begin, stop);
        if (built !== undefined) place(draft, digit, built);
        return;
      }
      const isKnownLeaf =
        stop - begin === 1 && (node.leaves & bit) !== 0 && changes.known[begin] === true;
      if (isKnownLeaf) {
        // The leaf is that of the key: what it held does not matter.
        const value = changes.values[begin];
        const key = changes.keys[begin] as Uint8Array;
        place(draft, digit, value === undefined ? undefined : new Leaf(key, value));
        return;
      }
      const child = loadChild(this.#source, node, digit);
      const updated = this.update(changes, child, end + 1, begin, stop);
      // It may have been loaded just now.
      if (updated === child) draft.children[digit] = child;
      else place(draft, digit, updated);
    });
    if (draft.changed === 0) return node;
    return this.#finish(node, draft, node.key, node.start, end);
  }

  /** The branch of a draft; what is left of it when it has fewer than two children. */
  #finish(
    before: Branch | undefined,
    draft: Draft,
    key: Uint8Array,
    start: number,
    end: number,
  ): Node | undefined {
    if (draft.mask === 0) return undefined;
    if ((draft.mask & (draft.mask - 1)) === 0) {
      return this.#collapse(before, draft, start);
    }
    const { mask, changed, children, leaves } = draft;
    const { memory } = this.#source;
    const update = { childDepth: end + 1, mask, changed, children };
    const { at, length } = writeImage(memory, before, update);
    const branch = new Branch({ key, start, end }, { at, length, mask, leaves, children });
    this.#sink.made(branch);
    this.#sink.write(key, start, branch);
    return branch;
  }

  /** An only child takes the place of its branch; digits between them go to its extension. */
  #collapse(before: Branch | undefined, draft: Draft, start: number): Node | undefined {
    const digit = childCount((draft.mask - 1) & 0xffff);
    const made = draft.children[digit];
    const child = made ?? (before && loadChild(this.#source, before, digit));
    if (!(child instanceof Branch)) return child;
    this.#sink.write(child.key, child.start, undefined);
    this.#sink.replaced(child);
    return this.#move(child, start);
  }

  /** The same branch hung elsewhere on its path: every branch has a slot of its own. */
  #move(branch: Branch, start: number): Branch {
    const { memory } = this.#source;
    const { length, mask, leaves, key, end } = branch;
    const at = memory.allocate(length);
    memory.copy(at, branch.at, length);
    const children = branch.children.slice();
    const moved = new Branch({ key, start, end }, { at, length, mask, leaves, children });
    this.#sink.made(moved);
    this.#sink.write(key, start, moved);
    return moved;
  }
}

function place(draft: Draft, digit: number, child: Node | undefined): void {
  const bit = 1 << digit;
  draft.children[digit] = child;
  draft.changed |= bit;
  draft.mask = child === undefined ? draft.mask & ~bit : draft.mask | bit;
  draft.leaves = child instanceof Leaf ? draft.leaves | bit : draft.leaves & ~bit;
}

/** Groups of changes whose keys have the same digit at a depth, in order. */
function eachDigit(
  { keys }: TrieChanges,
  depth: number,
  low: number,
  high: number,
  visit: (digit: number, begin: number, stop: number) => void,
): void {
  let begin = low;
  while (begin < high) {
    const digit = nibbleAt(keys[begin] as Uint8Array, depth);
    let stop = begin + 1;
    while (stop < high && nibbleAt(keys[stop] as Uint8Array, depth) === digit) stop++;
    visit(digit, begin, stop);
    begin = stop;
  }
}

/** The changes whose keys go through the extension of a branch. */
function withPrefix(
  { keys, values, known }: TrieChanges,
  { key, start, end }: { readonly key: Uint8Array; readonly start: number; readonly end: number },
  low: number,
  high: number,
): TrieChanges {
  const inside: number[] = [];
  for (let index = low; index < high; index++) {
    if (firstDifference(keys[index] as Uint8Array, key, start, end) === end) inside.push(index);
  }
  return {
    keys: inside.map((index) => keys[index] as Uint8Array),
    values: inside.map((index) => values[index]),
    known: inside.map((index) => known[index] as boolean),
  };
}
