import { assert } from '../assert.ts';
import { tell } from './aimd.ts';
import { createGuarded } from './guarded.ts';
import type { Bounds, Controller } from './types.ts';

export interface TwoLinesOptions {
  /** Of the threshold, in items. */
  readonly bounds: Bounds;
  readonly initial: number;
  /** The threshold moves when the crossing is so far from it, as a part; default 0.15. */
  readonly margin?: number;
  /** Weight that older looks keep at each new one of their way; default 0.98. */
  readonly memory?: number;
}

export interface TwoLinesInput {
  /** `small`: the way that is taken below the threshold; `large`: above it. */
  readonly way: 'small' | 'large';
  readonly items: number;
  /** What it took, in any unit. */
  readonly cost: number;
}

/** Looks at a way before its line is believed. */
const LOOKS_MIN = 8;

/**
 * The size from which another way of doing it pays: each way's cost is a line `a + b * items`,
 * fitted to what it has cost lately, and the threshold is where the lines cross. The caller takes
 * the other way now and then, or nothing is ever learnt about it.
 */
export function createTwoLines(options: TwoLinesOptions): Controller<TwoLinesInput> {
  const { bounds, initial, margin = 0.15, memory = 0.98 } = options;
  assert(margin > 0 && margin < 1, 'expected a margin below 1');
  const lines = { small: new CostLine(memory), large: new CostLine(memory) };
  return createGuarded<TwoLinesInput>({
    bounds,
    initial,
    readings: ({ items, cost }) => [items, cost],
    decide({ way, items, cost }, value) {
      lines[way].add(items, cost);
      const crossing = crossingOf(lines.small, lines.large, bounds);
      if (crossing === undefined) return { value, reason: 'too few looks at both ways: stays' };
      const words = `the lines cross at ${tell(crossing)}`;
      if (Math.abs(crossing - value) <= value * margin) return { value, reason: `${words}: stays` };
      return { value: Math.round(crossing), reason: words };
    },
  });
}

function crossingOf(small: CostLine, large: CostLine, { min, max }: Bounds): number | undefined {
  const one = small.fit();
  const other = large.fit();
  if (one === undefined || other === undefined) return undefined;
  const slower = one.perItem - other.perItem;
  // Parallel lines, or the large way costs more an item: it pays never, or always.
  if (slower <= 0) return other.fixed <= one.fixed && slower === 0 ? min : max;
  return Math.min(max, Math.max(min, (other.fixed - one.fixed) / slower));
}

/** Weighted least squares with forgetting; sums only. */
class CostLine {
  readonly #memory: number;
  #looks = 0;
  #weight = 0;
  #items = 0;
  #costs = 0;
  #squares = 0;
  #products = 0;

  constructor(memory: number) {
    this.#memory = memory;
  }

  add(items: number, cost: number): void {
    const kept = this.#memory;
    this.#looks++;
    this.#weight = this.#weight * kept + 1;
    this.#items = this.#items * kept + items;
    this.#costs = this.#costs * kept + cost;
    this.#squares = this.#squares * kept + items * items;
    this.#products = this.#products * kept + items * cost;
  }

  fit(): { readonly fixed: number; readonly perItem: number } | undefined {
    if (this.#looks < LOOKS_MIN) return undefined;
    const spread = this.#weight * this.#squares - this.#items * this.#items;
    // One size only: no line goes through one point.
    if (spread <= this.#squares * this.#weight * 1e-6) return undefined;
    const perItem = (this.#weight * this.#products - this.#items * this.#costs) / spread;
    const fixed = (this.#costs - perItem * this.#items) / this.#weight;
    return { fixed: Math.max(0, fixed), perItem: Math.max(0, perItem) };
  }
}
