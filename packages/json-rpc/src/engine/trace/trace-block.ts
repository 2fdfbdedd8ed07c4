import { setImmediate as nextTurn } from 'node:timers/promises';
import { type BlockEnvironment, type Evm, transact } from '@basalt/evm';
import type { Block, RecoveredTransaction } from '@basalt/execution';
import { serverError } from '../../errors.ts';
import { toHex } from '../../params/hex.ts';
import type { TracerConfig } from '../../params/trace-config.ts';
import type { Services } from '../../services.ts';
import type { View } from '../../views/transaction.ts';
import type { Deadline } from '../engines.ts';
import { Overlay } from '../overlay.ts';
import { TraceBudget } from './budget.ts';
import { createTracer } from './tracers.ts';

/** A block's transactions as they run again, one after another. */
interface Replay {
  readonly services: Services;
  readonly evm: Evm;
  readonly state: Overlay;
  readonly environment: BlockEnvironment;
  readonly deadline: Deadline;
  readonly budget: TraceBudget;
}

/**
 * Traces one transaction of a block, or all of them where no index is given.
 *
 * @throws RpcError for the genesis block, states that are not kept, traces that grow too large
 */
export async function traceBlock(
  services: Services,
  block: Block,
  config: TracerConfig,
  only?: number,
): Promise<View[]> {
  if (block.header.number === 0n) throw serverError('genesis is not traceable');
  const replay = await openReplay(services, block);
  const views: View[] = [];
  const end = only === undefined ? block.transactions.length : only + 1;
  for (const [index, transaction] of block.transactions.slice(0, end).entries()) {
    const isWanted = only === undefined || only === index;
    const result = step(replay, transaction, isWanted ? config : undefined);
    if (result !== undefined) views.push({ txHash: toHex(transaction.hash), result });
    await nextTurn();
  }
  return views;
}

async function openReplay(services: Services, block: Block): Promise<Replay> {
  const { chain, engines, limits } = services;
  const { number, timestamp } = block.header;
  const deadline = engines.deadline(limits.callMs);
  const view = engines.timedState(await chain.stateBefore(block));
  const state = new Overlay(view, chain.blockHashFor(number));
  const evm = await engines.get(chain.config.forkAt(number, timestamp).fork);
  const environment = chain.environment(block.header);
  return { services, evm, state, environment, deadline, budget: new TraceBudget() };
}

function step(
  { services, evm, state, environment, deadline, budget }: Replay,
  { transaction }: RecoveredTransaction,
  config: TracerConfig | undefined,
): View | undefined {
  const traced = config === undefined ? undefined : createTracer(config, budget);
  const tracer = traced?.tracer;
  const space = { gas: environment.gasLimit, blobGas: 2n ** 62n };
  return services.engines.run(deadline, () => {
    const result = transact(evm, state, transaction, environment, {
      space,
      ...(tracer === undefined ? {} : { tracer: services.engines.timed(tracer) }),
    });
    if (!result.included) {
      throw serverError(`the transaction does not run again: ${result.error.message}`);
    }
    const view = traced?.view({ ...result, gasLimit: transaction.gasLimit, before: state });
    state.push(result.changes);
    return view;
  });
}
