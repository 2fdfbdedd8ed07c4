import type { BlockLog } from '../../../src/chain/types.ts';

/** A log in memory, with every entry at hand. */
export interface MemoryLog extends BlockLog {
  readonly entries: Uint8Array[];
}

export function createMemoryLog(entries: readonly Uint8Array[] = []): MemoryLog {
  const kept = [...entries];
  return {
    entries: kept,
    get length() {
      return kept.length;
    },
    async append(payload) {
      kept.push(payload.slice());
      return { index: kept.length - 1 };
    },
    async read(index) {
      const entry = kept[index];
      if (entry === undefined) throw new RangeError(`no entry ${index}`);
      return entry.slice();
    },
  };
}
