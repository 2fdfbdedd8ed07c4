import type { BlockEnvironment, Evm, StateReader } from '@basalt/evm';
import { RPC_ERRORS, RpcError } from '../../errors.ts';
import type { TransactionArgs } from '../../params/transaction-args.ts';
import { toCallError, toMessage } from '../call-context.ts';
import { applyMessage, MessageError, type MessageResult } from '../message.ts';
import type { MovedPrecompiles } from '../moved-precompiles.ts';
import { warmAddresses, withoutMoved } from '../moved-precompiles.ts';
import type { Overlay } from '../overlay.ts';
import { createLogTracer } from './log-tracer.ts';
import { type SimulatedCall, toTransaction } from './simulated-call.ts';

/** One simulated block while its calls run. */
export interface CallRun {
  readonly evm: Evm;
  /** What the engine reads; the overlay with the code of moved contracts. */
  readonly reader: StateReader;
  readonly overlay: Overlay;
  readonly moved: MovedPrecompiles | undefined;
  readonly environment: BlockEnvironment;
  readonly validation: boolean;
  readonly traceTransfers: boolean;
}

/**
 * Runs one call of a simulated block and keeps what it changes.
 *
 * @param blockGas used by the calls before it
 * @param budget gas that the whole request has left
 * @throws RpcError for a call that can not be carried out: the whole request fails
 */
export function runSimulatedCall(
  run: CallRun,
  args: TransactionArgs,
  blockGas: bigint,
  budget: bigint,
): SimulatedCall {
  const { evm, environment, overlay, moved } = run;
  const left = environment.gasLimit - blockGas;
  const gas = args.gas ?? left;
  if (gas > left) {
    const message = `block gas limit reached: remaining: ${left}, required: ${gas}`;
    throw new RpcError(RPC_ERRORS.blockGasLimit, message);
  }
  const from = args.from ?? new Uint8Array(20);
  const nonce = args.nonce ?? overlay.readAccount(from)?.nonce ?? 0n;
  const message = toMessage({ ...args, gas }, budget, environment.chainId, nonce);
  const tracer = createLogTracer();
  const rules = {
    skipsNonce: !run.validation,
    mayBeFree: !run.validation,
    warm: warmAddresses(moved),
  };
  let result: MessageResult;
  try {
    const traced = run.traceTransfers ? { ...rules, tracer } : rules;
    result = applyMessage(evm, run.reader, message, environment, traced);
  } catch (error) {
    throw error instanceof MessageError ? withGas(error, message.gasLimit) : error;
  }
  overlay.push(withoutMoved(overlay, result.changes, moved));
  const transaction = toTransaction(args, message, environment.chainId);
  if (run.traceTransfers) return { transaction, result, ...tracer.result() };
  const logs = result.logs.map((log, index) => ({ log, index }));
  return { transaction, result, logs, emitted: logs.length };
}

/** Keeps the code, which says what was wrong. */
function withGas(error: MessageError, gas: bigint): RpcError {
  return new RpcError(error.code, toCallError(error, gas).message);
}
