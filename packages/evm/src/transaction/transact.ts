import type { Evm, FrameResult, Session } from '../evm.ts';
import { FORK_RULES, type ForkRules } from '../forks.ts';
import { EMPTY_CODE_HASH } from '../state/memory-state.ts';
import type { Tracer } from '../trace/types.ts';
import type { Account, BlockEnvironment, StateReader } from '../types.ts';
import { applyAuthorizations, isDelegation } from './authorization.ts';
import { type Fees, feesOf } from './fees.ts';
import { type IntrinsicGas, intrinsicGas } from './intrinsic-gas.ts';
import type { Transaction, TransactionError, TransactionResult } from './types.ts';
import {
  type BlockSpace,
  blockBlobGas,
  findBlockError,
  findSenderError,
  findStatelessError,
} from './validate.ts';

export interface TransactOptions {
  /** What the transactions before it left of the block; a whole block where absent. */
  readonly space?: BlockSpace;
  /** Told every step; without one the run is many times faster. */
  readonly tracer?: Tracer;
}

const NO_ACCOUNT: Account = { nonce: 0n, balance: 0n, codeHash: EMPTY_CODE_HASH };
const NO_READS = { accounts: [], slots: [] } as const;

/**
 * Runs one transaction on a state (Yellow Paper, section 6, with the EIPs of the engine's fork).
 * Changes nothing by itself: what it changes is in the result, for `state.apply` or a scheduler.
 *
 */
export function transact(
  evm: Evm,
  state: StateReader,
  transaction: Transaction,
  block: BlockEnvironment,
  options: TransactOptions = {},
): TransactionResult {
  const rules = FORK_RULES[evm.fork];
  const gas = intrinsicGas(rules, transaction);
  const fees = feesOf(rules, transaction, block);
  const left = options.space ?? { gas: block.gasLimit, blobGas: blockBlobGas(rules) };
  const error =
    findStatelessError(rules, transaction, gas) ??
    findBlockError(rules, transaction, fees, block, left);
  if (error !== undefined) return { included: false, error, reads: NO_READS };

  const session = evm.begin(state, block, {
    origin: transaction.sender,
    gasPrice: fees.gasPrice,
    blobHashes: transaction.type === 3 ? transaction.blobHashes : [],
  });
  const senderError = charge(session, transaction, fees, block);
  if (senderError !== undefined) {
    return { included: false, error: senderError, reads: session.finish().reads };
  }
  warmFromStart(session, rules, transaction, block);
  if (transaction.type === 4) {
    applyAuthorizations(session, transaction.authorizations, block.chainId);
  }
  const { sender, to, nonce, data, value, gasLimit } = transaction;
  const request = { from: sender, to, nonce, data, value, gasLimit: gasLimit - gas.intrinsic };
  const { tracer } = options;
  const frame = tracer === undefined ? session.run(request) : session.trace(request, tracer);
  return settle(session, rules, transaction, { fees, gas, frame, block });
}

/** Checks the sender, then takes all gas and blob gas in advance and raises the nonce. */
function charge(
  session: Session,
  transaction: Transaction,
  fees: Fees,
  block: BlockEnvironment,
): TransactionError | undefined {
  const { sender, gasLimit, nonce } = transaction;
  const account = session.getAccount(sender) ?? NO_ACCOUNT;
  const hasCode = account.codeHash.some((byte, index) => byte !== EMPTY_CODE_HASH[index]);
  const mayNotSend = hasCode && !isDelegation(session.getCode(sender));
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

interface Settlement {
  readonly fees: Fees;
  readonly gas: IntrinsicGas;
  readonly frame: FrameResult;
  readonly block: BlockEnvironment;
}

/** Gives back what is left with the refund, pays the fee recipient and ends the session. */
function settle(
  session: Session,
  rules: ForkRules,
  transaction: Transaction,
  { fees, gas, frame, block }: Settlement,
): TransactionResult {
  const { gasLimit, sender } = transaction;
  const spent = gasLimit - frame.gasLeft;
  const cap = spent / BigInt(rules.refundQuotient);
  const gasRefunded = frame.gasRefund < cap ? frame.gasRefund : cap;
  const afterRefund = spent - gasRefunded;
  const gasUsed = afterRefund > gas.floor ? afterRefund : gas.floor;
  session.addBalance(sender, (gasLimit - gasUsed) * fees.gasPrice);
  session.addBalance(block.coinbase, gasUsed * fees.priorityFee);
  const { logs, changes, reads } = session.finish();
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
    logs,
    changes,
    reads,
  };
}
