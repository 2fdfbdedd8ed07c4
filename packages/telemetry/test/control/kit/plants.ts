import type { AimdInput } from '../../../src/control/aimd.ts';
import type { FeeRuleInput } from '../../../src/control/fee-rule.ts';
import type { GradientInput } from '../../../src/control/gradient.ts';
import type { ThresholdInput } from '../../../src/control/threshold.ts';
import type { TwoLinesInput } from '../../../src/control/two-lines.ts';
import { gauss } from './gauss.ts';
import type { Plant } from './run.ts';

/** Seconds of a tick. */
const TICK = 1;

/** Group commit: one cycle takes 2 ms and 20 us an item; a batch waits 100 ms to fill at most. */
const SYNC_SECONDS = 0.002;
const ITEM_SECONDS = 0.000_02;
const WINDOW_SECONDS = 0.1;
export const BATCH_TARGET_SECONDS = 0.05;
/** Items a second at load 1. */
const ITEMS_PER_SECOND = 40_000;

/** Cost: processor time per item over the least possible, and ten where the target is broken. */
export function batchPlant(): Plant<AimdInput> {
  let queue = 0;
  return {
    tick(batch, load, uniform) {
      const arrivals = load * ITEMS_PER_SECOND * TICK;
      const filled = Math.min(batch, Math.max(1, arrivals * WINDOW_SECONDS + queue));
      const cycle = SYNC_SECONDS + ITEM_SECONDS * filled;
      const capacity = (filled / cycle) * TICK;
      const done = Math.min(queue + arrivals, capacity);
      queue = Math.min(queue + arrivals - done, ITEMS_PER_SECOND * 5);
      const fillSeconds = Math.min(WINDOW_SECONDS, filled / Math.max(1, arrivals / TICK));
      const noise = 1 + 0.05 * gauss(uniform);
      const seconds = (fillSeconds + cycle + queue / Math.max(1, capacity / TICK)) * noise;
      const perItem = cycle / filled / ITEM_SECONDS - 1;
      const isOver = seconds > BATCH_TARGET_SECONDS * 1.1;
      const input = { reading: seconds, usedPart: filled / batch, backlog: queue / batch };
      return { input, isOver, cost: perItem + (isOver ? 10 : 0) };
    },
  };
}

/** Servers that share: up to `capacity` at once nobody waits. */
const SERVICE_SECONDS = 0.02;
export const SERVERS = 40;

/** Cost: what throughput over latency lacks to the best there is. */
export function serverPlant(): Plant<GradientInput> {
  return {
    tick(limit, load, uniform) {
      const asked = Math.max(1, load * SERVERS * 2.5);
      const inFlight = Math.min(limit, asked);
      const slowness = Math.max(1, inFlight / SERVERS);
      const seconds = SERVICE_SECONDS * slowness * (1 + 0.03 * gauss(uniform));
      const throughput = inFlight / (SERVICE_SECONDS * slowness);
      const most = Math.min(asked, SERVERS) / SERVICE_SECONDS;
      const power = throughput / most / slowness;
      return { input: { seconds, inFlight }, cost: 1 - power, isOver: slowness > 1.6 };
    },
  };
}

/** Load that so many units share; each carries 1. Cost: units, and ten where they are too few. */
export const SHARD_LOAD = 20;

export function shardPlant(): Plant<ThresholdInput> {
  return {
    tick(units, load, uniform) {
      const all = load * SHARD_LOAD * (1 + 0.05 * gauss(uniform));
      const isOver = all > units;
      return { input: { load: all }, isOver, cost: units / SHARD_LOAD + (isOver ? 10 : 0) };
    },
  };
}

/** Buyers who leave as the price rises. Cost: distance of the use from its target. */
export const FEE_TARGET = 15_000_000;
const FEE_BASE = 1_000;

export function feePlant(): Plant<FeeRuleInput> {
  return {
    tick(price, load) {
      const demand = load * 4 * FEE_TARGET * Math.exp(1 - price / FEE_BASE);
      const used = Math.min(FEE_TARGET * 2, Math.round(demand));
      const distance = Math.abs(used - FEE_TARGET) / FEE_TARGET;
      return { input: { used, target: FEE_TARGET }, cost: distance, isOver: distance > 0.5 };
    },
  };
}

/** Two ways of running a block: in order 5 us an item; in parallel 300 us and 2 us an item. */
export function twoWaysPlant(): Plant<TwoLinesInput> {
  let count = 0;
  return {
    tick(threshold, load, uniform) {
      count++;
      const items = Math.max(1, Math.round(load * 400 * uniform()));
      // With load the threads are busy elsewhere too: waking them costs more.
      const small = 5 * items;
      const large = 300 * (0.5 + load) + 2 * items;
      const isProbe = count % 16 === 0;
      const way = items < threshold !== isProbe ? 'small' : 'large';
      const spent = (way === 'small' ? small : large) * (1 + 0.05 * gauss(uniform));
      const least = Math.min(small, large);
      return { input: { way, items, cost: spent }, cost: spent / least - 1, isOver: false };
    },
  };
}
