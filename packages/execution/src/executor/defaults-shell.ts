/** What an executor takes from its surroundings where the caller gives nothing. */
import { getRandomValues } from 'node:crypto';

/** Milliseconds that only go up; for durations in statistics, never for what a block says. */
export function monotonicMs(): number {
  return performance.now();
}

/** Mixed into positions of hash tables of this process. */
export const TABLE_SEED: number = new DataView(getRandomValues(new Uint8Array(4)).buffer).getInt32(
  0,
);

/** Mixed into positions of hash tables, so that strangers can not aim at slow ones. */
export function randomSeed(): bigint {
  return new DataView(getRandomValues(new Uint8Array(8)).buffer).getBigUint64(0);
}
