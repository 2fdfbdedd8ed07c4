import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createChunkParser } from '../src/input/chunk-parser.ts';
import { contentType, looksLikeText } from '../src/input/content-type.ts';
import { createCsvParser } from '../src/input/csv-parser.ts';
import { decodeFileRecord, encodeFileRecord } from '../src/input/file-record.ts';
import { possibleRecords } from '../src/input/files-source.ts';
import { createGitLogParser } from '../src/input/git-log.ts';
import { guessFileFormat, guessStreamFormat } from '../src/input/guess-format.ts';
import { createLineParser } from '../src/input/line-parser.ts';
import { createNdjsonParser } from '../src/input/ndjson-parser.ts';
import { openSources } from '../src/input/open-sources.ts';
import type { RecordParser } from '../src/input/parser.ts';
import type { RecordSource } from '../src/input/source.ts';
import { RECORD_BYTES_MAX } from '../src/limits.ts';
import { parsePieces, pushPiece } from './helpers/parse.ts';

const folder = mkdtempSync(join(tmpdir(), 'basalt readers '));
after(() => rmSync(folder, { recursive: true, force: true }));

function parseText(parser: RecordParser, text: string): string[] {
  return parsePieces(parser, Buffer.from(text)).map((record) => Buffer.from(record).toString());
}

async function readAll(source: RecordSource | undefined): Promise<string[]> {
  assert.ok(source);
  const texts: string[] = [];
  for await (const records of source.read(() => undefined)) {
    texts.push(...records.map((record) => Buffer.from(record).toString()));
  }
  return texts;
}

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

const hasCode = (code: string, words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Error);
  assert.equal((error as { code?: string }).code, code);
  assert.match(error.message, words);
  return true;
};

test('lines: LF and CRLF end a line, empty lines are no records, the last needs no end', () => {
  assert.deepEqual(parseText(createLineParser(), 'a\r\n\n\r\nb c\n\rd\re'), ['a', 'b c', '\rd\re']);
  assert.deepEqual(parseText(createLineParser(), ''), []);
});

test('lines: one line above the payload limit is refused with its number', () => {
  const parser = createLineParser();
  pushPiece(parser, Buffer.from('short\n'));
  const half = Buffer.alloc(RECORD_BYTES_MAX / 2, 0x61);
  pushPiece(parser, half);
  pushPiece(parser, half); // exactly at the limit
  assert.throws(() => pushPiece(parser, Buffer.from('aa')), hasCode('record-too-large', /line 2/));
});

test('lines: exactly the payload limit is taken, with CRLF too', () => {
  const parser = createLineParser();
  pushPiece(parser, Buffer.alloc(RECORD_BYTES_MAX, 0x61));
  const [line] = pushPiece(parser, Buffer.from('\r\n'));
  assert.equal(line?.length, RECORD_BYTES_MAX);
});

test('NDJSON: bytes stay as they are, a broken line is named', () => {
  const text = '{"b":1,  "a":"\u00e9"}\r\n   \n[1.10]\n"x"';
  assert.deepEqual(parseText(createNdjsonParser(), text), [
    '{"b":1,  "a":"\u00e9"}',
    '[1.10]',
    '"x"',
  ]);
  assert.throws(
    () => parseText(createNdjsonParser(), '{}\n\n{"a":'),
    // the empty line counts as a line
    hasCode('bad-json', /line 3 is not JSON/),
  );
});

test('NDJSON: invalid UTF-8 inside a string stays byte for byte', () => {
  const line = Buffer.from([0x22, 0xff, 0xfe, 0x22, 0x0a]);
  const [record] = pushPiece(createNdjsonParser(), line);
  assert.deepEqual([...(record ?? [])], [0x22, 0xff, 0xfe, 0x22]);
});

test('a fault costs only what comes after it', async () => {
  writeFileSync(join(folder, 'broken.ndjson'), '{"a":1}\n{"a":2}\n{"a":\n{"a":4}\n');
  const [source] = await openSources([join(folder, 'broken.ndjson')], { format: 'auto' }, pieces());
  const found: string[] = [];
  await assert.rejects(
    async () => {
      for await (const records of source?.read(() => undefined) ?? []) {
        found.push(...records.map((record) => Buffer.from(record).toString()));
      }
    },
    hasCode('bad-json', /line 3/),
  );
  assert.deepEqual(found, ['{"a":1}', '{"a":2}']);
});

test('CSV: quotes, delimiters, line feeds, empty fields', () => {
  const text = 'id,name,"a ""note"""\r\n1,"Smith, J.","two\nlines"\n\n2,,"say ""hi"""\r\n';
  assert.deepEqual(parseText(createCsvParser(), text), [
    '{"id":"1","name":"Smith, J.","a \\"note\\"":"two\\nlines"}',
    '{"id":"2","name":"","a \\"note\\"":"say \\"hi\\""}',
  ]);
});

test('CSV: order of the header, numbers as written, unnamed columns, a byte order mark', () => {
  assert.deepEqual(parseText(createCsvParser(';'), '\uFEFF"10";2;\n1.10;007;x'), [
    '{"10":"1.10","2":"007","column3":"x"}',
  ]);
  assert.deepEqual(parseText(createCsvParser(), 'a\n\n""\nb'), ['{"a":""}', '{"a":"b"}']);
  assert.deepEqual(parseText(createCsvParser(), 'a,b\n"1",5" pipe'), ['{"a":"1","b":"5\\" pipe"}']);
});

test('CSV: what is wrong is named with its row', () => {
  const wrong = (text: string, words: RegExp) =>
    assert.throws(() => parseText(createCsvParser(), text), hasCode('bad-csv', words));
  wrong('a,b\n1\n', /row 2: has 1 fields, the header has 2/);
  wrong('a,b\n1,2,3\n', /row 2: has 3 fields/);
  wrong('a,b\n1,"2\n', /row 2: a quote is opened/);
  wrong('a,b\n"1"x,2\n', /row 2: field 1 goes on after/);
  wrong('a,a\n1,2\n', /names "a" twice/);
  assert.throws(
    () => pushPiece(createCsvParser(), Buffer.from([0x61, 0x0a, 0xff, 0x0a])),
    hasCode('not-utf8', /row 2/),
  );
});

test('binary: chunks of the wanted size, the last one shorter', () => {
  const sizes = parsePieces(createChunkParser(4), Buffer.alloc(9), Buffer.alloc(1));
  assert.deepEqual(
    sizes.map((chunk) => chunk.length),
    [4, 4, 2],
  );
  assert.deepEqual(parsePieces(createChunkParser(4)), []);
});

test('git log: NUL-separated fields become one JSON object per commit', () => {
  const commit = (hash: string) =>
    [hash, 'tree', 'p1 p2', 'Ann', 'a@x', '2026-01-01', 'Bob', 'b@x', '2026-01-02', 'Why'].join(
      '\0',
    );
  const text = `${commit('c1')}\0${commit('c2')}`;
  const records = parsePieces(createGitLogParser(), Buffer.from(text));
  assert.equal(records.length, 2);
  assert.deepEqual(JSON.parse(Buffer.from(records[1] ?? []).toString()), {
    hash: 'c2',
    tree: 'tree',
    parents: ['p1', 'p2'],
    author: { name: 'Ann', email: 'a@x', date: '2026-01-01' },
    committer: { name: 'Bob', email: 'b@x', date: '2026-01-02' },
    subject: 'Why',
  });
});

test('formats are guessed by extension, then by content', () => {
  const bytes = (text: string) => Buffer.from(text);
  assert.equal(guessFileFormat('a.NDJSON', bytes('')), 'ndjson');
  assert.equal(guessFileFormat('a.tsv', bytes('')), 'csv');
  assert.equal(guessFileFormat('a.log', bytes('')), 'lines');
  assert.equal(guessFileFormat('a.json', bytes('{"a":1}\n{"a":2}\n')), 'ndjson');
  assert.equal(guessFileFormat('a.json', bytes('{\n"a":1}\n')), 'file');
  assert.equal(guessFileFormat('a.json', bytes('{"a":1}')), 'file');
  assert.equal(guessFileFormat('a.pdf', bytes('%PDF')), 'file');
  assert.equal(guessStreamFormat(bytes('{"a":1}\n{"a"')), 'ndjson');
  assert.equal(guessStreamFormat(bytes('{"a":"a line longer than the pi')), 'ndjson');
  assert.equal(guessStreamFormat(bytes('{ not json }\n')), 'lines');
  assert.equal(guessStreamFormat(bytes('Nov 20 host sshd: hello\n')), 'lines');
  assert.equal(guessStreamFormat(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0])), 'binary');
});

test('text is told from bytes although the piece ends inside a character', () => {
  const euro = Buffer.from('price: \u20ac');
  assert.equal(looksLikeText(euro.subarray(0, -1)), true);
  assert.equal(looksLikeText(Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff])), false);
  assert.equal(contentType('no-extension', euro), 'text/plain');
  assert.equal(contentType('no-extension', Buffer.from([0])), 'application/octet-stream');
});

test('file records: header line and bytes, read back', () => {
  const record = encodeFileRecord(
    { name: 'a\n"b".txt', type: 'text/plain', size: 3 },
    Buffer.from('x\ny'),
  );
  const back = decodeFileRecord(record);
  assert.equal(back?.header.name, 'a\n"b".txt');
  assert.equal(Buffer.from(back?.content ?? []).toString(), 'x\ny');
  assert.equal(decodeFileRecord(record.subarray(0, -1)), undefined); // a cut one
  assert.equal(decodeFileRecord(Buffer.from('{"a":1}\n')), undefined); // any other JSON
});

test('a folder: every regular file in the order of its bytes, links left out', async () => {
  const root = join(folder, 'tree');
  mkdirSync(join(root, 'sub'), { recursive: true });
  writeFileSync(join(root, 'sub', 'b.txt'), 'bee');
  writeFileSync(join(root, 'Z.md'), 'zed');
  writeFileSync(join(root, 'a.bin'), Buffer.from([0, 1]));
  writeFileSync(join(root, 'empty'), '');
  symlinkSync('/etc/passwd', join(root, 'link'));
  const [source] = await openSources([root], { format: 'auto' }, pieces());
  assert.deepEqual(await readAll(source), [
    '{"name":"Z.md","type":"text/markdown","size":3}\nzed',
    '{"name":"a.bin","type":"application/octet-stream","size":2}\n\0\u0001',
    '{"name":"empty","type":"text/plain","size":0}\n',
    '{"name":"sub/b.txt","type":"text/plain","size":3}\nbee',
  ]);
  const candidates: string[] = [];
  for await (const record of possibleRecords(join(root, 'sub', 'b.txt'))) {
    candidates.push(Buffer.from(record).toString());
  }
  assert.ok(candidates.includes('{"name":"sub/b.txt","type":"text/plain","size":3}\nbee'));
});

test('several paths: each by its own format, whole files grouped by folder', async () => {
  writeFileSync(join(folder, 'r.ndjson'), '{"a":1}\n{"a":2}');
  writeFileSync(join(folder, 't.csv'), 'x\n1\n');
  writeFileSync(join(folder, 'p.pdf'), '%PDF');
  writeFileSync(join(folder, 'q.pdf'), '%PDF2');
  const paths = ['r.ndjson', 'p.pdf', 't.csv', 'q.pdf'].map((name) => join(folder, name));
  const sources = await openSources(paths, { format: 'auto' }, pieces());
  assert.deepEqual(
    sources.map((source) => source.format),
    ['ndjson', 'csv', 'file'],
  );
  assert.deepEqual(await readAll(sources[0]), ['{"a":1}', '{"a":2}']);
  assert.deepEqual(await readAll(sources[1]), ['{"x":"1"}']);
  assert.equal((await readAll(sources[2])).length, 2);
});

test('standard input is guessed from its first piece and read whole', async () => {
  const [source] = await openSources([], { format: 'auto' }, pieces('{"a":1}\n{"a"', ':2}\n'));
  assert.equal(source?.format, 'ndjson');
  assert.deepEqual(await readAll(source), ['{"a":1}', '{"a":2}']);
});

test('a missing file, a keyboard and a wrong format say what to do', async () => {
  await assert.rejects(
    openSources([join(folder, 'absent')], { format: 'auto' }, pieces()),
    hasCode('unreadable', /absent cannot be read/),
  );
  const keyboard = Object.assign(pieces(), { isTTY: true });
  await assert.rejects(
    openSources([], { format: 'auto' }, keyboard),
    hasCode('no-input', /keyboard/),
  );
  await assert.rejects(
    openSources([], { format: 'file' }, pieces('x')),
    hasCode('no-stream-format', /cannot be read as file/),
  );
});
