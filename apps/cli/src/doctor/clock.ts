import { execFile } from 'node:child_process';
import { bad, type Finding, good, warn } from './finding.ts';

export interface ClockFacts {
  readonly nowMs: number;
  /** By how much wall and monotonic clock moved apart while the doctor looked. */
  readonly jumpMs: number;
  /**
   * This clock minus that of another machine's node; undefined: none was asked, it told no time, or
   * it runs here and has the same clock.
   */
  readonly aheadMs: number | undefined;
  /** What the system says of its time synchronization; undefined: it does not say. */
  readonly isSynchronized: boolean | undefined;
}

/** Before this program was written. */
const EARLIEST_MS: number = Date.UTC(2026, 0, 1);
const JUMP_MS = 50;
/** HTTP tells seconds, and an answer takes its time. */
const APART_MS = 2_000;
/** Witnesses and time stamps refuse what is further away. */
const APART_MS_MAX = 60_000;

const TIMEOUT_MS = 5_000;

const SYNCHRONIZE = 'switch time synchronization on: timedatectl set-ntp true';

export function judgeClock({ nowMs, jumpMs, aheadMs, isSynchronized }: ClockFacts): Finding {
  const time = new Date(nowMs).toISOString();
  if (nowMs < EARLIEST_MS) return bad('clock', `it says ${time}`, SYNCHRONIZE);
  if (Math.abs(jumpMs) > JUMP_MS) {
    const words = `it jumped by ${Math.round(jumpMs)} ms while it was looked at`;
    return warn('clock', words, `${SYNCHRONIZE}, by slewing and not by steps`);
  }
  if (aheadMs === undefined) return judgeAlone(time, isSynchronized);
  const side = aheadMs > 0 ? 'ahead of' : 'behind';
  const apart = `${(Math.abs(aheadMs) / 1_000).toFixed(1)} s ${side}`;
  if (Math.abs(aheadMs) > APART_MS_MAX) return bad('clock', `${apart} the node`, SYNCHRONIZE);
  if (Math.abs(aheadMs) > APART_MS) return warn('clock', `${apart} the node`, SYNCHRONIZE);
  if (isSynchronized === false) {
    return warn('clock', `${time}, as at the node, and not synchronized`, SYNCHRONIZE);
  }
  return good('clock', `${time}, as at the node`);
}

function judgeAlone(time: string, isSynchronized: boolean | undefined): Finding {
  if (isSynchronized === true) return good('clock', `${time}, synchronized as the system says`);
  if (isSynchronized === false) return warn('clock', `${time}, not synchronized`, SYNCHRONIZE);
  const advice = 'name a node of another machine with --url, or see whether something sets it';
  return warn('clock', `${time}, compared with nothing`, advice);
}

/** Asks systemd whether the clock is synchronized; undefined where there is none. */
export function readSynchronized(): Promise<boolean | undefined> {
  const words = ['show', '--property', 'NTPSynchronized', '--value'];
  return new Promise((resolve) => {
    execFile('timedatectl', words, { timeout: TIMEOUT_MS }, (error, told) => {
      resolve(error === null ? synchronizedIn(told) : undefined);
    });
  });
}

export function synchronizedIn(text: string): boolean | undefined {
  const told = text.trim();
  return told === 'yes' ? true : told === 'no' ? false : undefined;
}

/** This clock minus that of the node, by the Date of an answer. */
export async function askClock(
  url: string,
  signal: AbortSignal,
  clock: { nowMs(): number },
): Promise<number | undefined> {
  const startedMs = clock.nowMs();
  const answer = await fetch(new URL('/livez', url), {
    signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), signal]),
  });
  await answer.arrayBuffer();
  const dateMs = Date.parse(answer.headers.get('date') ?? '');
  if (Number.isNaN(dateMs)) return undefined;
  // A Date is cut to the second: the middle of it is the best guess.
  return (startedMs + clock.nowMs()) / 2 - (dateMs + 500);
}
