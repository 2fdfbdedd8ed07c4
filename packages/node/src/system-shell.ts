import type { Clock, Scheduler } from '@basalt/protocol';

/** The clock of this machine. */
export const systemClock: Clock = { nowMs: () => Date.now() };

/** Timers of this process; they keep it alive until they are due or taken back. */
export const systemScheduler: Scheduler = {
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
