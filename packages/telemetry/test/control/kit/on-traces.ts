import { seededUniform } from '../../../../../tools/testing/random.ts';
import {
  CACHE_TRACES,
  cacheTraceTitle,
  readCacheTrace,
  readSeattleTimes,
} from '../../../../../tools/testing/traces.ts';
import { createCacheSize } from '../../../src/control/cache-size.ts';
import { HitCurve } from '../../../src/control/hit-curve.ts';
import { createThompson } from '../../../src/control/thompson.ts';
import { TICK_MS } from './run.ts';

const REQUESTS_MAX = 300_000;
/** Look-ups between two looks of the controller. */
const LOOKUPS_PER_TICK = 1_000;

/** What a cache whose size is steered did on a recorded trace. */
export interface CacheOutcome {
  readonly title: string;
  /** 0 to 1, both. */
  readonly hitRatio: number;
  readonly bestFixedRatio: number;
  /** Mean entries, as a part of the cap; the best fixed size is the cap. */
  readonly meanSizePart: number;
  readonly changes: number;
}

/** Every stored trace that is here; the cap is a fifth of its keys, and where control begins. */
export function cacheOutcomes(): CacheOutcome[] {
  return CACHE_TRACES.flatMap((file) => {
    const keys = readCacheTrace(file, REQUESTS_MAX);
    return keys === undefined ? [] : [steerCache(cacheTraceTitle(file), keys)];
  });
}

function steerCache(title: string, keys: readonly number[]): CacheOutcome {
  const cap = Math.max(64, Math.round(new Set(keys).size / 5));
  const controller = createCacheSize({
    bounds: { min: 16, max: cap },
    initial: cap,
    coolDownMs: 10_000,
  });
  const curve = new HitCurve(cap);
  const cache = new Lru(cap);
  let [hits, sizes, changes] = [0, 0, 0];
  for (const [i, key] of keys.entries()) {
    if (cache.use(key)) hits++;
    curve.lookUp(spread(key));
    sizes += cache.size;
    if (i % LOOKUPS_PER_TICK !== 0) continue;
    const before = controller.value;
    const points = curve.points();
    controller.update({ points, pressure: 0.3 }, (i / LOOKUPS_PER_TICK) * TICK_MS);
    if (controller.value === before) continue;
    changes++;
    cache.resize(controller.value);
  }
  return {
    title,
    hitRatio: hits / keys.length,
    bestFixedRatio: fixedRatio(keys, cap),
    meanSizePart: sizes / keys.length / cap,
    changes,
  };
}

function fixedRatio(keys: readonly number[], size: number): number {
  const cache = new Lru(size);
  return keys.filter((key) => cache.use(key)).length / keys.length;
}

/** Fibonacci hashing: 32 bits, spread well. */
function spread(key: number): number {
  const mixed = Math.imul(key ^ (key >>> 15), 0x9e37_79b1);
  return Math.imul(mixed ^ (mixed >>> 13), 0x85eb_ca6b) >>> 0;
}

class Lru {
  size: number;
  readonly #keys = new Set<number>();

  constructor(size: number) {
    this.size = size;
  }

  /** Whether it was there. */
  use(key: number): boolean {
    const isHit = this.#keys.delete(key);
    this.#keys.add(key);
    if (this.#keys.size > this.size) this.#dropOldest();
    return isHit;
  }

  resize(size: number): void {
    this.size = size;
    while (this.#keys.size > size) this.#dropOldest();
  }

  #dropOldest(): void {
    for (const oldest of this.#keys) {
      this.#keys.delete(oldest);
      return;
    }
  }
}

/** What a choice among providers cost on recorded round trips, in seconds a request. */
export interface RouteOutcome {
  readonly chosen: number;
  /** The one provider that would have been best all the time. */
  readonly bestFixed: number;
  /** The best provider of each moment, known beforehand. */
  readonly oracle: number;
  /** The first provider, always. */
  readonly none: number;
}

const PROVIDERS = 6;
const REQUESTS_PER_SLICE = 60;

/** Each of some devices chooses among six others, over all time slices; undefined without data. */
export function routeOutcomes(devices = 24): RouteOutcome[] | undefined {
  const slices = readSeattleTimes();
  if (slices === undefined) return undefined;
  return Array.from({ length: devices }, (_, device) => chooseRoutes(slices, device));
}

function chooseRoutes(slices: readonly number[][][], device: number): RouteOutcome {
  const uniform = seededUniform(device + 1);
  const chooser = createThompson({ arms: PROVIDERS, uniform, discount: 0.97 });
  const times = (slice: number, arm: number): number =>
    slices[slice]?.[device]?.[(device + 7 + arm * 13) % 99] ?? Number.NaN;
  const fixedSums = Array.from({ length: PROVIDERS }, () => 0);
  let [chosen, oracle, requests] = [0, 0, 0];
  for (let slice = 0; slice < slices.length; slice++) {
    const now = fixedSums.map((_, arm) => times(slice, arm));
    if (now.some(Number.isNaN)) continue;
    for (let i = 0; i < REQUESTS_PER_SLICE; i++) {
      // A tenth of jitter around what was measured.
      const costs = now.map((seconds) => seconds * (0.9 + 0.2 * uniform()));
      const arm = chooser.choose(undefined, () => true) as number;
      chooser.learn(undefined, arm, costs[arm] as number);
      chosen += costs[arm] as number;
      oracle += Math.min(...costs);
      requests++;
      for (const [other, cost] of costs.entries())
        fixedSums[other] = (fixedSums[other] ?? 0) + cost;
    }
  }
  const per = (sum: number): number => sum / requests;
  return {
    chosen: per(chosen),
    bestFixed: per(Math.min(...fixedSums)),
    oracle: per(oracle),
    none: per(fixedSums[0] as number),
  };
}
