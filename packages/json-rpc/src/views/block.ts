import { type Block, type BlockHeader, headerHash, type Withdrawal } from '@basalt/execution';
import { toHex, toQuantity } from '../params/hex.ts';
import { transactionView, type View } from './transaction.ts';

/** The fields of a header that its fork has. */
export function headerView(header: BlockHeader, hash: Uint8Array): View {
  const { baseFee, withdrawalsRoot, blobGasUsed, excessBlobGas } = header;
  const { parentBeaconBlockRoot, requestsHash } = header;
  return {
    number: toQuantity(header.number),
    hash: toHex(hash),
    parentHash: toHex(header.parentHash),
    nonce: toHex(header.nonce),
    mixHash: toHex(header.mixHash),
    sha3Uncles: toHex(header.ommersHash),
    logsBloom: toHex(header.logsBloom),
    stateRoot: toHex(header.stateRoot),
    miner: toHex(header.coinbase),
    difficulty: toQuantity(header.difficulty),
    extraData: toHex(header.extraData),
    gasLimit: toQuantity(header.gasLimit),
    gasUsed: toQuantity(header.gasUsed),
    timestamp: toQuantity(header.timestamp),
    transactionsRoot: toHex(header.transactionsRoot),
    receiptsRoot: toHex(header.receiptsRoot),
    ...(baseFee === undefined ? {} : { baseFeePerGas: toQuantity(baseFee) }),
    ...(withdrawalsRoot === undefined ? {} : { withdrawalsRoot: toHex(withdrawalsRoot) }),
    ...(blobGasUsed === undefined ? {} : { blobGasUsed: toQuantity(blobGasUsed) }),
    ...(excessBlobGas === undefined ? {} : { excessBlobGas: toQuantity(excessBlobGas) }),
    ...(parentBeaconBlockRoot === undefined
      ? {}
      : { parentBeaconBlockRoot: toHex(parentBeaconBlockRoot) }),
    ...(requestsHash === undefined ? {} : { requestsHash: toHex(requestsHash) }),
  };
}

/** A block as `eth_getBlockByNumber` shows it. */
export function blockView(block: Block, isFull: boolean): View {
  const { header, hash, transactions, ommers, withdrawals, sizeBytes } = block;
  return {
    ...headerView(header, hash),
    size: toQuantity(sizeBytes),
    transactions: isFull
      ? transactions.map((each, index) => transactionView(each, { block, index }))
      : transactions.map((each) => toHex(each.hash)),
    uncles: ommers.map((ommer) => toHex(headerHash(ommer))),
    ...(withdrawals === undefined ? {} : { withdrawals: withdrawals.map(withdrawalView) }),
  };
}

/** An ommer as `eth_getUncleByBlockHashAndIndex` shows it: a block without a body. */
export function ommerView(header: BlockHeader): View {
  return { ...headerView(header, headerHash(header)), size: toQuantity(0), uncles: [] };
}

export function withdrawalView({ index, validatorIndex, address, amount }: Withdrawal): View {
  return {
    index: toQuantity(index),
    validatorIndex: toQuantity(validatorIndex),
    address: toHex(address),
    amount: toQuantity(amount),
  };
}
