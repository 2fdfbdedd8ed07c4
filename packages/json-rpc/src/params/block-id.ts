import { boolean, type Decoder, field, hash, quantity, refuse } from './decode.ts';

export const BLOCK_TAGS = ['latest', 'pending', 'earliest', 'safe', 'finalized'] as const;

/** How a block is named in parameters (EIP-1898). */
export type BlockId =
  | { readonly tag: (typeof BLOCK_TAGS)[number] }
  | { readonly number: bigint }
  | { readonly hash: Uint8Array; readonly requireCanonical: boolean };

export const LATEST: BlockId = { tag: 'latest' };

/** A number or a tag. */
export const blockNumber: Decoder<BlockId> = (value, at) => {
  const tag = BLOCK_TAGS.find((each) => each === value);
  if (tag !== undefined) return { tag };
  if (typeof value !== 'string' || !value.startsWith('0x')) {
    throw refuse(at, `a block number or one of ${BLOCK_TAGS.join(', ')}`, value);
  }
  return { number: quantity(64)(value, at) };
};

/** A number, a tag, a hash, or an object with one of them (EIP-1898). */
export const blockId: Decoder<BlockId> = (value, at) => {
  if (typeof value === 'string' && value.length === 66) {
    return { hash: hash(value, at), requireCanonical: false };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return blockNumber(value, at);
  }
  const record = value as Record<string, unknown>;
  const number = field(record, 'blockNumber', blockNumber, at);
  const byHash = field(record, 'blockHash', hash, at);
  const requireCanonical = field(record, 'requireCanonical', boolean, at) ?? false;
  if ((number === undefined) === (byHash === undefined)) {
    throw refuse(at, 'either blockNumber or blockHash', value);
  }
  return byHash === undefined ? (number as BlockId) : { hash: byHash, requireCanonical };
};
