/**
 * CPU time, not wall time: on a machine that others use too, the processor seconds a piece of work
 * takes stay about the same while its wall time does not. Medians over rounds, because the first
 * rounds compile and an unlucky one meets the garbage collector.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** Does the work once and says how many operations that was. */
export type Work = () => number | Promise<number>;

export interface Timing {
  /** Median over the rounds; user and system time of this process with all its threads. */
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  /** Operations a round, as the work said; the median too. */
  readonly operations: number;
  readonly perCpuSecond: number;
  readonly perWallSecond: number;
}

export interface TimingOptions {
  /** Rounds that count; 5 unless said. */
  readonly rounds?: number;
  /** Rounds before them that do not; 1 unless said. */
  readonly warmups?: number;
}

interface Round {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly operations: number;
}

/** The tick in which Linux counts a process's time: USER_HZ, 100 on every platform Node runs on. */
const TICKS_PER_SECOND = 100;

/** Times the work alone. */
export async function cpuTimed(work: Work, options: TimingOptions = {}): Promise<Timing> {
  const { rounds = 5, warmups = 1 } = options;
  assert(rounds >= 1, 'at least one round counts');
  const measured: Round[] = [];
  for (let round = 0; round < warmups + rounds; round++) {
    const result = await timeRound(work);
    if (round >= warmups) measured.push(result);
  }
  return summarize(measured);
}

/** Times ours and the peer's by turns, so that whatever disturbs the machine disturbs both. */
export async function cpuCompared(
  works: { readonly ours: Work; readonly peer: Work },
  options: TimingOptions = {},
): Promise<{ readonly ours: Timing; readonly peer: Timing }> {
  const { rounds = 5, warmups = 1 } = options;
  assert(rounds >= 1, 'at least one round counts');
  const ours: Round[] = [];
  const peer: Round[] = [];
  for (let round = 0; round < warmups + rounds; round++) {
    const results = [await timeRound(works.ours), await timeRound(works.peer)] as const;
    if (round < warmups) continue;
    ours.push(results[0]);
    peer.push(results[1]);
  }
  return { ours: summarize(ours), peer: summarize(peer) };
}

/**
 * CPU seconds a process has used so far, with those of its ended children: for a server measured
 * from outside. Read it before and after; it counts in steps of 10 ms. Undefined where the system
 * has no /proc or the process is gone.
 */
export function processCpuSeconds(pid: number): number | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // proc(5): the name in parentheses may hold spaces; what follows it begins with field 3, so the
  // fields 14 to 17 (utime, stime, cutime, cstime) are at 11 to 14.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return ticks / TICKS_PER_SECOND;
}

/** The middle value; the mean of the two middle ones of an even count. */
export function median(values: readonly number[]): number {
  assert(values.length > 0, 'a median of nothing');
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

async function timeRound(work: Work): Promise<Round> {
  const cpuBefore = process.cpuUsage();
  const wallBefore = performance.now();
  const operations = await work();
  const wallSeconds = (performance.now() - wallBefore) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  assert(operations > 0, 'the work says how many operations it did');
  return { cpuSeconds: (user + system) / 1e6, wallSeconds, operations };
}

function summarize(rounds: readonly Round[]): Timing {
  return {
    cpuSeconds: median(rounds.map(({ cpuSeconds }) => cpuSeconds)),
    wallSeconds: median(rounds.map(({ wallSeconds }) => wallSeconds)),
    operations: median(rounds.map(({ operations }) => operations)),
    perCpuSecond: median(rounds.map(({ operations, cpuSeconds }) => operations / cpuSeconds)),
    perWallSecond: median(rounds.map(({ operations, wallSeconds }) => operations / wallSeconds)),
  };
}
