import type { Withdrawal } from '@basalt/execution';
import { invalidParams } from '../errors.ts';
import { OVERRIDE_ACCOUNTS_MAX, OVERRIDE_SLOTS_MAX } from '../limits.ts';
import {
  address,
  bytes,
  type Decoder,
  entries,
  field,
  fields,
  hash,
  list,
  looseWord,
  quantity,
} from './decode.ts';
import { toHex } from './hex.ts';

/** What a caller wants an account to be for the length of a call. */
export interface AccountOverride {
  readonly address: Uint8Array;
  readonly nonce: bigint | undefined;
  readonly balance: bigint | undefined;
  readonly code: Uint8Array | undefined;
  /** In place of all storage. */
  readonly state: readonly (readonly [Uint8Array, Uint8Array])[] | undefined;
  /** On top of the storage. */
  readonly stateDiff: readonly (readonly [Uint8Array, Uint8Array])[] | undefined;
  readonly movePrecompileTo: Uint8Array | undefined;
}

export interface BlockOverrides {
  readonly number: bigint | undefined;
  readonly difficulty: bigint | undefined;
  readonly time: bigint | undefined;
  readonly gasLimit: bigint | undefined;
  readonly feeRecipient: Uint8Array | undefined;
  readonly prevRandao: Uint8Array | undefined;
  readonly baseFee: bigint | undefined;
  readonly blobBaseFee: bigint | undefined;
  readonly beaconRoot: Uint8Array | undefined;
  readonly withdrawals: readonly Withdrawal[] | undefined;
}

export const NO_BLOCK_OVERRIDES: BlockOverrides = {
  number: undefined,
  difficulty: undefined,
  time: undefined,
  gasLimit: undefined,
  feeRecipient: undefined,
  prevRandao: undefined,
  baseFee: undefined,
  blobBaseFee: undefined,
  beaconRoot: undefined,
  withdrawals: undefined,
};

const slots = entries(looseWord, looseWord, OVERRIDE_SLOTS_MAX);

/** Overrides by address, in the order given. */
export const stateOverrides: Decoder<AccountOverride[]> = (value, at) => {
  const accounts = entries(address, fields, OVERRIDE_ACCOUNTS_MAX)(value, at);
  return accounts.map(([account, record]) => {
    const here = `${at}[${toHex(account)}]`;
    const override: AccountOverride = {
      address: account,
      nonce: field(record, 'nonce', quantity(64), here),
      balance: field(record, 'balance', quantity(), here),
      code: field(record, 'code', bytes, here),
      state: field(record, 'state', slots, here),
      stateDiff: field(record, 'stateDiff', slots, here),
      movePrecompileTo: field(record, 'movePrecompileToAddress', address, here),
    };
    if (override.state !== undefined && override.stateDiff !== undefined) {
      throw invalidParams(`account ${toHex(account)} has both 'state' and 'stateDiff'`);
    }
    return override;
  });
};

const withdrawal: Decoder<Withdrawal> = (value, at) => {
  const record = fields(value, at);
  return {
    index: quantity(64)(record['index'], `${at}.index`),
    validatorIndex: quantity(64)(record['validatorIndex'], `${at}.validatorIndex`),
    address: address(record['address'], `${at}.address`),
    amount: quantity(64)(record['amount'], `${at}.amount`),
  };
};

/** Withdrawals of one block. */
const WITHDRAWALS_MAX = 1_024;

export const withdrawals: Decoder<Withdrawal[]> = list(withdrawal, WITHDRAWALS_MAX);

export const blockOverrides: Decoder<BlockOverrides> = (value, at) => {
  const record = fields(value, at);
  return {
    number: field(record, 'number', quantity(64), at),
    difficulty: field(record, 'difficulty', quantity(), at),
    time: field(record, 'time', quantity(64), at) ?? field(record, 'timestamp', quantity(64), at),
    gasLimit: field(record, 'gasLimit', quantity(64), at),
    feeRecipient:
      field(record, 'feeRecipient', address, at) ?? field(record, 'coinbase', address, at),
    prevRandao: field(record, 'prevRandao', hash, at) ?? field(record, 'random', hash, at),
    baseFee:
      field(record, 'baseFeePerGas', quantity(), at) ?? field(record, 'baseFee', quantity(), at),
    blobBaseFee: field(record, 'blobBaseFee', quantity(), at),
    beaconRoot: field(record, 'beaconRoot', hash, at),
    withdrawals: field(record, 'withdrawals', withdrawals, at),
  };
};
