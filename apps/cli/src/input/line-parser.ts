import { concatBytes } from '@basalt/protocol';
import { RECORD_BYTES_MAX } from '../limits.ts';
import { InputError } from './input-error.ts';
import type { RecordParser } from './parser.ts';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export interface LineParserOptions {
  /** Called for each line that becomes a record, with its 1-based number; throws to refuse it. */
  readonly check?: (line: Uint8Array, lineNumber: number) => void;
  /** True where a line of nothing but white space is no record either. */
  readonly skipBlank?: boolean;
}

/**
 * One record per line, byte for byte. A line ends with LF or CRLF, the last one also with the end
 * of the input; empty lines are no records. Bytes need not be UTF-8.
 *
 * @throws InputError `record-too-large`, and what `check` throws
 */
export function createLineParser(options: LineParserOptions = {}): RecordParser {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let lineNumber = 0;

  function emit(line: Uint8Array, records: Uint8Array[]): void {
    lineNumber++;
    if (line.length === 0 || (options.skipBlank === true && isBlank(line))) return;
    options.check?.(line, lineNumber);
    records.push(line);
  }

  function hold(part: Uint8Array): void {
    if (part.length === 0) return;
    heldBytes += part.length;
    // One byte more than a record: the CR that belongs to the end of the line.
    if (heldBytes > RECORD_BYTES_MAX + 1) throw tooLarge(lineNumber + 1);
    // A copy: the reader may use its buffer again, and a view would keep the whole piece alive.
    held.push(new Uint8Array(part)); // `slice` of a Buffer would be a view
  }

  function take(part: Uint8Array): Uint8Array {
    if (held.length === 0) return part;
    const line = concatBytes(...held, part);
    held = [];
    heldBytes = 0;
    return line;
  }

  function bounded(line: Uint8Array): Uint8Array {
    if (line.length > RECORD_BYTES_MAX) throw tooLarge(lineNumber + 1);
    return line;
  }

  return {
    push(piece, records) {
      let start = 0;
      for (;;) {
        const end = piece.indexOf(LINE_FEED, start);
        if (end === -1) break;
        emit(bounded(withoutCarriageReturn(take(piece.subarray(start, end)))), records);
        start = end + 1;
      }
      hold(piece.subarray(start));
    },
    end(records) {
      if (held.length > 0) emit(bounded(take(new Uint8Array(0))), records);
    },
  };
}

function withoutCarriageReturn(line: Uint8Array): Uint8Array {
  return line[line.length - 1] === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}

function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === CARRIAGE_RETURN);
}

function tooLarge(lineNumber: number): InputError {
  return new InputError(
    'record-too-large',
    `line ${lineNumber} is longer than the ${RECORD_BYTES_MAX} bytes that one block holds`,
    'cut it, or send the input as pieces with --format binary --chunk-size 1M',
  );
}
