/** What stands around the calls of a simulated block: system calls, roots, the finished block. */
import { isAtLeast } from '@basalt/evm';
import {
  BEACON_ROOTS,
  BLOCK_HASHES,
  type Block,
  type BlockHeader,
  BloomBuilder,
  type Chain,
  CONSOLIDATION_REQUEST,
  CONSOLIDATION_REQUESTS,
  callForRequests,
  callSystem,
  DEPOSIT_REQUEST,
  depositData,
  encodeBlock,
  encodeReceipt,
  GAS_PER_BLOB,
  headerHash,
  logsBloom,
  payRewards,
  payWithdrawals,
  receiptsRoot,
  requestOf,
  requestsHash,
  type SystemCallContext,
  transactionsRoot,
  WITHDRAWAL_REQUEST,
  WITHDRAWAL_REQUESTS,
  type Withdrawal,
  withdrawalsRoot,
} from '@basalt/execution';
import type { Overlay } from '../overlay.ts';
import type { SimulatedCall } from './simulated-call.ts';

/** A simulated block and what its calls left. */
export interface BlockParts {
  readonly block: Block;
  readonly calls: readonly SimulatedCall[];
}

export interface Frame extends SystemCallContext {
  readonly state: Overlay;
}

export interface FinishedCalls {
  /** The block that the whole simulation stands on. */
  readonly base: Block;
  readonly header: BlockHeader;
  readonly calls: readonly SimulatedCall[];
  readonly gasUsed: bigint;
  readonly withdrawals: readonly Withdrawal[] | undefined;
}

/** System calls before the first transaction (EIP-4788, 2935). */
export function openBlock(frame: Frame, header: BlockHeader): void {
  const { fork } = frame.evm;
  if (isAtLeast(fork, 'prague')) callSystem(frame, BLOCK_HASHES, header.parentHash);
  if (header.parentBeaconBlockRoot !== undefined) {
    callSystem(frame, BEACON_ROOTS, header.parentBeaconBlockRoot);
  }
}

/** Requests, withdrawals, receipts, roots and the hash. */
export function closeBlock(chain: Chain, frame: Frame, finished: FinishedCalls): BlockParts {
  const { base, calls, gasUsed } = finished;
  const { fork } = frame.evm;
  const isPrague = isAtLeast(fork, 'prague');
  const requests = isPrague ? collectRequests(chain, frame, calls) : undefined;
  const withdrawals = isAtLeast(fork, 'shanghai') ? (finished.withdrawals ?? []) : undefined;
  const { number, timestamp } = finished.header;
  if (!chain.config.isProofOfStake(number, timestamp)) {
    payRewards(frame.state, fork, finished.header, []);
  }
  payWithdrawals(frame.state, withdrawals ?? []);
  const changes = frame.state.changes();
  const stateRoot =
    changes.length === 0
      ? base.header.stateRoot
      : chain.rootAfter(Number(base.header.number), changes);
  const { encoded, bloom } = makeReceipts(calls, isAtLeast(fork, 'byzantium'), stateRoot);
  const transactions = calls.map(({ transaction }) => transaction);
  const blobs = transactions.reduce(
    (sum, { fields }) => sum + (fields.type === 3 ? fields.blobHashes.length : 0),
    0,
  );
  const header: BlockHeader = {
    ...finished.header,
    stateRoot,
    transactionsRoot: transactionsRoot(transactions),
    receiptsRoot: receiptsRoot(encoded),
    logsBloom: bloom,
    gasUsed,
    withdrawalsRoot: withdrawals === undefined ? undefined : withdrawalsRoot(withdrawals),
    blobGasUsed: isAtLeast(fork, 'cancun') ? BigInt(blobs) * GAS_PER_BLOB : undefined,
    requestsHash: requests === undefined ? undefined : requestsHash(requests),
  };
  const body = { header, transactions, ommers: [], withdrawals };
  const sizeBytes = encodeBlock(body).length;
  return { block: { ...body, hash: headerHash(header), sizeBytes }, calls };
}

function makeReceipts(
  calls: readonly SimulatedCall[],
  hasStatus: boolean,
  stateRoot: Uint8Array,
): { readonly encoded: readonly Uint8Array[]; readonly bloom: Uint8Array } {
  const builder = new BloomBuilder();
  let cumulativeGasUsed = 0n;
  const encoded = calls.map(({ transaction, result }) => {
    cumulativeGasUsed += result.gasUsed;
    return encodeReceipt({
      type: transaction.fields.type,
      succeeded: result.halt === undefined,
      // Before Byzantium; the root between two calls is not worked out, only the last is right.
      stateRoot: hasStatus ? undefined : stateRoot,
      cumulativeGasUsed,
      bloom: logsBloom(result.logs, builder),
      logs: result.logs,
    });
  });
  const logs = calls.flatMap(({ result }) => result.logs);
  return { encoded, bloom: logsBloom(logs, builder) };
}

/** EIP-7685: deposits from logs, withdrawals and consolidations from their contracts. */
function collectRequests(
  chain: Chain,
  frame: Frame,
  calls: readonly SimulatedCall[],
): readonly Uint8Array[] {
  const logs = calls.flatMap(({ result }) => result.logs);
  const ask = (contract: Uint8Array, name: string): Uint8Array =>
    // A chain of one's own may do without the contracts; a simulation need not fail for it.
    frame.state.codeOf(contract).length === 0
      ? new Uint8Array(0)
      : callForRequests(frame, contract, name).output;
  return [
    ...requestOf(DEPOSIT_REQUEST, depositData(logs, chain.config.depositContract)),
    ...requestOf(WITHDRAWAL_REQUEST, ask(WITHDRAWAL_REQUESTS, 'withdrawal requests')),
    ...requestOf(CONSOLIDATION_REQUEST, ask(CONSOLIDATION_REQUESTS, 'consolidation requests')),
  ];
}
