import { keccak256, type SignedAuthorization } from '@basalt/evm';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { RlpWriter } from '../rlp/writer.ts';
import { assembleTransaction, type RawSignature, signingHashOf } from './encode.ts';
import type { SignedTransaction, TransactionFields } from './types.ts';

/** EIP-7702: what stands before the signed list of an authorization. */
const AUTHORIZATION_MAGIC = 0x05;

/**
 * Signs a hash of 32 bytes with a key of 32 bytes over secp256k1: the nonce from RFC 6979, s in the
 * lower half of the order, so that one key gives one signature everywhere.
 */
export type Sign = (hash: Uint8Array, privateKey: Uint8Array) => RawSignature;

/** Whether 32 bytes are a key: a number from 1 to the curve's order, without it (SEC 1, 3.2.1). */
export function isPrivateKey(bytes: Uint8Array): boolean {
  return secp256k1.utils.isValidSecretKey(bytes);
}

/** In JavaScript: right everywhere, about 0.3 ms a signature. */
export const signPortable: Sign = (hash, privateKey) => {
  const bytes = secp256k1.sign(hash, privateKey, { prehash: false, format: 'recovered' });
  return fromCompact(bytes.subarray(1), bytes[0] ?? 0);
};

/** The part of the package secp256k1 that is used here. */
interface NativeSecp256k1 {
  ecdsaSign(
    hash: Uint8Array,
    privateKey: Uint8Array,
  ): { readonly signature: Uint8Array; readonly recid: number };
}

/** Bitcoin's libsecp256k1 where its package has a binary for this machine, else JavaScript. */
export async function loadSign(): Promise<Sign> {
  let native: NativeSecp256k1;
  try {
    // @ts-expect-error the package has no types; what is used of it is declared above
    const loaded: unknown = await import('secp256k1/bindings.js');
    native = (loaded as { default: NativeSecp256k1 }).default;
  } catch {
    return signPortable;
  }
  return (hash, privateKey) => {
    const { signature, recid } = native.ecdsaSign(hash, privateKey);
    return fromCompact(signature, recid);
  };
}

/**
 * Signs and encodes a transaction.
 *
 * @param chainId undefined: a legacy transaction that holds on every chain
 */
export function signTransaction(
  fields: TransactionFields,
  chainId: bigint | undefined,
  privateKey: Uint8Array,
  sign: Sign = signPortable,
): SignedTransaction {
  return assembleTransaction(fields, chainId, sign(signingHashOf(fields, chainId), privateKey));
}

/** Lets a transaction of type 4 set the code of the key's account to that of `address`. */
export function signAuthorization(
  fields: Pick<SignedAuthorization, 'chainId' | 'address' | 'nonce'>,
  privateKey: Uint8Array,
  sign: Sign = signPortable,
): SignedAuthorization {
  const { chainId, address, nonce } = fields;
  const writer = new RlpWriter();
  writer.writeRaw(Uint8Array.of(AUTHORIZATION_MAGIC));
  const list = writer.openList();
  writer.writeInteger(chainId);
  writer.writeBytes(address);
  writer.writeInteger(nonce);
  writer.closeList(list);
  const { yParity, r, s } = sign(keccak256(writer.view()), privateKey);
  return { chainId, address, nonce, yParity: BigInt(yParity), r, s };
}

/** Address of a private key, 20 bytes. */
export function addressOf(privateKey: Uint8Array): Uint8Array {
  return keccak256(secp256k1.getPublicKey(privateKey, false).subarray(1)).slice(12);
}

function fromCompact(signature: Uint8Array, recovery: number): RawSignature {
  const view = new DataView(signature.buffer, signature.byteOffset, signature.length);
  return { yParity: recovery === 0 ? 0 : 1, r: readWord(view, 0), s: readWord(view, 32) };
}

function readWord(view: DataView, offset: number): bigint {
  let word = 0n;
  for (let at = offset; at < offset + 32; at += 8) word = (word << 64n) | view.getBigUint64(at);
  return word;
}
