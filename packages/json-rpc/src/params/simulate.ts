import { clientLimit } from '../errors.ts';
import { SIMULATE_BLOCKS_MAX, SIMULATE_CALLS_MAX } from '../limits.ts';
import { boolean, type Decoder, field, fields, list, refuse } from './decode.ts';
import {
  type AccountOverride,
  type BlockOverrides,
  blockOverrides,
  NO_BLOCK_OVERRIDES,
  stateOverrides,
} from './overrides.ts';
import { type TransactionArgs, transactionArgs } from './transaction-args.ts';

export interface SimulateBlockArgs {
  readonly blockOverrides: BlockOverrides;
  readonly stateOverrides: readonly AccountOverride[];
  readonly calls: readonly TransactionArgs[];
}

export interface SimulateArgs {
  readonly blocks: readonly SimulateBlockArgs[];
  readonly traceTransfers: boolean;
  readonly validation: boolean;
  readonly returnFullTransactions: boolean;
}

const block: Decoder<SimulateBlockArgs> = (value, at) => {
  const record = fields(value, at);
  return {
    blockOverrides: field(record, 'blockOverrides', blockOverrides, at) ?? NO_BLOCK_OVERRIDES,
    stateOverrides: field(record, 'stateOverrides', stateOverrides, at) ?? [],
    calls: field(record, 'calls', list(transactionArgs, SIMULATE_CALLS_MAX), at) ?? [],
  };
};

export const simulateArgs: Decoder<SimulateArgs> = (value, at) => {
  const record = fields(value, at);
  const given = record['blockStateCalls'];
  if (Array.isArray(given) && given.length > SIMULATE_BLOCKS_MAX) {
    throw clientLimit('too many blocks');
  }
  const blocks = field(record, 'blockStateCalls', list(block, SIMULATE_BLOCKS_MAX), at) ?? [];
  if (blocks.length === 0) throw refuse(`${at}.blockStateCalls`, 'at least one block', given);
  const calls = blocks.reduce((sum, each) => sum + each.calls.length, 0);
  if (calls > SIMULATE_CALLS_MAX) throw clientLimit('too many calls');
  return {
    blocks,
    traceTransfers: field(record, 'traceTransfers', boolean, at) ?? false,
    validation: field(record, 'validation', boolean, at) ?? false,
    returnFullTransactions: field(record, 'returnFullTransactions', boolean, at) ?? false,
  };
};
