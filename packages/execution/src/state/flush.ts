import type { OrderedTables, TableWrite } from '@basalt/store';
import { type Branch, encodeBranch, Leaf } from '../trie/node.ts';
import type { TrieMemory } from '../trie/trie-memory.ts';
import { type BlockDiff, encodeDiff } from './block-diff.ts';
import { keyOf } from './byte-key.ts';
import type { BranchWrite } from './staging.ts';
import {
  afterPrefix,
  type BlockRecord,
  blockKey,
  branchKey,
  encodeBlock,
  encodeHead,
  HEAD_KEY,
  type HeadRecord,
  numberOfKey,
  slotKey,
} from './tables.ts';

/** What a commit or a rewind leaves for the engine; taken in order. */
export interface StateCommit {
  readonly sequence: number;
  readonly head: HeadRecord;
  /** A new block; undefined: a rewind, or a snapshot. */
  readonly block:
    | { readonly record: BlockRecord; readonly diff: BlockDiff | undefined }
    | undefined;
  /** Blocks above are undone. */
  readonly rewindTo: number | undefined;
  /** History up to this block is not wanted any more, hashes up to the other. */
  readonly pruneHistory: number;
  readonly pruneBlocks: number;
  readonly accounts: readonly { readonly hash: Uint8Array; readonly value: Uint8Array }[];
  readonly slots: readonly {
    readonly owner: Uint8Array;
    readonly hash: Uint8Array;
    readonly value: Uint8Array;
  }[];
  readonly codes: readonly { readonly hash: Uint8Array; readonly code: Uint8Array }[];
  readonly branches: readonly BranchWrite[];
}

/** Writes of one transaction of the engine, by table and key: the last commit's word counts. */
export class FlushBatch {
  readonly #engine: OrderedTables;
  readonly #memory: TrieMemory;
  readonly #values = new Map<string, TableWrite>();
  readonly #branches = new Map<string, OwnerBranches>();
  readonly #history = new Map<number, readonly TableWrite[]>();
  readonly #blocks = new Map<number, TableWrite>();
  #head: HeadRecord | undefined;
  #pruneHistory = -1;
  #pruneBlocks = -1;
  sequence = 0;

  constructor(engine: OrderedTables, memory: TrieMemory) {
    this.#engine = engine;
    this.#memory = memory;
  }

  add(commit: StateCommit): void {
    for (const { hash, value } of commit.accounts) this.#put('accounts', hash, value);
    for (const { owner, hash, value } of commit.slots) {
      this.#put('storage', slotKey(owner, hash), value);
    }
    for (const { hash, code } of commit.codes) this.#put('codes', hash, code);
    for (const write of commit.branches) this.#addBranch(write);
    if (commit.rewindTo !== undefined) this.#rewind(commit.rewindTo);
    if (commit.block !== undefined) this.#addBlock(commit.block.record, commit.block.diff);
    this.#pruneHistory = Math.max(this.#pruneHistory, commit.pruneHistory);
    this.#pruneBlocks = Math.max(this.#pruneBlocks, commit.pruneBlocks);
    this.#head = commit.head;
    this.sequence = commit.sequence;
  }

  /** All of it; call once. */
  writes(): TableWrite[] {
    this.#prune('history', this.#history, this.#pruneHistory);
    this.#prune('blocks', this.#blocks, this.#pruneBlocks);
    const writes: TableWrite[] = [];
    for (const owned of this.#branches.values()) owned.writeTo(writes, this.#engine, this.#memory);
    for (const write of this.#values.values()) writes.push(write);
    for (const rows of this.#history.values()) for (const row of rows) writes.push(row);
    for (const write of this.#blocks.values()) writes.push(write);
    if (this.#head !== undefined) {
      writes.push({ table: 'meta', key: HEAD_KEY, value: encodeHead(this.#head) });
    }
    return writes;
  }

  /** Leaves in memory that the engine has now: the flat values are their place. */
  forgetLeaves(): void {
    for (const owned of this.#branches.values()) owned.forgetLeaves();
  }

  #put(table: string, key: Uint8Array, value: Uint8Array): void {
    const write = { table, key, value: value.length === 0 ? undefined : value };
    this.#values.set(table[0] + keyOf(key), write);
  }

  #addBranch(write: BranchWrite): void {
    const ownerKey = write.owner?.key ?? '';
    let owned = this.#branches.get(ownerKey);
    if (owned === undefined) {
      owned = new OwnerBranches(write.owner?.hash);
      this.#branches.set(ownerKey, owned);
    }
    if (write.clear) owned.clear();
    else owned.set(write.key, write.depth, write.branch);
  }

  #addBlock(record: BlockRecord, diff: BlockDiff | undefined): void {
    const { number } = record;
    this.#blocks.set(number, {
      table: 'blocks',
      key: blockKey(number),
      value: encodeBlock(record),
    });
    if (diff === undefined) return;
    const rows = encodeDiff(number, diff);
    // A block that was undone and made anew may have left more chunks than this one has.
    const old = this.#history.get(number) ?? [];
    this.#history.set(number, [
      ...old.map(({ table, key }) => ({ table, key, value: undefined })),
      ...rows.map(({ key, value }) => ({ table: 'history', key, value })),
    ]);
  }

  #rewind(to: number): void {
    for (const [table, pending] of [
      ['history', this.#history],
      ['blocks', this.#blocks],
    ] as const) {
      for (const number of pending.keys()) if (number > to) pending.delete(number);
      this.#deleteRows(table, pending, this.#engine.range(table, { from: blockKey(to + 1) }));
    }
  }

  #prune(
    table: 'history' | 'blocks',
    pending: Map<number, TableWrite | readonly TableWrite[]>,
    upTo: number,
  ): void {
    if (upTo < 0) return;
    for (const number of pending.keys()) if (number <= upTo) pending.delete(number);
    this.#deleteRows(table, pending, this.#engine.range(table, { to: blockKey(upTo + 1) }));
  }

  #deleteRows(
    table: 'history' | 'blocks',
    pending: Map<number, TableWrite | readonly TableWrite[]>,
    rows: Iterable<{ readonly key: Uint8Array }>,
  ): void {
    const deletions = new Map<number, TableWrite[]>();
    for (const { key } of rows) {
      const number = numberOfKey(key);
      const list = deletions.get(number) ?? [];
      list.push({ table, key, value: undefined });
      deletions.set(number, list);
    }
    for (const [number, list] of deletions) {
      pending.set(number, table === 'history' ? list : (list[0] as TableWrite));
    }
  }
}

/** Branches of one trie. */
class OwnerBranches {
  readonly #owner: Uint8Array | undefined;
  readonly #branches = new Map<string, { key: Uint8Array; branch: Branch | undefined }>();
  #isCleared = false;

  constructor(owner: Uint8Array | undefined) {
    this.#owner = owner;
  }

  clear(): void {
    this.#isCleared = true;
    this.#branches.clear();
  }

  set(key: Uint8Array, depth: number, branch: Branch | undefined): void {
    const place = branchKey(this.#owner, key, depth);
    this.#branches.set(placeKey(place, this.#owner?.length ?? 0), { key: place, branch });
  }

  writeTo(writes: TableWrite[], engine: OrderedTables, memory: TrieMemory): void {
    const table = this.#owner === undefined ? 'branches' : 'storageBranches';
    if (this.#isCleared && this.#owner !== undefined) {
      const to = afterPrefix(this.#owner);
      const bounds = { from: this.#owner, ...(to === undefined ? {} : { to }) };
      for (const { key } of engine.range(table, bounds)) {
        writes.push({ table, key, value: undefined });
      }
    }
    for (const { key, branch } of this.#branches.values()) {
      writes.push({ table, key, value: branch && encodeBranch(memory, branch) });
    }
  }

  forgetLeaves(): void {
    for (const { branch } of this.#branches.values()) {
      if (branch === undefined) continue;
      const { children } = branch;
      for (let digit = 0; digit < children.length; digit++) {
        if (children[digit] instanceof Leaf) children[digit] = undefined;
      }
    }
  }
}

function placeKey(place: Uint8Array, from: number): string {
  let key = '';
  for (let at = from; at < place.length; at++) key += String.fromCharCode(place[at] as number);
  return key;
}
