import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fork } from '@basalt/evm';
import { sha256 } from '@noble/hashes/sha2.js';
import { checkSidecar } from '../../src/pool/blob-verifier.ts';
import type { PoolHead } from '../../src/pool/pool-chain.ts';
import type { BlobSidecar, SignedTransaction } from '../../src/transaction/types.ts';

const commitment = new Uint8Array(48).fill(7);
const hash = sha256(commitment);
hash[0] = 1;
// Only its type and the hashes it names are looked at.
const transaction = { fields: { type: 3, blobHashes: [hash] } } as unknown as SignedTransaction;

function check(version: 0 | 1, fork: Fork, commitments = [commitment]): void {
  const sidecar: BlobSidecar = { version, blobs: [], commitments, proofs: [] };
  checkSidecar(transaction, sidecar, { fork } as PoolHead);
}

test('blobs come in the form of their fork; the older form is taken later too', () => {
  check(0, 'cancun');
  check(0, 'osaka');
  check(1, 'osaka');
  for (const fork of ['cancun', 'prague'] as const) {
    assert.throws(() => check(1, fork), { code: 'blob-proof' });
  }
});

test('the commitments are those that the transaction names', () => {
  assert.throws(() => check(1, 'osaka', []), { code: 'blobs-missing' });
  assert.throws(() => check(1, 'osaka', [commitment, commitment]), { code: 'blobs-missing' });
  const other = new Uint8Array(48).fill(8);
  assert.throws(() => check(1, 'osaka', [other]), { code: 'blob-proof' });
  const missing = (): void => checkSidecar(transaction, undefined, { fork: 'osaka' } as PoolHead);
  assert.throws(missing, { code: 'blobs-missing' });
});
