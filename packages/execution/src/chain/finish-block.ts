import { isAtLeast } from '@basalt/evm';
import type { BlockBody } from '../block/block-codec.ts';
import { encodeBlock } from '../block/block-codec.ts';
import { headerHash } from '../block/header.ts';
import {
  EMPTY_OMMERS_HASH,
  receiptsRoot,
  transactionsRoot,
  withdrawalsRoot,
} from '../block/roots.ts';
import type { Block, BlockHeader } from '../block/types.ts';
import { ExecutionError } from '../errors.ts';
import { baseFeeAfter } from './base-fee.ts';
import { excessBlobGasAfter } from './blob-gas.ts';
import type { ForkSchedule } from './fork-schedule.ts';
import { checkEqual, invalidBlock } from './invalid-block.ts';
import { GAS_LIMIT_MAX, TIMESTAMP_MAX } from './limits.ts';
import type { BlockDraft, ProcessedBlock } from './process-block.ts';
import { requestsHash } from './requests.ts';
import type { BlockAttributes } from './types.ts';

const ZERO_HASH = new Uint8Array(32);
const ZERO_NONCE = new Uint8Array(8);

/** Fields of a header that are decided before its transactions run. */
export type DraftHeader = BlockDraft['header'] &
  Pick<BlockHeader, 'extraData'> & { readonly mixHash: Uint8Array };

/**
 * What the next block's header says before anything ran.
 *
 * @throws ExecutionError `invalid` for a timestamp that is not later than the parent's or has more
 *   than 8 bytes, a gas limit out of range, a block that would need work
 */
export function draftHeader(
  parent: Block,
  attributes: BlockAttributes,
  schedule: ForkSchedule,
): DraftHeader {
  const { timestamp, coinbase, gasLimit } = attributes;
  const number = parent.header.number + 1n;
  if (timestamp <= parent.header.timestamp) {
    const message = `timestamp ${timestamp} is not after the parent's ${parent.header.timestamp}`;
    throw new ExecutionError('invalid', message, { timestamp });
  }
  if (timestamp > TIMESTAMP_MAX) {
    const message = `timestamp ${timestamp} is beyond ${TIMESTAMP_MAX}, the last that a block has`;
    throw new ExecutionError('invalid', message, { timestamp });
  }
  if (gasLimit < 0n || gasLimit > GAS_LIMIT_MAX) {
    throw new ExecutionError('invalid', `gas limit ${gasLimit} is out of range`, { gasLimit });
  }
  if (!schedule.isProofOfStake(number, timestamp)) {
    const message = `block ${number} takes proof of work, which is not done here`;
    throw new ExecutionError('invalid', message, { number });
  }
  const { fork, blobs } = schedule.forkAt(number, timestamp);
  return {
    parentHash: parent.hash,
    coinbase,
    difficulty: 0n,
    number,
    gasLimit,
    timestamp,
    extraData: attributes.extraData ?? new Uint8Array(0),
    mixHash: attributes.prevRandao,
    baseFee: attributes.baseFee ?? baseFeeAfter(parent.header),
    excessBlobGas: blobs === undefined ? undefined : excessBlobGasAfter(parent.header, fork, blobs),
    parentBeaconBlockRoot: isAtLeast(fork, 'cancun')
      ? (attributes.parentBeaconBlockRoot ?? ZERO_HASH)
      : undefined,
  };
}

/** Puts what came of running a draft into its header. */
// Life of a transaction, 11.
export function finishBlock(
  draft: BlockDraft & { readonly header: DraftHeader },
  processed: ProcessedBlock,
  stateRoot: Uint8Array,
  schedule: ForkSchedule,
): { readonly block: Block; readonly encoded: Uint8Array } {
  const { number, timestamp } = draft.header;
  const { fork } = schedule.forkAt(number, timestamp);
  const { withdrawals } = draft;
  const header: BlockHeader = {
    ...draft.header,
    ommersHash: EMPTY_OMMERS_HASH,
    stateRoot,
    transactionsRoot: transactionsRoot(processed.included),
    receiptsRoot: receiptsRoot(processed.encodedReceipts),
    logsBloom: processed.logsBloom,
    gasUsed: processed.gasUsed,
    nonce: ZERO_NONCE,
    withdrawalsRoot: withdrawals === undefined ? undefined : withdrawalsRoot(withdrawals),
    blobGasUsed: isAtLeast(fork, 'cancun') ? processed.blobGasUsed : undefined,
    requestsHash: isAtLeast(fork, 'prague') ? requestsHash(processed.requests) : undefined,
  };
  const body: BlockBody = { header, transactions: processed.included, ommers: [], withdrawals };
  const encoded = encodeBlock(body);
  const block: Block = {
    hash: headerHash(header),
    header,
    transactions: processed.included,
    ommers: [],
    withdrawals,
    sizeBytes: encoded.length,
  };
  return { block, encoded };
}

/**
 * Holds a block's header against what came of running it, in this order: each transaction, gas
 * used, receipts, bloom, requests. The state root comes last, by {@link checkEqual}.
 *
 * @throws ExecutionError `invalid-block` naming the first difference
 */
export function checkProcessed(block: Block, processed: ProcessedBlock): void {
  const { header, transactions } = block;
  const index = processed.results.findIndex((result) => !result.included);
  const refused = processed.results[index];
  if (refused?.included === false) {
    const { code, message } = refused.error;
    throw invalidBlock(`transactions[${index}]`, 'a valid transaction', `${code}: ${message}`);
  }
  if (processed.included.length !== transactions.length) {
    const { length } = transactions;
    throw invalidBlock('transactions', `${length} that run`, `${processed.included.length}`);
  }
  checkEqual('gasUsed', processed.gasUsed, header.gasUsed);
  checkEqual('receiptsRoot', receiptsRoot(processed.encodedReceipts), header.receiptsRoot);
  checkEqual('logsBloom', processed.logsBloom, header.logsBloom);
  if (header.requestsHash !== undefined) {
    checkEqual('requestsHash', requestsHash(processed.requests), header.requestsHash);
  }
}
