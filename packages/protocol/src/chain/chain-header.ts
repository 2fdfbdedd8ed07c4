import { keccak_256 } from '@noble/hashes/sha3.js';
import { ProtocolError } from '../errors.ts';
import { decodeRlp, rlpBytes, rlpInteger, rlpList } from './rlp.ts';

/** What a header of an Ethereum block says that proofs need; the hash covers all of it. */
export interface ChainHeader {
  /** keccak-256 of the encoding, 32 bytes; the name of the block on its chain. */
  readonly hash: Uint8Array;
  readonly parentHash: Uint8Array;
  /** Fee recipient, 20 bytes. */
  readonly coinbase: Uint8Array;
  readonly stateRoot: Uint8Array;
  readonly transactionsRoot: Uint8Array;
  readonly receiptsRoot: Uint8Array;
  readonly number: bigint;
  readonly gasLimit: bigint;
  readonly gasUsed: bigint;
  /** Seconds since the Unix epoch. */
  readonly timestamp: bigint;
  /** undefined before London (EIP-1559). */
  readonly baseFee: bigint | undefined;
}

/** Frontier has 15 fields, Prague 21; later forks may add. */
const FIELDS_MIN = 15;
const FIELDS_MAX = 32;

/**
 * Reads the RLP encoding of a header (Yellow Paper, section 4.4).
 *
 * @throws ProtocolError `malformed`
 */
export function decodeChainHeader(encoded: Uint8Array): ChainHeader {
  const fields = rlpList(decodeRlp(encoded));
  if (fields.length < FIELDS_MIN || fields.length > FIELDS_MAX) {
    const metadata = { found: fields.length };
    throw new ProtocolError('malformed', 'expected a header of 15 fields or more', metadata);
  }
  return {
    hash: keccak_256(encoded),
    parentHash: rlpBytes(fields[0], 32),
    coinbase: rlpBytes(fields[2], 20),
    stateRoot: rlpBytes(fields[3], 32),
    transactionsRoot: rlpBytes(fields[4], 32),
    receiptsRoot: rlpBytes(fields[5], 32),
    number: rlpInteger(fields[8]),
    gasLimit: rlpInteger(fields[9]),
    gasUsed: rlpInteger(fields[10]),
    timestamp: rlpInteger(fields[11]),
    baseFee: fields[15] === undefined ? undefined : rlpInteger(fields[15]),
  };
}
