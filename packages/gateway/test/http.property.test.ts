import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GatewayError } from '../src/errors.ts';
import { negotiateCoding, negotiateMediaType } from '../src/http/accept.ts';
import { matchesWeakly, parseEntityTags } from '../src/http/entity-tag.ts';
import { parsePrefer } from '../src/http/prefer.ts';
import { parseRange } from '../src/http/range.ts';
import { parseTarget } from '../src/http/target.ts';

const opaque = fc
  .array(fc.constantFrom(...'a b c X Y 0 9 ! # , ; = - _ ~ é'.split(' ')))
  .map((characters) => `"${characters.join('')}"`);

test('every list of entity tags that is written is read back', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), opaque), { minLength: 1 }), (tags) => {
      const text = tags.map(([weak, tag]) => (weak ? `W/${tag}` : tag)).join(', ');
      const list = parseEntityTags(text);
      assert.deepEqual(
        list,
        tags.map(([weak, tag]) => ({ weak, opaque: tag })),
      );
      assert.ok(list !== undefined && matchesWeakly(list, tags.at(-1)![1]));
    }),
  );
});

test('a range never leaves the bytes, and says what a slow reading of the RFC says', () => {
  fc.assert(
    fc.property(
      fc.nat(2_000),
      fc.option(fc.nat(3_000)),
      fc.option(fc.nat(3_000)),
      (length, first, last) => {
        const result = parseRange(`bytes=${first ?? ''}-${last ?? ''}`, length);
        const wanted: number[] = [];
        for (let i = 0; i < length; i++) {
          const inside =
            first === null
              ? last !== null && i >= length - last
              : i >= first && (last === null || i <= last);
          if (inside) wanted.push(i);
        }
        const isInvalid =
          (first === null && last === null) || (first !== null && last !== null && last < first);
        if (isInvalid) assert.equal(result.type, 'whole');
        else if (wanted.length === 0) assert.equal(result.type, 'unsatisfiable');
        else {
          const [start, end] = [wanted[0], wanted.at(-1)! + 1];
          assert.deepEqual(result, { type: 'part', start, end });
        }
      },
    ),
  );
});

test('no field value makes a reader throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (value) => {
      parseEntityTags(value);
      parsePrefer(value);
      negotiateCoding(value);
      negotiateMediaType(value, ['application/json']);
      parseRange(value, 100);
    }),
  );
});

test('a target is read or refused, and what is read has no second meaning', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '/',
      '.',
      '..',
      '%2e',
      '%2f',
      '%00',
      '\\',
      '//',
      '?',
      '#',
      '%c0%ae',
      'a',
      '%41',
    ),
    fc.string({ unit: 'binary', maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      try {
        const { path } = parseTarget(pieces.join(''));
        assert.ok(path.startsWith('/') && !path.includes('//') && !path.includes('\\'));
        // What a browser, proxy or file server would make of it is what we make of it.
        const url = new URL(`http://x${path}`);
        assert.equal(url.pathname, path);
        for (const segment of path.split('/')) {
          assert.doesNotMatch(decodeURIComponent(segment), /^\.\.?$|\/|\\|\0/);
        }
      } catch (error) {
        assert.ok(error instanceof GatewayError, String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});
