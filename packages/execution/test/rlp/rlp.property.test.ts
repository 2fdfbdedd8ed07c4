import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { RLP } from '@ethereumjs/rlp';
import fc from 'fast-check';
import { ExecutionError } from '../../src/errors.ts';
import { RlpReader } from '../../src/rlp/reader.ts';
import { decodeRlp, encodeRlp, type RlpItem } from '../../src/rlp/tree.ts';

type Tree = Uint8Array | Tree[];

const strings = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc.uint8Array({ minLength: 54, maxLength: 58 }),
  fc.uint8Array({ minLength: 250, maxLength: 260 }),
  fc.constant(new Uint8Array(70_000)),
);
const trees: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof({ maxDepth: 6, depthSize: 'small' }, strings, fc.array(tie('tree'))),
})).tree;

/** undefined: refused, with the code and an offset inside the input. */
function decodeOrRefuse(bytes: Uint8Array): RlpItem | undefined {
  try {
    return decodeRlp(bytes);
  } catch (error) {
    assert(error instanceof ExecutionError);
    assert.equal(error.code, 'malformed-rlp');
    const { offset } = error.details;
    assert(typeof offset === 'number' && offset >= 0 && offset <= bytes.length);
    return undefined;
  }
}

function oracle(bytes: Uint8Array): Tree | undefined {
  try {
    return RLP.decode(bytes);
  } catch {
    return undefined;
  }
}

suite('RLP', () => {
  test('trees: encoded and decoded as @ethereumjs/rlp does', () => {
    fc.assert(
      fc.property(trees, (tree) => {
        const bytes = encodeRlp(tree);
        assert.deepEqual(bytes, RLP.encode(tree));
        assert.deepEqual(decodeRlp(bytes), tree);
        assert.deepEqual(decodeRlp(RLP.encode(tree)), tree);
      }),
    );
  });

  test('integers: encoded as @ethereumjs/rlp does and read back', () => {
    const numbers = fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
      fc
        .integer({ min: 0, max: 256 })
        .chain((bits) =>
          fc.constantFrom(2n ** BigInt(bits) - 1n, 2n ** BigInt(Math.max(bits - 1, 0))),
        ),
    );
    fc.assert(
      fc.property(numbers, (value) => {
        const bytes = encodeRlp(value);
        assert.deepEqual(bytes, RLP.encode(value));
        assert.equal(new RlpReader(bytes).readInteger(), value);
        if (value > BigInt(Number.MAX_SAFE_INTEGER)) return;
        assert.deepEqual(encodeRlp(Number(value)), bytes);
        if (value < 2n ** 48n) assert.equal(new RlpReader(bytes).readNumber(), Number(value));
      }),
      { numRuns: 500 },
    );
  });

  /** A canonical decoder accepts exactly what encodes back to itself; the oracle may be laxer. */
  test('garbage: what is taken is the one encoding of it, and the oracle takes it too', () => {
    const headers = fc.constantFrom(
      0,
      1,
      0x7f,
      0x80,
      0x81,
      0xb7,
      0xb8,
      0xbf,
      0xc0,
      0xc1,
      0xf7,
      0xf8,
      0xff,
    );
    const garbage = fc.array(fc.oneof(headers, fc.nat(255)), { maxLength: 40 });
    let taken = 0;
    fc.assert(
      fc.property(garbage, (numbers) => {
        const bytes = Uint8Array.from(numbers);
        const item = decodeOrRefuse(bytes);
        if (item !== undefined) {
          taken++;
          assert.deepEqual(encodeRlp(item), bytes);
          assert.deepEqual(oracle(bytes), item);
          return;
        }
        const loose = oracle(bytes);
        if (loose !== undefined) assert.notDeepEqual(RLP.encode(loose), bytes);
      }),
      { numRuns: 5000 },
    );
    assert(taken > 50);
  });

  test('one byte changed: refused or still canonical', () => {
    fc.assert(
      fc.property(trees, fc.nat(), fc.nat(255), (tree, where, value) => {
        const bytes = encodeRlp(tree);
        bytes[where % bytes.length] = value;
        const item = decodeOrRefuse(bytes);
        if (item !== undefined) assert.deepEqual(encodeRlp(item), bytes);
      }),
    );
  });

  test('cut anywhere: refused', () => {
    fc.assert(
      fc.property(trees, fc.nat(), (tree, where) => {
        const bytes = encodeRlp(tree);
        assert.equal(decodeOrRefuse(bytes.subarray(0, where % bytes.length)), undefined);
      }),
    );
  });
});
