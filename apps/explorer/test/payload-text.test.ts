import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '@basalt/protocol';
import fc from 'fast-check';
import { previewPayload, readPayload } from '../src/payload-text.ts';

test('JSON is pretty, a CSV line is fields, prose is text, the rest is hex', () => {
  const json = readPayload(utf8('{"a":[1,2]}'));
  assert.ok(json.kind === 'json');
  assert.equal(json.text, '{\n  "a": [\n    1,\n    2\n  ]\n}');
  assert.deepEqual(readPayload(utf8('1,"two, too","say ""hi""",\r\n')), {
    kind: 'csv',
    fields: ['1', 'two, too', 'say "hi"', ''],
  });
  assert.equal(readPayload(utf8('Well, this, however, is prose.')).kind, 'text');
  assert.equal(readPayload(utf8('{not json')).kind, 'text');
  assert.equal(readPayload(utf8('a,b\nc,d,e\n')).kind, 'text');
  assert.deepEqual(readPayload(new Uint8Array()), { kind: 'empty' });
  assert.deepEqual(readPayload(Uint8Array.of(0, 255, 65)), {
    kind: 'binary',
    lines: [{ offset: '000000', hex: '00 ff 41', text: '··A' }],
    cut: false,
  });
});

test('large payloads are cut and say so', () => {
  const text = readPayload(utf8('x'.repeat(20_000)));
  assert.ok(text.kind === 'text' && text.cut && text.text.length === 16 * 1024);
  const binary = readPayload(new Uint8Array(600));
  assert.ok(binary.kind === 'binary' && binary.cut && binary.lines.length === 32);
});

test('a preview is one line without the time that the row has already', () => {
  assert.equal(previewPayload(utf8('{"time":"2026-01-02T03:04:05.678Z","load":[1]}')), 'load [1]');
  assert.equal(previewPayload(utf8('a,b,c')), 'a · b · c');
  assert.equal(previewPayload(utf8('two\n  lines')), 'two lines');
  // A preview of a long text may cut a character in two.
  assert.match(previewPayload(utf8('ü'.repeat(5_000).slice(1))), /^ü+…$/);
});

test('property: whatever the bytes are, they are read, and a preview keeps its length', () => {
  const payload = fc.oneof(
    fc.uint8Array({ maxLength: 6_000 }),
    fc.string({ unit: 'binary', maxLength: 200 }).map(utf8),
    fc.jsonValue().map((value) => utf8(JSON.stringify(value))),
  );
  fc.assert(
    fc.property(payload, (bytes) => {
      const read = readPayload(bytes);
      assert.ok(['empty', 'json', 'csv', 'text', 'binary'].includes(read.kind));
      assert.ok(previewPayload(bytes, 80).length <= 80);
      assert.ok(!previewPayload(bytes).includes('\n') || read.kind === 'csv');
    }),
  );
});
