import { keccak_256 } from '@noble/hashes/sha3.js';
import { ProtocolError } from '../errors.ts';
import { decodeRlp, rlpBytes, rlpInteger, rlpList } from './rlp.ts';

/** What can be read of a transaction without recovering its sender. */
export interface ChainTransaction {
  /** keccak-256 of the encoding, 32 bytes. */
  readonly hash: Uint8Array;
  /** EIP-2718; 0 for a legacy transaction. */
  readonly type: number;
  readonly nonce: bigint;
  readonly gasLimit: bigint;
  /** 20 bytes; undefined creates a contract. */
  readonly to: Uint8Array | undefined;
  /** In wei. */
  readonly value: bigint;
  readonly dataLength: number;
}

export interface ChainLog {
  /** 20 bytes. */
  readonly address: Uint8Array;
  /** 0 to 4 topics of 32 bytes. */
  readonly topics: readonly Uint8Array[];
  readonly data: Uint8Array;
}

/** What a transaction left, as its block commits to it. */
export interface ChainReceipt {
  readonly type: number;
  /** undefined before Byzantium, whose receipts have a state root in its place. */
  readonly succeeded: boolean | undefined;
  /** Gas of this transaction and all before it in its block. */
  readonly cumulativeGasUsed: bigint;
  readonly logs: readonly ChainLog[];
}

/** Where the nonce stands in the fields of each type; gas, to, value and data follow in order. */
const NONCE_AT = [0, 1, 1, 1, 1] as const;
/** Fields between the nonce and the gas limit: one price, or two fees. */
const PRICES = [1, 1, 2, 2, 2] as const;

/**
 * Reads a transaction as it stands in its block's trie.
 *
 * @throws ProtocolError `malformed`, also for a type above 4
 */
export function decodeChainTransaction(encoded: Uint8Array): ChainTransaction {
  const { type, body } = splitType(encoded);
  const fields = rlpList(decodeRlp(body));
  const nonceAt = NONCE_AT[type];
  const prices = PRICES[type];
  if (nonceAt === undefined || prices === undefined) {
    throw new ProtocolError('malformed', 'expected a transaction of type 0 to 4', { type });
  }
  const gasAt = nonceAt + 1 + prices;
  const to = rlpBytes(fields[gasAt + 1]);
  return {
    hash: keccak_256(encoded),
    type,
    nonce: rlpInteger(fields[nonceAt]),
    gasLimit: rlpInteger(fields[gasAt]),
    to: to.length === 0 ? undefined : rlpBytes(to, 20),
    value: rlpInteger(fields[gasAt + 2]),
    dataLength: rlpBytes(fields[gasAt + 3]).length,
  };
}

/**
 * Reads a receipt as it stands in its block's trie.
 *
 * @throws ProtocolError `malformed`
 */
export function decodeChainReceipt(encoded: Uint8Array): ChainReceipt {
  const { type, body } = splitType(encoded);
  const fields = rlpList(decodeRlp(body));
  const status = rlpBytes(fields[0]);
  return {
    type,
    succeeded: status.length === 32 ? undefined : rlpInteger(status) === 1n,
    cumulativeGasUsed: rlpInteger(fields[1]),
    logs: rlpList(fields[3]).map((item) => {
      const [address, topics, data] = rlpList(item);
      return {
        address: rlpBytes(address, 20),
        topics: rlpList(topics).map((topic) => rlpBytes(topic, 32)),
        data: rlpBytes(data),
      };
    }),
  };
}

/** EIP-2718: a list begins at 0xc0, so a first byte below is a type. */
function splitType(encoded: Uint8Array): { type: number; body: Uint8Array } {
  const first = encoded[0];
  if (first === undefined) throw new ProtocolError('malformed', 'expected an encoding, found none');
  return first >= 0xc0 ? { type: 0, body: encoded } : { type: first, body: encoded.subarray(1) };
}
