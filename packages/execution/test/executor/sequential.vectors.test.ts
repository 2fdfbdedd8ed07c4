import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FORKS } from '@basalt/evm';
import { skipReason } from '../../../../tools/testing/conformance.ts';
import { createBlockExecutor } from '../../src/executor/create-block-executor.ts';
import { BLOCKS_FOLDER, loadMainnetBlocks } from '../support/mainnet-blocks.ts';
import { oracleReceipts } from '../support/receipts-oracle.ts';

const skip = skipReason(BLOCKS_FOLDER, 'manifest.json');

for (const engine of ['interpreter', 'tiered'] as const) {
  test(`blocks of mainnet, one after another, ${engine}`, { skip }, async () => {
    const executor = createBlockExecutor({ workers: 1, engine });
    for (const block of loadMainnetBlocks()) {
      const { results, gasUsed } = await executor.execute(block.job);
      const name = `block ${block.number}`;
      assert.equal(results.length, block.job.transactions.length, name);
      // Each of these blocks stands on a state of its own.
      executor.forgetState();
      const types = block.job.transactions.map(({ type }) => type);
      const { root, bloom } = await oracleReceipts(results, types);
      assert.equal(gasUsed, block.gasUsed, name);
      assert.deepEqual(bloom, block.logsBloom, name);
      // Before Byzantium a receipt holds a state root, which a partial state can not give.
      if (FORKS.indexOf(block.fork) >= FORKS.indexOf('byzantium')) {
        assert.deepEqual(root, block.receiptsRoot, name);
      }
    }
    await executor.close();
  });
}
