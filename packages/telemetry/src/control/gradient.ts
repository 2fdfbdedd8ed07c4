import { assert } from '../assert.ts';
import { tell } from './aimd.ts';
import { createGuarded } from './guarded.ts';
import type { Bounds, Controller } from './types.ts';

export interface GradientOptions {
  readonly bounds: Bounds;
  readonly initial: number;
  /** How much slower than usual is still as usual; default 1.5. */
  readonly tolerance?: number;
  /** Part of the way to the new limit that one look goes; default 0.2. */
  readonly smoothing?: number;
  /** Looks that the long average remembers; default 600. */
  readonly memory?: number;
}

export interface GradientInput {
  /** Mean duration of the requests that ended since the last look. */
  readonly seconds: number;
  /** Most requests that were under way at once. */
  readonly inFlight: number;
}

/** Growth per look: room for a queue, so that the limit can find out that there is more. */
const queueOf = (limit: number): number => Math.max(2, Math.sqrt(limit) / 2);
/** A limit is only tested by those who come near it; more room than that is an open door. */
const USED_PART_MIN = 0.7;
const GRADIENT_MIN = 0.5;
/** Between growing and shrinking lies so much of the usual duration, or noise would swing it. */
const REST = 1.15;
/** Weight of the newest duration in the short average. */
const NEWEST = 0.2;

/**
 * Concurrency limit by the gradient of durations (Netflix concurrency-limits, Gradient2): usual
 * duration over present one, kept in [0.5, 1], times the limit, and a little more. What is usual
 * falls at once and rises slowly: a queue that the limit itself has made must not become usual.
 * Whole numbers.
 */
export function createGradient(options: GradientOptions): Controller<GradientInput> {
  const { bounds, initial, tolerance = 1.5, smoothing = 0.2, memory = 600 } = options;
  assert(tolerance >= 1 && smoothing > 0 && smoothing <= 1, 'expected tolerance >= 1');
  let usual: number | undefined;
  let present: number | undefined;
  /** The limit before rounding: steps below one must add up. */
  let exact = initial;
  return createGuarded<GradientInput>({
    bounds,
    initial,
    readings: ({ seconds, inFlight }) => [seconds, inFlight],
    decide({ seconds, inFlight }, value) {
      if (seconds <= 0) return { value, reason: 'nothing ended: stays' };
      present = present === undefined ? seconds : present + (seconds - present) * NEWEST;
      usual ??= present;
      usual += (present - usual) * (present < usual ? 0.5 : 2 / (memory + 1));
      const room = (tolerance * usual) / present;
      const words = `${tell(present * 1_000)} ms, usually ${tell(usual * 1_000)}`;
      if (room >= 1 && inFlight < value * USED_PART_MIN) {
        return { value, reason: `${words}, ${inFlight} at once: not in use` };
      }
      if (room >= 1 && room < REST) return { value, reason: `${words}: stays` };
      const isDown = room < 1;
      const wanted = isDown ? exact * Math.max(GRADIENT_MIN, room) : exact + queueOf(exact);
      exact += (wanted - exact) * smoothing;
      exact = Math.min(bounds.max, Math.max(bounds.min, exact));
      return { value: Math.round(exact), reason: `${words}: ${isDown ? 'down' : 'up'}` };
    },
  });
}
