/** KZG for blob transactions (EIP-4844, EIP-7594), by a native library that is not ours. */
import { loadClient } from '../../../../../tools/testing/clients.ts';
import type { Hex } from './accounts.ts';

interface KzgContext {
  blobToKzgCommitment(blob: Uint8Array): Uint8Array;
  computeBlobKzgProof(blob: Uint8Array, commitment: Uint8Array): Uint8Array;
  computeCellsAndKzgProofs(blob: Uint8Array): { readonly proofs: readonly Uint8Array[] };
}

/** In the form that viem takes, and with the proofs of cells that it does not know. */
export interface Kzg {
  readonly blobToKzgCommitment: (blob: Uint8Array) => Uint8Array;
  readonly computeBlobKzgProof: (blob: Uint8Array, commitment: Uint8Array) => Uint8Array;
  /** 128 proofs of 48 bytes, for a sidecar of version 1. */
  readonly cellProofs: (blob: Uint8Array) => readonly Uint8Array[];
}

let loaded: Kzg | undefined;

/** Takes about a second the first time: the trusted setup of the ceremony is read. */
export function loadKzg(): Kzg {
  loaded ??= createKzg();
  return loaded;
}

function createKzg(): Kzg {
  const { DasContextJs } = loadClient('@crate-crypto/node-eth-kzg') as {
    DasContextJs: { create(options: { usePrecomp: boolean }): KzgContext };
  };
  const context = DasContextJs.create({ usePrecomp: false });
  return {
    blobToKzgCommitment: (blob) => context.blobToKzgCommitment(blob),
    computeBlobKzgProof: (blob, commitment) => context.computeBlobKzgProof(blob, commitment),
    cellProofs: (blob) => context.computeCellsAndKzgProofs(blob).proofs,
  };
}

const BYTES_PER_BLOB = 131_072;

/** A blob of text: 31 bytes in each field element, so that none is over the modulus. */
export function blobOf(text: string): Uint8Array {
  const data = new TextEncoder().encode(text);
  const blob = new Uint8Array(BYTES_PER_BLOB);
  for (let index = 0; index < data.length; index++) {
    blob[Math.floor(index / 31) * 32 + 1 + (index % 31)] = data[index] ?? 0;
  }
  return blob;
}

export function hexOf(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}
