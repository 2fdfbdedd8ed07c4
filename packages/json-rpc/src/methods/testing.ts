import { loadRecover } from '@basalt/evm';
import {
  type BlockAttributes,
  type BuiltBlock,
  decodeTransaction,
  type RecoveredTransaction,
  recoverTransaction,
} from '@basalt/execution';
import { equalBytes } from '@basalt/protocol';
import { invalidParams, serverError } from '../errors.ts';
import { GAS_LIMIT_TARGET } from '../limits.ts';
import {
  address,
  bytes,
  type Decoder,
  field,
  fields,
  hash,
  list,
  optional,
  quantity,
} from '../params/decode.ts';
import { toHex, toQuantity } from '../params/hex.ts';
import { withdrawals } from '../params/overrides.ts';
import type { Services } from '../services.ts';
import { withdrawalView } from '../views/block.ts';
import { effectiveGasPrice, type View } from '../views/transaction.ts';
import { type MethodFamily, method } from './method.ts';

type PayloadAttributes = Omit<BlockAttributes, 'gasLimit' | 'extraData' | 'baseFee'>;

const payloadAttributes: Decoder<PayloadAttributes> = (value, at) => {
  const record = fields(value, at);
  const beaconRoot = field(record, 'parentBeaconBlockRoot', hash, at);
  const given = field(record, 'withdrawals', withdrawals, at);
  return {
    timestamp: quantity(64)(record['timestamp'], `${at}.timestamp`),
    prevRandao: hash(record['prevRandao'], `${at}.prevRandao`),
    coinbase: address(record['suggestedFeeRecipient'], `${at}.suggestedFeeRecipient`),
    ...(given === undefined ? {} : { withdrawals: given }),
    ...(beaconRoot === undefined ? {} : { parentBeaconBlockRoot: beaconRoot }),
  };
};

/** Transactions of one block that somebody asked for. */
const TRANSACTIONS_MAX = 10_000;
/** Of a header (Yellow Paper, section 4.4). */
const EXTRA_BYTES_MAX = 32;

/**
 * A block on top of the head, built and not kept. Without a list it takes what the pool has; with
 * one it takes those and no others.
 */
async function buildBlock(
  services: Services,
  parentHash: Uint8Array,
  attributes: PayloadAttributes,
  given: readonly Uint8Array[] | undefined,
  extraData: Uint8Array,
): Promise<View> {
  const { chain, pool } = services;
  const head = chain.head();
  if (!equalBytes(parentHash, head.hash)) throw serverError('the parent is not the head');
  if (extraData.length > EXTRA_BYTES_MAX) throw invalidParams('extraData has more than 32 bytes');
  const gasLimit = nextGasLimit(head.header.gasLimit);
  const { fork } = chain.config.forkAt(head.header.number + 1n, attributes.timestamp);
  const recover = await loadRecover();
  const candidates =
    given?.map((raw) => recoverTransaction(decodeTransaction(raw), fork, recover)) ??
    pool.best({
      baseFee: chain.nextBaseFee() ?? 0n,
      blobBaseFee: chain.nextBlobBaseFee(attributes.timestamp),
      gas: gasLimit,
    });
  const built = await chain.build(candidates, { ...attributes, gasLimit, extraData });
  if (given !== undefined) {
    for (const reason of built.refused.values()) throw serverError(reason);
  }
  return payloadView(built);
}

/** Towards the target by what one block may change, one 1024th (as geth's miner). */
function nextGasLimit(parent: bigint): bigint {
  const step = parent / 1_024n - 1n;
  if (parent < GAS_LIMIT_TARGET) {
    return parent + step < GAS_LIMIT_TARGET ? parent + step : GAS_LIMIT_TARGET;
  }
  return parent - step > GAS_LIMIT_TARGET ? parent - step : GAS_LIMIT_TARGET;
}

/** As `engine_getPayload` gives it. */
function payloadView({ block, receipts, requests }: BuiltBlock): View {
  const { header, hash: blockHash, transactions } = block;
  const value = transactions.reduce((sum, transaction, index) => {
    const gasUsed = receipts[index]?.gasUsed ?? 0n;
    return sum + gasUsed * tipOf(transaction, header.baseFee);
  }, 0n);
  return {
    executionPayload: {
      parentHash: toHex(header.parentHash),
      feeRecipient: toHex(header.coinbase),
      stateRoot: toHex(header.stateRoot),
      receiptsRoot: toHex(header.receiptsRoot),
      logsBloom: toHex(header.logsBloom),
      prevRandao: toHex(header.mixHash),
      blockNumber: toQuantity(header.number),
      gasLimit: toQuantity(header.gasLimit),
      gasUsed: toQuantity(header.gasUsed),
      timestamp: toQuantity(header.timestamp),
      extraData: toHex(header.extraData),
      baseFeePerGas: toQuantity(header.baseFee ?? 0n),
      blockHash: toHex(blockHash),
      transactions: transactions.map(({ raw }) => toHex(raw)),
      withdrawals: (block.withdrawals ?? []).map(withdrawalView),
      blobGasUsed: toQuantity(header.blobGasUsed ?? 0n),
      excessBlobGas: toQuantity(header.excessBlobGas ?? 0n),
    },
    blockValue: toQuantity(value),
    // Blobs stay with whoever sent them; a block that was only built publishes none.
    blobsBundle: { commitments: [], proofs: [], blobs: [] },
    executionRequests: requests.map(toHex),
    shouldOverrideBuilder: false,
  };
}

function tipOf({ fields: given }: RecoveredTransaction, baseFee: bigint | undefined): bigint {
  return effectiveGasPrice(given, baseFee) - (baseFee ?? 0n);
}

/** For tests of block building. */
export const TESTING: MethodFamily = {
  testing_buildBlockV1: method(
    [
      hash,
      payloadAttributes,
      optional(list(bytes, TRANSACTIONS_MAX), undefined),
      optional(bytes, new Uint8Array(0)),
    ],
    buildBlock,
  ),
};
