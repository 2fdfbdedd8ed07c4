/** Blocks of mainnet in parallel: the outcome is that of one after another, bit for bit. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileNow } from '@basalt/evm';
import { skipReason } from '../../../../tools/testing/conformance.ts';
import { createBlockExecutor } from '../../src/executor/create-block-executor.ts';
import { assertSameBlock } from '../support/compare-blocks.ts';
import { BLOCKS_FOLDER, loadMainnetBlocks } from '../support/mainnet-blocks.ts';

const skip = skipReason(BLOCKS_FOLDER, 'manifest.json');

/** Schedules differ by seed; without one the threads run as fast as they can. */
const RUNS = [
  { workers: 1, engine: 'interpreter', scheduleSeed: undefined },
  { workers: 2, engine: 'interpreter', scheduleSeed: undefined },
  { workers: 2, engine: 'tiered', scheduleSeed: undefined },
  { workers: 2, engine: 'interpreter', scheduleSeed: 1 },
  { workers: 4, engine: 'interpreter', scheduleSeed: 2 },
  { workers: 4, engine: 'tiered', scheduleSeed: 3 },
  { workers: 8, engine: 'interpreter', scheduleSeed: 4 },
] as const;

for (const { workers, engine, scheduleSeed } of RUNS) {
  const schedule = scheduleSeed === undefined ? '' : `, schedule ${scheduleSeed}`;
  test(`blocks of mainnet, ${workers} workers, ${engine}${schedule}`, { skip }, async () => {
    const sequential = createBlockExecutor({ workers: 1, engine: 'interpreter' });
    const parallel = createBlockExecutor({
      workers,
      engine,
      parallel: 'always',
      // Nearly every code is generated.
      tier: { compile: compileNow, hotGas: 1_000n },
      ...(scheduleSeed === undefined ? {} : { scheduleSeed }),
    });
    for (const block of loadMainnetBlocks()) {
      const expected = await sequential.execute(block.job);
      sequential.forgetState();
      const found = await parallel.execute(block.job);
      assertSameBlock(found, expected, block.job.state, `block ${block.number}`);
      assert.equal(found.gasUsed, block.gasUsed);
      assert.equal(found.statistics.mode, 'parallel', `${found.statistics.fallback}`);
      // Each of these blocks stands on a state of its own.
      parallel.forgetState();
    }
    await Promise.all([sequential.close(), parallel.close()]);
  });
}
