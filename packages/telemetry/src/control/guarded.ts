import { assert } from '../assert.ts';
import type { Bounds, Controller, Decision } from './types.ts';

/** Longer without a look: what was learnt may be stale, so the first look after it only holds. */
const GAP_MS_MAX = 600_000;

export interface GuardedRule<Input> {
  readonly bounds: Bounds;
  readonly initial: number;
  /** Every number of the input: one that is not finite counts as a lost sensor. */
  readonly readings: (input: Input) => readonly number[];
  /**
   * The rule itself: called with readings that are finite and a time that goes on. What it returns
   * is cut to the bounds.
   *
   * @param elapsedMs since the last look; 0 at the first
   */
  readonly decide: (input: Input, value: number, elapsedMs: number) => Decision;
}

/**
 * What every controller needs around its rule: bounds, a lost or lying sensor, a clock that goes
 * back or jumps. In all of these cases the last safe value stays.
 *
 * @throws TypeError where the initial value is not within the bounds
 */
export function createGuarded<Input>(rule: GuardedRule<Input>): Controller<Input> {
  const { bounds, initial, readings, decide } = rule;
  assert(Number.isFinite(bounds.min) && bounds.min <= bounds.max, 'expected finite bounds');
  assert(initial >= bounds.min && initial <= bounds.max, 'expected an initial value within bounds');
  let value = initial;
  let lastMs: number | undefined;

  function refusal(input: Input | undefined, nowMs: number): string | undefined {
    if (input === undefined) return 'no reading: held';
    if (!readings(input).every(Number.isFinite)) return 'a reading is no number: held';
    if (!Number.isFinite(nowMs)) return 'the clock tells no time: held';
    if (lastMs !== undefined && nowMs < lastMs) return 'the clock went back: held';
    if (lastMs !== undefined && nowMs - lastMs > GAP_MS_MAX) return 'the clock jumped: held';
    return undefined;
  }

  return {
    bounds,
    get value() {
      return value;
    },
    update(input, nowMs) {
      const reason = refusal(input, nowMs);
      const elapsedMs = lastMs === undefined ? 0 : nowMs - lastMs;
      if (Number.isFinite(nowMs)) lastMs = nowMs;
      if (reason !== undefined || input === undefined) return { value, reason: reason ?? '' };
      const decision = decide(input, value, elapsedMs);
      if (!Number.isFinite(decision.value))
        return { value, reason: 'the rule has no answer: held' };
      value = clamp(decision.value, bounds);
      return { value, reason: decision.reason };
    },
  };
}

export function clamp(value: number, { min, max }: Bounds): number {
  return Math.min(max, Math.max(min, value));
}
