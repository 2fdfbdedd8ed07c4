import { assert } from './assert.ts';
import { formatSample } from './exposition.ts';
import type { Labels, SeriesTable, Where } from './series-table.ts';

/** One series of a counter; hold on to it in hot paths, it saves the look-up. */
export interface CounterSeries {
  /** @throws TypeError on a negative number or NaN: a counter only grows */
  add(amount?: number): void;
}

export interface Counter {
  add(amount?: number, labels?: Labels): void;
  /** The series of these labels. @throws TypeError when a label is missing or unknown */
  with(labels: Labels): CounterSeries;
  /**
   * Asks for the total whenever the metrics are read, where somebody else counts; only for a
   * counter without labels. A total that falls is told as it was.
   */
  collect(read: () => number): void;
}

export class CounterCell implements CounterSeries {
  total = 0;
  read: (() => number) | undefined;

  /** The total now, with what somebody else has counted. */
  get now(): number {
    if (this.read !== undefined) this.total = Math.max(this.total, this.read());
    return this.total;
  }

  add(amount = 1): void {
    assert(amount >= 0, `expected a counter to grow, found ${amount}`);
    this.total += amount;
  }
}

export class RegisteredCounter implements Counter {
  readonly #name: string;
  readonly #table: SeriesTable<CounterCell>;

  constructor(name: string, table: SeriesTable<CounterCell>) {
    this.#name = name;
    this.#table = table;
  }

  add(amount = 1, labels: Labels = {}): void {
    this.#table.get(labels).add(amount);
  }

  with(labels: Labels): CounterSeries {
    return this.#table.get(labels);
  }

  collect(read: () => number): void {
    this.#table.get({}).read = read;
  }

  sum(where?: Where): number {
    let sum = 0;
    for (const series of this.#table.matching(where)) sum += series.now;
    return sum;
  }

  expose(): string {
    let text = '';
    for (const { values, series } of this.#table) {
      text += formatSample(this.#name, this.#table.labelNames, values, series.now);
    }
    return text;
  }
}
