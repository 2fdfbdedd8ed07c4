import { stripVTControlCharacters } from 'node:util';
import { formatCount, formatDuration, formatRate } from '../view/numbers.ts';
import type { Terminal } from '../view/terminal.ts';
import type { LoadNow } from './open-loop.ts';

const BAR_CELLS_MAX = 20;
/** A shorter one tells nothing. */
const BAR_CELLS_MIN = 5;

/** How a load goes, in one line of a terminal; a narrow one leaves out what matters least. */
export function progressLine(
  terminal: Pick<Terminal, 'columns' | 'style'>,
  load: { readonly name: string; readonly seconds: number },
  now: LoadNow,
): string {
  const seconds = Math.min(load.seconds, now.elapsedMs / 1_000);
  const some = (count: number, colour: 'yellow' | 'red', what: string): string[] =>
    count === 0 ? [] : [terminal.style(colour, `${formatCount(count)} ${what}`)];
  /** @param left how many of what matters least are left out */
  const text = (left: number): string =>
    [
      terminal.style('bold', load.name),
      `${formatRate(now.finished / Math.max(0.001, now.elapsedMs / 1_000))}/s`,
      ...(left < 2 ? [`p50 ${formatLatency(now.p50)}`] : []),
      `p99 ${formatLatency(now.p99)}`,
      ...(left < 1 ? [`${now.inFlight} under way`] : []),
      ...some(now.waiting, 'yellow', 'wait'),
      ...some(now.failed, 'red', 'failed'),
      `${formatDuration(Math.max(0, load.seconds - seconds))} left`,
    ].join('  ');
  // The last column stays free: a line that reaches it wraps.
  const roomBeside = (line: string): number =>
    terminal.columns - 2 - stripVTControlCharacters(line).length;
  let line = text(0);
  if (roomBeside(line) < BAR_CELLS_MIN) line = text(1);
  if (roomBeside(line) < -1) line = text(2);
  const cells = Math.min(BAR_CELLS_MAX, roomBeside(line));
  if (cells < BAR_CELLS_MIN) return line;
  const done = Math.round((seconds / load.seconds) * cells);
  const bar =
    terminal.style('cyan', '█'.repeat(done)) + terminal.style('gray', '░'.repeat(cells - done));
  return `${bar} ${line}`;
}

function formatLatency(milliseconds: number | undefined): string {
  return milliseconds === undefined ? '–' : `${milliseconds.toFixed(1)} ms`;
}
