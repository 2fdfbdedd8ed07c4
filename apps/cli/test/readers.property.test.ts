import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createChunkParser } from '../src/input/chunk-parser.ts';
import { createCsvParser } from '../src/input/csv-parser.ts';
import { decodeFileRecord, encodeFileRecord } from '../src/input/file-record.ts';
import { createGitLogParser } from '../src/input/git-log.ts';
import { createLineParser } from '../src/input/line-parser.ts';
import { createNdjsonParser } from '../src/input/ndjson-parser.ts';
import type { RecordParser } from '../src/input/parser.ts';
import { parsePieces, pushPiece } from './helpers/parse.ts';

/** Bytes where the ones that matter to a parser are frequent. */
const hotByte = fc.oneof(
  fc.constantFrom(0x0a, 0x0d, 0x22, 0x2c, 0x00, 0x61, 0xef, 0xbb, 0xbf),
  fc.integer({ min: 0, max: 255 }),
);
const hotBytes = fc.array(hotByte, { maxLength: 200 }).map((bytes) => Uint8Array.from(bytes));

function runParser(create: () => RecordParser, pieces: readonly Uint8Array[]): string[] | string {
  const parser = create();
  const records: string[] = [];
  const keep = (found: readonly Uint8Array[]): void => {
    for (const record of found) records.push(Buffer.from(record).toString('hex'));
  };
  try {
    for (const piece of pieces) {
      const own = Buffer.from(piece); // node's streams give Buffers, whose `slice` is a view
      keep(pushPiece(parser, own));
      own.fill(0xee); // a parser that keeps a view of the piece is found out
    }
    keep(parsePieces(parser));
    return records;
  } catch (error) {
    return (error as Error).message;
  }
}

function cut(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const places = [...new Set(at.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((place, i) => bytes.subarray(place, places[i] ?? bytes.length));
}

const PARSERS: Readonly<Record<string, () => RecordParser>> = {
  lines: () => createLineParser(),
  ndjson: () => createNdjsonParser(),
  csv: () => createCsvParser(),
  binary: () => createChunkParser(7),
  'git log': () => createGitLogParser(),
};

for (const [name, create] of Object.entries(PARSERS)) {
  test(`${name}: any cutting of the input gives the same records`, () => {
    fc.assert(
      fc.property(hotBytes, fc.array(fc.nat(), { maxLength: 8 }), (bytes, at) => {
        assert.deepEqual(runParser(create, cut(bytes, at)), runParser(create, [bytes]));
      }),
      { numRuns: 500 },
    );
  });
}

test('lines: records joined by line feeds come back byte for byte', () => {
  const line = fc
    .uint8Array({ minLength: 1, maxLength: 40 })
    .filter((bytes) => !bytes.includes(0x0a) && bytes.at(-1) !== 0x0d);
  fc.assert(
    fc.property(fc.array(line), fc.constantFrom('\n', '\r\n'), fc.boolean(), (lines, end, last) => {
      const text = Buffer.concat(lines.flatMap((bytes) => [bytes, Buffer.from(end)]));
      const input = last || lines.length === 0 ? text : text.subarray(0, -end.length);
      const wanted = lines.map((bytes) => Buffer.from(bytes).toString('hex'));
      assert.deepEqual(runParser(PARSERS['lines']!, [input]), wanted);
    }),
  );
});

test('CSV: any table of texts survives quoting', () => {
  const field = fc.oneof(fc.string(), fc.constantFrom('', '"', ',', '\n', '\r\n', '\r', ' x '));
  const table = fc
    .integer({ min: 2, max: 5 })
    .chain((width) =>
      fc.array(fc.array(field, { minLength: width, maxLength: width }), { maxLength: 10 }),
    );
  fc.assert(
    fc.property(table, fc.constantFrom('\n', '\r\n'), fc.boolean(), (rows, end, always) => {
      const width = rows[0]?.length ?? 2;
      const header = Array.from({ length: width }, (_, column) => `c${column}`);
      const quote = (text: string): string =>
        always || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
      const text = [header, ...rows].map((row) => row.map(quote).join(',') + end).join('');
      const wanted = rows.map((row) =>
        Object.fromEntries(row.map((value, column) => [`c${column}`, value])),
      );
      const found = parsePieces(createCsvParser(), Buffer.from(text));
      assert.deepEqual(
        found.map((record) => JSON.parse(Buffer.from(record).toString())),
        wanted,
      );
    }),
  );
});

test('binary: chunks put together are the input', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.integer({ min: 1, max: 50 }),
      (bytes, size) => {
        const chunks = parsePieces(createChunkParser(size), bytes);
        assert.ok(chunks.slice(0, -1).every((chunk) => chunk.length === size));
        assert.deepEqual(Buffer.concat(chunks), Buffer.from(bytes));
      },
    ),
  );
});

test('file records: header and content come back', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.uint8Array(), (name, type, content) => {
      const record = encodeFileRecord({ name, type, size: content.length }, content);
      const back = decodeFileRecord(record);
      // Lone surrogates cannot be UTF-8: JSON writes them as escapes, so they come back too.
      assert.deepEqual(back?.header, { name, type, size: content.length });
      assert.deepEqual(Buffer.from(back?.content ?? []), Buffer.from(content));
    }),
  );
});
