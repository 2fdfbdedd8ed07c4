/**
 * What a bench says: one result per line of work, beside its peer and its target. A bench file
 * `packages/<name>/bench/*.bench.ts` measures (cpu-time.ts) and calls `printResult`; the runner
 * (`npm run bench`) collects the results, prints the table and fills docs/performance.md.
 *
 * @example
 * const pair = await cpuCompared({ ours: appendMany, peer: hypercoreAppendMany });
 * printResult(
 *   compare({
 *     name: 'durable append, 256 B, group commit',
 *     unit: 'blocks/CPU-s',
 *     value: pair.ours.perCpuSecond,
 *     peer: { name: 'hypercore 11.37.1', value: pair.peer.perCpuSecond },
 *     target: { value: 20_000, ratio: 2 },
 *   }),
 * );
 */

/** One line of JSON with `--json`. */
export interface BenchResult {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly peer: string | null;
  /** In the same unit as `value`. */
  readonly peerValue: number | null;
  /** Ours over the peer's; higher is better, also for units where less is better. */
  readonly ratio: number | null;
  /** In words, `>= 20000, >= 2x` say; null where there is none. */
  readonly target: string | null;
  readonly met: boolean | null;
}

export interface Comparison {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  /** Which way the unit points; `higher` unless said. */
  readonly better?: 'higher' | 'lower';
  readonly peer?: { readonly name: string; readonly value: number };
  /** `value`: a bound in the unit (least or most, as `better` says); `ratio`: a least ratio. */
  readonly target?: { readonly value?: number; readonly ratio?: number };
}

/**
 * Works out ratio and verdict. A target of two parts is met when both are.
 *
 * @throws {RangeError} when a figure is not a positive finite number: a broken measurement must not
 *   become a line in a table
 */
export function compare(comparison: Comparison): BenchResult {
  const { name, unit, value, better = 'higher', peer, target } = comparison;
  assertFigure(value, name);
  if (peer !== undefined) assertFigure(peer.value, `${name}, ${peer.name}`);
  const ratio =
    peer === undefined ? null : better === 'higher' ? value / peer.value : peer.value / value;
  const parts: { words: string; met: boolean }[] = [];
  if (target?.value !== undefined) {
    const met = better === 'higher' ? value >= target.value : value <= target.value;
    parts.push({ words: `${better === 'higher' ? '>=' : '<='} ${target.value}`, met });
  }
  if (target?.ratio !== undefined) {
    parts.push({ words: `>= ${target.ratio}x`, met: ratio !== null && ratio >= target.ratio });
  }
  return {
    name,
    value,
    unit,
    peer: peer?.name ?? null,
    peerValue: peer?.value ?? null,
    ratio,
    target: parts.length === 0 ? null : parts.map(({ words }) => words).join(', '),
    met: parts.length === 0 ? null : parts.every(({ met }) => met),
  };
}

function assertFigure(value: number, name: string): void {
  if (Number.isFinite(value) && value > 0) return;
  throw new RangeError(`${name}: measured ${value}, expected a positive number`);
}

/** Prints one result: as JSON when the file was started with `--json`, else as a line to read. */
export function printResult(result: BenchResult): void {
  const asJson = process.argv.includes('--json');
  console.log(asJson ? JSON.stringify(result) : cells(result).join('   '));
}

/**
 * Reads the results out of a bench's output; other lines are not results.
 *
 * @throws {Error} when a line that begins like a result is not one
 */
export function parseResults(output: string): BenchResult[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{"name":'))
    .map((line) => {
      const result = JSON.parse(line) as BenchResult;
      if (typeof result.value !== 'number' || typeof result.unit !== 'string') {
        throw new Error(`not a bench result: ${line}`);
      }
      return result;
    });
}

const HEADINGS: readonly string[] = ['work', 'ours', 'peer', 'ratio', 'target', 'met'];

/** The results as a Markdown table that also reads well in a terminal. */
export function formatTable(results: readonly BenchResult[]): string {
  const rows = [HEADINGS, ...results.map(cells)];
  const widths = HEADINGS.map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  const lines = rows.map((row) => {
    const padded = row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
    return `| ${padded.join(' | ')} |`;
  });
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

function cells({ name, value, unit, peer, peerValue, ratio, target, met }: BenchResult): string[] {
  return [
    name.replaceAll('|', '/'),
    `${formatNumber(value)} ${unit}`,
    peer === null || peerValue === null ? '' : `${peer}: ${formatNumber(peerValue)}`,
    ratio === null ? '' : `${formatNumber(ratio)}x`,
    target ?? '',
    met === null ? '' : met ? 'yes' : 'NO',
  ];
}

/** Three significant digits, thousands parted: what a measurement on a shared machine can bear. */
export function formatNumber(value: number): string {
  const rounded = Number(value.toPrecision(3));
  return rounded.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}
