import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poolBytes } from '../../src/parallel/control.ts';
import type { MailboxState } from '../../src/parallel/mailbox.ts';
import { type PoolRun, WorkerPool } from '../../src/parallel/pool-shell.ts';
import {
  randomToyBlock,
  runToySequential,
  seeded,
  type ToyBlock,
  ToyEngine,
  toyBytes,
} from '../support/toy-engine.ts';
import type { ToyPayload } from '../support/toy-worker.ts';

const TRANSACTIONS = 512;
type ToyPool = WorkerPool<undefined, ToyPayload>;

const EMPTY: MailboxState = {
  readAccount: () => undefined,
  readStorage: () => new Uint8Array(32),
  readCode: () => new Uint8Array(0),
  hasStorage: () => false,
  blockHash: () => new Uint8Array(32),
};

function createPool(workers: number): ToyPool {
  const pages = Math.ceil(poolBytes(workers, TRANSACTIONS) / 65_536);
  return new WorkerPool({
    workerFile: new URL('../support/toy-worker.ts', import.meta.url),
    workers,
    memory: new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }),
    controlAt: 0,
    transactions: TRANSACTIONS,
    setup: undefined,
  });
}

async function runToy(
  pool: ToyPool,
  block: ToyBlock,
  options: { act?: ToyPayload['act']; seed?: number; state?: MailboxState } = {},
): Promise<PoolRun> {
  const cells = new SharedArrayBuffer(toyBytes(block));
  const run = await pool.run({
    count: block.transactions.length,
    payload: { block, cells, met: new SharedArrayBuffer(4), act: options.act },
    hints: new Int32Array(block.transactions.length).fill(-1),
    state: options.state ?? EMPTY,
    scheduleSeed: options.seed,
  });
  if (run.outcome === 'done') {
    assert.deepEqual(new ToyEngine(block, cells).state(), runToySequential(block));
  }
  return run;
}

for (const workers of [1, 2, 4, 8]) {
  test(`random blocks on ${workers} threads end as one after another`, async () => {
    const pool = createPool(workers);
    const below = seeded(workers);
    for (let seed = 0; seed < 40; seed++) {
      const block = randomToyBlock(below, 200, 30);
      const run = await runToy(pool, block, seed % 2 === 0 ? { seed } : {});
      assert.equal(run.outcome, 'done');
      assert.ok(run.statistics.executions >= block.transactions.length);
    }
    await pool.close();
  });
}

/** Enough for every worker to get some of it. */
const LONG: ToyBlock = {
  cells: 200,
  transactions: Array.from({ length: 200 }, (_, i) => ({
    reads: [i],
    writes: [i],
    writesWhenOdd: [],
  })),
};

test('what a worker asks for is answered while the block runs', async () => {
  const pool = createPool(2);
  const asked = new Set<number>();
  const readStorage = (_: Uint8Array, slot: Uint8Array): Uint8Array => {
    asked.add(slot[0] ?? 0);
    return slot;
  };
  const run = await runToy(pool, LONG, { act: 'ask', state: { ...EMPTY, readStorage } });
  assert.equal(run.misses, 200);
  assert.equal(asked.size, 200);
  await pool.close();
});

test('an error of the state below is thrown on, and the pool goes on', async () => {
  const pool = createPool(2);
  const readStorage = (): Uint8Array => {
    throw new Error('disk on fire');
  };
  const state = { ...EMPTY, readStorage };
  await assert.rejects(runToy(pool, LONG, { act: 'ask', state }), /disk on fire/);
  assert.equal((await runToy(pool, LONG)).outcome, 'done');
  await pool.close();
});

test('a worker that throws ends the block with its reason, and the pool goes on', async () => {
  const pool = createPool(2);
  const failed = await runToy(pool, LONG, { act: 'throw' });
  assert.equal(failed.outcome, 'failed');
  assert.match(failed.message, /seeded failure/);
  assert.equal((await runToy(pool, LONG, { act: 'bound' })).outcome, 'memory-bound');
  assert.equal((await runToy(pool, LONG)).outcome, 'done');
  await pool.close();
});

for (const act of ['exit', 'hang'] as const) {
  test(`a worker that is lost (${act}) ends the block, nothing hangs`, async () => {
    const pool = createPool(2);
    // One that hangs is ended from outside.
    const ended = act === 'hang' ? endLater(pool) : undefined;
    const run = await runToy(pool, LONG, { act });
    assert.equal(run.outcome, 'worker-lost');
    assert.equal(pool.isLost, true);
    assert.equal((await runToy(pool, LONG)).outcome, 'worker-lost');
    await ended;
    await pool.close();
  });
}

async function endLater(pool: ToyPool): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, 200);
  });
  await pool.close();
}

test('the event loop gets its turn while a block runs', async () => {
  const pool = createPool(2);
  let turns = 0;
  const timer = setInterval(() => {
    turns++;
  }, 5);
  const ended = endLater(pool);
  await runToy(pool, LONG, { act: 'hang' });
  clearInterval(timer);
  await ended;
  assert.ok(turns >= 5, `${turns} turns in 200 ms`);
});
