import { stripVTControlCharacters, styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Where a view goes: a stream that may be a terminal. */
export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Writes for people. Colours and the line that moves are for terminals only. */
export class Terminal {
  readonly #stream: OutputStream;
  /** True where a line can be drawn over itself. */
  readonly isLive: boolean;
  readonly #isColoured: boolean;
  #live = '';

  constructor(
    stream: OutputStream,
    environment: Readonly<Record<string, string | undefined>> = process.env,
  ) {
    this.#stream = stream;
    const isDumb = environment['TERM'] === 'dumb';
    this.isLive = stream.isTTY === true && !isDumb && environment['CI'] === undefined;
    const forced = environment['FORCE_COLOR'];
    const isForced = forced !== undefined && forced !== '' && forced !== '0';
    const isRefused = (environment['NO_COLOR'] ?? '') !== '' || forced === '0';
    this.#isColoured = !isRefused && (isForced || (stream.isTTY === true && !isDumb));
  }

  get columns(): number {
    return Math.max(20, this.#stream.columns ?? 80);
  }

  style(style: Style, text: string): string {
    return this.#isColoured ? styleText(style, text, { validateStream: false }) : text;
  }

  /** One line, above the live one. */
  line(text = ''): void {
    const redrawn = this.#live === '' ? '' : this.#live;
    this.#stream.write(`${this.#erase()}${text}\n${redrawn}`);
  }

  /** Draws the live line; without a terminal nothing. Longer text is cut: it must not wrap. */
  live(text: string): void {
    if (!this.isLive) return;
    const drawn = cutToWidth(text, this.columns - 1);
    this.#stream.write(`${this.#erase()}${drawn}`);
    this.#live = drawn;
  }

  /** Takes the live line away. */
  clearLive(): void {
    if (this.#live === '') return;
    this.#stream.write(this.#erase());
    this.#live = '';
  }

  #erase(): string {
    return this.#live === '' ? '' : '\r\u001b[2K';
  }
}

/** Cuts to a number of columns; colours do not count and are closed. */
export function cutToWidth(text: string, width: number): string {
  if (stripVTControlCharacters(text).length <= width) return text;
  let shown = 0;
  let cut = '';
  // oxlint-disable-next-line no-control-regex -- colours begin with one
  for (const part of text.split(/(\u001b\[[0-9;]*m)/)) {
    if (part.startsWith('\u001b')) {
      cut += part;
      continue;
    }
    const room = Math.max(0, width - 1 - shown);
    cut += part.length > room ? `${part.slice(0, room)}${shown < width - 1 ? '…' : ''}` : part;
    shown += part.length;
  }
  return cut;
}

/** Text from outside on a terminal: no control characters, so it cannot move the cursor. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- this is what removes them
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, ' ');
}
