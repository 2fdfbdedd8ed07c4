/** Counts of a histogram at one moment, all series together. */
export interface Distribution {
  /** Upper bounds, rising; the last count is above all of them. */
  readonly bounds: readonly number[];
  /** Not cumulative, one more than bounds. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** What was observed between two moments; all of the later one where there is no earlier. */
export function between(earlier: Distribution | undefined, later: Distribution): Distribution {
  if (earlier === undefined) return later;
  return {
    bounds: later.bounds,
    counts: later.counts.map((count, i) => Math.max(0, count - (earlier.counts[i] ?? 0))),
    sum: later.sum - earlier.sum,
  };
}

/** Observations in it. */
export function countOf({ counts }: Distribution): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/**
 * The value that a part of the observations stays at or below, as `histogram_quantile` of
 * Prometheus estimates it: linear within a bucket, the last bound for what is above all.
 *
 * @param part 0 to 1
 * @returns undefined where nothing was observed
 */
export function quantile(distribution: Distribution, part: number): number | undefined {
  const { bounds, counts } = distribution;
  const total = countOf(distribution);
  if (total === 0) return undefined;
  const rank = part * total;
  let below = 0;
  for (const [i, count] of counts.entries()) {
    if (below + count < rank || count === 0) {
      below += count;
      continue;
    }
    const upper = bounds[i];
    if (upper === undefined) return bounds.at(-1);
    const lower = bounds[i - 1] ?? 0;
    return lower + ((upper - lower) * (rank - below)) / count;
  }
  return bounds.at(-1);
}
