import type { StatusSample } from '@basalt/telemetry';
import { SAMPLES_MAX } from '../limits.ts';

/** The last ten minutes: history, then what the node tells live; one per moment, in order. */
export function mergeSamples(
  held: readonly StatusSample[],
  more: readonly StatusSample[],
): readonly StatusSample[] {
  const newest = held.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
  const isBehind = more.every(({ atMs }) => atMs > newest);
  const all = isBehind ? [...held, ...more] : sorted([...held, ...more]);
  return all.length > SAMPLES_MAX ? all.slice(-SAMPLES_MAX) : all;
}

function sorted(samples: readonly StatusSample[]): StatusSample[] {
  const byTime = new Map(samples.map((sample) => [sample.atMs, sample]));
  return [...byTime.values()].sort((a, b) => a.atMs - b.atMs);
}
