import { isUtf8 } from 'node:buffer';
import { CSV_COLUMNS_MAX, RECORD_BYTES_MAX } from '../limits.ts';
import { InputError } from './input-error.ts';
import type { RecordParser } from './parser.ts';

const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/**
 * Where the reader stands in a row:
 *
 *     start ──"──► quoted ──"──► closed ──"──► quoted          ("" inside quotes is one ")
 *       │                          │
 *       └──other──► plain          ├──delimiter──► start
 *                     │            └──end of line──► next row
 *                     └── a quote here is a character like any other
 */
type Place = 'start' | 'plain' | 'quoted' | 'closed';

/**
 * CSV (RFC 4180) with a header row: each further row becomes one JSON object, the header's names as
 * keys in the header's order, every value a string as it was written (numbers too: `1.10` stays
 * `1.10`). Rows end with LF or CRLF; a line feed inside quotes belongs to the value; empty lines
 * are no records; a byte order mark at the start is dropped.
 *
 * @param delimiter one ASCII character
 * @throws InputError `bad-csv`, `not-utf8`, `record-too-large`
 */
export function createCsvParser(delimiter = ','): RecordParser {
  const reader = new CsvReader(delimiter.charCodeAt(0));
  return {
    push: (piece, records) => reader.push(piece, records),
    end: (records) => reader.end(records),
  };
}

class CsvReader {
  readonly #delimiter: number;
  /** The current row without its quotes and delimiters. */
  #row = new Uint8Array(1024);
  #rowBytes = 0;
  /** Ends of the fields that are complete. */
  #ends: number[] = [];
  #place: Place = 'start';
  /** A CR that is the end of a line if LF follows, and a character if not. */
  #carriageReturn = false;
  #quotedRow = false;
  #rowNumber = 1;
  /** Bytes of a byte order mark seen at the start; 3 where that question is settled. */
  #markBytes = 0;
  #keys: readonly string[] | undefined;

  constructor(delimiter: number) {
    this.#delimiter = delimiter;
  }

  push(piece: Uint8Array, records: Uint8Array[]): void {
    for (const byte of piece) {
      if (this.#markBytes === BYTE_ORDER_MARK.length) this.#take(byte, records);
      else this.#begin(byte, records);
    }
  }

  /** The first bytes: a whole byte order mark is dropped, a part of one is not. */
  #begin(byte: number, records: Uint8Array[]): void {
    if (byte === BYTE_ORDER_MARK[this.#markBytes]) {
      this.#markBytes++;
      return;
    }
    const held = BYTE_ORDER_MARK.slice(0, this.#markBytes);
    this.#markBytes = BYTE_ORDER_MARK.length;
    for (const earlier of [...held, byte]) this.#take(earlier, records);
  }

  end(records: Uint8Array[]): void {
    if (this.#place === 'quoted') {
      throw badCsv(this.#rowNumber, 'a quote is opened and never closed', 'is the file cut off?');
    }
    if (this.#markBytes > 0 && this.#markBytes < BYTE_ORDER_MARK.length) {
      for (const byte of BYTE_ORDER_MARK.slice(0, this.#markBytes)) this.#take(byte, records);
    }
    if (this.#carriageReturn) this.#character(CARRIAGE_RETURN);
    if (this.#rowBytes > 0 || this.#ends.length > 0 || this.#place !== 'start') {
      this.#endRow(records);
    }
  }

  #take(byte: number, records: Uint8Array[]): void {
    if (this.#place === 'quoted') {
      if (byte === QUOTE) this.#place = 'closed';
      else this.#append(byte);
      return;
    }
    if (byte === LINE_FEED) {
      this.#carriageReturn = false;
      this.#endRow(records);
      return;
    }
    if (this.#carriageReturn) {
      this.#carriageReturn = false;
      this.#character(CARRIAGE_RETURN);
    }
    if (byte === CARRIAGE_RETURN) this.#carriageReturn = true;
    else this.#character(byte);
  }

  /** A byte that ends no line, outside quotes. */
  #character(byte: number): void {
    if (byte === this.#delimiter) {
      this.#endField();
      this.#place = 'start';
    } else if (byte === QUOTE && this.#place === 'start') {
      this.#place = 'quoted';
      this.#quotedRow = true;
    } else if (byte === QUOTE && this.#place === 'closed') {
      this.#place = 'quoted';
      this.#append(QUOTE);
    } else if (this.#place === 'closed') {
      const after = `field ${this.#ends.length + 1} goes on after its closing quote`;
      throw badCsv(this.#rowNumber, after, 'a quote inside a quoted field is written twice ("")');
    } else {
      this.#place = 'plain';
      this.#append(byte);
    }
  }

  #append(byte: number): void {
    if (this.#rowBytes === this.#row.length) {
      if (this.#rowBytes >= RECORD_BYTES_MAX) {
        throw new InputError(
          'record-too-large',
          `row ${this.#rowNumber} is longer than the ${RECORD_BYTES_MAX} bytes one block holds`,
          'most often a quote that is never closed; --format lines takes lines as they are',
        );
      }
      const larger = new Uint8Array(2 * this.#row.length);
      larger.set(this.#row);
      this.#row = larger;
    }
    this.#row[this.#rowBytes++] = byte;
  }

  #endField(): void {
    if (this.#ends.length === CSV_COLUMNS_MAX) {
      const found = `more than ${CSV_COLUMNS_MAX} fields`;
      throw badCsv(this.#rowNumber, found, 'is this a CSV file?');
    }
    this.#ends.push(this.#rowBytes);
  }

  #endRow(records: Uint8Array[]): void {
    this.#endField();
    const blank = this.#ends.length === 1 && this.#rowBytes === 0 && !this.#quotedRow;
    if (!blank) {
      const fields = this.#fields();
      if (this.#keys === undefined) this.#keys = checkHeader(fields, this.#rowNumber);
      else records.push(encodeRow(this.#keys, fields, this.#rowNumber));
    }
    this.#rowNumber++;
    this.#rowBytes = 0;
    this.#ends = [];
    this.#place = 'start';
    this.#quotedRow = false;
  }

  #fields(): string[] {
    const row = Buffer.from(this.#row.buffer, 0, this.#rowBytes);
    if (!isUtf8(row)) {
      throw new InputError(
        'not-utf8',
        `row ${this.#rowNumber} is not UTF-8, and a JSON object cannot carry other bytes`,
        'convert the file (iconv -f latin1 -t utf8), or keep its bytes with --format lines',
      );
    }
    let start = 0;
    return this.#ends.map((end) => {
      const field = row.toString('utf8', start, end);
      start = end;
      return field;
    });
  }
}

function checkHeader(fields: readonly string[], rowNumber: number): readonly string[] {
  const names = fields.map((field, column) => (field === '' ? `column${column + 1}` : field));
  const twice = names.find((name, column) => names.indexOf(name) !== column);
  if (twice !== undefined) {
    throw badCsv(rowNumber, `the header names "${twice}" twice`, 'give each column its own name');
  }
  return names.map((name) => JSON.stringify(name));
}

function encodeRow(
  keys: readonly string[],
  fields: readonly string[],
  rowNumber: number,
): Uint8Array {
  if (fields.length !== keys.length) {
    throw badCsv(
      rowNumber,
      `has ${fields.length} fields, the header has ${keys.length}`,
      'is the delimiter another one (--delimiter ";")? --format lines takes lines as they are',
    );
  }
  // Put together by hand: an object would move names like "1" to the front.
  const members = keys.map((key, column) => `${key}:${JSON.stringify(fields[column])}`);
  const record = Buffer.from(`{${members.join(',')}}`);
  if (record.length > RECORD_BYTES_MAX) {
    throw new InputError(
      'record-too-large',
      `row ${rowNumber} is longer than the ${RECORD_BYTES_MAX} bytes that one block holds`,
      'split its values',
    );
  }
  return record;
}

function badCsv(rowNumber: number, found: string, hint: string): InputError {
  return new InputError('bad-csv', `CSV row ${rowNumber}: ${found}`, hint);
}
