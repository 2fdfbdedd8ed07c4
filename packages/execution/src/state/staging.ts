import type { Account } from '@basalt/evm';
import { equalBytes } from '@basalt/protocol';
import { rootHash } from '../trie/hashing.ts';
import { type Branch, freeBranch, type Node, type NodeSource } from '../trie/node.ts';
import { EMPTY_TRIE_ROOT } from '../trie/ordered-trie.ts';
import type { TrieMemory } from '../trie/trie-memory.ts';
import { sortChanges, type TrieSink, updateTrie } from '../trie/update.ts';
import { BlockDiff } from './block-diff.ts';
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

/** A branch made, moved or gone; `clear`: all of the owner's that were there before. */
export type BranchWrite =
  | {
      readonly owner: TrieOwner | undefined;
      readonly clear: false;
      readonly key: Uint8Array;
      readonly depth: number;
      readonly branch: Branch | undefined;
    }
  | { readonly owner: TrieOwner; readonly clear: true };

/** Everything a batch makes of a state, beside it: nothing of the state has changed. */
export interface StagedUpdates {
  readonly root: Uint8Array;
  readonly node: Node | undefined;
  readonly storage: ReadonlyMap<string, StorageTrie>;
  readonly diff: BlockDiff;
  readonly accounts: readonly {
    readonly update: AccountUpdate;
    readonly value: Uint8Array;
    readonly storageRoot: Uint8Array;
  }[];
  readonly slots: readonly {
    readonly owner: TrieOwner;
    readonly key: string;
    readonly hash: Uint8Array;
    readonly value: Uint8Array;
  }[];
  readonly branches: readonly BranchWrite[];
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

  keep(): void {
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
  readonly #diff = new BlockDiff();
  readonly #accounts: StagedUpdates['accounts'][number][] = [];
  readonly #slots: StagedUpdates['slots'][number][] = [];
  readonly #branches: BranchWrite[] = [];
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
    for (const update of updates) {
      const { hash, key, before, after } = update;
      const storageRoot = this.#updateStorage(update);
      const value = after === undefined ? NOTHING : encodeAccount(after, storageRoot);
      if (equalBytes(value, before)) continue;
      const known = before.length > 0;
      leaves.push({ key: hash, value: value.length === 0 ? undefined : value, known });
      this.#accounts.push({ update, value, storageRoot });
      this.#diff.setAccount(key, before);
      this.#accountsAdded += Number(value.length > 0) - Number(known);
    }
    const before = this.#base.accountTrie();
    const source = this.#base.source(undefined);
    const node = updateTrie(source, before, sortChanges(leaves), this.#sink(undefined));
    return {
      root: rootHash(this.#base.memory, node),
      node,
      storage: this.#storage,
      diff: this.#diff,
      accounts: this.#accounts,
      slots: this.#slots,
      branches: this.#branches,
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
      this.#slots.push({ owner, key, hash, value });
      this.#diff.setSlot(update.key, key, old);
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
    this.#branches.push({ owner: { hash: update.hash, key: update.key }, clear: true });
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
        this.#branches.push({ owner, clear: false, key, depth, branch });
      },
      made: (branch) => this.#branchSlots.addMade(branch),
      replaced: (branch) => this.#branchSlots.addReplaced(branch),
    };
  }
}
