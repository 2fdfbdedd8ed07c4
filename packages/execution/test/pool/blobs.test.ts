import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import type { BlobVerifier } from '../../src/pool/blob-verifier.ts';
import { createBlobVerifier } from '../../src/pool/blob-verifier-shell.ts';
import { BLOB_CHECKS_MAX } from '../../src/pool/limits.ts';
import { decodePooledTransaction, encodePooledTransaction } from '../../src/transaction/pooled.ts';
import type { BlobSidecar } from '../../src/transaction/types.ts';
import { blobTransaction, constantSidecar, GENERATOR, INFINITY } from '../support/blobs.ts';
import { ALICE, BOB, ETHER, offered, testPool } from '../support/pool.ts';

const verifier = createBlobVerifier();
after(() => verifier.close());

async function blobPool(blobs: BlobVerifier = verifier) {
  const made = await testPool({ blobs });
  made.chain.set(ALICE, { balance: ETHER });
  made.chain.set(BOB, { balance: ETHER });
  return made;
}

suite('proofs of blobs', () => {
  test('true ones, in both forms', async () => {
    assert.equal(await verifier.verify(constantSidecar(0, [0, 1])), true);
    assert.equal(await verifier.verify(constantSidecar(1, [1, 0])), true);
  });

  const lies: readonly [what: string, of: (sidecar: BlobSidecar) => BlobSidecar][] = [
    ['a commitment of another blob', (each) => ({ ...each, commitments: [INFINITY] })],
    ['another blob', (each) => ({ ...each, blobs: constantSidecar(0, [0]).blobs })],
    ['one wrong proof', (each) => ({ ...each, proofs: [...each.proofs.slice(1), GENERATOR] })],
    [
      'a proof that is no point',
      (each) => ({ ...each, proofs: each.proofs.map(() => new Uint8Array(48)) }),
    ],
    [
      'a commitment that is no point',
      (each) => ({ ...each, commitments: [new Uint8Array(48).fill(0x9f)] }),
    ],
    [
      'a blob beyond the field',
      (each) => ({ ...each, blobs: [new Uint8Array(131_072).fill(0xff)] }),
    ],
  ];
  for (const [what, of] of lies) {
    test(`not ${what}, in both forms`, async () => {
      assert.equal(await verifier.verify(of(constantSidecar(0, [1]))), false);
      assert.equal(await verifier.verify(of(constantSidecar(1, [1]))), false);
    });
  }

  test('the queue is bounded, and closed is closed', async () => {
    const bounded = createBlobVerifier();
    const waiting = Array.from({ length: BLOB_CHECKS_MAX }, () =>
      bounded.verify(constantSidecar(0, [])),
    );
    await assert.rejects(bounded.verify(constantSidecar(0, [])), { code: 'pool-full' });
    const lost = Promise.allSettled(waiting);
    await bounded.close();
    assert((await lost).some(({ status }) => status === 'rejected'));
    await assert.rejects(bounded.verify(constantSidecar(0, [])), { code: 'closed' });
  });
});

suite('pool: blob transactions', () => {
  test('taken with its blobs, offered without', async () => {
    const { pool } = await blobPool();
    const sidecar = constantSidecar(1, [1, 0]);
    const { raw, signed } = blobTransaction(sidecar, ALICE);
    const taken = await pool.add(raw);
    assert.deepEqual(taken.hash, signed.hash);
    assert.deepEqual(taken.raw, signed.raw);
    assert.deepEqual(pool.find(signed.hash)?.sidecar, sidecar);
    assert.deepEqual(offered(pool), [taken]);
    assert(pool.stats().bytes > 2 * 131_072);
    const none = pool.best({ baseFee: 0n, blobBaseFee: 11n, gas: 30_000_000n });
    assert.deepEqual(none, [], 'it offers 10 for blob gas');
    assert.deepEqual(pool.best({ baseFee: 0n, blobBaseFee: undefined, gas: 30_000_000n }), []);
  });

  test('cell proofs from Osaka on, blob proofs always, blobs from Cancun on', async () => {
    const { pool, chain } = await blobPool();
    const [old, cells] = [constantSidecar(0, [1]), constantSidecar(1, [1])];
    await pool.add(blobTransaction(old, ALICE).raw);
    pool.remove();
    chain.fork = 'prague';
    await assert.rejects(pool.add(blobTransaction(cells, ALICE).raw), { code: 'blob-proof' });
    await pool.add(blobTransaction(old, ALICE).raw);
    chain.fork = 'shanghai';
    await assert.rejects(pool.add(blobTransaction(old, BOB).raw), { code: 'invalid' });
  });

  test('false proofs, other commitments, too few blobs', async () => {
    const { pool } = await blobPool();
    const good = constantSidecar(1, [1]);
    const lie = { ...good, proofs: [...good.proofs.slice(1), GENERATOR] };
    await assert.rejects(pool.add(blobTransaction(lie, ALICE).raw), { code: 'blob-proof' });
    const two = blobTransaction(constantSidecar(1, [1, 0]), ALICE).signed;
    await assert.rejects(pool.add(encodePooledTransaction(two, good)), { code: 'blobs-missing' });
    const other = blobTransaction(constantSidecar(1, [0]), ALICE).signed;
    await assert.rejects(pool.add(encodePooledTransaction(other, good)), { code: 'blob-proof' });
    assert.deepEqual(pool.all(), []);
  });

  test('cheap checks come first: no proof is looked at for nothing', async () => {
    let looked = 0;
    const counting: BlobVerifier = {
      verify: async () => {
        looked++;
        return true;
      },
      close: async () => {},
    };
    const { pool, chain } = await blobPool(counting);
    chain.set(ALICE, { balance: 5n });
    const { raw } = blobTransaction(constantSidecar(1, [1]), ALICE);
    await assert.rejects(pool.add(raw), { code: 'insufficient-funds' });
    assert.equal(looked, 0);
    const seven = blobTransaction(constantSidecar(1, [1, 1, 1, 1, 1, 1, 1]), BOB);
    await assert.rejects(pool.add(seven.raw), { code: 'oversize' });
    assert.equal(looked, 0);
    await pool.add(blobTransaction(constantSidecar(1, [1, 1, 1, 1, 1, 1]), BOB).raw);
    assert.equal(looked, 1);
  });

  test('do not wait, and are replaced at double the fees', async () => {
    const { pool } = await blobPool();
    const sidecar = constantSidecar(1, [0]);
    const ahead = blobTransaction(sidecar, ALICE, { nonce: 1n });
    await assert.rejects(pool.add(ahead.raw), { code: 'nonce-too-far' });
    const fees = (times: bigint) => ({
      maxFeePerGas: 100n * times,
      maxPriorityFeePerGas: 10n * times,
      maxFeePerBlobGas: 10n * times,
    });
    await pool.add(blobTransaction(sidecar, ALICE, fees(1n)).raw);
    const almost = blobTransaction(sidecar, ALICE, { ...fees(2n), maxFeePerBlobGas: 19n });
    await assert.rejects(pool.add(almost.raw), { code: 'replacement-underpriced' });
    await pool.add(blobTransaction(sidecar, ALICE, fees(2n)).raw);
    assert.equal(pool.all().length, 1);
  });

  test('without a verifier no blobs are taken', async () => {
    const { pool, chain } = await testPool();
    chain.set(ALICE, { balance: ETHER });
    const { raw } = blobTransaction(constantSidecar(1, [1]), ALICE);
    await assert.rejects(pool.add(raw), { code: 'blob-proof' });
  });
});

suite('blobs on the way to a pool', () => {
  for (const version of [0, 1] as const) {
    test(`version ${version}: decoded as it was encoded`, () => {
      const sidecar = constantSidecar(version, [1, 0]);
      const { raw, signed } = blobTransaction(sidecar, ALICE);
      assert.deepEqual(decodePooledTransaction(raw), { signed, sidecar });
    });
  }

  test('without blobs it is a transaction as blocks have it', () => {
    const { signed } = blobTransaction(constantSidecar(1, [1]), ALICE);
    assert.deepEqual(decodePooledTransaction(signed.raw), { signed, sidecar: undefined });
  });

  const good = constantSidecar(1, [1]);
  const malformed: readonly [what: string, sidecar: BlobSidecar][] = [
    ['a blob that is short', { ...good, blobs: [new Uint8Array(131_071)] }],
    ['a commitment of 47 bytes', { ...good, commitments: [new Uint8Array(47)] }],
    ['a proof too few', { ...good, proofs: good.proofs.slice(1) }],
    ['a commitment too many', { ...good, commitments: [INFINITY, INFINITY] }],
    ['a version that does not exist', { ...good, version: 2 as 1 }],
  ];
  for (const [what, sidecar] of malformed) {
    test(`refuses ${what}`, () => {
      const { raw } = blobTransaction(sidecar, ALICE);
      assert.throws(() => decodePooledTransaction(raw), { code: /^malformed/ });
    });
  }
});
