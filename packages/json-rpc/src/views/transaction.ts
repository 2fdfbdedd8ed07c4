import type { AccessListEntry, SignedAuthorization } from '@basalt/evm';
import type { Block, RecoveredTransaction } from '@basalt/execution';
import { toHex, toQuantity } from '../params/hex.ts';

/** Where a transaction stands; undefined while it waits in the pool. */
export interface TransactionPlace {
  readonly block: Block;
  readonly index: number;
}

export type View = Readonly<Record<string, unknown>>;

/** A transaction as `eth_getTransactionByHash` shows it. */
export function transactionView(
  transaction: RecoveredTransaction,
  place: TransactionPlace | undefined,
): View {
  const { fields, hash, sender, signature, chainId } = transaction;
  const header = place?.block.header;
  return {
    blockHash: place === undefined ? null : toHex(place.block.hash),
    blockNumber: header === undefined ? null : toQuantity(header.number),
    blockTimestamp: header === undefined ? null : toQuantity(header.timestamp),
    transactionIndex: place === undefined ? null : toQuantity(place.index),
    from: toHex(sender),
    gas: toQuantity(fields.gasLimit),
    ...feeFields(transaction, header?.baseFee),
    hash: toHex(hash),
    input: toHex(fields.data),
    nonce: toQuantity(fields.nonce),
    to: fields.to === undefined ? null : toHex(fields.to),
    value: toQuantity(fields.value),
    type: toQuantity(fields.type),
    ...(fields.type === 0 ? {} : { accessList: fields.accessList.map(accessListView) }),
    ...(chainId === undefined ? {} : { chainId: toQuantity(chainId) }),
    ...(fields.type === 3 ? { blobVersionedHashes: fields.blobHashes.map(toHex) } : {}),
    ...(fields.type === 4
      ? { authorizationList: fields.authorizations.map(authorizationView) }
      : {}),
    v: toQuantity(signature.v),
    r: toQuantity(signature.r),
    s: toQuantity(signature.s),
    ...(fields.type === 0 ? {} : { yParity: toQuantity(signature.yParity) }),
  };
}

function feeFields({ fields }: RecoveredTransaction, baseFee: bigint | undefined): View {
  if (fields.type === 0 || fields.type === 1) return { gasPrice: toQuantity(fields.gasPrice) };
  return {
    gasPrice: toQuantity(effectiveGasPrice(fields, baseFee)),
    maxFeePerGas: toQuantity(fields.maxFeePerGas),
    maxPriorityFeePerGas: toQuantity(fields.maxPriorityFeePerGas),
    ...(fields.type === 3 ? { maxFeePerBlobGas: toQuantity(fields.maxFeePerBlobGas) } : {}),
  };
}

/** What a unit of gas costs in a block; what it may cost at most where no block is known. */
export function effectiveGasPrice(
  fields: RecoveredTransaction['fields'],
  baseFee: bigint | undefined,
): bigint {
  if (fields.type === 0 || fields.type === 1) return fields.gasPrice;
  const { maxFeePerGas, maxPriorityFeePerGas } = fields;
  if (baseFee === undefined) return maxFeePerGas;
  const wanted = baseFee + maxPriorityFeePerGas;
  return wanted < maxFeePerGas ? wanted : maxFeePerGas;
}

export function accessListView({ address, slots }: AccessListEntry): View {
  return { address: toHex(address), storageKeys: slots.map(toHex) };
}

function authorizationView(authorization: SignedAuthorization): View {
  return {
    chainId: toQuantity(authorization.chainId),
    address: toHex(authorization.address),
    nonce: toQuantity(authorization.nonce),
    yParity: toQuantity(authorization.yParity),
    r: toQuantity(authorization.r),
    s: toQuantity(authorization.s),
  };
}
