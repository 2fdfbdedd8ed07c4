import { assert } from '../assert.ts';
import type { Chooser, Uniform } from './chooser.ts';

export interface ThompsonOptions {
  readonly arms: number;
  readonly uniform: Uniform;
  /** Weight that older looks keep at each new one, so that drift is followed; default 0.98. */
  readonly discount?: number;
  /** Most choices of a hundred that go to another than the best known; default 10. */
  readonly explorePercentMax?: number;
}

/** Looks that stand for nothing known: what was learnt long ago may be wrong... */
const PRIOR_LOOKS = 0.5;
/** ...by so much of itself: who was three times as dear is looked at now and then, not often. */
const PRIOR_SPREAD = 0.35;
/** Window over which the part of exploring choices is counted. */
const WINDOW = 100;
/** Looks below which an arm has to be tried before any is called the best. */
const KNOWN_LOOKS = 1;

/**
 * Thompson sampling with normal costs and a discount (Raj and Kalyani 2017): each arm's cost is
 * drawn from what is believed of it, the least draw is chosen. Old looks lose weight, so an arm
 * that was slow once is tried again, and one that turns slow is left after a few looks.
 */
export function createThompson(options: ThompsonOptions): Chooser<void> {
  const { arms, uniform, discount = 0.98, explorePercentMax = 10 } = options;
  assert(Number.isInteger(arms) && arms > 0, 'expected at least one arm');
  assert(discount > 0.5 && discount < 1, 'expected a discount between a half and one');
  const beliefs = Array.from({ length: arms }, () => new Belief());
  /** Exploring choices, faded. */
  let explored = 0;

  function leastOf(allowed: readonly number[], costOf: (arm: number) => number): number {
    const costs = allowed.map(costOf);
    return allowed[costs.indexOf(Math.min(...costs))] as number;
  }

  return {
    choose(_context, isAllowed) {
      const allowed = beliefs.map((_, arm) => arm).filter(isAllowed);
      if (allowed.length === 0) return undefined;
      const best = leastOf(allowed, (arm) => (beliefs[arm] as Belief).expected());
      const drawn = leastOf(allowed, (arm) => (beliefs[arm] as Belief).draw(uniform));
      explored *= 1 - 1 / WINDOW;
      const isFirst = (beliefs[drawn] as Belief).looks < KNOWN_LOOKS;
      if (drawn === best || (!isFirst && explored >= explorePercentMax)) return best;
      explored += 1;
      return drawn;
    },
    learn(_context, arm, cost) {
      assert(beliefs[arm] !== undefined, `expected an arm below ${arms}`);
      if (!Number.isFinite(cost)) return;
      for (const belief of beliefs) belief.fade(discount);
      beliefs[arm].add(cost);
    },
    estimates: () => beliefs.map(({ looks, mean }) => (looks === 0 ? undefined : mean)),
  };
}

/** Mean and variance of weighted looks. */
class Belief {
  looks = 0;
  mean = 0;
  #squares = 0;

  fade(discount: number): void {
    this.looks *= discount;
    this.#squares *= discount;
  }

  add(cost: number): void {
    this.looks += 1;
    const difference = cost - this.mean;
    this.mean += difference / this.looks;
    this.#squares += difference * (cost - this.mean);
  }

  /** Unknown ones are the best: they have to be tried first. */
  expected(): number {
    return this.looks === 0 ? Number.NEGATIVE_INFINITY : this.mean;
  }

  draw(uniform: Uniform): number {
    if (this.looks === 0) return Number.NEGATIVE_INFINITY;
    const known = this.#squares / Math.max(this.looks, 1);
    const prior = (this.mean * PRIOR_SPREAD) ** 2;
    const variance = (known * this.looks + prior * PRIOR_LOOKS) / (this.looks + PRIOR_LOOKS);
    return this.mean + normal(uniform) * Math.sqrt(variance / (this.looks + PRIOR_LOOKS));
  }
}

/** Box and Muller. */
function normal(uniform: Uniform): number {
  const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
  return radius * Math.cos(2 * Math.PI * uniform());
}
