import { assert } from '../assert.ts';
import { HEAT_KEY_LENGTH_MAX } from '../limits.ts';

export interface HeatMapOptions {
  /** Keys that are followed; a key with more than 1/entriesMax of all weight is never missed. */
  readonly entriesMax: number;
  /** Time in which what was counted loses half its weight. */
  readonly halfLifeMs: number;
  /** Milliseconds of any clock that does not go back. */
  readonly clock: { nowMs(): number };
}

export interface HeatEntry {
  readonly key: string;
  /** Decayed count: never less than the truth, and more by at most `error`. */
  readonly weight: number;
  readonly error: number;
}

interface Cell {
  key: string;
  /** In weights of the epoch: newer counts are larger instead of older ones smaller. */
  weight: number;
  error: number;
}

/** Weights are brought back to the present when newer counts have grown by so much. */
const SCALE_MAX = 2 ** 40;

/**
 * What is touched most, with bounded memory: the space-saving sketch (Metwally, Agrawal, El Abbadi,
 * "Efficient computation of frequent and top-k elements", ICDT 2005) with forward decay (Cormode
 * et al., ICDE 2009), so that what was hot an hour ago does not stay on top.
 */
export class HeatMap {
  readonly #entriesMax: number;
  readonly #halfLifeMs: number;
  readonly #clock: HeatMapOptions['clock'];
  readonly #cells = new Map<string, Cell>();
  /** The same cells, least weight first: a binary heap. */
  readonly #heap: Cell[] = [];
  readonly #places = new Map<Cell, number>();
  #epochMs: number;

  constructor({ entriesMax, halfLifeMs, clock }: HeatMapOptions) {
    assert(Number.isInteger(entriesMax) && entriesMax > 0, 'expected room for at least one key');
    assert(halfLifeMs > 0, 'expected a half-life above 0');
    this.#entriesMax = entriesMax;
    this.#halfLifeMs = halfLifeMs;
    this.#clock = clock;
    this.#epochMs = clock.nowMs();
  }

  /** Counts one touch, or so many. Amounts that are not above 0 are left out. */
  touch(key: string, amount = 1): void {
    if (!(amount > 0) || !Number.isFinite(amount)) return;
    const name = key.slice(0, HEAT_KEY_LENGTH_MAX);
    const weight = amount * this.#scale();
    const known = this.#cells.get(name);
    if (known !== undefined) {
      known.weight += weight;
      this.#sink(this.#places.get(known) as number);
      return;
    }
    if (this.#heap.length < this.#entriesMax) {
      this.#insert({ key: name, weight, error: 0 });
      return;
    }
    // The least of all gives its place, and its weight as the error of whoever comes.
    const least = this.#heap[0] as Cell;
    this.#cells.delete(least.key);
    least.key = name;
    least.error = least.weight;
    least.weight += weight;
    this.#cells.set(name, least);
    this.#sink(0);
  }

  /** The hottest keys, hottest first. */
  top(count: number): HeatEntry[] {
    const scale = this.#scale();
    return this.#heap
      .toSorted((a, b) => b.weight - a.weight || (a.key < b.key ? -1 : 1))
      .slice(0, count)
      .map(({ key, weight, error }) => ({ key, weight: weight / scale, error: error / scale }));
  }

  /** How much a touch counts now, beside one at the epoch. */
  #scale(): number {
    const nowMs = this.#clock.nowMs();
    const scale = 2 ** ((nowMs - this.#epochMs) / this.#halfLifeMs);
    // A clock that goes back or tells nothing counts as if no time had gone.
    if (!(scale >= 1)) return 1;
    if (scale < SCALE_MAX) return scale;
    for (const cell of this.#heap) {
      cell.weight /= scale;
      cell.error /= scale;
    }
    this.#epochMs = nowMs;
    return 1;
  }

  #insert(cell: Cell): void {
    this.#cells.set(cell.key, cell);
    this.#heap.push(cell);
    let at = this.#heap.length - 1;
    this.#places.set(cell, at);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((this.#heap[parent] as Cell).weight <= cell.weight) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  /** A weight has grown: down to its place. */
  #sink(from: number): void {
    let at = from;
    for (;;) {
      const left = 2 * at + 1;
      const right = left + 1;
      let least = at;
      if (this.#weightAt(left) < this.#weightAt(least)) least = left;
      if (this.#weightAt(right) < this.#weightAt(least)) least = right;
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #weightAt(place: number): number {
    return this.#heap[place]?.weight ?? Number.POSITIVE_INFINITY;
  }

  #swap(a: number, b: number): void {
    const [one, other] = [this.#heap[a] as Cell, this.#heap[b] as Cell];
    this.#heap[a] = other;
    this.#heap[b] = one;
    this.#places.set(other, a);
    this.#places.set(one, b);
  }
}
