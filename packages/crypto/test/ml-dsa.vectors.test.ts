import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ALGORITHM, fromHex, nobleProvider } from '@basalt/protocol';
import { conformanceFile, skipReason } from '../../../tools/testing/conformance.ts';
import { createNativeProvider } from '../src/native/provider.ts';

interface WycheproofFile {
  readonly testGroups: readonly {
    readonly publicKey: string;
    readonly tests: readonly {
      readonly tcId: number;
      readonly comment: string;
      readonly msg: string;
      readonly ctx?: string;
      readonly sig: string;
      readonly result: 'valid' | 'invalid' | 'acceptable';
    }[];
  }[];
}

const FILE = ['wycheproof', 'mldsa_44_verify_test.json'] as const;

test('Wycheproof ML-DSA-44: cases with the empty context', { skip: skipReason(...FILE) }, () => {
  const path = conformanceFile(...FILE);
  assert.ok(path);
  const { testGroups } = JSON.parse(readFileSync(path, 'utf8')) as WycheproofFile;
  const native = createNativeProvider().suite(ALGORITHM.mlDsa44);
  const noble = nobleProvider.suite(ALGORITHM.mlDsa44);
  let count = 0;
  for (const { publicKey, tests } of testGroups) {
    for (const { tcId, comment, msg, ctx = '', sig, result } of tests) {
      if (ctx !== '') continue; // our suite has no context parameter
      const parts = [fromHex(sig), fromHex(msg), fromHex(publicKey)] as const;
      assert.equal(native.verify(...parts), result === 'valid', `native ${tcId}: ${comment}`);
      assert.equal(noble.verify(...parts), result === 'valid', `noble ${tcId}: ${comment}`);
      count++;
    }
  }
  assert.ok(count > 100, `${count} cases`);
});
