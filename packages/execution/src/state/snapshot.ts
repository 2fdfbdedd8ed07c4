import { assert, equalBytes } from '@basalt/protocol';
import type { OrderedTables, TableWrite } from '@basalt/store';
import { ExecutionError } from '../errors.ts';
import { keyOf } from './byte-key.ts';
import { FlatState } from './flat-state.ts';
import { collectWrites, forgetLeaves, Removals } from './flush.ts';
import { History } from './history.ts';
import { TRIE_BYTES_DEFAULT } from './limits.ts';
import {
  chunkName,
  decodeChunk,
  type SnapshotChunk,
  type SnapshotLeaf,
  verifyChunk,
} from './snapshot-chunk.ts';
import { snapshotChunks } from './snapshot-export.ts';
import { type AccountUpdate, type SlotUpdate, stageUpdates } from './staging.ts';
import { StateTries } from './state-tries.ts';
import {
  type BlockRecord,
  blockKey,
  decodeBlock,
  decodeHead,
  encodeBlock,
  encodeHead,
  HEAD_KEY,
  IMPORT_KEY,
  NO_HEAD,
} from './tables.ts';
import type { WorldState } from './types.ts';
import { decodeAccount, EMPTY_CODE_HASH } from './value-codec.ts';
import { EngineWorldState } from './world-state.ts';

/**
 * The state after a block in pieces of at most 1 MiB. Each piece proves by itself that it belongs
 * to the state root and is all there is below its path; the same state always gives the same
 * pieces. The world may go on meanwhile, while the block stays in its window.
 *
 * @throws ExecutionError `unknown-state` when the block is not in the window, or leaves it
 */
export function exportSnapshot(world: WorldState, number: number): Iterable<Uint8Array> {
  assert(world instanceof EngineWorldState, 'a world of createWorldState');
  return snapshotChunks(world.snapshotSource(number));
}

/** The block whose state is imported; who imports trusts its root from elsewhere. */
export interface SnapshotTarget {
  readonly number: number;
  readonly blockHash: Uint8Array;
  readonly root: Uint8Array;
}

export interface SnapshotImport extends SnapshotTarget {
  /** Without any state, or with an import of the same block that was not finished. */
  readonly engine: OrderedTables;
  /** In order; those that are there already are skipped. */
  readonly chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** Chunks that an unfinished import has; undefined: there is none. */
export function snapshotProgress(engine: OrderedTables): number | undefined {
  const row = engine.get('meta', IMPORT_KEY);
  return row && decodeBlock(row).accounts;
}

/**
 * Fills an engine with the state of a block; {@link createWorldState} opens it afterwards. Each
 * chunk is durable before the next is taken, so an import that broke off goes on where it was.
 *
 * @throws ExecutionError `invalid-snapshot` naming the chunk that is not of this state, is out of
 *   its turn, or is missing; the import can go on with the right one
 */
export async function importSnapshot(options: SnapshotImport): Promise<void> {
  const importer = new Importer(options);
  try {
    for await (const bytes of options.chunks) await importer.add(bytes);
    await importer.finish();
  } finally {
    importer.close();
  }
}

class Importer {
  readonly #engine: OrderedTables;
  readonly #target: SnapshotTarget;
  readonly #flat: FlatState;
  readonly #tries: StateTries;
  readonly #history: History;
  /** Of the part that is there. */
  #head = NO_HEAD;
  #chunks: number;
  #sequence = 0;
  #removals = new Removals();

  constructor({ engine, number, blockHash, root }: SnapshotImport) {
    this.#engine = engine;
    this.#target = { number, blockHash, root };
    const stored = engine.get('meta', HEAD_KEY);
    if (stored !== undefined) this.#head = decodeHead(stored);
    const row = engine.get('meta', IMPORT_KEY);
    const begun = row && decodeBlock(row);
    if (begun === undefined && stored !== undefined) {
      throw new ExecutionError('invalid-snapshot', 'there is a state already');
    }
    if (begun !== undefined && !(begun.number === number && equalBytes(begun.root, root))) {
      const message = `the import that was begun is of block ${begun.number}`;
      throw new ExecutionError('invalid-snapshot', message, { number: begun.number });
    }
    this.#chunks = begun?.accounts ?? 0;
    this.#flat = new FlatState(engine);
    this.#history = new History(engine);
    this.#tries = new StateTries(this.#flat, this.#head.root, TRIE_BYTES_DEFAULT);
  }

  async add(bytes: Uint8Array): Promise<void> {
    const chunk = decodeChunk(bytes);
    if (chunk.index < this.#chunks) return;
    if (chunk.index > this.#chunks) {
      const message = `chunk ${this.#chunks} is missing before chunk ${chunkName(chunk)}`;
      throw new ExecutionError('invalid-snapshot', message, { chunk: this.#chunks });
    }
    verifyChunk(this.#tries.memory, this.#target.root, chunk);
    this.#requireCodes(chunk);
    this.#stage(chunk);
    this.#chunks++;
    await this.#commit([{ table: 'meta', key: IMPORT_KEY, value: encodeBlock(this.#progress()) }]);
  }

  async finish(): Promise<void> {
    const { number, blockHash, root } = this.#target;
    if (!equalBytes(this.#head.root, root)) {
      const message = `the chunks up to ${this.#chunks} are not all of the state: more follow`;
      throw new ExecutionError('invalid-snapshot', message, { chunk: this.#chunks });
    }
    const { accounts, slots } = this.#head;
    const head = { number, hash: blockHash, root, accounts, slots, oldest: number };
    await this.#engine.commit([
      { table: 'meta', key: IMPORT_KEY, value: undefined },
      { table: 'meta', key: HEAD_KEY, value: encodeHead(head) },
      { table: 'blocks', key: blockKey(number), value: encodeBlock(head) },
    ]);
  }

  close(): void {
    this.#tries.close();
  }

  /** A code comes with the first account that has it. */
  #requireCodes(chunk: SnapshotChunk): void {
    if (chunk.kind !== 'accounts') return;
    const fresh = new Set(
      chunk.accounts
        .filter(({ code }) => code.length > 0)
        .map(({ value }) => keyOf(decodeAccount(value).codeHash)),
    );
    for (const { value } of chunk.accounts) {
      const { codeHash } = decodeAccount(value);
      if (equalBytes(codeHash, EMPTY_CODE_HASH) || fresh.has(keyOf(codeHash))) continue;
      if (this.#flat.code(codeHash) !== undefined) continue;
      const name = chunkName(chunk);
      const message = `chunk ${name} lacks the code of an account`;
      throw new ExecutionError('invalid-snapshot', message, { chunk: name });
    }
  }

  #progress(): BlockRecord {
    const { number, blockHash, root } = this.#target;
    return { number, hash: blockHash, root, accounts: this.#chunks, slots: 0 };
  }

  #stage(chunk: SnapshotChunk): void {
    const updates = stageUpdates(this.#tries, this.#updatesOf(chunk));
    this.#removals.add(updates);
    this.#sequence++;
    this.#tries.commit(updates, this.#sequence);
    for (const { key, value } of updates.accounts) this.#flat.setAccount(key, value);
    for (const { owner, key, value } of updates.slots) this.#flat.setSlot(owner.key, key, value);
    if (chunk.kind === 'accounts') {
      for (const { value, code } of chunk.accounts) {
        if (code.length > 0) this.#flat.setCode(keyOf(decodeAccount(value).codeHash), code);
      }
    }
    this.#head = {
      ...this.#head,
      root: updates.root,
      accounts: this.#head.accounts + updates.accountsAdded,
      slots: this.#head.slots + updates.slotsAdded,
    };
  }

  #updatesOf(chunk: SnapshotChunk): AccountUpdate[] {
    const asUpdates = (owner: Uint8Array, slots: readonly SnapshotLeaf[]): SlotUpdate[] =>
      slots.map(({ key, value }) => ({
        hash: key,
        key: keyOf(key),
        before: this.#flat.slot(owner, keyOf(owner), key),
        after: value,
      }));
    if (chunk.kind === 'accounts') {
      return chunk.accounts.map(({ key, value, slots }) => ({
        hash: key,
        key: keyOf(key),
        before: this.#flat.account(key, keyOf(key)),
        after: decodeAccount(value),
        cleared: false,
        slots: asUpdates(key, slots),
      }));
    }
    const key = keyOf(chunk.owner);
    const before = this.#flat.account(chunk.owner, key);
    if (before.length === 0) {
      const name = chunkName(chunk);
      const message = `chunk ${name} comes before its account`;
      throw new ExecutionError('invalid-snapshot', message, { chunk: name });
    }
    const after = decodeAccount(before);
    const slots = asUpdates(chunk.owner, chunk.slots);
    return [{ hash: chunk.owner, key, before, after, cleared: false, slots }];
  }

  async #commit(extra: readonly TableWrite[]): Promise<void> {
    const { writes, branches } = collectWrites({
      engine: this.#engine,
      tries: this.#tries,
      history: this.#history,
      values: this.#flat.beginFlush(),
      removals: this.#removals,
      blocks: [],
      head: this.#head,
      durable: this.#sequence - 1,
      pruneBlocks: -1,
    });
    try {
      await this.#engine.commit([...writes, ...extra]);
    } finally {
      this.#flat.endFlush(true);
    }
    this.#removals = new Removals();
    forgetLeaves(branches);
    this.#tries.trim(this.#sequence);
  }
}
