import {
  type Account,
  EMPTY_CODE_HASH,
  FORK_RULES,
  feesOf,
  findBlockError,
  findSenderError,
  findStatelessError,
  intrinsicGas,
  isDelegation,
} from '@basalt/evm';
import { assertChain, withSender } from '../transaction/recover.ts';
import type { RecoveredTransaction, SignedTransaction } from '../transaction/types.ts';
import type { PoolLimits } from './limits.ts';
import type { PoolHead } from './pool-chain.ts';
import { refuse, refuseAs } from './refuse.ts';

/**
 * The cheap checks that let a transaction into the pool. They are the engine's own, but the
 * transaction is not run: what they wrongly let pass, the full check finds.
 */
export interface FastPath {
  /** @throws ExecutionError with what is wrong, whoever sent it */
  checkForm(signed: SignedTransaction, chainId: bigint, head: PoolHead, limits: PoolLimits): void;
  /**
   * @returns nonce and balance of the sender
   * @throws ExecutionError with what is wrong for this sender
   */
  checkSender(transaction: RecoveredTransaction, head: PoolHead): SenderAccount;
}

export type SenderAccount = Pick<Account, 'nonce' | 'balance'>;

const NO_ADDRESS = new Uint8Array(20);
const NO_ACCOUNT: Account = { nonce: 0n, balance: 0n, codeHash: EMPTY_CODE_HASH };
/** What a transaction pays here is the block's business; what it may cost is the pool's. */
const FREE = { baseFee: 0n, blobBaseFee: 0n } as const;

export const FAST_PATH: FastPath = { checkForm, checkSender };

function checkForm(
  signed: SignedTransaction,
  chainId: bigint,
  head: PoolHead,
  limits: PoolLimits,
): void {
  assertChain(signed, chainId, head.fork);
  const rules = FORK_RULES[head.fork];
  const { transaction } = withSender(signed, NO_ADDRESS, []);
  const fees = feesOf(rules, transaction, FREE);
  const error =
    findStatelessError(rules, transaction, intrinsicGas(rules, transaction)) ??
    findBlockError(rules, transaction, fees, FREE, { gas: head.gasLimit, blobGas: fees.blobGas });
  if (error !== undefined) throw refuseAs(error);
  const blobs = transaction.type === 3 ? transaction.blobHashes.length : 0;
  if (blobs > head.blobsMax) {
    throw refuse('oversize', `${blobs} blobs, a block has ${head.blobsMax} at most`);
  }
  if (fees.priorityFee < limits.tip) {
    throw refuse(
      'underpriced',
      `priority fee ${fees.priorityFee}, at least ${limits.tip} is asked`,
    );
  }
}

function checkSender({ transaction }: RecoveredTransaction, head: PoolHead): SenderAccount {
  const account = head.state.readAccount(transaction.sender) ?? NO_ACCOUNT;
  const { nonce, balance } = account;
  // A nonce ahead of the account's waits for those before it.
  const asked = transaction.nonce > nonce ? transaction.nonce : nonce;
  const fees = feesOf(FORK_RULES[head.fork], transaction, FREE);
  const seen = { nonce: asked, balance };
  const isRefused = transaction.isUnsigned !== true && mayNotSend(account, head);
  const error = findSenderError(transaction, fees, seen, isRefused);
  if (error !== undefined) throw refuseAs(error);
  return { nonce, balance };
}

/** EIP-3607: an account with code sends nothing, unless it is a delegation (EIP-7702). */
export function mayNotSend({ codeHash }: Pick<Account, 'codeHash'>, { state }: PoolHead): boolean {
  for (let index = 0; index < EMPTY_CODE_HASH.length; index++) {
    if (codeHash[index] !== EMPTY_CODE_HASH[index]) return !isDelegation(state.readCode(codeHash));
  }
  return false;
}
