import { assert } from './assert.ts';
import { LABEL_VALUE_LENGTH_MAX, LABELS_MAX } from './limits.ts';
import { assertLabelName } from './metric-name.ts';

/** Values by label name; every label of the metric must be there. */
export type Labels = Readonly<Record<string, string>>;

/** Which series are asked for, by their labels. */
export type Where = (labels: Labels) => boolean;

/** What stands for all label values beyond the bound. */
export const OTHER = 'other';

/** The series of one metric, with a bound on label values and on series. */
export class SeriesTable<Series> {
  readonly #labelNames: readonly string[];
  readonly #labelValuesMax: number;
  readonly #seriesMax: number;
  readonly #create: () => Series;
  /** Values kept per label, at most `labelValuesMax` each. */
  readonly #values: readonly Set<string>[];
  /** At most `seriesMax` and one for `other`; the key is the values as JSON. */
  readonly #series = new Map<string, { readonly values: readonly string[]; series: Series }>();

  constructor(options: {
    readonly labelNames: readonly string[];
    readonly labelValuesMax: number;
    readonly seriesMax: number;
    readonly create: () => Series;
  }) {
    const names = options.labelNames;
    assert(names.length <= LABELS_MAX, `expected at most ${LABELS_MAX} labels`);
    assert(new Set(names).size === names.length, 'expected different label names');
    for (const name of names) assertLabelName(name);
    assert(options.labelValuesMax >= 1 && options.seriesMax >= 1, 'expected bounds of at least 1');
    this.#labelNames = names;
    this.#labelValuesMax = options.labelValuesMax;
    this.#seriesMax = options.seriesMax;
    this.#create = options.create;
    this.#values = names.map(() => new Set<string>());
    // A metric without labels is there from the start, at zero: absence and zero differ.
    if (names.length === 0) this.get({});
  }

  get labelNames(): readonly string[] {
    return this.#labelNames;
  }

  get(labels: Labels): Series {
    const values = this.#labelNames.map((name, position) => this.#admit(name, position, labels));
    assert(
      Object.keys(labels).length === this.#labelNames.length,
      `expected the labels [${this.#labelNames.join()}], found [${Object.keys(labels).join()}]`,
    );
    return this.#find(values) ?? this.#add(values);
  }

  delete(labels: Labels): void {
    this.#series.delete(JSON.stringify(this.#labelNames.map((name) => labels[name])));
  }

  /** Those whose labels are asked for; all where nothing is asked. */
  *matching(where: Where | undefined): Generator<Series> {
    for (const { values, series } of this.#series.values()) {
      if (where === undefined || where(this.#labelsOf(values))) yield series;
    }
  }

  *[Symbol.iterator](): IterableIterator<{ values: readonly string[]; series: Series }> {
    yield* this.#series.values();
  }

  #labelsOf(values: readonly string[]): Labels {
    return Object.fromEntries(this.#labelNames.map((name, i) => [name, values[i] ?? '']));
  }

  #admit(name: string, position: number, labels: Labels): string {
    const given = labels[name];
    assert(given !== undefined, `expected a value for the label ${name}`);
    const value = given.slice(0, LABEL_VALUE_LENGTH_MAX);
    const known = this.#values[position] as Set<string>;
    if (known.has(value)) return value;
    if (known.size >= this.#labelValuesMax) return OTHER;
    known.add(value);
    return value;
  }

  #find(values: readonly string[]): Series | undefined {
    return this.#series.get(JSON.stringify(values))?.series;
  }

  #add(values: readonly string[]): Series {
    const full = this.#series.size >= this.#seriesMax;
    const kept = full ? values.map(() => OTHER) : values;
    const found = full ? this.#find(kept) : undefined;
    if (found !== undefined) return found;
    const series = this.#create();
    this.#series.set(JSON.stringify(kept), { values: kept, series });
    return series;
  }
}
