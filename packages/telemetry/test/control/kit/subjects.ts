import { createAimd } from '../../../src/control/aimd.ts';
import { createFeeRule } from '../../../src/control/fee-rule.ts';
import { createGradient } from '../../../src/control/gradient.ts';
import { createThreshold } from '../../../src/control/threshold.ts';
import { createTwoLines } from '../../../src/control/two-lines.ts';
import type { Controller } from '../../../src/control/types.ts';
import {
  BATCH_TARGET_SECONDS,
  batchPlant,
  feePlant,
  serverPlant,
  shardPlant,
  twoWaysPlant,
} from './plants.ts';
import { drive, fixed, type Plant, type Run } from './run.ts';
import type { Scenario } from './scenarios.ts';

/** A controller with the plant that it is tried on. */
export interface Subject {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  /** Values that are tried without control. */
  readonly fixedValues: readonly number[];
  readonly initial: number;
  control(scenario: Scenario, seed?: number): Run;
  hold(value: number, scenario: Scenario, seed?: number): Run;
}

function subject<Input>(options: {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly controller: () => Controller<Input>;
  readonly plant: () => Plant<Input>;
  readonly broken: (input: Input) => Input;
}): Subject {
  const { name, title, unit, controller, plant, broken } = options;
  const { bounds, value: initial } = controller();
  const ratio = (bounds.max / bounds.min) ** (1 / 40);
  const fixedValues = Array.from({ length: 41 }, (_, i) => Math.round(bounds.min * ratio ** i));
  return {
    name,
    title,
    unit,
    initial,
    fixedValues: [...new Set(fixedValues)],
    control: (scenario, seed) => drive(controller(), plant(), scenario, broken, seed),
    hold: (value, scenario, seed) => drive(fixed(value), plant(), scenario, broken, seed),
  };
}

export const SUBJECTS: readonly Subject[] = [
  subject({
    name: 'aimd',
    title: 'AIMD: items of one group commit',
    unit: 'items',
    controller: () =>
      createAimd({
        bounds: { min: 16, max: 8_192 },
        initial: 256,
        target: BATCH_TARGET_SECONDS,
        step: 64,
        coolDownMs: 12_000,
      }),
    plant: batchPlant,
    broken: (input) => ({ ...input, reading: Number.NaN }),
  }),
  subject({
    name: 'gradient',
    title: 'Gradient: requests at once',
    unit: 'requests',
    controller: () => createGradient({ bounds: { min: 4, max: 400 }, initial: 20, tolerance: 1.2 }),
    plant: serverPlant,
    broken: (input) => ({ ...input, seconds: Number.NaN }),
  }),
  subject({
    name: 'threshold',
    title: 'Threshold with hysteresis: shards',
    unit: 'shards',
    controller: () =>
      createThreshold({
        bounds: { min: 1, max: 64 },
        initial: 12,
        high: 0.75,
        low: 0.35,
        halfLifeMs: 5_000,
        coolDownMs: 12_000,
        additionsMax: 4,
      }),
    plant: shardPlant,
    broken: (input) => ({ ...input, load: Number.NaN }),
  }),
  subject({
    name: 'fee',
    title: 'EIP-1559 form: price',
    unit: 'units',
    controller: () => createFeeRule({ bounds: { min: 10, max: 100_000 }, initial: 1_000 }),
    plant: feePlant,
    broken: (input) => ({ ...input, used: Number.NaN }),
  }),
  subject({
    name: 'two-lines',
    title: 'Two cost lines: transactions from which threads pay',
    unit: 'transactions',
    controller: () => createTwoLines({ bounds: { min: 2, max: 1_000 }, initial: 16 }),
    plant: twoWaysPlant,
    broken: (input) => ({ ...input, cost: Number.NaN }),
  }),
];

/** The value that would have been best without control, for this very scenario. */
export function bestFixed(
  of: Subject,
  scenario: Scenario,
  seed?: number,
): { readonly value: number; readonly run: Run } {
  let best: { readonly value: number; readonly run: Run } | undefined;
  for (const value of of.fixedValues) {
    const run = of.hold(value, scenario, seed);
    if (best === undefined || run.cost < best.run.cost) best = { value, run };
  }
  return best as { readonly value: number; readonly run: Run };
}
