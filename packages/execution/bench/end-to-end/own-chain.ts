import { closeSync, fdatasync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createLmdbTables } from '@basalt/store';
import { CHAIN_TABLES } from '../../src/chain/block-index.ts';
import { createChain } from '../../src/chain/create-chain.ts';
import { completeGenesis, readGenesis } from '../../src/chain/genesis.ts';
import type { BlockLog, Chain } from '../../src/chain/types.ts';
import { createBlockExecutor } from '../../src/executor/create-block-executor.ts';
import { createPool, type TransactionPool } from '../../src/pool/create-pool.ts';
import { poolChainOf } from '../../src/pool/pool-chain.ts';
import { createStateEngine } from '../../src/state/tables.ts';
import { createWorldState } from '../../src/state/world-state.ts';
import { createRecoverer } from '../../src/transaction/recoverer-shell.ts';
import type { GenesisDocument } from './signed-work.ts';

/** A chain with its pool on a disk, as a node has it, and its log a file that is synced. */
export interface OwnChain {
  readonly chain: Chain;
  readonly pool: TransactionPool;
  /** Resolves when state and index are on the disk too. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Two threads for signatures, two for transactions; the machine of the targets has two cores. */
const THREADS = 2;

export async function openOwnChain(genesis: GenesisDocument): Promise<OwnChain> {
  const folder = mkdtempSync(join(process.env['BASALT_BENCH_DIR'] ?? tmpdir(), 'basalt-bench-'));
  const world = createWorldState({
    engine: await createStateEngine({ path: join(folder, 'state') }),
  });
  const tables = await createLmdbTables({
    path: join(folder, 'index'),
    tables: CHAIN_TABLES,
    format: 'bench 1',
  });
  const plan = readGenesis(genesis);
  const executor = createBlockExecutor({ workers: THREADS, engine: 'tiered' });
  const recoverer = createRecoverer({ threads: THREADS });
  const { log, closeLog } = openFileLog(join(folder, 'log'));
  const chain = await createChain({
    genesis: completeGenesis(plan, world.stage(plan.changes).root),
    world,
    executor,
    log,
    tables,
    recoverer,
  });
  const pool = await createPool({
    chain: poolChainOf(chain, () => BigInt(Math.floor(Date.now() / 1000))),
    clock: { nowMs: () => Date.now() },
    recoverer,
    random: Math.random,
  });
  return {
    chain,
    pool,
    flush: () => world.flush(),
    async close() {
      await pool.close();
      await chain.close();
      await recoverer.close();
      await executor.close();
      await tables.close();
      await world.close();
      closeLog();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const sync = promisify(fdatasync);

/** Entries one after another in a file; each is synced before it counts, beside the thread. */
function openFileLog(path: string): { log: BlockLog; closeLog: () => void } {
  const file = openSync(path, 'w+');
  const places: { readonly at: number; readonly length: number }[] = [];
  let end = 0;
  const log: BlockLog = {
    get length() {
      return places.length;
    },
    async append(payload) {
      writeSync(file, payload, 0, payload.length, end);
      await sync(file);
      places.push({ at: end, length: payload.length });
      end += payload.length;
      return { index: places.length - 1 };
    },
    read(index) {
      const place = places[index];
      if (place === undefined) return Promise.reject(new Error(`no entry ${index}`));
      const payload = new Uint8Array(place.length);
      readSync(file, payload, 0, place.length, place.at);
      return Promise.resolve(payload);
    },
  };
  return { log, closeLog: () => closeSync(file) };
}
