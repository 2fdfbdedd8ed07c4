import { type AccessListEntry, keccak256, type SignedAuthorization } from '@basalt/evm';
import { ExecutionError } from '../errors.ts';
import { RlpReader } from '../rlp/reader.ts';
import { invalidSignature, parseLegacyV } from './signature.ts';
import type { SignedTransaction, TransactionFields, TransactionSignature } from './types.ts';

/** EIP-2718: a transaction that begins with a list is a legacy one. */
const LIST_OFFSET = 0xc0;
const ADDRESS_LENGTH = 20;
const HASH_LENGTH = 32;
/** EIP-2681 bounds nonces, Yellow Paper section 4.3 gas limits. */
const U64_BYTES = 8;
/** EIP-7702: parity of an authorization, which is only asked to be a number of one byte. */
const U8_BYTES = 1;

/** Everything but raw and hash. */
interface Body {
  readonly fields: TransactionFields;
  readonly chainId: bigint | undefined;
  readonly signature: TransactionSignature;
}

/**
 * Decodes a transaction of type 0 to 4 as it stands in blocks (EIP-2718, Yellow Paper section 4.3,
 * EIP-155, 2930, 1559, 4844, 7702). Checks the form alone: lengths, canonical integers, parity of 0
 * or 1. Byte strings of the result are views of `raw`.
 *
 * @throws ExecutionError `malformed-rlp` with the offset, `malformed` for a type that does not
 *   exist, `invalid-signature` for a parity that is none
 */
export function decodeTransaction(raw: Uint8Array): SignedTransaction {
  const first = raw[0];
  if (first === undefined) throw new ExecutionError('malformed', 'a transaction of no bytes');
  const isLegacy = first >= LIST_OFFSET;
  const reader = new RlpReader(raw, isLegacy ? 0 : 1);
  const outer = reader.enterList();
  const { fields, chainId, signature } = readBody(reader, isLegacy ? 0 : first);
  reader.leaveList(outer);
  reader.finish();
  return { raw, hash: keccak256(raw), fields, chainId, signature };
}

/**
 * The next item as a transaction, as lists of transactions hold them: a legacy one is a list there,
 * one with a type is a byte string.
 */
export function readTransaction(reader: RlpReader): SignedTransaction {
  if (reader.isList) return decodeTransaction(reader.readRaw());
  const from = reader.position;
  const raw = reader.readBytes();
  if ((raw[0] ?? 0) < LIST_OFFSET) return decodeTransaction(raw);
  throw new ExecutionError('malformed', `legacy transaction in a byte string at byte ${from}`);
}

function readBody(reader: RlpReader, type: number): Body {
  switch (type) {
    case 0:
      return readLegacy(reader);
    case 1:
      return readAccessListTransaction(reader);
    case 2:
      return readFeeMarket(reader);
    case 3:
      return readBlob(reader);
    case 4:
      return readSetCode(reader);
    default:
      throw new ExecutionError('malformed', `transaction type ${type} does not exist`);
  }
}

/** Fields follow each other as they are read: the order of properties is that of the encoding. */
function readLegacy(reader: RlpReader): Body {
  const fields: TransactionFields = {
    type: 0,
    nonce: reader.readInteger(U64_BYTES),
    gasPrice: reader.readInteger(),
    gasLimit: reader.readInteger(U64_BYTES),
    to: reader.readOptional(ADDRESS_LENGTH),
    value: reader.readInteger(),
    data: reader.readBytes(),
  };
  const v = reader.readInteger();
  const { yParity, chainId } = parseLegacyV(v);
  const signature = { yParity, r: reader.readInteger(), s: reader.readInteger(), v };
  return { fields, chainId, signature };
}

function readAccessListTransaction(reader: RlpReader): Body {
  const chainId = reader.readInteger();
  const fields: TransactionFields = {
    type: 1,
    nonce: reader.readInteger(U64_BYTES),
    gasPrice: reader.readInteger(),
    gasLimit: reader.readInteger(U64_BYTES),
    to: reader.readOptional(ADDRESS_LENGTH),
    value: reader.readInteger(),
    data: reader.readBytes(),
    accessList: readAccessList(reader),
  };
  return { fields, chainId, signature: readSignature(reader) };
}

function readFeeMarket(reader: RlpReader): Body {
  const chainId = reader.readInteger();
  const fields: TransactionFields = readFeeMarketFields(reader, 2);
  return { fields, chainId, signature: readSignature(reader) };
}

function readBlob(reader: RlpReader): Body {
  const chainId = reader.readInteger();
  const fields: TransactionFields = {
    ...readFeeMarketFields(reader, 3),
    maxFeePerBlobGas: reader.readInteger(),
    blobHashes: readFixedList(reader, HASH_LENGTH),
  };
  return { fields, chainId, signature: readSignature(reader) };
}

function readSetCode(reader: RlpReader): Body {
  const chainId = reader.readInteger();
  const fields: TransactionFields = {
    ...readFeeMarketFields(reader, 4),
    authorizations: readAuthorizations(reader),
  };
  return { fields, chainId, signature: readSignature(reader) };
}

/** What type 2 has and the later types begin with. */
function readFeeMarketFields<Type extends 2 | 3 | 4>(
  reader: RlpReader,
  type: Type,
): { readonly type: Type } & Omit<Extract<TransactionFields, { readonly type: 2 }>, 'type'> {
  return {
    type,
    nonce: reader.readInteger(U64_BYTES),
    maxPriorityFeePerGas: reader.readInteger(),
    maxFeePerGas: reader.readInteger(),
    gasLimit: reader.readInteger(U64_BYTES),
    to: reader.readOptional(ADDRESS_LENGTH),
    value: reader.readInteger(),
    data: reader.readBytes(),
    accessList: readAccessList(reader),
  };
}

function readSignature(reader: RlpReader): TransactionSignature {
  const v = reader.readInteger();
  if (v > 1n) throw invalidSignature(`parity is ${v}, not 0 or 1`);
  return { yParity: v === 0n ? 0 : 1, r: reader.readInteger(), s: reader.readInteger(), v };
}

function readAccessList(reader: RlpReader): AccessListEntry[] {
  const entries: AccessListEntry[] = [];
  const outer = reader.enterList();
  while (!reader.isAtEnd) {
    const entry = reader.enterList();
    entries.push({
      address: reader.readFixed(ADDRESS_LENGTH),
      slots: readFixedList(reader, HASH_LENGTH),
    });
    reader.leaveList(entry);
  }
  reader.leaveList(outer);
  return entries;
}

function readAuthorizations(reader: RlpReader): SignedAuthorization[] {
  const authorizations: SignedAuthorization[] = [];
  const outer = reader.enterList();
  while (!reader.isAtEnd) {
    const entry = reader.enterList();
    authorizations.push({
      chainId: reader.readInteger(),
      address: reader.readFixed(ADDRESS_LENGTH),
      nonce: reader.readInteger(U64_BYTES),
      yParity: reader.readInteger(U8_BYTES),
      r: reader.readInteger(),
      s: reader.readInteger(),
    });
    reader.leaveList(entry);
  }
  reader.leaveList(outer);
  return authorizations;
}

/** A list of byte strings of one length each. */
export function readFixedList(reader: RlpReader, length: number): Uint8Array[] {
  const items: Uint8Array[] = [];
  const outer = reader.enterList();
  while (!reader.isAtEnd) items.push(reader.readFixed(length));
  reader.leaveList(outer);
  return items;
}
