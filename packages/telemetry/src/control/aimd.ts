import { assert } from '../assert.ts';
import { createGuarded } from './guarded.ts';
import type { Bounds, Controller, Decision } from './types.ts';

export interface AimdOptions {
  readonly bounds: Bounds;
  readonly initial: number;
  /** What the reading should stay at or below, e.g. seconds at p99. */
  readonly target: number;
  /** Added at a step up. */
  readonly step: number;
  /** Kept at a step down, in (0, 1); default 0.7. */
  readonly factor?: number;
  /** Between `target * (1 - band)` and `target` the value stays; default 0.3. */
  readonly band?: number;
  /**
   * Least time between two steps: at least as long as it takes until the effect of a step is in
   * the reading, or the value swings. Default 1,000.
   */
  readonly coolDownMs?: number;
  /** Whole numbers only; default yes. */
  readonly isWhole?: boolean;
}

export interface AimdInput {
  /** What the target is held against. */
  readonly reading: number;
  /** Part of the value that was in use, 0 to 1: what is not used is no reason to grow. */
  readonly usedPart: number;
  /**
   * Work that waits behind the value, in units of it. More than two units of backlog mean too
   * little throughput, whatever the reading says, for then a smaller value makes everything worse.
   */
  readonly backlog: number;
}

const USED_PART_MIN = 0.8;
const BACKLOG_MAX = 2;
/** Less in use than this, the value cannot be what makes the reading bad. */
const CAUSE_PART_MIN = 0.5;
/** Weight of the newest reading in the average that is looked at: one outlier is no trend. */
const NEWEST = 0.3;

/**
 * Additive increase, multiplicative decrease (Chiu and Jain 1989) with a dead band, a cool-down and
 * a guard for throughput: a rule that only looks at latency shrinks a batch under overload until
 * nothing moves. Without use the value returns to where it began, step by step: no ratchet.
 */
export function createAimd(options: AimdOptions): Controller<AimdInput> {
  const { bounds, initial, target, step, isWhole = true } = options;
  const { factor = 0.7, band = 0.3, coolDownMs = 1_000 } = options;
  assert(factor > 0 && factor < 1 && band >= 0 && band < 1, 'expected factor and band below 1');
  assert(step > 0 && target > 0, 'expected a step and a target above 0');
  const round = isWhole ? Math.round : (value: number) => value;
  let sinceStepMs = Number.POSITIVE_INFINITY;
  let average: number | undefined;

  function stepFor({ usedPart, backlog }: AimdInput, mean: number, value: number): Decision {
    if (backlog > BACKLOG_MAX && usedPart >= USED_PART_MIN) {
      const reason = `${tell(backlog)} times as much waits as goes at once: up`;
      return { value: round(value + step), reason };
    }
    if (mean > target && usedPart < CAUSE_PART_MIN) {
      return {
        value,
        reason: `${tell(mean)} over ${tell(target)}, and it is not the cause: stays`,
      };
    }
    if (mean > target) {
      const reason = `${tell(mean)} over ${tell(target)}: down`;
      return { value: Math.max(bounds.min, round(value * factor)), reason };
    }
    if (mean >= target * (1 - band)) return { value, reason: `${tell(mean)}: near the target` };
    if (usedPart >= USED_PART_MIN) {
      return { value: round(value + step), reason: `${tell(mean)}: there is room: up` };
    }
    if (value === initial) return { value, reason: 'not in use: stays' };
    const towards = Math.sign(initial - value) * Math.min(step, Math.abs(initial - value));
    return { value: round(value + towards), reason: 'not in use: back to where it began' };
  }

  return createGuarded<AimdInput>({
    bounds,
    initial,
    readings: ({ reading, usedPart, backlog }) => [reading, usedPart, backlog],
    decide(input, value, elapsedMs) {
      sinceStepMs += elapsedMs;
      average = average === undefined ? input.reading : mix(average, input.reading);
      const decision = stepFor(input, average, value);
      if (decision.value === value) return decision;
      if (sinceStepMs < coolDownMs) return { value, reason: 'the last step settles' };
      sinceStepMs = 0;
      return decision;
    },
  });
}

function mix(average: number, newest: number): number {
  return average + (newest - average) * NEWEST;
}

/** Three digits: reasons are read by people. */
export function tell(value: number): string {
  return String(Number(value.toPrecision(3)));
}
