import type { Health, StatusSample } from '@basalt/telemetry';

/** What a person is to know now; the same names as in `ops/prometheus/basalt.rules.yml`. */
export interface Alert {
  readonly name: string;
  /** `page`: wake somebody. `ticket`: look at it today. */
  readonly severity: 'page' | 'ticket';
  /** `pending`: true, but not for long enough. */
  readonly state: 'pending' | 'firing';
  /** What is so, and what to do. */
  readonly words: string;
  /** Milliseconds since the Unix epoch at which it became true. */
  readonly sinceMs: number;
}

interface Rule {
  readonly name: string;
  readonly severity: Alert['severity'];
  readonly forMs: number;
  /** The words where it is so; undefined where it is not. */
  readonly test: (sample: StatusSample, health: Health) => string | undefined;
}

const MINUTE_MS = 60_000;

function failing(name: string): Rule['test'] {
  return (_sample, { checks }) => {
    const found = checks.find((check) => check.name === name);
    return found?.state === 'failing' ? found.words : undefined;
  };
}

function degraded(name: string): Rule['test'] {
  return (_sample, { checks }) => {
    const found = checks.find((check) => check.name === name);
    return found === undefined || found.state === 'good' ? undefined : found.words;
  };
}

const RULES: readonly Rule[] = [
  { name: 'BasaltWritesRefused', severity: 'page', forMs: 0, test: failing('writes') },
  { name: 'BasaltDiskAlmostFull', severity: 'page', forMs: 0, test: failing('disk') },
  { name: 'BasaltDiskLow', severity: 'ticket', forMs: 10 * MINUTE_MS, test: degraded('disk') },
  {
    name: 'BasaltCheckpointsStuck',
    severity: 'page',
    forMs: MINUTE_MS,
    test: failing('checkpoints'),
  },
  {
    name: 'BasaltEventLoopSlow',
    severity: 'ticket',
    forMs: MINUTE_MS,
    test: degraded('event-loop'),
  },
  { name: 'BasaltQueueLong', severity: 'ticket', forMs: MINUTE_MS, test: degraded('queue') },
  {
    name: 'BasaltCatchingUp',
    severity: 'ticket',
    forMs: 10 * MINUTE_MS,
    test: failing('catch-up'),
  },
];

/** Which rules hold, and since when. One look after the other; the time is given. */
export class Alerts {
  readonly #since = new Map<string, number>();

  look(sample: StatusSample, health: Health): Alert[] {
    return RULES.flatMap(({ name, severity, forMs, test }) => {
      const words = test(sample, health);
      if (words === undefined) {
        this.#since.delete(name);
        return [];
      }
      const sinceMs = this.#since.get(name) ?? sample.atMs;
      this.#since.set(name, sinceMs);
      const state = sample.atMs - sinceMs >= forMs ? ('firing' as const) : ('pending' as const);
      return [{ name, severity, state, words, sinceMs }];
    });
  }
}
