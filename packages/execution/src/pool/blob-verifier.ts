import { FORK_RULES, isAtLeast } from '@basalt/evm';
import { sha256 } from '@noble/hashes/sha2.js';
import type { BlobSidecar, SignedTransaction } from '../transaction/types.ts';
import type { PoolHead } from './pool-chain.ts';
import { refuse } from './refuse.ts';

/** Checks the KZG proofs of blobs, elsewhere: one takes tens of milliseconds. */
export interface BlobVerifier {
  /** Do the commitments belong to the blobs? */
  verify(sidecar: BlobSidecar): Promise<boolean>;
  close(): Promise<void>;
}

/** EIP-4844: first byte of a hash made from a KZG commitment. */
const VERSION_KZG = 1;

/**
 * What can be seen of a sidecar without its proofs: it is there, in the fork's form, and its
 * commitments are those that the transaction names.
 *
 * @throws ExecutionError `blobs-missing`, `blob-proof`
 */
export function checkSidecar(
  { fields }: SignedTransaction,
  sidecar: BlobSidecar | undefined,
  { fork }: PoolHead,
): void {
  if (fields.type !== 3 || FORK_RULES[fork].maxTransactionType < 3) return;
  if (sidecar === undefined) throw refuse('blobs-missing', 'came without its blobs');
  // Version 0 is taken from Osaka on too, as geth takes it from its own users: clients (viem 2.57,
  // ethers 6.17) make no other, and its proofs show the same of the blobs.
  if (sidecar.version === 1 && !isAtLeast(fork, 'osaka')) {
    throw refuse('blob-proof', `blobs in the form of version 1, which ${fork} does not know`);
  }
  const { commitments } = sidecar;
  if (commitments.length !== fields.blobHashes.length) {
    const named = fields.blobHashes.length;
    const message = `${commitments.length} blobs, the transaction names ${named}`;
    throw refuse('blobs-missing', message);
  }
  fields.blobHashes.forEach((hash, index) => {
    const made = sha256(commitments[index] as Uint8Array);
    made[0] = VERSION_KZG;
    if (made.some((byte, at) => byte !== hash[at])) {
      throw refuse('blob-proof', `commitment ${index} has another hash than the transaction names`);
    }
  });
}
