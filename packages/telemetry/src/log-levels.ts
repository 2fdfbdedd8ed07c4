import { assert } from './assert.ts';
import { LOG_PARTS_MAX } from './limits.ts';

/** From the most talkative to the least. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogLevelList {
  readonly all: LogLevel;
  readonly parts: Readonly<Record<string, LogLevel>>;
  readonly known: readonly string[];
}

/**
 * Which lines are written, for the whole program and for parts of it (the field `part` of a child
 * logger), while it runs.
 */
export class LogLevels {
  #all: LogLevel;
  /** Those with a level of their own. */
  readonly #parts = new Map<string, LogLevel>();
  /** Those that have a logger. Bounded by LOG_PARTS_MAX. */
  readonly #known = new Set<string>();

  /** @throws TypeError when it is no level */
  constructor(all: LogLevel = 'info') {
    assert(LOG_LEVELS.includes(all), `expected one of ${LOG_LEVELS.join()}, found ${all}`);
    this.#all = all;
  }

  of(part: string | undefined): LogLevel {
    return (part === undefined ? undefined : this.#parts.get(part)) ?? this.#all;
  }

  /** A part has a logger from now on. */
  meet(part: string): void {
    if (this.#known.size < LOG_PARTS_MAX) this.#known.add(part);
  }

  /**
   * @param part undefined: all parts without a level of their own
   * @param level undefined: the part follows the others again
   * @returns false where no part of that name has a logger: nothing would come of it
   */
  set(part: string | undefined, level: LogLevel | undefined): boolean {
    if (part === undefined) this.#all = level ?? 'info';
    else if (!this.#known.has(part)) return false;
    else if (level === undefined) this.#parts.delete(part);
    else this.#parts.set(part, level);
    return true;
  }

  /** What is set, and whose level may be. */
  list(): LogLevelList {
    const parts = Object.fromEntries(this.#parts);
    return { all: this.#all, parts, known: [...this.#known].sort() };
  }
}
