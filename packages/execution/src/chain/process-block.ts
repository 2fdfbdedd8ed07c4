import {
  type AccountChange,
  type BlockEnvironment,
  type Evm,
  type Fork,
  isAtLeast,
  type Transaction,
} from '@basalt/evm';
import type { BlockHeader, Receipt, Withdrawal } from '../block/types.ts';
import type { BlockExecutor, ExecutedTransaction, ExecutionStatistics } from '../executor/types.ts';
import type { StateView } from '../state/types.ts';
import type { RecoveredTransaction } from '../transaction/types.ts';
import { blobGasLimit } from './blob-gas.ts';
import { environmentOf, type VisibleHeader } from './environment.ts';
import type { ForkSchedule } from './fork-schedule.ts';
import { createLayeredState, type LayeredState } from './layered-state.ts';
import { makeReceipts, type ReceiptMaker } from './make-receipts.ts';
import {
  CONSOLIDATION_REQUEST,
  DEPOSIT_REQUEST,
  depositData,
  requestOf,
  WITHDRAWAL_REQUEST,
} from './requests.ts';
import { payRewards, payWithdrawals } from './rewards.ts';
import { runWithRoots } from './run-with-roots.ts';
import {
  BEACON_ROOTS,
  BLOCK_HASHES,
  CONSOLIDATION_REQUESTS,
  callForRequests,
  callSystem,
  type SystemCallContext,
  WITHDRAWAL_REQUESTS,
} from './system-calls.ts';

/** What a block is made of before its roots are known. */
export interface BlockDraft {
  readonly header: VisibleHeader & Pick<BlockHeader, 'parentHash' | 'parentBeaconBlockRoot'>;
  readonly transactions: readonly RecoveredTransaction[];
  readonly ommers: readonly BlockHeader[];
  readonly withdrawals: readonly Withdrawal[] | undefined;
  /** Changes by hand that come before everything else. */
  readonly interventions: readonly AccountChange[];
}

/** Where a draft runs. */
export interface ProcessContext {
  readonly schedule: ForkSchedule;
  readonly executor: BlockExecutor;
  /** Runs system calls; of the block's fork. */
  readonly evm: Evm;
  readonly receipts: ReceiptMaker;
  /** State after the parent. */
  readonly base: StateView;
  readonly blockHash: (number: bigint) => Uint8Array;
  readonly purpose: 'import' | 'build';
  /** State root with these changes; receipts before Byzantium hold one for each transaction. */
  readonly rootAfter: (changes: readonly AccountChange[]) => Uint8Array;
}

/** A draft that ran; nothing is kept of it yet. */
export interface ProcessedBlock {
  /** One for each transaction up to the last that was looked at. */
  readonly results: readonly ExecutedTransaction[];
  readonly included: readonly RecoveredTransaction[];
  readonly receipts: readonly Receipt[];
  /** Consensus encodings of the receipts. */
  readonly encodedReceipts: readonly Uint8Array[];
  readonly logsBloom: Uint8Array;
  readonly gasUsed: bigint;
  readonly blobGasUsed: bigint;
  /** EIP-7685; empty before Prague. */
  readonly requests: readonly Uint8Array[];
  /** From interventions to requests, in order. */
  readonly changes: readonly AccountChange[];
  readonly statistics: ExecutionStatistics;
}

/**
 * Runs a block (Yellow Paper, section 11; EIP-4788, 2935, 4895, 7685): interventions, system calls,
 * transactions, then rewards or withdrawals, then requests. The executor is told every change that
 * it did not make, so that what it keeps of the state stays right as long as the block is kept.
 *
 * @throws ExecutionError `invalid-block` where a system contract is missing or fails
 */
// Life of a transaction, 9.
export async function processBlock(
  draft: BlockDraft,
  context: ProcessContext,
): Promise<ProcessedBlock> {
  const { schedule, executor, evm } = context;
  const { header } = draft;
  const environment = environmentOf(header, schedule);
  const state = createLayeredState(context.base, [draft.interventions]);
  const { blockHash } = context;
  const calls: SystemCallContext = { evm, environment, state, blockHash };
  beforeTransactions(draft, evm.fork, calls);
  executor.applyChanges(state.changes());

  const run = await runTransactions(draft, context, environment, state);
  const included = draft.transactions.filter((_, index) => run.results[index]?.included);
  const made = makeReceipts(context.receipts, included, run, environment);
  state.push(run.changes);

  const after = afterTransactions(draft, context, calls, made.receipts);
  executor.applyChanges(after.changes);
  return {
    results: run.results,
    included,
    ...made,
    gasUsed: run.gasUsed,
    blobGasUsed: run.blobGasUsed,
    requests: after.requests,
    changes: state.changes(),
    statistics: run.statistics,
  };
}

/** Interventions and system calls of a block that ran: the state that its transactions found. */
export function stateBeforeTransactions(
  draft: BlockDraft,
  context: Pick<ProcessContext, 'schedule' | 'evm' | 'base' | 'blockHash'>,
): StateView {
  const { evm, schedule, base, blockHash } = context;
  const state = createLayeredState(base, [draft.interventions]);
  const environment = environmentOf(draft.header, schedule);
  beforeTransactions(draft, evm.fork, { evm, environment, state, blockHash });
  return state;
}

function beforeTransactions({ header }: BlockDraft, fork: Fork, calls: SystemCallContext): void {
  if (isAtLeast(fork, 'cancun') && header.parentBeaconBlockRoot !== undefined) {
    callSystem(calls, BEACON_ROOTS, header.parentBeaconBlockRoot);
  }
  if (isAtLeast(fork, 'prague')) callSystem(calls, BLOCK_HASHES, header.parentHash);
}

/** What came of a block's transactions. */
export interface TransactionRun {
  readonly results: readonly ExecutedTransaction[];
  readonly gasUsed: bigint;
  readonly blobGasUsed: bigint;
  readonly changes: readonly AccountChange[];
  readonly statistics: ExecutionStatistics;
  /** Before Byzantium: one for each included transaction. */
  readonly roots?: readonly Uint8Array[];
}

async function runTransactions(
  draft: BlockDraft,
  context: ProcessContext,
  environment: BlockEnvironment,
  state: LayeredState,
): Promise<TransactionRun> {
  const { fork } = context.evm;
  const { blobs } = context.schedule.forkAt(draft.header.number, draft.header.timestamp);
  const { purpose, blockHash } = context;
  const transactions: Transaction[] = draft.transactions.map(({ transaction }) => transaction);
  const job = {
    fork,
    environment,
    state,
    blockHash,
    transactions,
    blobGasLimit: blobGasLimit(blobs),
    purpose,
  };
  if (!isAtLeast(fork, 'byzantium')) {
    return await runWithRoots(context.executor, job, context.rootAfter, state.changes());
  }
  return await context.executor.execute(job);
}

function afterTransactions(
  draft: BlockDraft,
  { schedule, evm }: ProcessContext,
  calls: SystemCallContext,
  receipts: readonly Receipt[],
): { readonly changes: AccountChange[]; readonly requests: readonly Uint8Array[] } {
  const { header, ommers, withdrawals } = draft;
  const changes: AccountChange[] = [];
  if (!schedule.isProofOfStake(header.number, header.timestamp)) {
    changes.push(...payRewards(calls.state, evm.fork, header, ommers));
  }
  if (withdrawals !== undefined) changes.push(...payWithdrawals(calls.state, withdrawals));
  if (!isAtLeast(evm.fork, 'prague')) return { changes, requests: [] };
  const logs = receipts.flatMap((receipt) => receipt.logs);
  const requests = requestOf(DEPOSIT_REQUEST, depositData(logs, schedule.depositContract));
  for (const [type, contract, name] of [
    [WITHDRAWAL_REQUEST, WITHDRAWAL_REQUESTS, 'withdrawalRequests'],
    [CONSOLIDATION_REQUEST, CONSOLIDATION_REQUESTS, 'consolidationRequests'],
  ] as const) {
    const result = callForRequests(calls, contract, name);
    changes.push(...result.changes);
    requests.push(...requestOf(type, result.output));
  }
  return { changes, requests };
}
