import { assert } from './assert.ts';

export type MetricType = 'counter' | 'gauge' | 'histogram';

const WORDS = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/;
const LABEL_NAME = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/;

/** Suffixes that the exposition format gives to the parts of a histogram. */
const RESERVED_SUFFIXES = ['bucket', 'count', 'sum', 'created'];

/** Prometheus wants base units: seconds, bytes, ratios. What to write instead of the left word. */
const BASE_UNITS: Readonly<Record<string, string>> = {
  ms: 'seconds',
  millis: 'seconds',
  milliseconds: 'seconds',
  us: 'seconds',
  microseconds: 'seconds',
  ns: 'seconds',
  nanoseconds: 'seconds',
  minutes: 'seconds',
  hours: 'seconds',
  days: 'seconds',
  kb: 'bytes',
  kib: 'bytes',
  mb: 'bytes',
  mib: 'bytes',
  kilobytes: 'bytes',
  megabytes: 'bytes',
  bits: 'bytes',
  percent: 'ratio',
};

/**
 * Holds a name to `basalt_<thing>_<unit>`, counters with `_total` behind it, in base units
 * (Prometheus, "Metric and label naming").
 *
 * @throws TypeError with what was expected: a wrong name is a programmer's mistake
 */
export function assertMetricName(name: string, type: MetricType): void {
  const words = name.split('_');
  assert(
    WORDS.test(name) && words[0] === 'basalt',
    `expected a metric name basalt_<thing>_<unit>[_total] in lower case, found ${name}`,
  );
  const total = words.at(-1) === 'total';
  assert(
    total === (type === 'counter'),
    `expected _total at the end of counters and only there, found the ${type} ${name}`,
  );
  const unit = (total ? words.at(-2) : words.at(-1)) ?? '';
  assert(
    words.length - (total ? 1 : 0) >= 3,
    `expected a thing and a unit between basalt_ and the end, found ${name}`,
  );
  assert(!RESERVED_SUFFIXES.includes(unit), `the suffix _${unit} is reserved, found ${name}`);
  const base = BASE_UNITS[unit];
  assert(base === undefined, `expected the base unit ${base ?? ''} instead of ${unit} in ${name}`);
}

/** @throws TypeError unless `name` is a label name that is free for use. */
export function assertLabelName(name: string): void {
  assert(
    LABEL_NAME.test(name) && name !== 'le' && name !== 'quantile',
    `expected a lower-case label name other than le and quantile, found ${name}`,
  );
}
