import { formatAmount, formatBytes, formatDuration, formatRate } from './numbers.ts';
import type { Terminal } from './terminal.ts';

export interface ProgressNow {
  /** Blocks, files, whatever is counted. */
  readonly count: number;
  /** Payload bytes; left out where undefined. */
  readonly bytes?: number;
  /** How much of the whole is done and what the whole is, in one unit; for bar and time left. */
  readonly done?: number;
  readonly total?: number;
}

export interface ProgressOptions {
  readonly terminal: Terminal;
  readonly label: string;
  /** "block". */
  readonly noun: string;
  readonly clock: { nowMs(): number };
  /** Plain lines that a run without a terminal prints now and then; default true. */
  readonly plainLines?: boolean;
}

/** Ten pictures a second are smooth. */
const DRAW_MS = 100;

/** A log file must not fill up with progress. */
const PLAIN_MS = 5_000;

/** Rates are taken over the last seconds, so that a pause shows. */
const WINDOW_MS = 5_000;

const BAR_CELLS = 20;

/** Draws how far something has come: a moving line on a terminal, a line now and then elsewhere. */
export class Progress {
  readonly #options: ProgressOptions;
  readonly #startedMs: number;
  #drawnMs: number;
  #samples: { readonly timeMs: number; readonly count: number; readonly done: number }[] = [];

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#startedMs = options.clock.nowMs();
    this.#drawnMs = this.#startedMs;
  }

  update(now: ProgressNow): void {
    const { terminal, clock, plainLines = true } = this.#options;
    const timeMs = clock.nowMs();
    const pauseMs = terminal.isLive ? DRAW_MS : PLAIN_MS;
    if (timeMs - this.#drawnMs < pauseMs) return;
    this.#drawnMs = timeMs;
    this.#sample(timeMs, now);
    if (terminal.isLive) terminal.live(this.#text(now, true));
    else if (plainLines) terminal.line(this.#text(now, false));
  }

  end(): void {
    this.#options.terminal.clearLive();
  }

  /** Seconds since the start. */
  get seconds(): number {
    return (this.#options.clock.nowMs() - this.#startedMs) / 1000;
  }

  #sample(timeMs: number, now: ProgressNow): void {
    if (this.#samples.length === 0) {
      this.#samples.push({ timeMs: this.#startedMs, count: 0, done: 0 });
    }
    this.#samples.push({ timeMs, count: now.count, done: now.done ?? 0 });
    const oldest = this.#samples.findLastIndex((sample) => timeMs - sample.timeMs >= WINDOW_MS);
    if (oldest > 0) this.#samples.splice(0, oldest);
  }

  #text(now: ProgressNow, isLive: boolean): string {
    const { terminal, label, noun } = this.#options;
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    const seconds = first === undefined || last === undefined ? 0 : last.timeMs - first.timeMs;
    const rate = seconds > 0 ? ((last?.count ?? 0) - (first?.count ?? 0)) / (seconds / 1000) : 0;
    const parts = [formatAmount(now.count, noun)];
    if (now.bytes !== undefined) parts.push(formatBytes(now.bytes));
    parts.push(`${formatRate(rate)} ${noun}s/s`);
    const share = shareOf(now);
    if (share !== undefined) {
      const doneRate = seconds > 0 ? ((last?.done ?? 0) - (first?.done ?? 0)) / seconds : 0;
      const leftMs = doneRate > 0 ? ((now.total ?? 0) - (now.done ?? 0)) / doneRate : undefined;
      parts.push(`${Math.floor(share * 100)} %`);
      if (leftMs !== undefined && leftMs > 0) parts.push(`${formatDuration(leftMs / 1000)} left`);
    }
    if (!isLive) return `${label}: ${parts.join(', ')}`;
    const bar = share === undefined ? '' : `${drawBar(terminal, share)} `;
    return `${bar}${terminal.style('bold', label)}  ${parts.join('  ')}`;
  }
}

function shareOf({ done, total }: ProgressNow): number | undefined {
  if (done === undefined || total === undefined || total === 0) return undefined;
  return Math.min(1, done / total);
}

function drawBar(terminal: Terminal, share: number): string {
  const full = Math.round(share * BAR_CELLS);
  const done = terminal.style('cyan', '█'.repeat(full));
  return done + terminal.style('gray', '░'.repeat(BAR_CELLS - full));
}
