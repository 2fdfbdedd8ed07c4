import { sha256 } from '@noble/hashes/sha2.js';
import { BLOB_BYTES, CELLS_PER_BLOB } from '../../src/transaction/limits.ts';
import { encodePooledTransaction } from '../../src/transaction/pooled.ts';
import type {
  BlobSidecar,
  SignedTransaction,
  TransactionFields,
} from '../../src/transaction/types.ts';
import { pretend } from './pool.ts';
import { transfer } from './transactions.ts';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

/** The point at infinity and the generator of G1, compressed. */
export const INFINITY: Uint8Array = Uint8Array.of(0xc0, ...new Uint8Array(47));
export const GENERATOR: Uint8Array = hex(
  '97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac58' +
    '6c55e83ff97a1aeffb3af00adb22c6bb',
);

/**
 * Blobs of a constant polynomial, 0 or 1: its commitment is that multiple of the generator and all
 * proofs are infinity, since the quotient is zero. True proofs that cost nothing to make.
 */
export function constantSidecar(version: 0 | 1, constants: readonly (0 | 1)[]): BlobSidecar {
  const proofs = constants.length * (version === 0 ? 1 : CELLS_PER_BLOB);
  return {
    version,
    blobs: constants.map((constant) => {
      const blob = new Uint8Array(BLOB_BYTES);
      for (let at = 31; at < BLOB_BYTES; at += 32) blob[at] = constant;
      return blob;
    }),
    commitments: constants.map((constant) => (constant === 0 ? INFINITY : GENERATOR)),
    proofs: Array<Uint8Array>(proofs).fill(INFINITY),
  };
}

export function versionedHash(commitment: Uint8Array): Uint8Array {
  const hash = sha256(commitment);
  hash[0] = 1;
  return hash;
}

/** A transaction with these blobs, and its form on the way to a pool. */
export function blobTransaction(
  sidecar: BlobSidecar,
  sender: Uint8Array,
  changes: Partial<Extract<TransactionFields, { type: 3 }>> = {},
): { readonly signed: SignedTransaction; readonly raw: Uint8Array } {
  const fields: TransactionFields = {
    ...transfer(),
    type: 3,
    maxFeePerBlobGas: 10n,
    blobHashes: sidecar.commitments.map(versionedHash),
    ...changes,
  };
  const signed = pretend(fields, sender);
  return { signed, raw: encodePooledTransaction(signed, sidecar) };
}
