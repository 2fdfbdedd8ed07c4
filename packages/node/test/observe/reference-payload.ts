import { createNativeProvider } from '@basalt/crypto';
import {
  type BlockHash,
  createGenesisBlock,
  createSigner,
  emptySuperTree,
  encodeCrossReference,
  type NamespaceId,
  proveInSuperTree,
} from '@basalt/protocol';

const { block: TARGET } = createGenesisBlock({
  label: 'target',
  nonce: new Uint8Array(16),
  timestampMs: 1,
  signer: createSigner(createNativeProvider().suite(1).keyPairFromSeed(new Uint8Array(32))),
});

/** A payload in the form of a cross-reference; its proofs prove nothing. */
export function referencePayload(from: NamespaceId, to: NamespaceId): Uint8Array {
  const hash = new Uint8Array(32) as BlockHash;
  return encodeCrossReference({
    sourceNamespace: from,
    sourceBlock: hash,
    targetNamespace: to,
    targetBlock: hash,
    timestampMs: 1,
    targetEntry: TARGET.entry,
    proof: [],
    superInclusion: {
      treeProof: proveInSuperTree(emptySuperTree(), to),
      superBlock: new Uint8Array(4),
      size: 1,
      proof: [],
    },
  });
}
