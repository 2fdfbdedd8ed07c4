import { seededUniform } from '../../../../../tools/testing/random.ts';
import type { Chooser } from '../../../src/control/chooser.ts';
import { createLinUcb } from '../../../src/control/lin-ucb.ts';
import { createThompson } from '../../../src/control/thompson.ts';
import type { Scenario } from './scenarios.ts';

/** Mean cost of a piece of data that is kept with one of three layers. */
export interface ChoiceOutcome {
  /** LinUCB, which sees the size of what is to be kept. */
  readonly linUcb: number;
  /** Discounted Thompson sampling, which does not. */
  readonly thompson: number;
  /** The layer that would have been best for all of it, known afterwards. */
  readonly bestFixed: number;
  /** The first layer, always. */
  readonly none: number;
  /** The best layer for each piece, known beforehand. */
  readonly oracle: number;
}

const CHOICES_PER_TICK = 5;
/** Parts of a cost: dear to enter, dear by size, dearer the more load there is. */
const LAYERS = [
  { entry: 0.2, bySize: 0, byLoad: 0.8 },
  { entry: 0.1, bySize: 1, byLoad: 0 },
  { entry: 0.6, bySize: 0.1, byLoad: 0 },
] as const;
const JITTER = 0.1;

/** Both choosers through a scenario: the load is that of the first layer, the sensor the cost. */
export function chooseLayers(scenario: Scenario, seed = 1): ChoiceOutcome {
  const uniform = seededUniform(seed);
  const arms = LAYERS.length;
  const seeing = new Chosen(createLinUcb({ arms, features: 2, alpha: 0.1 }), scenario);
  const blind = new Chosen(createThompson({ arms, uniform: seededUniform(seed + 1) }), scenario);
  const fixedSums = LAYERS.map(() => 0);
  let oracle = 0;
  for (let tick = 0; tick < scenario.ticks; tick++) {
    const load = scenario.load(tick, uniform);
    for (let i = 0; i < CHOICES_PER_TICK; i++) {
      const size = uniform();
      const costs = LAYERS.map(
        ({ entry, bySize, byLoad }) =>
          (entry + bySize * size + byLoad * load) * (1 + JITTER * (uniform() - 0.5)),
      );
      seeing.choose(tick, [1, size], costs);
      blind.choose(tick, undefined, costs);
      oracle += Math.min(...costs);
      for (const [layer, cost] of costs.entries())
        fixedSums[layer] = (fixedSums[layer] ?? 0) + cost;
    }
  }
  const per = (sum: number): number => sum / (scenario.ticks * CHOICES_PER_TICK);
  return {
    linUcb: per(seeing.cost),
    thompson: per(blind.cost),
    bestFixed: per(Math.min(...fixedSums)),
    none: per(fixedSums[0] as number),
    oracle: per(oracle),
  };
}

interface Look<Context> {
  readonly tick: number;
  readonly context: Context;
  readonly arm: number;
  readonly cost: number;
}

/** One chooser at work; the signal says whether it hears of a cost late, as nonsense, or never. */
class Chosen<Context> {
  cost = 0;
  readonly #chooser: Chooser<Context>;
  readonly #scenario: Scenario;
  #waiting: Look<Context>[] = [];

  constructor(chooser: Chooser<Context>, scenario: Scenario) {
    this.#chooser = chooser;
    this.#scenario = scenario;
  }

  choose(tick: number, context: Context, costs: readonly number[]): void {
    const { sensorDelay = 0 } = this.#scenario;
    const isDue = (look: Look<Context>): boolean => look.tick <= tick - sensorDelay;
    for (const look of this.#waiting.filter(isDue)) this.#learn(tick, look);
    this.#waiting = this.#waiting.filter((look) => !isDue(look));
    const arm = this.#chooser.choose(context, () => true) as number;
    const cost = costs[arm] as number;
    this.cost += cost;
    this.#waiting.push({ tick, context, arm, cost });
  }

  #learn(tick: number, { context, arm, cost }: Look<Context>): void {
    const fault = this.#scenario.sensor?.(tick);
    if (fault !== 'lost') this.#chooser.learn(context, arm, fault === 'nan' ? Number.NaN : cost);
  }
}
