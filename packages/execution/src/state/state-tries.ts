import { loadRoot } from '../trie/load.ts';
import { Branch, type Node, type NodeSource } from '../trie/node.ts';
import type { FlatState } from './flat-state.ts';
import { BRANCH_BYTES_ESTIMATE } from './limits.ts';
import type { StageBase, StagedUpdates, StorageTrie, TrieOwner } from './staging.ts';

interface HeldTrie extends StorageTrie {
  readonly sequence: number;
}

/** Hashed keys have 32 bytes. */
const KEY_BYTES = 32;
/** Storage tries looked at or changed lately; a small one is a leaf or a branch. */
const STORAGE_TRIES_MAX = 16_384;

/**
 * The tries of the head, as far as they are in memory. Branches that no commit touched for long are
 * let go once the engine has them, and loaded again when they are needed.
 */
export class StateTries implements StageBase {
  readonly #flat: FlatState;
  readonly #branchesMax: number;
  readonly #storage = new Map<string, HeldTrie>();
  #root: Uint8Array;
  #account: Node | undefined;
  #isLoaded = false;
  /** Made and loaded since they were last counted. */
  #fresh = 0;

  constructor(flat: FlatState, root: Uint8Array, bytes: number) {
    this.#flat = flat;
    this.#root = root;
    this.#branchesMax = Math.max(256, Math.floor(bytes / BRANCH_BYTES_ESTIMATE));
  }

  accountTrie(): Node | undefined {
    if (!this.#isLoaded) {
      this.#account = loadRoot(this.source(undefined), this.#root, KEY_BYTES);
      this.#isLoaded = true;
    }
    return this.#account;
  }

  storageTrie(owner: TrieOwner, root: Uint8Array): Node | undefined {
    const held = this.#storage.get(owner.key);
    // Another root: a trie as it was before the head.
    if (held !== undefined && isSame(held.root, root)) return held.node;
    const node = loadRoot(this.source(owner.hash), root, KEY_BYTES);
    if (held === undefined) this.#storage.set(owner.key, { root, node, sequence: 0 });
    return node;
  }

  source(owner: Uint8Array | undefined): NodeSource {
    const source = this.#flat.source(owner);
    return {
      loadBranch: (key, depth) => {
        this.#fresh++;
        return source.loadBranch(key, depth);
      },
      findLeaf: (key, depth) => source.findLeaf(key, depth),
    };
  }

  slotsOf(owner: Uint8Array): Iterable<readonly [string, Uint8Array]> {
    return this.#flat.slotsOf(owner);
  }

  /** What was staged is the head now. */
  commit(staged: StagedUpdates, sequence: number): void {
    this.#root = staged.root;
    this.#account = staged.node;
    this.#isLoaded = true;
    for (const [key, trie] of staged.storage) {
      this.#storage.delete(key);
      this.#storage.set(key, { ...trie, sequence });
    }
    for (const write of staged.branches) {
      if (write.clear || write.branch === undefined) continue;
      write.branch.generation = sequence;
      this.#fresh++;
    }
  }

  /** Nothing in memory; the engine has everything. */
  reset(root: Uint8Array): void {
    this.#root = root;
    this.#account = undefined;
    this.#isLoaded = false;
    this.#storage.clear();
    this.#fresh = 0;
  }

  /** Bounds the memory; the engine has all commits up to `durable`. */
  trim(durable: number): void {
    if (this.#storage.size > STORAGE_TRIES_MAX) this.#trimStorage(durable);
    if (this.#fresh < this.#branchesMax / 2) return;
    this.#fresh = 0;
    const generations: number[] = [];
    this.#eachRoot((node) => collect(node, generations));
    if (generations.length <= this.#branchesMax) return;
    generations.sort((a, b) => a - b);
    const middle = generations[generations.length - (this.#branchesMax >>> 1)] ?? 0;
    const oldest = Math.min(middle, durable);
    this.#eachRoot((node) => cut(node, oldest));
  }

  countBranches(): number {
    const generations: number[] = [];
    this.#eachRoot((node) => collect(node, generations));
    return generations.length;
  }

  #eachRoot(visit: (node: Branch) => void): void {
    if (this.#account instanceof Branch) visit(this.#account);
    for (const { node } of this.#storage.values()) if (node instanceof Branch) visit(node);
  }

  /** Those used longest ago first; a trie that waits for the engine stays. */
  #trimStorage(durable: number): void {
    for (const [key, { sequence }] of this.#storage) {
      if (this.#storage.size <= STORAGE_TRIES_MAX / 2) return;
      if (sequence <= durable) this.#storage.delete(key);
    }
  }
}

function collect(node: Branch, generations: number[]): void {
  generations.push(node.generation);
  for (const child of node.children) if (child instanceof Branch) collect(child, generations);
}

/** A branch is never older than those below it, so what is cut with it is in the engine too. */
function cut(node: Branch, oldest: number): void {
  const { children } = node;
  for (let digit = 0; digit < children.length; digit++) {
    const child = children[digit];
    if (!(child instanceof Branch)) continue;
    if (child.generation <= oldest) children[digit] = undefined;
    else cut(child, oldest);
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  for (let at = 0; at < KEY_BYTES; at++) if (one[at] !== other[at]) return false;
  return true;
}
