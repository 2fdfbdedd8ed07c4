import { assert } from '../assert.ts';
import { createGuarded } from './guarded.ts';
import type { Bounds, Controller } from './types.ts';

export interface FeeRuleOptions {
  /** Whole numbers of the smallest unit, at most 2^40; the least is at least 1. */
  readonly bounds: Bounds;
  readonly initial: number;
  /** One step is at most 1 / this: 8 as in EIP-1559; smaller ones swing or diverge. */
  readonly denominator?: number;
}

export interface FeeRuleInput {
  /** Whole numbers, of one unit. */
  readonly used: number;
  readonly target: number;
}

const DENOMINATOR_MIN = 8;
const VALUE_MAX = 2 ** 40;

/**
 * A price that rises with use above the target and falls below it (EIP-1559): `value * (used -
 * target) / target / denominator`, at least 1 up where it was too much. Whole numbers in exact
 * arithmetic, from chain data alone, so that every node comes to the same price.
 */
export function createFeeRule(options: FeeRuleOptions): Controller<FeeRuleInput> {
  const { bounds, initial, denominator = DENOMINATOR_MIN } = options;
  assert(denominator >= DENOMINATOR_MIN, `expected steps of at most 1/${DENOMINATOR_MIN}`);
  assert(bounds.min >= 1 && bounds.max <= VALUE_MAX, 'expected a price of 1 to 2^40');
  assert([initial, bounds.min, bounds.max, denominator].every(Number.isInteger), 'whole numbers');
  return createGuarded<FeeRuleInput>({
    bounds,
    initial,
    // Half a unit would not be the same on every machine.
    readings: ({ used, target }) => [used, target].map((n) => (isCount(n) ? n : Number.NaN)),
    decide({ used, target }, value) {
      if (target === 0) return { value, reason: 'no target: stays' };
      const excess = BigInt(Math.min(used, target * 2)) - BigInt(target);
      const change = (BigInt(value) * excess) / BigInt(target) / BigInt(denominator);
      const least = excess > 0n && change === 0n ? 1n : change;
      const percent = Math.round((used / target) * 100);
      return { value: value + Number(least), reason: `${percent} % of the target used` };
    },
  });
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= Number.MAX_SAFE_INTEGER / 2;
}
