import type { ByteReader, ByteWriter } from '../codec.ts';
import { ProtocolError } from '../errors.ts';
import { PUBLIC_KEY_BYTES_MAX } from '../limits.ts';
import type { PlainAlgorithmId } from '../suite.ts';
import { isPlainAlgorithm } from '../suites/algorithms.ts';

/** A key as payloads name it; the same key may sign plainly and by Merkle batches. */
export interface PublicKey {
  readonly algorithm: PlainAlgorithmId;
  readonly publicKey: Uint8Array;
}

/** Lengths of public keys by algorithm id, so that a key that cannot work is refused early. */
const PUBLIC_KEY_BYTES: Readonly<Record<PlainAlgorithmId, number>> = {
  1: 32,
  2: 33,
  3: 1312,
  4: 1344,
  5: 1952,
  6: 33,
};

/** u16 algorithm id, u16 length, key. @throws ProtocolError `malformed`, `unknown-algorithm` */
export function writePublicKey(writer: ByteWriter, key: PublicKey): void {
  checkPublicKey(key.algorithm, key.publicKey.length);
  writer.u16(key.algorithm).u16(key.publicKey.length).bytes(key.publicKey);
}

/** @throws ProtocolError `malformed`, `unknown-algorithm` */
export function readPublicKey(reader: ByteReader): PublicKey {
  const algorithm = reader.u16();
  const length = reader.u16();
  checkPublicKey(algorithm, length);
  return { algorithm: algorithm as PlainAlgorithmId, publicKey: reader.bytes(length) };
}

function checkPublicKey(algorithm: number, length: number): void {
  if (!isPlainAlgorithm(algorithm)) {
    throw new ProtocolError('unknown-algorithm', 'expected a plain signature algorithm (1 to 6)', {
      found: algorithm,
    });
  }
  if (length !== PUBLIC_KEY_BYTES[algorithm] || length > PUBLIC_KEY_BYTES_MAX) {
    throw new ProtocolError('malformed', 'expected a public key as long as its algorithm says', {
      found: length,
      expected: PUBLIC_KEY_BYTES[algorithm],
    });
  }
}
