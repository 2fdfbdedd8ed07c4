import { randomBytes } from 'node:crypto';
import { createNativeProvider } from '@basalt/crypto';
import {
  ALGORITHM,
  concatBytes,
  createBlock,
  createGenesisBlock,
  createSigner,
  encodeBlock,
  PAYLOAD_TYPE,
  tipAfter,
} from '@basalt/protocol';

const PAYLOAD_BYTES = 256;
const provider = createNativeProvider();

/**
 * Request bodies with the blocks of a new writer: the genesis, then payloads nobody can compress.
 */
export function foreignBatches(blocks: number, batch: number): Uint8Array[] {
  const suite = provider.suite(ALGORITHM.ed25519);
  const signer = createSigner(suite.keyPairFromSeed(randomBytes(32)), provider);
  const nonce = randomBytes(16);
  const timestampMs = Date.now();
  let made = createGenesisBlock({ label: 'bench', nonce, timestampMs, signer, provider });
  const { namespace } = made.block.entry.header;
  const wire = [encodeBlock(made.block)];
  while (wire.length < blocks) {
    made = createBlock({
      namespace,
      tip: tipAfter(made.block, made.hash),
      timestampMs,
      payloadType: PAYLOAD_TYPE.opaque,
      payload: randomBytes(PAYLOAD_BYTES),
      signer,
      provider,
    });
    wire.push(encodeBlock(made.block));
  }
  const batches: Uint8Array[] = [];
  for (let i = 0; i < wire.length; i += batch) {
    batches.push(concatBytes(...wire.slice(i, i + batch)));
  }
  return batches;
}
