import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockPace } from '../../src/chain/block-pace.ts';
import { openTestChain } from './support/chains.ts';
import { attributes, GENESIS, signed } from './support/dev-chain.ts';

test('a pace follows what blocks took, and short blocks say nothing', () => {
  const pace = new BlockPace();
  assert.equal(pace.transactionsIn(50), 50);
  pace.record(10, 1_000);
  assert.equal(pace.transactionsIn(50), 50, 'ten transactions are no measure');
  pace.record(1_000, 100);
  assert.equal(pace.transactionsIn(50), 500);
  for (let block = 0; block < 40; block++) pace.record(1_000, 1_000);
  assert.ok(pace.transactionsIn(50) <= 51);
  assert.equal(pace.transactionsIn(0), 1);
});

test('a pace that lets few transactions in is measured by few, and recovers', () => {
  const pace = new BlockPace();
  pace.record(16, 3_200);
  let limit = pace.transactionsIn(1_000);
  assert.equal(limit, 5);
  for (let block = 0; block < 40; block++) {
    pace.record(limit, limit * 0.1);
    limit = pace.transactionsIn(1_000);
  }
  assert.ok(limit > 5_000);
});

test('a block under a time budget takes the first of its candidates', async () => {
  const chain = await openTestChain(GENESIS);
  const candidates = [];
  for (let nonce = 0n; nonce < 8n; nonce++) candidates.push(await signed(0, { nonce }));
  const { block, refused } = await chain.build(candidates, attributes(chain, { timeBudgetMs: 3 }));
  assert.deepEqual(block.transactions, candidates.slice(0, 3));
  assert.equal(refused.size, 0);
  const whole = await chain.build(candidates, attributes(chain));
  assert.equal(whole.block.transactions.length, 8);
  await chain.close();
});

test('a block takes no more bytes than EIP-7934 allows', async () => {
  const chain = await openTestChain(GENESIS);
  // 60 transactions of 150 KB are more than 8 MiB; their data is paid for by 10 gas a byte.
  const data = new Uint8Array(150_000);
  const candidates = [];
  for (let nonce = 0n; nonce < 60n; nonce++) {
    candidates.push(await signed(0, { nonce, data, gasLimit: 2_000_000n }));
  }
  const { block } = await chain.build(candidates, attributes(chain, { gasLimit: 200_000_000n }));
  assert.equal(block.transactions.length, 55);
  assert.ok(block.sizeBytes <= 8 * 1024 * 1024);
  await chain.close();
});
