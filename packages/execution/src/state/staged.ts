import type { OldValue } from './block-diff.ts';
import type { AccountUpdate, StagedUpdates } from './staging.ts';
import type { StagedState } from './types.ts';
import type { MergedChanges } from './updates.ts';

/** Staged updates with what a commit needs beside them. */
export class Staged implements StagedState {
  /** Commits and rewinds that the world had seen. */
  readonly sequence: number;
  readonly parent: number;
  readonly root: Uint8Array;
  readonly updates: StagedUpdates;
  readonly changes: MergedChanges;
  /** One for each account of the changes. */
  readonly accountUpdates: readonly AccountUpdate[];

  constructor(
    sequence: number,
    parent: number,
    updates: StagedUpdates,
    changes: MergedChanges,
    accountUpdates: readonly AccountUpdate[],
  ) {
    this.sequence = sequence;
    this.parent = parent;
    this.root = updates.root;
    this.updates = updates;
    this.changes = changes;
    this.accountUpdates = accountUpdates;
  }
}

/** What a batch changes, as it was. */
export function oldValues({ accounts, slots }: StagedUpdates): OldValue[] {
  const values: OldValue[] = [];
  for (const { hash, before } of accounts) values.push({ account: hash, slot: undefined, before });
  for (const { owner, hash, before } of slots) {
    values.push({ account: owner.hash, slot: hash, before });
  }
  return values;
}
