import { assert } from './assert.ts';
import { LOG_PARTS_MAX } from './limits.ts';

/** From the most talkative to the least. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * Which lines are written, for the whole program and for parts of it (the field `part` of a child
 * logger), while it runs.
 */
export class LogLevels {
  #all: LogLevel;
  /** Bounded by LOG_PARTS_MAX. */
  readonly #parts = new Map<string, LogLevel>();

  /** @throws TypeError when it is no level */
  constructor(all: LogLevel = 'info') {
    assert(LOG_LEVELS.includes(all), `expected one of ${LOG_LEVELS.join()}, found ${all}`);
    this.#all = all;
  }

  of(part: string | undefined): LogLevel {
    return (part === undefined ? undefined : this.#parts.get(part)) ?? this.#all;
  }

  /**
   * @param part undefined: all parts without a level of their own
   * @param level undefined: the part follows the others again
   * @returns false where there are too many parts
   */
  set(part: string | undefined, level: LogLevel | undefined): boolean {
    if (part === undefined) this.#all = level ?? 'info';
    else if (level === undefined) this.#parts.delete(part);
    else if (this.#parts.has(part) || this.#parts.size < LOG_PARTS_MAX)
      this.#parts.set(part, level);
    else return false;
    return true;
  }

  list(): { readonly all: LogLevel; readonly parts: Readonly<Record<string, LogLevel>> } {
    return { all: this.#all, parts: Object.fromEntries(this.#parts) };
  }
}
