import { loadRecover } from '@basalt/evm';
import { assert, equalBytes } from '@basalt/protocol';
import type { OrderedTables } from '@basalt/store';
import { ExecutionError } from '../errors.ts';
import { createEngines } from '../executor/engines.ts';
import type { BlockExecutor } from '../executor/types.ts';
import type { WorldState } from '../state/types.ts';
import type { Recoverer } from '../transaction/recoverer-shell.ts';
import { BlockIndex } from './block-index.ts';
import { ChainWriter } from './chain-writer.ts';
import type { ParsedGenesis } from './genesis.ts';
import { checkEqual } from './invalid-block.ts';
import { RECEIPT_WINDOW_BLOCKS } from './limits.ts';
import type { BlockLog, Chain } from './types.ts';

/** What a chain is made of. They belong to the caller, who closes them after the chain. */
export interface ChainComponents {
  readonly genesis: ParsedGenesis;
  readonly world: WorldState;
  readonly executor: BlockExecutor;
  readonly log: BlockLog;
  /** With the tables of `CHAIN_TABLES`; others may stand beside them. */
  readonly tables: OrderedTables;
  readonly recoverer: Pick<Recoverer, 'recover'>;
}

export interface ChainOptions {
  /** Blocks whose receipts are kept; 100,000 where absent. */
  readonly receiptWindow?: number;
  /** Told while the log is run again after a crash. */
  readonly onReplay?: (block: number, head: number) => void;
}

/**
 * Opens a chain. The log decides what the chain is: what index or state lack of it is run again,
 * and every root compared, before this resolves; what they have beyond it is undone.
 *
 * @throws ExecutionError `invalid-genesis` when the stores belong to another genesis,
 *   `damaged-state` when log, index and state do not fit together
 */
export async function createChain(
  components: ChainComponents,
  options: ChainOptions = {},
): Promise<Chain> {
  const { genesis, world, executor, log, tables, recoverer } = components;
  const { receiptWindow = RECEIPT_WINDOW_BLOCKS, onReplay } = options;
  assert(Number.isSafeInteger(receiptWindow) && receiptWindow >= 0, 'a window of blocks');
  const index = new BlockIndex(tables, receiptWindow);
  const meta = index.meta();
  if (meta !== undefined && !equalBytes(meta.genesisHash, genesis.hash)) {
    throw anotherGenesis(meta.genesisHash, genesis.hash);
  }
  openState(world, genesis);
  // It may have served another chain.
  executor.forgetState();
  const recover = await loadRecover();
  const engines = createEngines({ engine: 'interpreter' });
  const parts = { genesis, world, log, index, engines, recover, executor, recoverer };
  const chain = new ChainWriter(parts);
  await chain.open(onReplay);
  return chain;
}

/** The genesis block's state, where there is none yet. */
function openState(world: WorldState, genesis: ParsedGenesis): void {
  if (world.number === -1) {
    const staged = world.stage(genesis.changes);
    checkEqual('stateRoot', staged.root, genesis.header.stateRoot);
    world.commit(staged, genesis.hash);
    return;
  }
  const kept = world.blockHash(0);
  if (kept !== undefined && !equalBytes(kept, genesis.hash))
    throw anotherGenesis(kept, genesis.hash);
}

function anotherGenesis(kept: Uint8Array, given: Uint8Array): ExecutionError {
  const details = { kept, given };
  return new ExecutionError(
    'invalid-genesis',
    'the stores hold a chain of another genesis',
    details,
  );
}
