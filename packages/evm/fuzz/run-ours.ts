import type { Evm } from '../src/evm.ts';
import type { Recover } from '../src/precompiles/types.ts';
import { readBlock, readPreState, readTransaction } from '../src/state-test/fixture.ts';
import type { Tracer } from '../src/trace/types.ts';
import { transact } from '../src/transaction/transact.ts';
import type { FuzzCase } from './generate-case.ts';
import type { Outcome } from './outcome.ts';

export interface RunOptions {
  readonly recover?: Recover;
  /** Runs the code opcode by opcode and tells this tracer. */
  readonly tracer?: Tracer;
}

/** Runs a case in this engine. */
export function runOurs(
  evm: Evm,
  { test, forkName }: FuzzCase,
  { recover, tracer }: RunOptions = {},
): Outcome {
  const state = readPreState(test);
  const indexes = { data: 0, gas: 0, value: 0 };
  const transaction = readTransaction(test.transaction, indexes, recover);
  const options = tracer === undefined ? {} : { tracer };
  const result = transact(evm, state, transaction, readBlock(test, forkName, evm.fork), options);
  if (!result.included) return { included: false, reason: result.error.code };
  state.apply(result.changes);
  const { halt, gasUsed, output, logs } = result;
  const end = halt === undefined ? 'success' : halt === 'revert' ? 'revert' : 'exception';
  return { included: true, end, gasUsed, output, logs, state: state.dump() };
}
