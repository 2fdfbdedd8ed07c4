import { assert } from '../assert.ts';
import { tell } from './aimd.ts';
import { createGuarded } from './guarded.ts';
import type { CurvePoint } from './hit-curve.ts';
import type { Bounds, Controller } from './types.ts';

export interface CacheSizeOptions {
  /** Of the size, in its unit; the most is a hard cap. */
  readonly bounds: Bounds;
  readonly initial: number;
  /** What the size is counted in; default entries. */
  readonly unit?: 'entries' | 'bytes';
  /**
   * Hit ratio that the whole of `bounds.max` has to bring while memory is plentiful; it rises with
   * the pressure. Default 0.005.
   */
  readonly price?: number;
  /** Another size has to be better by so much hit ratio, price included; default 0.005. */
  readonly margin?: number;
  /** Between two changes: a cache needs time to fill; default 30,000. */
  readonly coolDownMs?: number;
}

export interface CacheSizeInput {
  /** What an LRU of other sizes would hit: `HitCurve.points()`. */
  readonly points: readonly CurvePoint[];
  /** How much of the memory is taken, 0 to 1. */
  readonly pressure: number;
}

/** From here on memory is given back, whatever it costs in hits. */
const PRESSURE_MAX = 0.95;

/**
 * Size of a cache by its shadow: of all sizes within the bounds the one whose hit ratio less the
 * price of its memory is best. It sees the whole curve, so a loop that a small cache never hits is
 * no trap, and it moves only for a gain that is worth the emptying and filling.
 */
export function createCacheSize(options: CacheSizeOptions): Controller<CacheSizeInput> {
  const { bounds, initial, price = 0.005, margin = 0.005, coolDownMs = 30_000 } = options;
  const tellSize = options.unit === 'bytes' ? mebibytes : entries;
  assert(price >= 0 && margin >= 0, 'expected a price and a margin of at least 0');
  let sinceChangeMs = Number.POSITIVE_INFINITY;
  return createGuarded<CacheSizeInput>({
    bounds,
    initial,
    readings: ({ points, pressure }) => [pressure, ...points.map(({ hitRatio }) => hitRatio)],
    decide({ points, pressure }, value, elapsedMs) {
      sinceChangeMs += elapsedMs;
      if (pressure > PRESSURE_MAX) {
        sinceChangeMs = 0;
        const reason = `${Math.round(pressure * 100)} % of the memory taken: down`;
        return { value: Math.max(bounds.min, Math.floor(value * 0.8)), reason };
      }
      if (points.length === 0) return { value, reason: 'too few look-ups: stays' };
      const perUnit = (price * (1 + 4 * pressure ** 4)) / bounds.max;
      const worth = (at: number): number => hitRatioAt(points, at) - at * perUnit;
      let best = value;
      for (const point of points) {
        if (point.size < bounds.min || point.size > bounds.max) continue;
        if (worth(point.size) > worth(best)) best = point.size;
      }
      const gain = worth(best) - worth(value);
      const words = `${tell(hitRatioAt(points, best) * 100)} % hits with ${tellSize(best)}`;
      if (gain <= margin) return { value, reason: `${words}, not enough more: stays` };
      if (sinceChangeMs < coolDownMs) return { value, reason: `${words}: the last change settles` };
      sinceChangeMs = 0;
      const now = tell(hitRatioAt(points, value) * 100);
      return { value: best, reason: `${words}, ${now} % with ${tellSize(value)}` };
    },
  });
}

function entries(count: number): string {
  return `${count} entries`;
}

function mebibytes(bytes: number): string {
  return `${tell(bytes / 1024 ** 2)} MiB`;
}

function hitRatioAt(points: readonly CurvePoint[], size: number): number {
  let ratio = 0;
  for (const point of points) {
    if (point.size > size) break;
    ratio = point.hitRatio;
  }
  return ratio;
}
