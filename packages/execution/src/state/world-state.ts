import { type Account, type AccountChange, keccak256 } from '@basalt/evm';
import { assert, equalBytes } from '@basalt/protocol';
import type { OrderedTables } from '@basalt/store';
import { ExecutionError } from '../errors.ts';
import { proveKey } from '../trie/load.ts';
import { EMPTY_TRIE_ROOT } from '../trie/ordered-trie.ts';
import { encodeDiff } from './block-diff.ts';
import { keyOf } from './byte-key.ts';
import { FlatState } from './flat-state.ts';
import { collectWrites, forgetLeaves, Removals } from './flush.ts';
import { Flusher, type FlushJob } from './flusher.ts';
import { HeadValues } from './head-values.ts';
import { History } from './history.ts';
import {
  BLOCK_HASHES_KEPT,
  CACHE_BYTES_DEFAULT,
  TRIE_BYTES_DEFAULT,
  WINDOW_BLOCKS_DEFAULT,
} from './limits.ts';
import { baseOn } from './older-base.ts';
import type { SnapshotSource } from './snapshot-export.ts';
import { oldValues, Staged } from './staged.ts';
import { type BranchSlots, type StageBase, type StagedUpdates, stageUpdates } from './staging.ts';
import { StateTries } from './state-tries.ts';
import { BlockView, type ViewSource } from './state-view.ts';
import {
  type BlockRecord,
  blockKey,
  decodeBlock,
  decodeHead,
  HEAD_KEY,
  type HeadRecord,
  IMPORT_KEY,
  NO_HEAD,
} from './tables.ts';
import type { AccountProof, StagedState, StateStats, StateView, WorldState } from './types.ts';
import {
  type MergedChange,
  type MergedSlot,
  mergeChanges,
  updatesOfChanges,
  updatesOfDiff,
} from './updates.ts';
import type { KnownValue, ValueCacheControl } from './value-cache.ts';
import { decodeAccount, decodeSlot, encodeSlot, type StoredAccount } from './value-codec.ts';

export interface WorldStateOptions {
  /** From {@link createStateEngine}; the world owns it and closes it. */
  readonly engine: OrderedTables;
  /** Blocks behind the head that stay readable; `all`: an archive. Default 1,024. */
  readonly windowBlocks?: number | 'all';
  /** Memory for values; default 64 MiB. */
  readonly cacheBytes?: number;
  /** Memory for branches of tries; default 128 MiB. */
  readonly trieBytes?: number;
}

/**
 * Opens the state that an engine has, or an empty one.
 *
 * @throws ExecutionError `damaged-state`; `invalid-snapshot` when an import was not finished
 */
export function createWorldState(options: WorldStateOptions): WorldState {
  return new EngineWorldState(options);
}

export class EngineWorldState implements WorldState, ViewSource {
  readonly #engine: OrderedTables;
  readonly #window: number;
  readonly #flat: FlatState;
  readonly #history: History;
  readonly #values: HeadValues;
  readonly #tries: StateTries;
  readonly #flusher: Flusher;
  /** Blocks that the engine does not have yet. */
  readonly #blocks = new Map<number, { record: BlockRecord; sequence: number }>();
  /** Where each rewind went, in order. */
  readonly #rewinds: number[] = [];
  #head: HeadRecord;
  #durable: number;
  #durableSequence = 0;
  #removals = new Removals();
  /** Commits and rewinds since the start. */
  #sequence = 0;
  #closed = false;
  /** Of batches on this head that are neither committed nor forgotten. */
  readonly #outstanding = new Set<BranchSlots>();
  readonly #forgotten = new FinalizationRegistry<BranchSlots>((slots) => {
    if (this.#outstanding.delete(slots)) slots.discard();
  });
  /** The tries of one older block, as proofs of it come one after another. */
  #older: { readonly sequence: number; readonly number: number; staged: StagedUpdates } | undefined;

  constructor(options: WorldStateOptions) {
    const { engine, windowBlocks = WINDOW_BLOCKS_DEFAULT } = options;
    this.#engine = engine;
    this.#window = windowBlocks === 'all' ? Number.POSITIVE_INFINITY : windowBlocks;
    assert(this.#window >= 0, 'a window has no negative length');
    if (engine.get('meta', IMPORT_KEY) !== undefined) {
      const message = 'the import of a snapshot into this state was not finished: go on with it';
      throw new ExecutionError('invalid-snapshot', message);
    }
    const head = engine.get('meta', HEAD_KEY);
    this.#head = head === undefined ? NO_HEAD : decodeHead(head);
    this.#durable = this.#head.number;
    this.#flat = new FlatState(engine);
    this.#history = new History(engine);
    this.#values = new HeadValues(this.#flat, options.cacheBytes ?? CACHE_BYTES_DEFAULT);
    const trieBytes = options.trieBytes ?? TRIE_BYTES_DEFAULT;
    this.#tries = new StateTries(this.#flat, this.#head.root, trieBytes);
    this.#tries.accountTrie();
    this.#flusher = new Flusher(engine, () => this.#beginFlush());
  }

  get number(): number {
    return this.#head.number;
  }

  get root(): Uint8Array {
    return this.#head.root;
  }

  get oldest(): number {
    return this.#head.oldest;
  }

  get durableNumber(): number {
    return Math.min(this.#durable, this.#head.number);
  }

  get valueCache(): ValueCacheControl {
    return this.#values.cache;
  }

  head(): StateView {
    return new BlockView(this, this.#head.number, this.#rewinds.length);
  }

  at(number: number): StateView | undefined {
    if (!this.#isInWindow(number)) return undefined;
    return new BlockView(this, number, this.#rewinds.length);
  }

  stage(changes: readonly AccountChange[]): StagedState {
    this.#assertOpen();
    const merged = mergeChanges(changes);
    const accountUpdates = this.#values.updatesOf(merged.accounts);
    const updates = stageUpdates(this.#tries, accountUpdates);
    const staged = new Staged(this.#sequence, this.#head.number, updates, merged, accountUpdates);
    this.#outstanding.add(updates.branchSlots);
    this.#forgotten.register(staged, updates.branchSlots);
    return staged;
  }

  rootAfter(number: number, changes: readonly AccountChange[]): Uint8Array {
    this.#assertOpen();
    if (!this.#isInWindow(number)) throw this.#unknown(number);
    const values = {
      account: ({ address }: MergedChange): KnownValue => {
        const hash = keccak256(address);
        const key = keyOf(hash);
        return { hash, key, encoded: this.#storedAt(number, hash, key) };
      },
      slot: ({ address }: MergedChange, _key: string, { slot }: MergedSlot): KnownValue => {
        const owner = keccak256(address);
        const hash = keccak256(slot);
        const value = this.#slotAt(number, owner, keyOf(owner), hash);
        return { hash, key: keyOf(hash), encoded: encodeSlot(value) };
      },
    };
    const updates = updatesOfChanges(values, mergeChanges(changes).accounts);
    const { root, branchSlots } = stageUpdates(this.#baseAt(number), updates);
    branchSlots.discard();
    return root;
  }

  commit(staged: StagedState, blockHash: Uint8Array): void {
    this.#assertOpen();
    assert(staged instanceof Staged, 'a state is committed by the world that staged it');
    // Not there either when another world staged it.
    const isStaged = this.#outstanding.has(staged.updates.branchSlots);
    if (staged.sequence !== this.#sequence || !isStaged) {
      const message = `staged on block ${staged.parent}, but the head is ${this.#head.number} now`;
      throw new ExecutionError('stale-state', message, { parent: staged.parent });
    }
    this.#flusher.assertRoom();
    const { updates } = staged;
    const number = this.#head.number + 1;
    const isFirst = this.#head.number < 0;
    const oldest = isFirst ? number : Math.max(this.#head.oldest, number - this.#window);
    const { root } = updates;
    const record: BlockRecord = {
      number,
      hash: blockHash.slice(),
      root,
      accounts: this.#head.accounts + updates.accountsAdded,
      slots: this.#head.slots + updates.slotsAdded,
    };
    // Behind the first block there is nothing to go back to.
    const rows = isFirst ? undefined : encodeDiff(number, oldValues(updates));
    this.#apply(updates, { ...record, oldest });
    this.#blocks.set(number, { record, sequence: this.#sequence });
    if (rows !== undefined) this.#history.add(number, rows, this.#sequence);
    this.#history.prune(oldest);
    this.#values.commit(staged);
    // A chain without any state could not be told from one that lost it.
    this.#flusher.add(updates.accounts.length + updates.slots.length, isFirst);
  }

  blockHash(number: number): Uint8Array | undefined {
    return this.#record(number)?.hash;
  }

  rewind(number: number): void {
    this.#assertOpen();
    if (number === this.#head.number) return;
    const record = this.#record(number);
    if (!this.#isInWindow(number) || record === undefined) throw this.#unknown(number);
    this.#flusher.assertRoom();
    const updates = this.#stageBack(number);
    this.#apply(updates, { ...record, oldest: this.#head.oldest });
    for (const above of this.#blocks.keys()) if (above > number) this.#blocks.delete(above);
    this.#history.rewind(number);
    this.#values.forget();
    this.#rewinds.push(number);
    this.#removals.rewoundTo = Math.min(this.#removals.rewoundTo, number);
    this.#flusher.add(updates.accounts.length + updates.slots.length, false);
  }

  prove(number: number, address: Uint8Array, slots: readonly Uint8Array[]): AccountProof {
    this.#assertOpen();
    if (!this.#isInWindow(number)) throw this.#unknown(number);
    const base = this.#baseAt(number);
    const hash = keccak256(address);
    const key = keyOf(hash);
    const encoded = this.#storedAt(number, hash, key);
    const account = encoded.length === 0 ? undefined : decodeAccount(encoded);
    const storageRoot = account?.storageRoot ?? EMPTY_TRIE_ROOT;
    const storageTrie =
      slots.length === 0 ? undefined : base.storageTrie({ hash, key }, storageRoot);
    const source = base.source(hash);
    return {
      address,
      account,
      storageRoot,
      nodes: proveKey(base.source(undefined), base.accountTrie(), hash),
      storage: slots.map((slot) => ({
        slot,
        value: this.#slotAt(number, hash, key, keccak256(slot)),
        nodes: proveKey(source, storageTrie, keccak256(slot)),
      })),
    };
  }

  /** The state of a block as {@link exportSnapshot} reads it. */
  snapshotSource(number: number): SnapshotSource {
    const record = this.#record(number);
    return {
      base: () => {
        this.#assertOpen();
        // A block made anew after a rewind is another.
        const now = this.#isInWindow(number) ? this.#record(number) : undefined;
        if (record === undefined || now === undefined || !equalBytes(now.hash, record.hash)) {
          throw this.#unknown(number);
        }
        this.#tries.trim(this.#durableSequence);
        return this.#baseAt(number);
      },
      code: (hash) => this.#values.code(hash),
    };
  }

  flush(): Promise<void> {
    return this.#flusher.flush();
  }

  stats(): StateStats {
    return {
      accounts: this.#head.accounts,
      slots: this.#head.slots,
      trieNodesCached: this.#tries.memory.branches,
      cacheHits: this.#values.hits,
      cacheMisses: this.#values.misses,
      diskBytes: this.#engine.sizeBytes(),
    };
  }

  /** Brings to the engine what waits, then closes it. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#flusher.flush();
    } finally {
      this.#outstanding.clear();
      this.#tries.close();
      await this.#engine.close();
    }
  }

  readAccountAt(view: BlockView, address: Uint8Array): Account | undefined {
    if (this.#isNow(view)) return this.#values.account(address).account;
    const hash = keccak256(address);
    const encoded = this.#storedAt(view.number, hash, keyOf(hash));
    return encoded.length === 0 ? undefined : decodeAccount(encoded);
  }

  readStorageAt(view: BlockView, address: Uint8Array, slot: Uint8Array): Uint8Array {
    if (this.#isNow(view)) return this.#values.slot(address, slot);
    const hash = keccak256(address);
    return this.#slotAt(view.number, hash, keyOf(hash), keccak256(slot));
  }

  readCodeAt(view: BlockView, codeHash: Uint8Array): Uint8Array {
    this.#isNow(view);
    return this.#values.code(codeHash);
  }

  hasStorageAt(view: BlockView, address: Uint8Array): boolean {
    const account = this.readAccountAt(view, address) as StoredAccount | undefined;
    return account !== undefined && !equalBytes(account.storageRoot, EMPTY_TRIE_ROOT);
  }

  /** True: the view shows the head. @throws ExecutionError `unknown-state`, `closed` */
  #isNow(view: BlockView): boolean {
    this.#assertOpen();
    if (view.rewinds < this.#rewinds.length) {
      for (const to of this.#rewinds.slice(view.rewinds)) {
        if (to < view.number) throw this.#unknown(view.number);
      }
      view.rewinds = this.#rewinds.length;
    }
    if (view.number === this.#head.number) return true;
    if (view.number < this.#head.oldest) throw this.#unknown(view.number);
    return false;
  }

  #storedAt(number: number, hash: Uint8Array, key: string): Uint8Array {
    const old = this.#history.account(number, this.#head.number, key);
    return old ?? this.#flat.account(hash, key);
  }

  #slotAt(number: number, owner: Uint8Array, key: string, slot: Uint8Array): Uint8Array {
    const old = this.#history.slot(number, this.#head.number, key, keyOf(slot));
    return decodeSlot(old ?? this.#flat.slot(owner, key, slot));
  }

  #baseAt(number: number): StageBase {
    if (number === this.#head.number) return this.#tries;
    return baseOn(this.#tries, this.#stageBack(number));
  }

  /** The state after an older block beside the head, found by undoing what came since. */
  #stageBack(number: number): StagedUpdates {
    const held = this.#older;
    if (held?.sequence === this.#sequence && held.number === number) return held.staged;
    if (held !== undefined) held.staged.branchSlots.discard();
    this.#older = undefined;
    const diff = this.#history.backTo(number, this.#head.number);
    const staged = stageUpdates(this.#tries, updatesOfDiff(this.#flat, diff));
    const record = this.#record(number);
    if (record === undefined || !equalBytes(staged.root, record.root)) {
      const message = `undoing blocks does not lead to the root of block ${number}`;
      throw new ExecutionError('damaged-state', message, { number });
    }
    this.#older = { sequence: this.#sequence, number, staged };
    this.#outstanding.add(staged.branchSlots);
    return staged;
  }

  /** Makes staged updates the head, in memory. */
  #apply(updates: StagedUpdates, head: HeadRecord): void {
    this.#sequence++;
    this.#head = head;
    this.#tries.commit(updates, this.#sequence);
    // What else was staged on the old head can not be committed any more.
    for (const slots of this.#outstanding) slots.discard();
    this.#outstanding.clear();
    this.#older = undefined;
    this.#removals.add(updates);
    for (const { key, value } of updates.accounts) this.#flat.setAccount(key, value);
    for (const { owner, key, value } of updates.slots) this.#flat.setSlot(owner.key, key, value);
  }

  /** Everything that the engine lacks at this moment. */
  #beginFlush(): FlushJob {
    const sequence = this.#sequence;
    const head = this.#head;
    const removals = this.#removals;
    this.#removals = new Removals();
    const durable = this.#durableSequence;
    const { writes, branches } = collectWrites({
      engine: this.#engine,
      tries: this.#tries,
      history: this.#history,
      values: this.#flat.beginFlush(),
      removals,
      blocks: [...this.#blocks.values()].map(({ record }) => record),
      head,
      durable,
      pruneBlocks: Math.min(head.oldest, head.number - BLOCK_HASHES_KEPT) - 1,
    });
    return {
      writes,
      settled: () => {
        this.#flat.endFlush(true);
        forgetLeaves(branches);
        this.#durable = head.number;
        this.#durableSequence = sequence;
        this.#history.settle(sequence);
        for (const [number, block] of this.#blocks) {
          if (block.sequence <= sequence) this.#blocks.delete(number);
        }
        this.#tries.trim(sequence);
      },
      failed: () => {
        this.#flat.endFlush(false);
        this.#removals.addEarlier(removals);
      },
    };
  }

  #record(number: number): BlockRecord | undefined {
    const waiting = this.#blocks.get(number);
    if (waiting !== undefined) return waiting.record;
    if (number < 0 || number > this.#head.number || this.#closed) return undefined;
    const stored = this.#engine.get('blocks', blockKey(number));
    return stored && decodeBlock(stored);
  }

  #isInWindow(number: number): boolean {
    return Number.isInteger(number) && number >= this.#head.oldest && number <= this.#head.number;
  }

  #unknown(number: number): ExecutionError {
    const { oldest, number: newest } = this.#head;
    const message = `the state of block ${number} is not kept: blocks ${oldest} to ${newest} are`;
    return new ExecutionError('unknown-state', message, { number, oldest, newest });
  }

  #assertOpen(): void {
    if (this.#closed) throw new ExecutionError('closed', 'the state is closed');
  }
}
