import type { Evm } from '../evm.ts';
import { FORK_RULES } from '../forks.ts';
import type { Tracer } from '../trace/types.ts';
import type { BlockEnvironment, StateReader } from '../types.ts';
import { checkTransaction, runTransaction } from './run.ts';
import type { Transaction, TransactionResult } from './types.ts';
import type { BlockSpace } from './validate.ts';

export interface TransactOptions {
  /** What the transactions before it left of the block; a whole block where absent. */
  readonly space?: BlockSpace;
  /** Told every step; without one the run is many times faster. */
  readonly tracer?: Tracer;
}

const NO_READS = { accounts: [], slots: [] } as const;

/**
 * Runs one transaction on a state (Yellow Paper, section 6, with the EIPs of the engine's fork).
 * Changes nothing by itself: what it changes is in the result, for `state.apply`.
 */
export function transact(
  evm: Evm,
  state: StateReader,
  transaction: Transaction,
  block: BlockEnvironment,
  options: TransactOptions = {},
): TransactionResult {
  const rules = FORK_RULES[evm.fork];
  const checked = checkTransaction(rules, transaction, block, options.space);
  if (checked.error !== undefined) {
    return { included: false, error: checked.error, reads: NO_READS };
  }
  const { fees, gas } = checked;
  const session = evm.begin(state, block, {
    origin: transaction.sender,
    gasPrice: fees.gasPrice,
    blobHashes: transaction.type === 3 ? transaction.blobHashes : [],
  });
  const plan = { transaction, block, fees, gas, tracer: options.tracer };
  const ran = runTransaction(session, rules, plan);
  // Made when somebody looks: most look at one of the three, and each costs more than the run.
  const rest = session.finish();
  if (ran.error !== undefined) {
    return {
      included: false,
      error: ran.error,
      get reads() {
        return rest.reads;
      },
    };
  }
  const { frame, gasUsed, gasRefunded } = ran;
  return {
    included: true,
    succeeded: frame.halt === undefined,
    halt: frame.halt,
    gasUsed,
    gasRefunded,
    effectiveGasPrice: fees.gasPrice,
    blobGasUsed: fees.blobGas,
    output: frame.output,
    created: frame.halt === undefined ? frame.created : undefined,
    get logs() {
      return rest.logs;
    },
    get changes() {
      return rest.changes;
    },
    get reads() {
      return rest.reads;
    },
  };
}
