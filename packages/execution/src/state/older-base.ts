import { keyOf } from './byte-key.ts';
import type { StageBase, StagedUpdates } from './staging.ts';

/**
 * What was staged, as the state below another batch: so changes can be put on an older block, whose
 * tries are those of the head with what came since undone.
 */
export function baseOn(below: StageBase, staged: StagedUpdates): StageBase {
  return {
    memory: below.memory,
    accountTrie: () => staged.node,
    storageTrie(owner, root) {
      const changed = staged.storage.get(owner.key);
      return changed === undefined ? below.storageTrie(owner, root) : changed.node;
    },
    // What is loaded below the branches that were made for it goes when they go.
    source: (owner) => ({
      ...below.source(owner),
      loaded: (branch) => staged.branchSlots.addMade(branch),
    }),
    *slotsOf(owner) {
      const key = keyOf(owner);
      const changed = new Map(
        staged.slots.filter((each) => each.owner.key === key).map((each) => [each.key, each.value]),
      );
      for (const [slot, value] of below.slotsOf(owner)) {
        if (!changed.has(slot)) yield [slot, value];
      }
      for (const [slot, value] of changed) if (value.length > 0) yield [slot, value];
    },
  };
}
