import { equalBytes, toHex } from '@basalt/protocol';
import { rootHash } from '../../../src/trie/hashing.ts';
import { loadRoot } from '../../../src/trie/load.ts';
import {
  type Branch,
  encodeBranch,
  freeBranch,
  freeTree,
  Leaf,
  type Node,
  type NodeSource,
} from '../../../src/trie/node.ts';
import { TrieMemory } from '../../../src/trie/trie-memory.ts';
import { sortChanges, updateTrie } from '../../../src/trie/update.ts';

/** A trie whose store is two maps: what a world state does with an engine, for tests. */
export class MemoryTrie implements NodeSource {
  readonly records: Map<string, Uint8Array> = new Map();
  readonly leaves: Map<string, Uint8Array> = new Map();
  readonly memory: TrieMemory = new TrieMemory();
  readonly keyBytes: number;
  node: Node | undefined;
  loads = 0;
  #replaced: Branch[] = [];

  constructor(keyBytes: number) {
    this.keyBytes = keyBytes;
  }

  get root(): Uint8Array {
    return rootHash(this.memory, this.node);
  }

  loadBranch(key: Uint8Array, depth: number): Uint8Array | undefined {
    this.loads++;
    return this.records.get(pathOf(key, depth));
  }

  findLeaf(key: Uint8Array, depth: number): Leaf | undefined {
    this.loads++;
    const path = pathOf(key, depth);
    const found = [...this.leaves].filter(([hex]) => hex.startsWith(path));
    const [only] = found;
    if (found.length !== 1 || only === undefined) return undefined;
    return new Leaf(Uint8Array.from(Buffer.from(only[0], 'hex')), only[1]);
  }

  update(changes: readonly { key: Uint8Array; value: Uint8Array | undefined }[]): void {
    const batch = changes.map(({ key, value }) => ({
      key,
      value,
      known: this.leaves.has(toHex(key)),
    }));
    const writes: [string, Branch | undefined][] = [];
    const replaced: Branch[] = [];
    this.node = updateTrie(this, this.node, sortChanges(batch), {
      write: (key, depth, branch) => void writes.push([pathOf(key, depth), branch]),
      made: () => undefined,
      replaced: (branch) => void replaced.push(branch),
    });
    for (const [path, branch] of writes) {
      if (branch === undefined) this.records.delete(path);
      else this.records.set(path, encodeBranch(this.memory, branch));
    }
    this.#replaced = replaced;
    for (const { key, value } of changes) {
      if (value === undefined) this.leaves.delete(toHex(key));
      else this.leaves.set(toHex(key), value);
    }
  }

  /** Gives back what the last update replaced: the trie before it is gone. */
  free(): void {
    for (const branch of this.#replaced) freeBranch(this.memory, branch);
    this.#replaced = [];
  }

  close(): void {
    this.memory.close();
  }

  /** Forgets what is in memory. */
  reload(): void {
    const { root } = this;
    freeTree(this.memory, this.node);
    if (this.memory.usedBytes > 0) throw new Error('a branch was not given back');
    this.node = loadRoot(this, root, this.keyBytes);
    if (!equalBytes(this.root, root)) throw new Error('the reloaded root is another');
  }
}

function pathOf(key: Uint8Array, depth: number): string {
  return toHex(key).slice(0, depth);
}
