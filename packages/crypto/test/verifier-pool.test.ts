import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ALGORITHM } from '@basalt/protocol';
import type { VerificationItem } from '../src/batch/task.ts';
import { verifyBatch, verifyBatchSync, verifyHashBatch } from '../src/batch/verify-batch.ts';
import { CryptoError, type CryptoErrorCode } from '../src/errors.ts';
import { POOL_CHUNK_BYTES_MAX } from '../src/limits.ts';
import { createNativeProvider } from '../src/native/provider.ts';
import { cutChunks } from '../src/pool/chunks.ts';
import { createPoolOf, createVerifierPool, type VerifierPool } from '../src/pool/verifier-pool.ts';
import { allValid, itemsOf, makeChain, v1Items, withBadSignature } from './support.ts';

const provider = createNativeProvider();
const DYING = new URL('./workers/dying-worker.ts', import.meta.url);
const SILENT = new URL('./workers/silent-worker.ts', import.meta.url);

function withCode(code: CryptoErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof CryptoError && error.code === code;
}

function mixedItems(): VerificationItem[] {
  const items = [
    ...itemsOf(makeChain({ count: 150, seed: 1, provider })),
    ...itemsOf(makeChain({ count: 100, seed: 2, provider })),
    ...itemsOf(makeChain({ count: 40, seed: 3, algorithm: ALGORITHM.merkleEd25519, provider })),
    ...itemsOf(makeChain({ count: 9, seed: 4, algorithm: ALGORITHM.ecdsaP256, provider })),
    ...v1Items(9, provider),
  ];
  const spoiled = items.map((item, i) =>
    i % 37 === 5 && item.entry.header.version === 2 ? withBadSignature(item, i) : item,
  );
  const [first, second] = spoiled;
  assert.ok(first && second);
  // Verdicts that are found before the workers are asked.
  return [...spoiled, { ...first, publicKey: new Uint8Array(32) }, second];
}

describe('verifier pool', () => {
  let pool: VerifierPool;
  before(() => {
    pool = createVerifierPool({ workers: 2, maxQueuedBlocks: 2_000 });
  });
  after(() => pool.close());

  test('says what one thread says, in the order of the blocks', async () => {
    const items = mixedItems();
    const expected = verifyBatchSync(items, { provider });
    assert.equal(expected.at(-2), 'wrong-writer');
    assert.ok(expected.filter((verdict) => verdict === 'invalid-signature').length > 4);
    assert.deepEqual(await verifyBatch(items, { provider, parallel: pool }), expected);
    assert.equal(pool.queuedBlocks, 0);
  });

  test('batches in flight together do not mix', async () => {
    const items = mixedItems();
    const slices = [items.slice(0, 150), items.slice(100, 280), items.slice(270), []];
    const results = await Promise.all(slices.map((slice) => pool.verify(slice)));
    const expected = slices.map((slice) => verifyBatchSync(slice, { provider }));
    assert.deepEqual(results, expected);
  });

  test('payload hashes', async () => {
    const { blocks } = makeChain({ count: 200, provider });
    const items = blocks.map(({ entry, payload = new Uint8Array(0) }, i) => ({
      entry,
      payload: i % 50 === 7 ? payload.subarray(1) : payload,
    }));
    const expected = await verifyHashBatch(items, { provider });
    assert.equal(expected.filter((verdict) => verdict === 'payload-mismatch').length, 4);
    assert.deepEqual(await verifyHashBatch(items, { provider, parallel: pool }), expected);
  });

  test('refuses beyond its bound at once, and takes work again when it drained', async () => {
    const items = itemsOf(makeChain({ count: 1_100, provider }));
    const first = pool.verify(items);
    assert.equal(pool.queuedBlocks, 1_100);
    await assert.rejects(pool.verify(items), withCode('queue-full'));
    assert.equal(pool.queuedBlocks, 1_100);
    assert.ok((await first).every((verdict) => verdict === undefined));
    assert.ok((await pool.verify(items)).every((verdict) => verdict === undefined));
  });
});

describe('workers that die', () => {
  let folder: string;
  let file: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'basalt-pool-'));
    file = join(folder, 'deaths');
    process.env['BASALT_TEST_DEATHS_FILE'] = file;
  });
  after(() => {
    delete process.env['BASALT_TEST_DEATHS_FILE'];
    rmSync(folder, { recursive: true });
  });

  test('once: the work is done by another', async () => {
    writeFileSync(file, '1');
    await using pool = createPoolOf(DYING, { workers: 1 });
    const items = itemsOf(makeChain({ count: 10, provider }));
    assert.deepEqual(await pool.verify(items), allValid(10));
    assert.equal(readFileSync(file, 'utf8'), '0');
    assert.equal(pool.queuedBlocks, 0);
  });

  test('twice on the same work: an error, and the pool goes on', async () => {
    writeFileSync(file, '2');
    await using pool = createPoolOf(DYING, { workers: 1 });
    const items = itemsOf(makeChain({ count: 10, provider }));
    await assert.rejects(pool.verify(items), withCode('worker-failed'));
    assert.equal(pool.queuedBlocks, 0);
    assert.deepEqual(await pool.verify(items), allValid(10));
  });

  test('always: the pool gives up and says so', async () => {
    writeFileSync(file, '1000');
    await using pool = createPoolOf(DYING, { workers: 1 });
    const items = itemsOf(makeChain({ count: 3, provider }));
    for (let i = 0; i < 6; i++) {
      await assert.rejects(pool.verify(items), withCode('worker-failed'));
    }
    assert.equal(readFileSync(file, 'utf8'), '992', 'started eight times, no more');
  });
});

test('closing fails what is not done, and later work', async () => {
  const pool = createPoolOf(SILENT, { workers: 1 });
  const items = itemsOf(makeChain({ count: 3, provider }));
  const inWork = assert.rejects(pool.verify(items), withCode('closed'));
  const waiting = assert.rejects(pool.verify(items), withCode('closed'));
  await pool.close();
  await inWork;
  await waiting;
  await assert.rejects(pool.verify(items), withCode('closed'));
  await pool.close();
});

test('chunks: even over the workers, bounded in blocks and bytes', () => {
  const sizes = (count: number, workers: number, bytes: number): number[] => {
    const items = Array.from({ length: count }, () => bytes);
    return cutChunks(items, { workers, sizeOf: (item) => item }).map((chunk) => chunk.length);
  };
  assert.deepEqual(sizes(0, 2, 100), []);
  assert.deepEqual(sizes(10, 4, 100), [10]);
  assert.deepEqual(sizes(1_000, 2, 100), [500, 500]);
  assert.deepEqual(sizes(5_000, 2, 100), [1_024, 1_024, 1_024, 1_024, 904]);
  assert.deepEqual(sizes(3, 1, POOL_CHUNK_BYTES_MAX), [1, 1, 1]);
  assert.deepEqual(sizes(3, 1, 2 * POOL_CHUNK_BYTES_MAX), [1, 1, 1]);
});
