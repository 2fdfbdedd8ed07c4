import type { Account } from '@basalt/evm';
import { equalBytes } from '@basalt/protocol';
import { rootHash } from '../trie/hashing.ts';
import { type Branch, freeBranch, type Node, type NodeSource } from '../trie/node.ts';
import { EMPTY_TRIE_ROOT } from '../trie/ordered-trie.ts';
import type { TrieMemory } from '../trie/trie-memory.ts';
import { sortChanges, type TrieSink, updateTrie } from '../trie/update.ts';
import { bytesOfKey } from './byte-key.ts';
import { decodeAccount, encodeAccount, NOTHING } from './value-codec.ts';

/** One slot; values as the tables have them. */
export interface SlotUpdate {
  readonly hash: Uint8Array;
  readonly key: string;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

/** One account with hashed keys; each account of a batch comes once. */
export interface AccountUpdate {
  readonly hash: Uint8Array;
  readonly key: string;
  /** As the tables have it. */
  readonly before: Uint8Array;
  readonly after: Account | undefined;
  /** Slots not in `slots` are gone. */
  readonly cleared: boolean;
  readonly slots: readonly SlotUpdate[];
}

/** A trie as a commit left it. */
export interface StorageTrie {
  readonly root: Uint8Array;
  readonly node: Node | undefined;
}

export interface TrieOwner {
  readonly hash: Uint8Array;
  readonly key: string;
}

/** Where a branch hung that is not there any more. */
export interface BranchPlace {
  readonly owner: TrieOwner | undefined;
  readonly key: Uint8Array;
  readonly depth: number;
}

/** An account that changed; values as the tables have them. */
export interface StagedAccount {
  readonly hash: Uint8Array;
  readonly key: string;
  readonly before: Uint8Array;
  readonly value: Uint8Array;
  readonly storageRoot: Uint8Array;
}

/** A slot that changed. */
export interface StagedSlot {
  readonly owner: TrieOwner;
  readonly hash: Uint8Array;
  readonly key: string;
  readonly before: Uint8Array;
  readonly value: Uint8Array;
}

/** Everything a batch makes of a state, beside it: nothing of the state has changed. */
export interface StagedUpdates {
  readonly root: Uint8Array;
  readonly node: Node | undefined;
  readonly storage: ReadonlyMap<string, StorageTrie>;
  readonly accounts: readonly StagedAccount[];
  /** What became of each update; undefined: nothing changed. */
  readonly results: readonly (StagedAccount | undefined)[];
  readonly slots: readonly StagedSlot[];
  /** Storage tries whose branches from before do not count. */
  readonly cleared: readonly TrieOwner[];
  /** Places without a branch, unless one is there again. */
  readonly removed: readonly BranchPlace[];
  readonly branchSlots: BranchSlots;
  /** How many more there are. */
  readonly accountsAdded: number;
  readonly slotsAdded: number;
}

/**
 * Slots of the memory that hang on whether a batch is kept: its own if it is not, those of the
 * branches it replaces if it is. One of the two comes, once.
 */
export class BranchSlots {
  readonly #memory: TrieMemory;
  readonly #made: Branch[] = [];
  readonly #replaced: Branch[] = [];
  #isSettled = false;

  constructor(memory: TrieMemory) {
    this.#memory = memory;
  }

  addMade(branch: Branch): void {
    this.#made.push(branch);
  }

  addReplaced(branch: Branch): void {
    this.#replaced.push(branch);
  }

  /** @param sequence of the commit that keeps it */
  keep(sequence: number): void {
    for (const branch of this.#made) branch.generation = sequence;
    this.#settle(this.#replaced);
  }

  discard(): void {
    this.#settle(this.#made);
  }

  #settle(branches: readonly Branch[]): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    for (const branch of branches) freeBranch(this.#memory, branch);
    this.#made.length = 0;
    this.#replaced.length = 0;
  }
}

/** The state below a batch. */
export interface StageBase {
  readonly memory: TrieMemory;
  accountTrie(): Node | undefined;
  storageTrie(owner: TrieOwner, root: Uint8Array): Node | undefined;
  source(owner: Uint8Array | undefined): NodeSource;
  slotsOf(owner: Uint8Array): Iterable<readonly [string, Uint8Array]>;
}

/** @throws ExecutionError `damaged-state` */
export function stageUpdates(base: StageBase, updates: readonly AccountUpdate[]): StagedUpdates {
  const stage = new Stage(base);
  try {
    return stage.run(updates);
  } catch (error) {
    stage.discard();
    throw error;
  }
}

class Stage {
  readonly #base: StageBase;
  readonly #storage = new Map<string, StorageTrie>();
  readonly #accounts: StagedAccount[] = [];
  readonly #slots: StagedSlot[] = [];
  readonly #cleared: TrieOwner[] = [];
  readonly #removed: BranchPlace[] = [];
  readonly #branchSlots: BranchSlots;
  #accountsAdded = 0;
  #slotsAdded = 0;

  constructor(base: StageBase) {
    this.#base = base;
    this.#branchSlots = new BranchSlots(base.memory);
  }

  discard(): void {
    this.#branchSlots.discard();
  }

  run(updates: readonly AccountUpdate[]): StagedUpdates {
    const leaves: { key: Uint8Array; value: Uint8Array | undefined; known: boolean }[] = [];
    const results = updates.map((update) => {
      const { hash, key, before, after } = update;
      const storageRoot = this.#updateStorage(update);
      const value = after === undefined ? NOTHING : encodeAccount(after, storageRoot);
      if (equalBytes(value, before)) return undefined;
      const known = before.length > 0;
      leaves.push({ key: hash, value: value.length === 0 ? undefined : value, known });
      const staged = { hash, key, before, value, storageRoot };
      this.#accounts.push(staged);
      this.#accountsAdded += Number(value.length > 0) - Number(known);
      return staged;
    });
    const before = this.#base.accountTrie();
    const source = this.#base.source(undefined);
    const node = updateTrie(source, before, sortChanges(leaves), this.#sink(undefined));
    return {
      root: rootHash(this.#base.memory, node),
      node,
      storage: this.#storage,
      accounts: this.#accounts,
      results,
      slots: this.#slots,
      cleared: this.#cleared,
      removed: this.#removed,
      branchSlots: this.#branchSlots,
      accountsAdded: this.#accountsAdded,
      slotsAdded: this.#slotsAdded,
    };
  }

  /** @returns the root of the account's storage after the update */
  #updateStorage(update: AccountUpdate): Uint8Array {
    const { before, after } = update;
    const rootBefore = before.length === 0 ? EMPTY_TRIE_ROOT : decodeAccount(before).storageRoot;
    const isEmpty = equalBytes(rootBefore, EMPTY_TRIE_ROOT);
    const isCleared = (update.cleared || after === undefined) && !isEmpty;
    if (!isCleared && (update.slots.length === 0 || after === undefined)) return rootBefore;
    const slots = isCleared ? this.#clear(update) : update.slots;
    const owner: TrieOwner = { hash: update.hash, key: update.key };
    const leaves: { key: Uint8Array; value: Uint8Array | undefined; known: boolean }[] = [];
    for (const slot of slots) {
      const { hash, key, before: old, after: value } = slot;
      if (equalBytes(old, value)) {
        // Its leaf is in no trie any more when the storage was cleared.
        if (isCleared && value.length > 0) leaves.push({ key: hash, value, known: false });
        continue;
      }
      const known = old.length > 0 && !isCleared;
      if (known || value.length > 0) {
        leaves.push({ key: hash, value: value.length === 0 ? undefined : value, known });
      }
      this.#slots.push({ owner, key, hash, before: old, value });
      this.#slotsAdded += Number(value.length > 0) - Number(old.length > 0);
    }
    if (leaves.length === 0 && !isCleared) return rootBefore;
    const base = isCleared ? undefined : this.#base.storageTrie(owner, rootBefore);
    const source = this.#base.source(update.hash);
    const node = updateTrie(source, base, sortChanges(leaves), this.#sink(owner));
    const root = rootHash(this.#base.memory, node);
    this.#storage.set(update.key, { root, node });
    return root;
  }

  /** All slots of before with those of the update over them, and the trie without branches. */
  #clear(update: AccountUpdate): SlotUpdate[] {
    this.#cleared.push({ hash: update.hash, key: update.key });
    const slots = new Map<string, SlotUpdate>();
    for (const [key, before] of this.#base.slotsOf(update.hash)) {
      slots.set(key, { hash: bytesOfKey(key), key, before, after: NOTHING });
    }
    if (update.after === undefined) return [...slots.values()];
    for (const slot of update.slots) {
      const before = slots.get(slot.key)?.before ?? NOTHING;
      slots.set(slot.key, { ...slot, before });
    }
    return [...slots.values()];
  }

  #sink(owner: TrieOwner | undefined): TrieSink {
    return {
      write: (key, depth, branch) => {
        if (branch === undefined) this.#removed.push({ owner, key, depth });
      },
      made: (branch) => this.#branchSlots.addMade(branch),
      replaced: (branch) => this.#branchSlots.addReplaced(branch),
    };
  }
}
