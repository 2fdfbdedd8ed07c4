/** Fills the marked regions of docs/performance.md: one region per bench name, rewritten whole. */
import { availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import { type BenchResult, formatTable } from './report.ts';

const GIB = 2 ** 30;

/** The machine in one line: figures without it mean nothing. */
export function describeMachine(): string {
  const model = (cpus()[0]?.model ?? 'unknown processor').replaceAll(/\s+/g, ' ').trim();
  const memory = Math.round(totalmem() / GIB);
  const system = `${platform()} ${release()}, Node ${process.version}`;
  return `${model}, ${availableParallelism()} cores, ${memory} GiB, ${system}`;
}

export interface Measurement {
  /** Name of the region, the package's folder. */
  readonly name: string;
  readonly results: readonly BenchResult[];
  readonly machine: string;
  /** Short commit hash and date, as the reader shall see them. */
  readonly when: string;
}

/**
 * The document with the region of this measurement replaced. The markers are HTML comments,
 * `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`; a document without them gets them at its end.
 *
 * @throws {Error} when only one of the two markers is there, or they are in the wrong order
 */
export function fillRegion(document: string, measurement: Measurement): string {
  const { name, results, machine, when } = measurement;
  const begin = `<!-- bench:${name} -->`;
  const end = `<!-- /bench:${name} -->`;
  const unmet = results.filter(({ met }) => met === false).length;
  const judged = results.filter(({ met }) => met !== null).length;
  const region = [
    begin,
    '',
    `Measured ${when} on ${machine}.`,
    `${judged - unmet} of ${judged} targets met.`,
    '',
    formatTable(results),
    '',
    end,
  ].join('\n');
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from === -1 && to === -1) {
    return `${document.trimEnd()}\n\n## ${name}\n\n${region}\n`;
  }
  if (from === -1 || to < from) {
    throw new Error(`the markers ${begin} and ${end} do not enclose a region: mend the document`);
  }
  return document.slice(0, from) + region + document.slice(to + end.length);
}
