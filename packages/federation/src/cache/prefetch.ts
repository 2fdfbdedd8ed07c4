import { PREFETCH_DEPTH_MAX, STREAMS_MAX } from './limits.ts';

interface Reader {
  last: number;
  /** Steps of one in a row. */
  run: number;
  /** Everything below was asked for ahead already. */
  ahead: number;
}

/**
 * Tells what a sequential reader will want next. After two steps of one it reads ahead one, after
 * more up to {@link PREFETCH_DEPTH_MAX}; a jump starts anew. A function of what was observed.
 */
export class SequencePrefetch {
  readonly #depthMax: number;
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
    const reader = this.#readers.get(stream);
    if (reader === undefined || (index !== reader.last + 1 && index !== reader.last)) {
      this.#remember(stream, { last: index, run: 0, ahead: index + 1 });
      return [];
    }
    if (index === reader.last) return [];
    reader.last = index;
    reader.run++;
    this.#remember(stream, reader);
    if (reader.run < 2) return [];
    const until = Math.min(end, index + 1 + Math.min(this.#depthMax, reader.run - 1));
    const wanted: number[] = [];
    for (let next = Math.max(reader.ahead, index + 1); next < until; next++) wanted.push(next);
    reader.ahead = Math.max(reader.ahead, until);
    return wanted;
  }

  #remember(stream: string, reader: Reader): void {
    this.#readers.delete(stream);
    this.#readers.set(stream, reader);
    if (this.#readers.size <= STREAMS_MAX) return;
    for (const oldest of this.#readers.keys()) {
      this.#readers.delete(oldest);
      return;
    }
  }
}
