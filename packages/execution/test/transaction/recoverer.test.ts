import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { loadRecover } from '@basalt/evm';
import fc from 'fast-check';
import { ExecutionError } from '../../src/errors.ts';
import { assembleTransaction } from '../../src/transaction/encode.ts';
import { recoverTransaction } from '../../src/transaction/recover.ts';
import { createRecoverer, createRecovererOf } from '../../src/transaction/recoverer-shell.ts';
import { SenderCache } from '../../src/transaction/sender-cache.ts';
import { signTransaction } from '../../src/transaction/sign.ts';
import { SECP256K1_ORDER } from '../../src/transaction/signature.ts';
import type { SignedTransaction } from '../../src/transaction/types.ts';
import { ADDRESSES, anySigned, KEYS, keyOf, sign, transfer } from '../support/transactions.ts';

const recover = await loadRecover();
const CHAIN_ID = 7n;

function transfers(count: number, from = 0): SignedTransaction[] {
  return Array.from({ length: count }, (_, index) =>
    signTransaction(transfer({ nonce: BigInt(from + index) }), CHAIN_ID, keyOf(index % 5), sign),
  );
}

/** Same key, same message, the other root: valid before Homestead (EIP-2). */
function withHighS({ fields, chainId, signature }: SignedTransaction): SignedTransaction {
  const { yParity, r, s } = signature;
  return assembleTransaction(fields, chainId, {
    yParity: yParity === 0 ? 1 : 0,
    r,
    s: SECP256K1_ORDER - s,
  });
}

suite('recoverer', () => {
  for (const threads of [0, 2]) {
    test(`${threads} threads: answers in order, bad ones among good ones`, async () => {
      const recoverer = createRecoverer({ threads });
      const all = fc.sample(anySigned(CHAIN_ID), { numRuns: 300, seed: 5 });
      const batch = all.map(({ signed }) => signed);
      batch[17] = withHighS(batch[17]!);
      batch[40] = assembleTransaction(transfer(), CHAIN_ID, { yParity: 0, r: 5n, s: 1n });
      const results = await recoverer.recover(batch, 'osaka');
      assert.equal(results.length, batch.length);
      results.forEach((result, index) => {
        if (index === 17 || index === 40) {
          assert(result instanceof ExecutionError && result.code === 'invalid-signature');
          return;
        }
        assert(!(result instanceof ExecutionError));
        assert.deepEqual(result, recoverTransaction(batch[index]!, 'osaka', recover));
        assert.deepEqual(result.sender, ADDRESSES[all[index]!.signer]);
      });
      await recoverer.close();
    });
  }

  test('knows what it recovered before, but not a large s of an old fork', async () => {
    const recoverer = createRecoverer({ threads: 0 });
    const batch = transfers(10);
    const first = await recoverer.recover(batch, 'osaka');
    assert.deepEqual(await recoverer.recover(batch, 'osaka'), first);
    assert.deepEqual(recoverer.stats(), { recovered: 10, cacheHits: 10, queued: 0 });
    const old = signTransaction(
      {
        type: 0,
        nonce: 0n,
        gasPrice: 1n,
        gasLimit: 21_000n,
        to: undefined,
        value: 0n,
        data: KEYS[0]!,
      },
      undefined,
      KEYS[1]!,
      sign,
    );
    const [frontier] = await recoverer.recover([withHighS(old)], 'frontier');
    assert(frontier !== undefined && !(frontier instanceof ExecutionError));
    assert.deepEqual(frontier.sender, ADDRESSES[1]);
    const [homestead] = await recoverer.recover([withHighS(old)], 'homestead');
    assert(homestead instanceof ExecutionError && /EIP-2/.test(homestead.message));
    await recoverer.close();
  });

  test('many callers at once, each with its own answers', async () => {
    const recoverer = createRecoverer({ threads: 2 });
    const batches = Array.from({ length: 40 }, (_, index) =>
      transfers(1 + (index % 7), index * 10),
    );
    const results = await Promise.all(batches.map((each) => recoverer.recover(each, 'osaka')));
    results.forEach((answers, b) => {
      answers.forEach((answer, index) => {
        assert(!(answer instanceof ExecutionError));
        assert.equal(answer.raw, batches[b]![index]!.raw);
        assert.deepEqual(answer.sender, recoverTransaction(answer, 'osaka', recover).sender);
      });
    });
    await recoverer.close();
  });

  test('threads that die lose nothing, again and again', async () => {
    const dying = new URL('./support/dying-worker.ts', import.meta.url);
    const recoverer = createRecovererOf(dying, { threads: 2 });
    for (let round = 0; round < 6; round++) {
      const batch = transfers(50, round * 100);
      const results = await recoverer.recover(batch, 'osaka');
      assert(results.every((result) => !(result instanceof ExecutionError)));
    }
    await recoverer.close();
  });

  test('is bounded, and closed is closed', async () => {
    const recoverer = createRecoverer({ threads: 1, queueMax: 20 });
    const waiting = recoverer.recover(transfers(15), 'osaka');
    await assert.rejects(recoverer.recover(transfers(6), 'osaka'), { code: 'pool-full' });
    await waiting;
    const lost = recoverer.recover(transfers(15, 50), 'osaka');
    await Promise.all([assert.rejects(lost, { code: 'closed' }), recoverer.close()]);
    await assert.rejects(recoverer.recover(transfers(1), 'osaka'), { code: 'closed' });
  });
});

test('sender cache: finds what was put last, never another hash', () => {
  const cache = new SenderCache(4);
  const hash = (low: number, rest: number) => new Uint8Array(32).fill(rest).fill(low, 0, 1);
  const sender = new Uint8Array(20).fill(3);
  assert.equal(cache.get(hash(1, 1)), undefined);
  cache.set(hash(1, 1), sender);
  assert.deepEqual(cache.get(hash(1, 1)), sender);
  assert.equal(cache.get(hash(5, 1)), undefined, 'same slot, other hash');
  cache.set(hash(5, 1), new Uint8Array(20).fill(4));
  assert.equal(cache.get(hash(1, 1)), undefined);
});
