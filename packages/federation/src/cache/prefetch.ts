import { PREFETCH_DEPTH_MAX, STREAMS_MAX } from './limits.ts';

interface Reader {
  /** Steps of one in a row. */
  readonly run: number;
  /** Everything below was asked for ahead already. */
  readonly ahead: number;
}

/**
 * Tells what sequential readers will want next. After two steps of one it reads ahead one, after
 * more up to {@link PREFETCH_DEPTH_MAX}; a jump starts anew. Readers are told apart by what they
 * are expected to ask for, so several may read one log. A function of what was observed.
 */
export class SequencePrefetch {
  readonly #depthMax: number;
  /** By stream and the number that would continue the run. */
  readonly #readers = new Map<string, Reader>();

  constructor(depthMax: number = PREFETCH_DEPTH_MAX) {
    this.#depthMax = depthMax;
  }

  /**
   * @param stream what is numbered, e.g. the tiles of one level of one log
   * @param end numbers from here on do not exist yet
   * @returns numbers to fetch now, each at most once in a run
   */
  observe(stream: string, index: number, end: number = Infinity): number[] {
    const here = `${stream} ${index}`;
    const next = `${stream} ${index + 1}`;
    const reader = this.#readers.get(here);
    if (reader === undefined) {
      // The same number again leaves the run as it is.
      if (!this.#readers.has(next)) this.#remember(next, { run: 0, ahead: index + 1 });
      return [];
    }
    this.#readers.delete(here);
    const run = reader.run + 1;
    const depth = Math.min(this.#depthMax, run - 1);
    const until = Math.min(end, index + 1 + depth);
    const wanted: number[] = [];
    for (let i = Math.max(reader.ahead, index + 1); i < until; i++) wanted.push(i);
    this.#remember(next, { run, ahead: Math.max(reader.ahead, until) });
    return wanted;
  }

  #remember(key: string, reader: Reader): void {
    this.#readers.delete(key);
    this.#readers.set(key, reader);
    if (this.#readers.size <= STREAMS_MAX) return;
    for (const oldest of this.#readers.keys()) {
      this.#readers.delete(oldest);
      return;
    }
  }
}
