import { type AccessListEntry, keccak256, type SignedAuthorization } from '@basalt/evm';
import { RlpWriter } from '../rlp/writer.ts';
import { legacyV } from './signature.ts';
import type { SignedTransaction, TransactionFields } from './types.ts';

/** What a signature over secp256k1 is, without the form that a transaction type gives it. */
export interface RawSignature {
  readonly yParity: 0 | 1;
  readonly r: bigint;
  readonly s: bigint;
}

const writer = new RlpWriter();

/**
 * Puts a transaction together from what was signed and its signature: encoded as it stands in
 * blocks (EIP-2718), with its hash.
 *
 * @param chainId undefined only for a legacy transaction that holds on every chain
 */
export function assembleTransaction(
  fields: TransactionFields,
  chainId: bigint | undefined,
  signature: RawSignature,
): SignedTransaction {
  const { yParity, r, s } = signature;
  const v = fields.type === 0 ? legacyV(yParity, chainId) : BigInt(yParity);
  const raw = encodeTransaction(fields, chainId, { r, s, v });
  return { raw, hash: keccak256(raw), fields, chainId, signature: { yParity, r, s, v } };
}

/** EIP-2718 encoding as it stands in blocks. */
export function encodeTransaction(
  fields: TransactionFields,
  chainId: bigint | undefined,
  signature: { readonly r: bigint; readonly s: bigint; readonly v: bigint },
): Uint8Array {
  const list = open(fields, chainId);
  writer.writeInteger(signature.v);
  writer.writeInteger(signature.r);
  writer.writeInteger(signature.s);
  writer.closeList(list);
  return writer.toBytes();
}

/** What the sender signs, 32 bytes (Yellow Paper appendix F, EIP-155, 2930, 1559, 4844, 7702). */
export function signingHashOf(fields: TransactionFields, chainId: bigint | undefined): Uint8Array {
  const list = open(fields, chainId);
  if (fields.type === 0 && chainId !== undefined) {
    writer.writeInteger(chainId);
    writer.writeNumber(0);
    writer.writeNumber(0);
  }
  writer.closeList(list);
  return keccak256(writer.view());
}

/** A transaction as an item of a list of transactions. */
export function writeTransaction(target: RlpWriter, { raw, fields }: SignedTransaction): void {
  if (fields.type === 0) target.writeRaw(raw);
  else target.writeBytes(raw);
}

/** Type and all fields; the list stays open for what follows them. */
function open(fields: TransactionFields, chainId: bigint | undefined): number {
  writer.reset();
  if (fields.type !== 0) writer.writeRaw(Uint8Array.of(fields.type));
  const list = writer.openList();
  if (fields.type !== 0) writer.writeInteger(chainId ?? 0n);
  writer.writeInteger(fields.nonce);
  if (fields.type === 0 || fields.type === 1) {
    writer.writeInteger(fields.gasPrice);
  } else {
    writer.writeInteger(fields.maxPriorityFeePerGas);
    writer.writeInteger(fields.maxFeePerGas);
  }
  writer.writeInteger(fields.gasLimit);
  writer.writeOptional(fields.to);
  writer.writeInteger(fields.value);
  writer.writeBytes(fields.data);
  if (fields.type === 0) return list;
  writeAccessList(fields.accessList);
  if (fields.type === 3) {
    writer.writeInteger(fields.maxFeePerBlobGas);
    const hashes = writer.openList();
    for (const hash of fields.blobHashes) writer.writeBytes(hash);
    writer.closeList(hashes);
  }
  if (fields.type === 4) writeAuthorizations(fields.authorizations);
  return list;
}

function writeAccessList(entries: readonly AccessListEntry[]): void {
  const list = writer.openList();
  for (const { address, slots } of entries) {
    const entry = writer.openList();
    writer.writeBytes(address);
    const inner = writer.openList();
    for (const slot of slots) writer.writeBytes(slot);
    writer.closeList(inner);
    writer.closeList(entry);
  }
  writer.closeList(list);
}

function writeAuthorizations(authorizations: readonly SignedAuthorization[]): void {
  const list = writer.openList();
  for (const { chainId, address, nonce, yParity, r, s } of authorizations) {
    const entry = writer.openList();
    writer.writeInteger(chainId);
    writer.writeBytes(address);
    writer.writeInteger(nonce);
    writer.writeInteger(yParity);
    writer.writeInteger(r);
    writer.writeInteger(s);
    writer.closeList(entry);
  }
  writer.closeList(list);
}
