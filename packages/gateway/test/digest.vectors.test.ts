import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { conformanceFile, skipReason } from '../../../tools/testing/conformance.ts';
import { digestOf, formatDigest } from '../src/http/digest.ts';
import { provider } from './support/ledger.ts';

function load<Shape>(...path: readonly string[]): Shape {
  return JSON.parse(readFileSync(conformanceFile(...path)!, 'utf8')) as Shape;
}

test('RFC 9530 examples', { skip: skipReason('http-rfcs', 'rfc9530-digests.json') }, () => {
  interface Vectors {
    readonly cases: readonly { readonly body: string; readonly contentDigest: string }[];
  }
  const { cases } = load<Vectors>('http-rfcs', 'rfc9530-digests.json');
  assert.ok(cases.length > 0);
  for (const { body, contentDigest } of cases) {
    assert.equal(digestOf(Buffer.from(body)), contentDigest);
    assert.equal(formatDigest(provider.sha256(Buffer.from(body))), contentDigest);
  }
});

test('digests are byte sequences as structured fields write them', {
  skip: skipReason('structured-field-tests', 'binary.json'),
}, () => {
  interface Case {
    readonly name: string;
    readonly raw: readonly string[];
    readonly must_fail?: boolean;
    readonly canonical?: readonly string[];
  }
  const cases = load<readonly Case[]>('structured-field-tests', 'binary.json');
  const item = digestOf(Buffer.from('x')).slice('sha-256='.length);
  // The grammar of the vectors: what must fail never looks like ours, what is canonical does.
  const ours = /^:(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?:$/;
  assert.match(item, ours);
  let canonical = 0;
  for (const vector of cases) {
    if (vector.must_fail === true) assert.doesNotMatch(vector.raw[0]!, ours, vector.name);
    else {
      assert.match((vector.canonical ?? vector.raw)[0]!, ours, vector.name);
      canonical++;
    }
  }
  assert.ok(canonical > 0);
});
