/** Lines that a report shows: what a node said in its last minutes. */
const LINES_MAX = 200;
/** Of one line; a stack fits. */
const LINE_LENGTH_MAX = 2_048;

/** The last lines of a log. */
export class LogTail {
  /** Oldest first; bounded by LINES_MAX. */
  readonly #lines: string[] = [];

  push(line: string): void {
    this.#lines.push(line.slice(0, LINE_LENGTH_MAX));
    if (this.#lines.length > LINES_MAX) this.#lines.shift();
  }

  get lines(): readonly string[] {
    return this.#lines;
  }
}
