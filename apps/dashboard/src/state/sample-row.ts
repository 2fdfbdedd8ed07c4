import type { StatusSample } from '@basalt/telemetry';
import { SAMPLES_MAX } from '../limits.ts';

/** The last ten minutes: history, then what the node tells live; one per moment, in order. */
export function mergeSamples(
  held: readonly StatusSample[],
  more: readonly StatusSample[],
): readonly StatusSample[] {
  const newest = held.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
  const [first] = more;
  // The common case, each second: one that is newer.
  const isNext = more.length === 1 && first !== undefined && first.atMs > newest;
  const all = isNext ? [...held, first] : sorted([...held, ...more]);
  return all.length > SAMPLES_MAX ? all.slice(-SAMPLES_MAX) : all;
}

function sorted(samples: readonly StatusSample[]): StatusSample[] {
  const byTime = new Map(samples.map((sample) => [sample.atMs, sample]));
  return [...byTime.values()].sort((a, b) => a.atMs - b.atMs);
}
