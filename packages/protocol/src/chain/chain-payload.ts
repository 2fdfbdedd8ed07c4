import { ProtocolError } from '../errors.ts';
import { type ChainHeader, decodeChainHeader } from './chain-header.ts';
import { decodeRlp, rlpBytes, rlpInteger, sliceRlpList } from './rlp.ts';

/**
 * What an entry of a chain's log says, as far as proofs need it; docs/chain-payload.md has all.
 *
 * A block that stands in the log was the chain's head once. A later entry may rewind the chain:
 * whether the block still counts, only the log up to its end can say.
 */
export type ChainPayload =
  | {
      readonly kind: 'block';
      readonly header: ChainHeader;
      /** RLP, as it was hashed. */
      readonly headerBytes: Uint8Array;
      /** EIP-2718 encodings, in order. */
      readonly transactions: readonly Uint8Array[];
      /** How many changes of the state nobody made by a transaction: those of a developer. */
      readonly interventionCount: number;
      /** How many transactions have no signature: those of impersonated senders. */
      readonly unsignedCount: number;
    }
  | {
      readonly kind: 'rewind';
      /** Block that is the head again, and its hash. */
      readonly number: number;
      readonly hash: Uint8Array;
    };

const VERSION = 1;
const BLOCK_KIND = 0n;
const REWIND_KIND = 1n;

/**
 * Reads a payload of type 0x0010.
 *
 * @throws ProtocolError `malformed`, `version-mismatch` for a version that is not known here
 */
export function decodeChainPayload(payload: Uint8Array): ChainPayload {
  const version = payload[0];
  if (version !== VERSION) {
    throw new ProtocolError('version-mismatch', `expected a chain payload of version ${VERSION}`, {
      found: version,
    });
  }
  const fields = sliceRlpList(payload.subarray(1));
  const kind = integerOf(fields[0]);
  if (kind === BLOCK_KIND) return readBlock(fields);
  if (kind !== REWIND_KIND || fields.length !== 3) throw malformed('an entry of a known kind');
  const number = Number(integerOf(fields[1]));
  if (!Number.isSafeInteger(number)) throw malformed('the number of a block');
  return { kind: 'rewind', number, hash: rlpBytes(decodeRlp(fields[2] ?? NOTHING), 32) };
}

const NOTHING = new Uint8Array(0);

function readBlock(fields: readonly Uint8Array[]): ChainPayload {
  if (fields.length !== 4) throw malformed('a block entry of four fields');
  const [, block = NOTHING, interventions = NOTHING, unsigned = NOTHING] = fields;
  const [headerBytes = NOTHING, transactions = NOTHING] = sliceRlpList(block);
  return {
    kind: 'block',
    header: decodeChainHeader(headerBytes),
    headerBytes,
    transactions: sliceRlpList(transactions).map(transactionOf),
    interventionCount: sliceRlpList(interventions).length,
    unsignedCount: sliceRlpList(unsigned).length,
  };
}

/** A legacy transaction is a list in the list; one with a type stands in a string (EIP-2718). */
function transactionOf(item: Uint8Array): Uint8Array {
  return (item[0] ?? 0) >= 0xc0 ? item : rlpBytes(decodeRlp(item));
}

function integerOf(field: Uint8Array | undefined): bigint {
  return rlpInteger(decodeRlp(field ?? NOTHING));
}

function malformed(expected: string): ProtocolError {
  return new ProtocolError('malformed', `expected ${expected}`);
}
