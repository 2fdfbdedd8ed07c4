/**
 * The rules of a transaction (Yellow Paper, section 6, with the EIPs of the engine's fork), over
 * whatever session it is given: checks, charge, what is warm, the outermost frame, settlement.
 */
import type { FrameResult, Session } from '../evm.ts';
import type { ForkRules } from '../forks.ts';
import type { Tracer } from '../trace/types.ts';
import type { BlockEnvironment } from '../types.ts';
import { applyAuthorizations, isDelegation } from './authorization.ts';
import { type Fees, feesOf } from './fees.ts';
import { type IntrinsicGas, intrinsicGas } from './intrinsic-gas.ts';
import type { Transaction, TransactionError } from './types.ts';
import {
  type BlockSpace,
  blockBlobGas,
  findBlockError,
  findSenderError,
  findStatelessError,
} from './validate.ts';

/** A transaction that passed all checks that need no state, or the first that it did not pass. */
export type Checked =
  | { readonly error: undefined; readonly fees: Fees; readonly gas: IntrinsicGas }
  | { readonly error: TransactionError };

export function checkTransaction(
  rules: ForkRules,
  transaction: Transaction,
  block: BlockEnvironment,
  space: BlockSpace | undefined,
): Checked {
  const gas = intrinsicGas(rules, transaction);
  const fees = feesOf(rules, transaction, block);
  const left = space ?? { gas: block.gasLimit, blobGas: blockBlobGas(rules) };
  const error =
    findStatelessError(rules, transaction, gas) ??
    findBlockError(rules, transaction, fees, block, left);
  return error === undefined ? { error, fees, gas } : { error };
}

export interface RunPlan {
  readonly transaction: Transaction;
  readonly block: BlockEnvironment;
  readonly fees: Fees;
  readonly gas: IntrinsicGas;
  readonly tracer?: Tracer | undefined;
}

export interface Ran {
  readonly error: undefined;
  readonly frame: FrameResult;
  readonly gasUsed: bigint;
  readonly gasRefunded: bigint;
}

/** Runs a checked transaction on a new session; what it changed is in the session afterwards. */
export function runTransaction(
  session: Session,
  rules: ForkRules,
  plan: RunPlan,
): Ran | { readonly error: TransactionError } {
  const { transaction, block, gas, tracer } = plan;
  const error = charge(session, plan);
  if (error !== undefined) return { error };
  warmFromStart(session, rules, transaction, block);
  if (transaction.type === 4) {
    applyAuthorizations(session, transaction.authorizations, block.chainId);
  }
  const { sender, to, nonce, data, value, gasLimit } = transaction;
  const request = { from: sender, to, nonce, data, value, gasLimit: gasLimit - gas.intrinsic };
  const frame = tracer === undefined ? session.run(request) : session.trace(request, tracer);
  return settle(session, rules, plan, frame);
}

/** Checks the sender, then takes all gas and blob gas in advance and raises the nonce. */
function charge(
  session: Session,
  { transaction, fees, block }: RunPlan,
): TransactionError | undefined {
  const { sender, gasLimit, nonce } = transaction;
  const account = { nonce: session.getNonce(sender), balance: session.getBalance(sender) };
  const code = session.getCode(sender);
  const isContract = code.length > 0 && !isDelegation(code);
  const mayNotSend = isContract && transaction.isUnsigned !== true;
  const error = findSenderError(transaction, fees, account, mayNotSend);
  if (error !== undefined) return error;
  const cost = gasLimit * fees.gasPrice + fees.blobGas * block.blobBaseFee;
  session.setBalance(sender, account.balance - cost);
  session.setNonce(sender, nonce + 1n);
  return undefined;
}

/** EIP-2929, 2930, 3651; precompiles are warm by themselves. */
function warmFromStart(
  session: Session,
  rules: ForkRules,
  transaction: Transaction,
  block: BlockEnvironment,
): void {
  session.warm(transaction.sender);
  if (transaction.to !== undefined) session.warm(transaction.to);
  if (rules.warmsCoinbase) session.warm(block.coinbase);
  if (transaction.type === 0) return;
  for (const { address, slots } of transaction.accessList) session.warm(address, slots);
}

/** Gives back what is left with the refund and pays the fee recipient. */
function settle(
  session: Session,
  rules: ForkRules,
  { transaction, fees, gas, block }: RunPlan,
  frame: FrameResult,
): Ran {
  const { gasLimit, sender } = transaction;
  const spent = gasLimit - frame.gasLeft;
  const cap = spent / BigInt(rules.refundQuotient);
  const gasRefunded = frame.gasRefund < cap ? frame.gasRefund : cap;
  const afterRefund = spent - gasRefunded;
  const gasUsed = afterRefund > gas.floor ? afterRefund : gas.floor;
  session.addBalance(sender, (gasLimit - gasUsed) * fees.gasPrice);
  session.credit(block.coinbase, gasUsed * fees.priorityFee);
  return { error: undefined, frame, gasUsed, gasRefunded };
}
