import type { MetricsRegistry } from '@basalt/telemetry';
import { type AlertLook, AlertReadings } from './alert-readings.ts';
import { ALERT_RULES, type AlertRule } from './alert-rules.ts';

/** What a person is to know now; the same names as in `ops/prometheus/basalt.rules.yml`. */
export interface Alert {
  readonly name: string;
  readonly severity: AlertRule['severity'];
  /** `pending`: true, but not for long enough. */
  readonly state: 'pending' | 'firing';
  /** What is so, and what to do. */
  readonly words: string;
  /** Milliseconds since the Unix epoch at which it became true, by the present clock. */
  readonly sinceMs: number;
}

/** Which rules hold, and since when. One look after the other; the times are given. */
export class Alerts {
  readonly #readings: AlertReadings;
  /** In elapsed time, by name of the rule. */
  readonly #since = new Map<string, number>();

  constructor(metrics: MetricsRegistry) {
    this.#readings = new AlertReadings(metrics);
  }

  /** @param nowMs milliseconds since the Unix epoch, for people; waits go by `look.elapsedMs` */
  look(look: AlertLook, nowMs: number): Alert[] {
    this.#readings.take(look);
    return ALERT_RULES.flatMap(({ name, severity, forMs, test }) => {
      const words = test(this.#readings);
      if (words === undefined) {
        this.#since.delete(name);
        return [];
      }
      const since = this.#since.get(name) ?? look.elapsedMs;
      this.#since.set(name, since);
      const heldMs = look.elapsedMs - since;
      const state = heldMs >= forMs ? ('firing' as const) : ('pending' as const);
      return [{ name, severity, state, words, sinceMs: Math.round(nowMs - heldMs) }];
    });
  }
}
