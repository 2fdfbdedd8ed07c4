import { assert } from '../assert.ts';
import { tell } from './aimd.ts';
import { createGuarded } from './guarded.ts';
import type { Bounds, Controller } from './types.ts';

export interface ThresholdOptions {
  readonly bounds: Bounds;
  readonly initial: number;
  /** Load per unit above which one is added. */
  readonly high: number;
  /** Load per unit below which one is taken away; at most half of `high`, or the two swing. */
  readonly low: number;
  /** Half-life of the average, in milliseconds. */
  readonly halfLifeMs: number;
  /** Least time between two changes; at least what a change needs to show its effect. */
  readonly coolDownMs: number;
  /** Most units that are added at once; default 1. */
  readonly additionsMax?: number;
  /** Times the cool-down that has to pass after an addition before one is taken away; default 4. */
  readonly memory?: number;
}

export interface ThresholdInput {
  /** Load of all units together, in the unit of the thresholds. */
  readonly load: number;
}

/**
 * How many of something: an average with a half-life, two thresholds far apart, a pause after each
 * change, additions first. What has just been added is not taken away at once: the load that asked
 * for it comes back (CockroachDB's merges after splits).
 */
export function createThreshold(options: ThresholdOptions): Controller<ThresholdInput> {
  const { bounds, initial, high, low, halfLifeMs, coolDownMs, memory = 4 } = options;
  const { additionsMax = 1 } = options;
  assert(low * 2 <= high && low > 0, 'expected thresholds a factor of two apart');
  assert(Number.isInteger(initial) && initial >= 1, 'expected a whole number of units');
  let average: number | undefined;
  let sinceChangeMs = Number.POSITIVE_INFINITY;
  let sinceAdditionMs = Number.POSITIVE_INFINITY;
  return createGuarded<ThresholdInput>({
    bounds,
    initial,
    readings: ({ load }) => [load],
    decide({ load }, value, elapsedMs) {
      sinceChangeMs += elapsedMs;
      sinceAdditionMs += elapsedMs;
      const weight = 1 - 2 ** (-elapsedMs / halfLifeMs);
      average = average === undefined ? load : average + (load - average) * weight;
      const each = average / value;
      const words = `${tell(each)} each of ${value}`;
      const canChange = sinceChangeMs >= coolDownMs;
      if (each > high && value < bounds.max) {
        if (!canChange) return { value, reason: `${words}, over ${tell(high)}: cools down` };
        sinceChangeMs = 0;
        sinceAdditionMs = 0;
        const missing = Math.ceil(average / high) - value;
        const added = Math.min(additionsMax, Math.max(1, missing));
        return { value: value + added, reason: `${words}, over ${tell(high)}: ${added} more` };
      }
      const without = average / (value - 1);
      // One fewer must not ask for one more again.
      if (each < low && value > bounds.min && without < high * 0.9) {
        const isFresh = sinceAdditionMs < coolDownMs * memory;
        if (!canChange || isFresh) return { value, reason: `${words}, under ${tell(low)}: waits` };
        sinceChangeMs = 0;
        return { value: value - 1, reason: `${words}, under ${tell(low)}: one fewer` };
      }
      return { value, reason: `${words}: stays` };
    },
  });
}
