import { type AccountChange, createMemoryState, type MemoryState, stateRoot } from '@basalt/evm';
import type { StagedState, StateView, WorldState } from '../../../src/state/types.ts';

interface Staged extends StagedState {
  readonly changes: readonly AccountChange[];
}

export interface PlainWorld extends WorldState {
  /** As it is now; commits on one do not show on the other. */
  copy(): PlainWorld;
}

/**
 * A state that works every root out anew from all accounts, by code of its own: slow, and so simple
 * that the real one can be held against it. Keeps every block in whole.
 */
export function createPlainWorld(
  earlier: { readonly states: readonly MemoryState[]; readonly hashes: readonly Uint8Array[] } = {
    states: [],
    hashes: [],
  },
): PlainWorld {
  // A block's state is never written again once it stands here.
  const states = [...earlier.states];
  const hashes = [...earlier.hashes];
  const top = (): MemoryState => states.at(-1) ?? createMemoryState();
  const viewOf = (state: MemoryState, number: number): StateView => ({
    number,
    readAccount: (address) => state.readAccount(address),
    readStorage: (address, slot) => state.readStorage(address, slot),
    readCode: (hash) => state.readCode(hash),
    hasStorage: (address) => state.hasStorage?.(address) ?? false,
  });
  return {
    get number() {
      return states.length - 1;
    },
    get root() {
      return stateRoot(top().dump());
    },
    oldest: 0,
    // Nothing is cached here.
    valueCache: { entriesMax: 0, entries: 0, onLookUp: undefined, resize: () => undefined },
    get durableNumber() {
      return states.length - 1;
    },
    head: () => viewOf(top(), states.length - 1),
    at(number) {
      const state = states[number];
      return state === undefined ? undefined : viewOf(state, number);
    },
    prove() {
      throw new Error('no proofs here');
    },
    rootAfter(number, changes) {
      const state = createMemoryState(states[number]?.dump() ?? []);
      state.apply(changes);
      return stateRoot(state.dump());
    },
    stage(changes) {
      const state = createMemoryState(top().dump());
      state.apply(changes);
      const staged: Staged = { parent: states.length - 1, root: stateRoot(state.dump()), changes };
      return staged;
    },
    commit(staged, blockHash) {
      if (staged.parent !== states.length - 1) throw new Error('stale');
      const state = createMemoryState(top().dump());
      state.apply((staged as Staged).changes);
      states.push(state);
      hashes.push(blockHash);
    },
    blockHash: (number) => hashes[number],
    rewind(number) {
      states.length = number + 1;
      hashes.length = number + 1;
    },
    copy: () => createPlainWorld({ states, hashes }),
    async flush() {
      // Everything is in memory.
    },
    stats: () => ({
      accounts: top().dump().length,
      slots: 0,
      trieNodesCached: 0,
      cacheHits: 0,
      cacheMisses: 0,
      diskBytes: 0,
    }),
    async close() {
      // Nothing is held.
    },
  };
}
