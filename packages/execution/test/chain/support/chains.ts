import { createMemoryTables, type OrderedTables } from '@basalt/store';
import { CHAIN_TABLES } from '../../../src/chain/block-index.ts';
import { type ChainOptions, createChain } from '../../../src/chain/create-chain.ts';
import { type ParsedGenesis, parseGenesis } from '../../../src/chain/genesis.ts';
import type { BlockLog, Chain } from '../../../src/chain/types.ts';
import { createBlockExecutor } from '../../../src/executor/create-block-executor.ts';
import type { BlockExecutor } from '../../../src/executor/types.ts';
import { createStateEngine } from '../../../src/state/tables.ts';
import type { WorldState } from '../../../src/state/types.ts';
import { createWorldState } from '../../../src/state/world-state.ts';
import { createRecoverer, type Recoverer } from '../../../src/transaction/recoverer-shell.ts';
import { createMemoryLog } from './memory-log.ts';
import { createPlainWorld } from './plain-world.ts';

export const recoverer: Recoverer = createRecoverer({ threads: 0 });

export interface TestChainParts {
  readonly log?: BlockLog;
  readonly world?: WorldState;
  readonly tables?: OrderedTables;
  /** More than one: in parallel, also where it does not pay. */
  readonly workers?: number;
  /** One that the caller closes, for many chains one after another: making one takes 40 ms. */
  readonly executor?: BlockExecutor;
}

/** A chain in memory over a genesis document. */
export async function openTestChain(
  document: unknown,
  parts: TestChainParts = {},
  options: ChainOptions = {},
): Promise<Chain> {
  const {
    log = createMemoryLog(),
    world = createPlainWorld(),
    tables = createMemoryTables({ tables: CHAIN_TABLES }),
    workers = 1,
  } = parts;
  const genesis = genesisOf(document);
  const executor =
    parts.executor ??
    createBlockExecutor({
      workers,
      engine: 'interpreter',
      parallel: workers > 1 ? 'always' : 'adaptive',
    });
  const components = { genesis, world, executor, log, tables, recoverer };
  const chain = await createChain(components, options);
  const close = chain.close.bind(chain);
  return Object.assign(chain, {
    close: async () => {
      await close();
      if (parts.executor === undefined) await executor.close();
    },
  });
}

/** The state as nodes have it, in memory. */
export async function openRealWorld(): Promise<WorldState> {
  return createWorldState({ engine: await createStateEngine() });
}

export function genesisOf(document: unknown): ParsedGenesis {
  return parseGenesis(document, createPlainWorld());
}
