import { formatSample } from './exposition.ts';
import type { Labels, SeriesTable, Where } from './series-table.ts';

export interface GaugeSeries {
  set(value: number): void;
  /** Adds a positive or negative amount. */
  add(amount: number): void;
}

export interface Gauge {
  set(value: number, labels?: Labels): void;
  add(amount: number, labels?: Labels): void;
  with(labels: Labels): GaugeSeries;
  /** Nothing is known: the series is left out until it is set again. A number would be believed. */
  remove(labels?: Labels): void;
  /** Asks for the value whenever the metrics are read; only for a gauge without labels. */
  collect(read: () => number): void;
}

export class GaugeCell implements GaugeSeries {
  value = 0;
  read: (() => number) | undefined;

  set(value: number): void {
    this.value = value;
  }

  add(amount: number): void {
    this.value += amount;
  }
}

export class RegisteredGauge implements Gauge {
  readonly #name: string;
  readonly #table: SeriesTable<GaugeCell>;

  constructor(name: string, table: SeriesTable<GaugeCell>) {
    this.#name = name;
    this.#table = table;
  }

  set(value: number, labels: Labels = {}): void {
    this.#table.get(labels).set(value);
  }

  add(amount: number, labels: Labels = {}): void {
    this.#table.get(labels).add(amount);
  }

  with(labels: Labels): GaugeSeries {
    return this.#table.get(labels);
  }

  collect(read: () => number): void {
    this.#table.get({}).read = read;
  }

  remove(labels: Labels = {}): void {
    this.#table.delete(labels);
  }

  sum(where?: Where): number {
    let sum = 0;
    for (const series of this.#table.matching(where)) sum += series.read?.() ?? series.value;
    return sum;
  }

  expose(): string {
    let text = '';
    for (const { values, series } of this.#table) {
      const value = series.read === undefined ? series.value : series.read();
      text += formatSample(this.#name, this.#table.labelNames, values, value);
    }
    return text;
  }
}
