import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { RLP_DEPTH_MAX, RLP_ITEMS_MAX } from '../../src/rlp/limits.ts';
import { RlpReader } from '../../src/rlp/reader.ts';
import { decodeRlp, encodeRlp } from '../../src/rlp/tree.ts';
import { RlpWriter } from '../../src/rlp/writer.ts';

const refusal = (offset: number, message: RegExp) => ({
  code: 'malformed-rlp',
  details: { offset },
  message,
});
const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));

suite('RLP decoder', () => {
  const refused: readonly [what: string, hex: string, offset: number, message: RegExp][] = [
    ['nothing', '', 0, /found the end/],
    ['a byte below 0x80 with a header', '8100', 0, /stands for itself/],
    ['a byte below 0x80 with a header in a list', 'c3018100', 2, /stands for itself/],
    ['a length in its long form', `b837${'00'.repeat(55)}`, 0, /short form/],
    ['a list length in its long form', 'f800', 0, /leading zero/],
    ['a length with a leading zero', `b90038${'00'.repeat(56)}`, 0, /leading zero/],
    ['a string that ends outside', '83aabb', 0, /outside/],
    ['a string that ends outside of its list', 'c283aabbcc', 1, /outside/],
    ['a length that ends outside', 'b9', 0, /outside/],
    ['a length of eight bytes', `bf${'ff'.repeat(8)}`, 0, /outside/],
    ['bytes behind', '8080', 1, /1 bytes too many/],
  ];
  for (const [what, hex, offset, message] of refused) {
    test(`refuses ${what}`, () => {
      assert.throws(() => decodeRlp(bytes(hex)), refusal(offset, message));
    });
  }

  test('bounds depth: one list more than allowed is refused, and a megabyte of lists', () => {
    const nested = (depth: number) => {
      const writer = new RlpWriter();
      const lists = Array.from({ length: depth }, () => writer.openList());
      for (const list of lists.reverse()) writer.closeList(list);
      return writer.toBytes();
    };
    assert.doesNotThrow(() => decodeRlp(nested(RLP_DEPTH_MAX)));
    assert.throws(() => decodeRlp(nested(RLP_DEPTH_MAX + 1)), refusal(RLP_DEPTH_MAX, /inside/));
    assert.throws(() => decodeRlp(nested(2000)), /inside each other/);
  });

  test('bounds items', () => {
    const writer = new RlpWriter();
    const list = writer.openList();
    for (let index = 0; index < RLP_ITEMS_MAX; index++) writer.writeNumber(1);
    writer.closeList(list);
    assert.throws(() => decodeRlp(writer.view()), /more than 1048576 items/);
  });
});

suite('RLP reader', () => {
  test('reads a known shape without copies', () => {
    const encoded = encodeRlp([7n, new Uint8Array(20).fill(9), [1, 2], new Uint8Array(0)]);
    const reader = new RlpReader(encoded);
    const outer = reader.enterList();
    assert.equal(reader.countItems(), 4);
    assert.equal(reader.readInteger(), 7n);
    const address = reader.readFixed(20);
    assert.equal(address.buffer, encoded.buffer);
    assert.deepEqual(reader.readRaw(), encodeRlp([1, 2]));
    assert.equal(reader.readOptional(20), undefined);
    assert(reader.isAtEnd);
    reader.leaveList(outer);
    reader.finish();
  });

  test('says what was expected', () => {
    const read = (item: Parameters<typeof encodeRlp>[0]) => new RlpReader(encodeRlp(item));
    assert.throws(() => read(bytes('0001')).readInteger(), refusal(0, /leading zero/));
    assert.throws(() => read(bytes('00')).readInteger(), refusal(0, /leading zero/));
    assert.throws(() => read(2n ** 64n).readInteger(8), refusal(0, /at most 8 bytes, found 9/));
    assert.throws(() => read(2n ** 256n).readInteger(), refusal(0, /at most 32 bytes/));
    assert.throws(() => read(2n ** 48n).readNumber(), refusal(0, /at most 6 bytes/));
    assert.throws(() => read([]).readInteger(), refusal(0, /found a list/));
    assert.throws(() => read(1).enterList(), refusal(0, /expected a list/));
    assert.throws(() => read(bytes('aabb')).readFixed(20), refusal(0, /20 bytes, found 2/));
    assert.throws(() => read(bytes('aabb')).readOptional(20), refusal(0, /20 bytes or none/));
    const reader = read([1, 2]);
    const outer = reader.enterList();
    reader.skip();
    assert.throws(() => reader.leaveList(outer), refusal(2, /too many items/));
    reader.skip();
    assert.throws(() => reader.skip(), refusal(3, /found the end/));
  });
});

suite('RLP writer', () => {
  test('lists around the lengths where headers grow', () => {
    for (const size of [0, 1, 54, 55, 56, 255, 256, 65_535, 65_536]) {
      const payload = new Uint8Array(size).fill(1);
      const writer = new RlpWriter(1);
      const outer = writer.openList();
      const inner = writer.openList();
      writer.writeRaw(payload);
      writer.closeList(inner);
      writer.closeList(outer);
      const reader = new RlpReader(writer.toBytes());
      const end = reader.enterList();
      const last = reader.enterList();
      assert.equal(reader.limit - reader.position, size);
      reader.position = reader.limit;
      reader.leaveList(last);
      reader.leaveList(end);
      reader.finish();
    }
  });

  test('refuses a negative integer', () => {
    assert.throws(() => new RlpWriter().writeInteger(-1n), RangeError);
  });
});
