/** Blocks of mainnet in parallel: the outcome is that of one after another, bit for bit. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileNow } from '@basalt/evm';
import { skipReason } from '../../../../tools/testing/conformance.ts';
import { createBlockExecutor } from '../../src/executor/create-block-executor.ts';
import { createEngines } from '../../src/executor/engines.ts';
import { runSequential } from '../../src/executor/sequential.ts';
import type { ExecutedBlock } from '../../src/executor/types.ts';
import { assertSameBlock } from '../support/compare-blocks.ts';
import { BLOCKS_FOLDER, loadMainnetBlocks, type MainnetBlock } from '../support/mainnet-blocks.ts';

const skip = skipReason(BLOCKS_FOLDER, 'manifest.json');

/** Schedules differ by seed; without one the threads run as fast as they can. */
const RUNS = [
  { workers: 1, engine: 'interpreter', scheduleSeed: undefined },
  { workers: 1, engine: 'tiered', scheduleSeed: 5 },
  { workers: 2, engine: 'interpreter', scheduleSeed: undefined },
  { workers: 2, engine: 'tiered', scheduleSeed: undefined },
  { workers: 2, engine: 'interpreter', scheduleSeed: 1 },
  { workers: 4, engine: 'interpreter', scheduleSeed: 2 },
  { workers: 4, engine: 'tiered', scheduleSeed: 3 },
  { workers: 8, engine: 'interpreter', scheduleSeed: 4 },
  { workers: 8, engine: 'tiered', scheduleSeed: 6 },
] as const;

/** One after another on an engine of its own: nothing of it is shared with what is tested. */
async function runPlainly(): Promise<Outcome[]> {
  const engines = createEngines({ engine: 'interpreter' });
  const outcomes: Outcome[] = [];
  for (const block of loadMainnetBlocks()) {
    const run = runSequential(await engines.get(block.job.fork), block.job);
    assert.equal(run.gasUsed, block.gasUsed);
    outcomes.push({ block, expected: { ...run, changes: run.state.changes() } });
  }
  return outcomes;
}
interface Outcome {
  readonly block: MainnetBlock;
  readonly expected: Omit<ExecutedBlock, 'statistics'>;
}
let outcomes: Promise<Outcome[]> | undefined;

for (const { workers, engine, scheduleSeed } of RUNS) {
  const schedule = scheduleSeed === undefined ? '' : `, schedule ${scheduleSeed}`;
  test(`blocks of mainnet, ${workers} workers, ${engine}${schedule}`, { skip }, async () => {
    outcomes ??= runPlainly();
    const parallel = createBlockExecutor({
      workers,
      engine,
      parallel: 'always',
      // Nearly every code is generated.
      tier: { compile: compileNow, hotGas: 1_000n },
      ...(scheduleSeed === undefined ? {} : { scheduleSeed }),
    });
    for (const { block, expected } of await outcomes) {
      const found = await parallel.execute(block.job);
      assertSameBlock(found, expected, block.job.state, `block ${block.number}`);
      assert.equal(found.statistics.mode, 'parallel', `${found.statistics.fallback}`);
      // Each of these blocks stands on a state of its own.
      parallel.forgetState();
    }
    await parallel.close();
  });
}
