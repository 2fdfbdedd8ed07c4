import { seededUniform } from '../../../../../tools/testing/random.ts';
import type { Controller } from '../../../src/control/types.ts';
import type { Scenario } from './scenarios.ts';

/** Milliseconds of the simulated clock from tick to tick. */
export const TICK_MS = 1_000;

export interface PlantTick<Input> {
  readonly input: Input;
  /** What the tick cost: lower is better, 0 is perfect. */
  readonly cost: number;
  /** The limit was broken: too slow, overloaded. */
  readonly isOver: boolean;
}

/** Something to control, with memory: queues, caches. */
export interface Plant<Input> {
  tick(value: number, load: number, uniform: () => number): PlantTick<Input>;
}

export interface Run {
  readonly loads: readonly number[];
  readonly values: readonly number[];
  readonly cost: number;
  readonly ticksOver: number;
  readonly changes: number;
  /** Changes of direction where nothing should swing any more. */
  readonly steadyReversals: number;
}

/** Drives a plant through a scenario; the same seed gives the same run. */
export function drive<Input>(
  controller: Pick<Controller<Input>, 'value' | 'update'>,
  plant: Plant<Input>,
  scenario: Scenario,
  broken: (input: Input) => Input,
  seed = 1,
): Run {
  const uniform = seededUniform(seed);
  const { ticks, sensorDelay = 0, actuationDelay = 0 } = scenario;
  const readings: Input[] = [];
  const wanted: number[] = [];
  const loads: number[] = [];
  const values: number[] = [];
  let cost = 0;
  let ticksOver = 0;
  for (let tick = 0; tick < ticks; tick++) {
    const load = scenario.load(tick, uniform);
    const value = wanted[tick - 1 - actuationDelay] ?? wanted[0] ?? controller.value;
    const result = plant.tick(value, load, uniform);
    readings.push(result.input);
    loads.push(load);
    values.push(value);
    cost += result.cost;
    if (result.isOver) ticksOver++;
    const seen = readings[tick - sensorDelay];
    const fault = scenario.sensor?.(tick);
    const told = fault === 'nan' && seen !== undefined ? broken(seen) : seen;
    controller.update(fault === 'lost' ? undefined : told, tick * TICK_MS);
    wanted.push(controller.value);
  }
  const steadyReversals = scenario.steady
    .map(([from, to]) => reversals(values.slice(from, to)))
    .reduce((sum, count) => sum + count, 0);
  const changes = values.filter((value, i) => i > 0 && value !== values[i - 1]).length;
  return { loads, values, cost: cost / ticks, ticksOver, changes, steadyReversals };
}

/** A value that nobody changes. */
export function fixed(value: number): Pick<Controller<unknown>, 'value' | 'update'> {
  return { value, update: () => ({ value, reason: 'fixed' }) };
}

export function reversals(values: readonly number[]): number {
  const moves = values.map((value, i) => Math.sign(value - (values[i - 1] ?? value)));
  const directions = moves.filter((move) => move !== 0);
  return directions.filter((move, i) => i > 0 && move !== directions[i - 1]).length;
}

/** Ticks from a change of load until the value has come within a tenth of where it ends. */
export function settleTicks(run: Run, from: number, to: number): number {
  const end = mean(run.values.slice(to - Math.floor((to - from) / 4), to));
  for (let tick = to - 1; tick >= from; tick--) {
    if (Math.abs((run.values[tick] as number) - end) > Math.max(1, end * 0.1))
      return tick - from + 1;
  }
  return 0;
}

/** How far beyond where it ends the value went, as a part of that; 0 for not at all. */
export function overshoot(run: Run, from: number, to: number): number {
  const end = mean(run.values.slice(to - Math.floor((to - from) / 4), to));
  const start = run.values[from] as number;
  const beyond = run.values
    .slice(from, to)
    .map((value) => (end >= start ? value - end : end - value))
    .reduce((most, value) => Math.max(most, value), 0);
  return end === 0 ? 0 : beyond / end;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
