import type { Clock, Random, Scheduler } from '@basalt/protocol';
import { seededWords } from '../../../tools/testing/random.ts';

/**
 * Time that jumps: when nothing else is going on, the earliest timer fires at once and the clock
 * stands at its time. Waits cost nothing and their lengths can be asserted.
 */
export interface VirtualTime {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** Delays asked for so far, in order; request time-outs included. */
  readonly delaysMs: readonly number[];
  /** Timers that were neither fired nor cancelled. */
  pending(): number;
}

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

/** Turns of the event loop that a call in memory gets before time moves on. */
const GRACE_TURNS = 12;

export function createVirtualTime(startMs = 1_760_000_000_000): VirtualTime {
  let nowMs = startMs;
  const timers = new Set<Timer>();
  const delaysMs: number[] = [];
  let isPumping = false;

  function pump(turns: number): void {
    if (timers.size === 0) {
      isPumping = false;
      return;
    }
    if (turns > 0) {
      setImmediate(() => pump(turns - 1));
      return;
    }
    let earliest: Timer | undefined;
    for (const timer of timers) {
      if (earliest === undefined || timer.atMs < earliest.atMs) earliest = timer;
    }
    if (earliest !== undefined) {
      timers.delete(earliest);
      nowMs = Math.max(nowMs, earliest.atMs);
      earliest.run();
    }
    setImmediate(() => pump(GRACE_TURNS));
  }

  return {
    clock: { nowMs: () => nowMs },
    scheduler: {
      after(delayMs, run) {
        const timer = { atMs: nowMs + delayMs, run };
        timers.add(timer);
        delaysMs.push(delayMs);
        if (!isPumping) {
          isPumping = true;
          setImmediate(() => pump(GRACE_TURNS));
        }
        return () => timers.delete(timer);
      },
    },
    delaysMs,
    pending: () => timers.size,
  };
}

/** A small seeded stream of bytes: the same in every run. */
export function createSeededRandom(seed: number): Random {
  const next = seededWords(seed);
  return { bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff) };
}
