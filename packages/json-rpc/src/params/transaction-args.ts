import type { AccessListEntry, SignedAuthorization } from '@basalt/evm';
import { equalBytes } from '@basalt/protocol';
import { invalidParams } from '../errors.ts';
import {
  address,
  bytes,
  type Decoder,
  field,
  fields,
  hash,
  list,
  looseWord,
  quantity,
} from './decode.ts';

/** A call or a transaction to be made, as clients describe it; everything may be absent. */
export interface TransactionArgs {
  readonly type: bigint | undefined;
  readonly from: Uint8Array | undefined;
  readonly to: Uint8Array | undefined;
  readonly gas: bigint | undefined;
  readonly gasPrice: bigint | undefined;
  readonly maxFeePerGas: bigint | undefined;
  readonly maxPriorityFeePerGas: bigint | undefined;
  readonly maxFeePerBlobGas: bigint | undefined;
  readonly value: bigint | undefined;
  readonly nonce: bigint | undefined;
  readonly data: Uint8Array | undefined;
  readonly accessList: readonly AccessListEntry[] | undefined;
  readonly blobHashes: readonly Uint8Array[] | undefined;
  readonly authorizations: readonly SignedAuthorization[] | undefined;
  readonly chainId: bigint | undefined;
}

/** Items of lists in one call: more than a block's gas could pay for. */
const ITEMS_MAX = 10_000;

const accessListEntry: Decoder<AccessListEntry> = (value, at) => {
  const record = fields(value, at);
  return {
    address: address(record['address'], `${at}.address`),
    slots: field(record, 'storageKeys', list(hash, ITEMS_MAX), at) ?? [],
  };
};

export const accessList: Decoder<AccessListEntry[]> = list(accessListEntry, ITEMS_MAX);

const authorization: Decoder<SignedAuthorization> = (value, at) => {
  const record = fields(value, at);
  const yParity =
    field(record, 'yParity', quantity(64), at) ?? field(record, 'v', quantity(64), at);
  return {
    chainId: quantity()(record['chainId'], `${at}.chainId`),
    address: address(record['address'], `${at}.address`),
    nonce: quantity(64)(record['nonce'], `${at}.nonce`),
    yParity: yParity ?? 0n,
    r: BigInt(`0x${hexOf(looseWord(record['r'], `${at}.r`))}`),
    s: BigInt(`0x${hexOf(looseWord(record['s'], `${at}.s`))}`),
  };
};

function hexOf(word: Uint8Array): string {
  return Buffer.from(word).toString('hex');
}

/** @throws RpcError invalid params, also for fields that contradict each other */
export const transactionArgs: Decoder<TransactionArgs> = (value, at) => {
  const record = fields(value, at);
  const input = field(record, 'input', bytes, at);
  const data = field(record, 'data', bytes, at);
  if (input !== undefined && data !== undefined && !equalBytes(input, data)) {
    throw invalidParams(
      `invalid ${at}: both "data" and "input" are set and not equal. ` +
        'Please use "input" to pass transaction call data',
    );
  }
  const args: TransactionArgs = {
    type: field(record, 'type', quantity(64), at),
    from: field(record, 'from', address, at),
    to: field(record, 'to', address, at),
    gas: field(record, 'gas', quantity(64), at) ?? field(record, 'gasLimit', quantity(64), at),
    gasPrice: field(record, 'gasPrice', quantity(), at),
    maxFeePerGas: field(record, 'maxFeePerGas', quantity(), at),
    maxPriorityFeePerGas: field(record, 'maxPriorityFeePerGas', quantity(), at),
    maxFeePerBlobGas: field(record, 'maxFeePerBlobGas', quantity(), at),
    value: field(record, 'value', quantity(), at),
    nonce: field(record, 'nonce', quantity(64), at),
    data: input ?? data,
    accessList: field(record, 'accessList', accessList, at),
    blobHashes: field(record, 'blobVersionedHashes', list(hash, ITEMS_MAX), at),
    authorizations: field(record, 'authorizationList', list(authorization, ITEMS_MAX), at),
    chainId: field(record, 'chainId', quantity(), at),
  };
  assertFees(args);
  return args;
};

function assertFees(args: TransactionArgs): void {
  const { gasPrice, maxFeePerGas, maxPriorityFeePerGas } = args;
  if (gasPrice !== undefined && (maxFeePerGas ?? maxPriorityFeePerGas) !== undefined) {
    throw invalidParams('both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified');
  }
}
