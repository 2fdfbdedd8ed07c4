import { equalBytes } from '@basalt/protocol';
import { loadRoot } from '../trie/load.ts';
import { Branch, freeTree, type Node, type NodeSource } from '../trie/node.ts';
import { TrieMemory } from '../trie/trie-memory.ts';
import { bytesOfKey } from './byte-key.ts';
import type { FlatState } from './flat-state.ts';
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
  readonly memory: TrieMemory = new TrieMemory();
  readonly #flat: FlatState;
  readonly #bytesMax: number;
  readonly #storage = new Map<string, HeldTrie>();
  #root: Uint8Array;
  #account: Node | undefined;
  #isLoaded = false;

  constructor(flat: FlatState, root: Uint8Array, bytes: number) {
    this.#flat = flat;
    this.#root = root;
    this.#bytesMax = bytes;
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
    if (held !== undefined && equalBytes(held.root, root)) return held.node;
    const node = loadRoot(this.source(owner.hash), root, KEY_BYTES);
    if (held === undefined) this.#storage.set(owner.key, { root, node, sequence: 0 });
    else throw new Error('assertion failed: the tries are those of the head');
    return node;
  }

  source(owner: Uint8Array | undefined): NodeSource {
    return this.#flat.source(this.memory, owner);
  }

  slotsOf(owner: Uint8Array): Iterable<readonly [string, Uint8Array]> {
    return this.#flat.slotsOf(owner);
  }

  /** What was staged is the head now. */
  commit(staged: StagedUpdates, sequence: number): void {
    this.#root = staged.root;
    this.#account = staged.node;
    this.#isLoaded = true;
    // Nothing of a cleared trie is in the new one.
    for (const { key } of staged.cleared) freeTree(this.memory, this.#storage.get(key)?.node);
    for (const [key, trie] of staged.storage) {
      this.#storage.delete(key);
      this.#storage.set(key, { ...trie, sequence });
    }
    staged.branchSlots.keep(sequence);
  }

  /** Branches that commits after this one made, each trie from its root down. */
  eachChanged(
    sequence: number,
    visit: (owner: Uint8Array | undefined, branch: Branch) => void,
  ): void {
    const walk = (owner: Uint8Array | undefined, node: Node | undefined): void => {
      if (!(node instanceof Branch) || node.generation <= sequence) return;
      visit(owner, node);
      for (const child of node.children) walk(owner, child);
    };
    walk(undefined, this.#account);
    for (const [key, { node, sequence: changed }] of this.#storage) {
      if (changed > sequence) walk(bytesOfKey(key), node);
    }
  }

  /** Nothing may be asked after. */
  close(): void {
    this.memory.close();
  }

  /**
   * Bounds the memory; the engine has all commits up to `durable`. Batches that were staged and not
   * committed go on: what is let go here says so, and is loaded again.
   */
  trim(durable: number): void {
    if (this.#storage.size > STORAGE_TRIES_MAX) this.#trimStorage(durable);
    if (this.memory.usedBytes <= this.#bytesMax) return;
    const generations: number[] = [];
    this.#eachRoot((node) => collect(node, generations));
    generations.sort((a, b) => a - b);
    // Half goes, so that this is rare.
    const middle = generations[generations.length >>> 1] ?? 0;
    const oldest = Math.min(middle, durable);
    this.#eachRoot((node) => this.#cut(node, oldest));
  }

  #eachRoot(visit: (node: Branch) => void): void {
    if (this.#account instanceof Branch) visit(this.#account);
    for (const { node } of this.#storage.values()) if (node instanceof Branch) visit(node);
  }

  /** What is below a branch is not newer, so it is in the engine too. */
  #cut(node: Branch, oldest: number): void {
    const { children } = node;
    for (let digit = 0; digit < children.length; digit++) {
      const child = children[digit];
      if (!(child instanceof Branch)) continue;
      if (child.generation <= oldest) {
        freeTree(this.memory, child);
        children[digit] = undefined;
      } else {
        this.#cut(child, oldest);
      }
    }
  }

  /** Those used longest ago first; a trie that waits for the engine stays. */
  #trimStorage(durable: number): void {
    for (const [key, { node, sequence }] of this.#storage) {
      if (this.#storage.size <= STORAGE_TRIES_MAX / 2) return;
      if (sequence > durable) continue;
      freeTree(this.memory, node);
      this.#storage.delete(key);
    }
  }
}

function collect(node: Branch, generations: number[]): void {
  if (node.at === 0) return;
  generations.push(node.generation);
  for (const child of node.children) if (child instanceof Branch) collect(child, generations);
}
