/**
 * The rules of a transaction (Yellow Paper, section 6, with the EIPs of the engine's fork), over
 * whatever session it is given: checks, charge, what is warm, the outermost frame, settlement.
 */
import type { AccountHandle, FrameResult, Session } from '../evm.ts';
import type { ForkRules } from '../forks.ts';
import type { Tracer } from '../trace/types.ts';
import type { AccessListEntry, BlockEnvironment } from '../types.ts';
import { applyAuthorizations, isDelegation } from './authorization.ts';
import { type Fees, feesOf } from './fees.ts';
import { type IntrinsicGas, intrinsicGas } from './intrinsic-gas.ts';
import type { Transaction, TransactionError } from './types.ts';
import {
  type BlockSpace,
  blockBlobGas,
  costMaxOf,
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
  const sender = session.handle(transaction.sender);
  const error = charge(session, sender, plan);
  if (error !== undefined) return { error };
  const callee = transaction.to === undefined ? undefined : session.handle(transaction.to);
  session.warm(sender);
  if (callee !== undefined) session.warm(callee);
  const coinbase = session.handle(block.coinbase);
  if (rules.warmsCoinbase) session.warm(coinbase);
  if (transaction.type !== 0) warmListed(session, transaction.accessList);
  if (transaction.type === 4) {
    applyAuthorizations(session, transaction.authorizations, block.chainId);
  }
  const { to, nonce, data, value } = transaction;
  const gasLimit = transaction.gasLimit - gas.intrinsic;
  const request = { from: transaction.sender, to, nonce, data, value, gasLimit };
  const accounts = callee === undefined ? undefined : { from: sender, to: callee };
  const frame =
    tracer === undefined ? session.run(request, accounts) : session.trace(request, tracer);
  return settle(session, rules, plan, frame, { sender, coinbase });
}

/** Checks the sender, then takes all gas and blob gas in advance and raises the nonce. */
function charge(
  session: Session,
  sender: AccountHandle,
  plan: RunPlan,
): TransactionError | undefined {
  const { transaction, fees, block } = plan;
  const { gasLimit, nonce } = transaction;
  const cost = gasLimit * fees.gasPrice + fees.blobGas * block.blobBaseFee;
  if (session.charge(sender, nonce, costMaxOf(transaction, fees), cost)) return undefined;
  return chargeStepwise(session, plan, cost);
}

/** The same for a sender with a delegation, and for what cannot be charged: it says why. */
function chargeStepwise(
  session: Session,
  { transaction, fees }: RunPlan,
  cost: bigint,
): TransactionError | undefined {
  const { sender, nonce } = transaction;
  const account = { nonce: session.getNonce(sender), balance: session.getBalance(sender) };
  const code = session.getCode(sender);
  const isContract = code.length > 0 && !isDelegation(code);
  const mayNotSend = isContract && transaction.isUnsigned !== true;
  const error = findSenderError(transaction, fees, account, mayNotSend);
  if (error !== undefined) return error;
  session.setBalance(sender, account.balance - cost);
  session.setNonce(sender, nonce + 1n);
  return undefined;
}

/** EIP-2930. */
function warmListed(session: Session, accessList: readonly AccessListEntry[]): void {
  for (const { address, slots } of accessList) session.warm(address, slots);
}

/** Gives back what is left with the refund and pays the fee recipient. */
function settle(
  session: Session,
  rules: ForkRules,
  { transaction, fees, gas }: RunPlan,
  frame: FrameResult,
  { sender, coinbase }: { readonly sender: AccountHandle; readonly coinbase: AccountHandle },
): Ran {
  const { gasLimit } = transaction;
  const spent = gasLimit - frame.gasLeft;
  const gasRefunded = frame.gasRefund === 0n ? 0n : refundOf(rules, spent, frame.gasRefund);
  const afterRefund = spent - gasRefunded;
  const gasUsed = afterRefund > gas.floor ? afterRefund : gas.floor;
  session.addBalance(sender, (gasLimit - gasUsed) * fees.gasPrice);
  session.credit(coinbase, gasUsed * fees.priorityFee);
  return { error: undefined, frame, gasUsed, gasRefunded };
}

/** What is given back, at most a part of what was spent. */
function refundOf(rules: ForkRules, spent: bigint, counter: bigint): bigint {
  const cap = spent / BigInt(rules.refundQuotient);
  return counter < cap ? counter : cap;
}
