import type { OrderedTables, TableWrite } from '@basalt/store';
import { type Branch, encodeBranch, Leaf } from '../trie/node.ts';
import { bytesOfKey } from './byte-key.ts';
import type { WaitingValues } from './flat-state.ts';
import type { History } from './history.ts';
import type { BranchPlace, StagedUpdates, TrieOwner } from './staging.ts';
import type { StateTries } from './state-tries.ts';
import {
  afterPrefix,
  type BlockRecord,
  blockKey,
  branchKey,
  encodeBlock,
  encodeHead,
  HEAD_KEY,
  type HeadRecord,
} from './tables.ts';

/** What commits left that the state of now does not show: what is gone. */
export class Removals {
  /** Storage tries that were cleared. */
  readonly #cleared = new Map<string, TrieOwner>();
  readonly #removed: BranchPlace[] = [];
  /** Blocks above were undone since. */
  rewoundTo: number = Number.POSITIVE_INFINITY;

  add(updates: StagedUpdates): void {
    for (const owner of updates.cleared) this.#cleared.set(owner.key, owner);
    for (const place of updates.removed) this.#removed.push(place);
  }

  /** Those of before, when they did not get to the engine. */
  addEarlier(earlier: Removals): void {
    for (const [key, owner] of earlier.#cleared) this.#cleared.set(key, owner);
    this.#removed.push(...earlier.#removed);
    this.rewoundTo = Math.min(this.rewoundTo, earlier.rewoundTo);
  }

  /** Deletions; writes of what is there now come after them. */
  writeTo(writes: TableWrite[], engine: OrderedTables): void {
    for (const { hash } of this.#cleared.values()) {
      const to = afterPrefix(hash);
      const bounds = { from: hash, ...(to === undefined ? {} : { to }) };
      deleteRange(writes, engine, 'storageBranches', bounds);
    }
    for (const { owner, key, depth } of this.#removed) {
      const table = owner === undefined ? 'branches' : 'storageBranches';
      writes.push({ table, key: branchKey(owner?.hash, key, depth), value: undefined });
    }
    if (this.rewoundTo === Number.POSITIVE_INFINITY) return;
    const from = blockKey(this.rewoundTo + 1);
    deleteRange(writes, engine, 'history', { from });
    deleteRange(writes, engine, 'blocks', { from });
  }
}

export interface FlushState {
  readonly engine: OrderedTables;
  readonly tries: StateTries;
  readonly history: History;
  readonly values: WaitingValues;
  readonly removals: Removals;
  readonly blocks: Iterable<BlockRecord>;
  readonly head: HeadRecord;
  /** Commits up to this one are in the engine. */
  readonly durable: number;
  /** Blocks up to this one need no record of their hash. */
  readonly pruneBlocks: number;
}

/** All that the engine lacks, and the branches among it. */
export function collectWrites(state: FlushState): { writes: TableWrite[]; branches: Branch[] } {
  const { engine, tries, values, head } = state;
  const writes: TableWrite[] = [];
  const branches: Branch[] = [];
  state.removals.writeTo(writes, engine);
  deleteRange(writes, engine, 'history', { to: blockKey(head.oldest + 1) });
  if (state.pruneBlocks >= 0) {
    deleteRange(writes, engine, 'blocks', { to: blockKey(state.pruneBlocks + 1) });
  }
  tries.eachChanged(state.durable, (owner, branch) => {
    const key = branchKey(owner, branch.key, branch.start);
    const table = owner === undefined ? 'branches' : 'storageBranches';
    writes.push({ table, key, value: encodeBranch(tries.memory, branch) });
    branches.push(branch);
  });
  for (const [key, value] of values.accounts) {
    writes.push({ table: 'accounts', key: bytesOfKey(key), value: orNothing(value) });
  }
  for (const [owner, slots] of values.slots) {
    for (const [slot, value] of slots) {
      writes.push({ table: 'storage', key: bytesOfKey(owner + slot), value: orNothing(value) });
    }
  }
  for (const [key, value] of values.codes) {
    writes.push({ table: 'codes', key: bytesOfKey(key), value });
  }
  for (const { key, value } of state.history.rowsSince(state.durable)) {
    writes.push({ table: 'history', key, value });
  }
  for (const block of state.blocks) {
    writes.push({ table: 'blocks', key: blockKey(block.number), value: encodeBlock(block) });
  }
  writes.push({ table: 'meta', key: HEAD_KEY, value: encodeHead(head) });
  return { writes, branches };
}

/** Leaves in memory that the engine has now: the flat values are their place. */
export function forgetLeaves(branches: readonly Branch[]): void {
  for (const { children } of branches) {
    for (let digit = 0; digit < children.length; digit++) {
      if (children[digit] instanceof Leaf) children[digit] = undefined;
    }
  }
}

function orNothing(value: Uint8Array): Uint8Array | undefined {
  return value.length === 0 ? undefined : value;
}

function deleteRange(
  writes: TableWrite[],
  engine: OrderedTables,
  table: string,
  bounds: { readonly from?: Uint8Array; readonly to?: Uint8Array },
): void {
  for (const { key } of engine.range(table, bounds)) {
    writes.push({ table, key, value: undefined });
  }
}
