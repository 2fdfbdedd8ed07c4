import {
  type BlockLog,
  CHAIN_TABLES,
  type Chain,
  createBlockExecutor,
  createChain,
  createPool,
  createRecoverer,
  createStateEngine,
  createWorldState,
  parseGenesis,
  poolChainOf,
  type Recoverer,
  type TransactionPool,
} from '@basalt/execution';
import { createMemoryTables } from '@basalt/store';

/** A chain in memory with everything real but its log. */
export interface TestChain {
  readonly chain: Chain;
  readonly pool: TransactionPool;
  readonly recoverer: Recoverer;
  close(): Promise<void>;
}

export const clock: { nowMs(): number } = {
  nowMs: () => performance.timeOrigin + performance.now(),
};

/** @param nowSeconds what the pool takes for the time of the next block */
export async function openTestChain(
  document: unknown,
  nowSeconds: () => bigint = () => 0n,
): Promise<TestChain> {
  const engine = await createStateEngine();
  const world = createWorldState({ engine });
  const tables = createMemoryTables({ tables: CHAIN_TABLES });
  const executor = createBlockExecutor({ workers: 1, engine: 'interpreter' });
  const recoverer = createRecoverer({ threads: 0 });
  const genesis = parseGenesis(document, world);
  const log = createMemoryLog();
  const chain = await createChain({ genesis, world, executor, log, tables, recoverer });
  const pool = await createPool({ chain: poolChainOf(chain, nowSeconds), clock, recoverer });
  return {
    chain,
    pool,
    recoverer,
    async close() {
      await pool.close();
      await chain.close();
      await executor.close();
      await recoverer.close();
      await tables.close();
      await world.close();
    },
  };
}

function createMemoryLog(): BlockLog {
  const entries: Uint8Array[] = [];
  return {
    get length() {
      return entries.length;
    },
    append(payload) {
      entries.push(payload.slice());
      return Promise.resolve({ index: entries.length - 1 });
    },
    read(index) {
      const entry = entries[index];
      return entry === undefined
        ? Promise.reject(new Error(`no entry ${index}`))
        : Promise.resolve(entry);
    },
  };
}
