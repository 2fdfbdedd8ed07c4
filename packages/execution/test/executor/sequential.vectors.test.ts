/** Blocks of mainnet, one after another: gas, bloom and receipts of the chain. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileNow, FORKS } from '@basalt/evm';
import { skipReason } from '../../../../tools/testing/conformance.ts';
import { createBlockExecutor } from '../../src/executor/create-block-executor.ts';
import { assertSameBlock } from '../support/compare-blocks.ts';
import { BLOCKS_FOLDER, loadMainnetBlocks } from '../support/mainnet-blocks.ts';
import { oracleReceipts } from '../support/receipts-oracle.ts';

const skip = skipReason(BLOCKS_FOLDER, 'manifest.json');

test('blocks of mainnet, one after another, in both tiers', { skip }, async () => {
  const executor = createBlockExecutor({ workers: 1, engine: 'interpreter' });
  const tiered = createBlockExecutor({
    workers: 1,
    engine: 'tiered',
    tier: { compile: compileNow, hotGas: 200_000n },
  });
  for (const { job, number, fork, ...block } of loadMainnetBlocks()) {
    // Each of these blocks stands on a state of its own.
    for (const each of [executor, tiered]) each.forgetState();
    const found = await executor.execute(job);
    const name = `block ${number}`;
    assert.equal(found.results.length, job.transactions.length, name);
    const types = job.transactions.map(({ type }) => type);
    const { root, bloom } = await oracleReceipts(found.results, types);
    assert.equal(found.gasUsed, block.gasUsed, name);
    assert.deepEqual(bloom, block.logsBloom, name);
    // Before Byzantium a receipt holds a state root, which a partial state can not give.
    if (FORKS.indexOf(fork) >= FORKS.indexOf('byzantium')) {
      assert.deepEqual(root, block.receiptsRoot, name);
    }
    assertSameBlock(await tiered.execute(job), found, job.state, `${name}, tiered`);
  }
  await Promise.all([executor.close(), tiered.close()]);
});
