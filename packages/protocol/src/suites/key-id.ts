import type { KeyId } from '../brands.ts';
import type { AlgorithmId, HashFunction } from '../suite.ts';
import { sha256 } from '../tree/hash.ts';
import { plainAlgorithm } from './algorithms.ts';

/**
 * 32 bytes that name a public key: SHA-256(algorithm id as u16 big-endian, public key). The id is
 * that of the plain algorithm, so one key has one name whether its owner signs blocks one by one or
 * by batches; the header's algorithm field, which is signed too, says which of both was done.
 */
export function keyId(
  algorithm: AlgorithmId,
  publicKey: Uint8Array,
  hash: HashFunction = sha256,
): KeyId {
  const input = new Uint8Array(2 + publicKey.length);
  input[1] = plainAlgorithm(algorithm);
  input.set(publicKey, 2);
  return hash(input) as KeyId;
}
