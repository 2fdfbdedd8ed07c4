import { invalidParams } from '../errors.ts';
import { FILTER_ADDRESSES_MAX, FILTER_ALTERNATIVES_MAX, FILTER_TOPICS_MAX } from '../limits.ts';
import { type BlockId, blockNumber } from './block-id.ts';
import { address, type Decoder, field, fields, hash, list } from './decode.ts';

/** Which logs are wanted; an empty list of alternatives is any. */
export interface LogCriteria {
  readonly addresses: readonly Uint8Array[];
  /** By position; each a list of alternatives. */
  readonly topics: readonly (readonly Uint8Array[])[];
}

export interface LogFilterArgs extends LogCriteria {
  readonly from: BlockId | undefined;
  readonly to: BlockId | undefined;
  readonly blockHash: Uint8Array | undefined;
}

const topicPosition: Decoder<readonly Uint8Array[]> = (value, at) => {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) return [hash(value, at)];
  // geth: null among the alternatives makes the position a wildcard.
  if (value.includes(null)) return [];
  return list(hash, FILTER_ALTERNATIVES_MAX)(value, at);
};

const addresses: Decoder<readonly Uint8Array[]> = (value, at) =>
  Array.isArray(value) ? list(address, FILTER_ADDRESSES_MAX)(value, at) : [address(value, at)];

/** @throws RpcError with geth's words where a hash and a range are given together */
export const logFilter: Decoder<LogFilterArgs> = (value, at) => {
  const record = fields(value, at);
  const blockHash = field(record, 'blockHash', hash, at);
  const from = field(record, 'fromBlock', blockNumber, at);
  const to = field(record, 'toBlock', blockNumber, at);
  if (blockHash !== undefined && (from !== undefined || to !== undefined)) {
    throw invalidParams(
      `invalid ${at}: cannot specify both BlockHash and FromBlock/ToBlock, ` +
        'choose one or the other',
    );
  }
  return {
    from,
    to,
    blockHash,
    addresses: field(record, 'address', addresses, at) ?? [],
    topics: field(record, 'topics', list(topicPosition, FILTER_TOPICS_MAX), at) ?? [],
  };
};
