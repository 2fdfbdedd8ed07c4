import { ALGORITHM, type AlgorithmId, type PlainAlgorithmId } from '../suite.ts';

/** Id of a Merkle-signed form: its inner signature's plain id plus 16. */
export type MerkleAlgorithmId = 17 | 19 | 20;

const NAMES: ReadonlyMap<number, string> = /* @__PURE__ */ new Map([
  [ALGORITHM.ed25519, 'Ed25519'],
  [ALGORITHM.ecdsaP256, 'ECDSA P-256'],
  [ALGORITHM.mlDsa44, 'ML-DSA-44'],
  [ALGORITHM.ed25519MlDsa44, 'Ed25519 + ML-DSA-44'],
  [ALGORITHM.mlDsa65, 'ML-DSA-65'],
  [ALGORITHM.secp256k1, 'ECDSA secp256k1'],
  [ALGORITHM.merkleEd25519, 'Merkle-signed Ed25519'],
  [ALGORITHM.merkleMlDsa44, 'Merkle-signed ML-DSA-44'],
  [ALGORITHM.merkleEd25519MlDsa44, 'Merkle-signed Ed25519 + ML-DSA-44'],
]);

export function isAlgorithmId(value: number): value is AlgorithmId {
  return (value >= 1 && value <= 6) || isMerkleAlgorithm(value);
}

export function isPlainAlgorithm(value: number): value is PlainAlgorithmId {
  return Number.isInteger(value) && value >= 1 && value <= 6;
}

export function isMerkleAlgorithm(value: number): value is MerkleAlgorithmId {
  return value === 17 || value === 19 || value === 20;
}

/** The algorithm that makes the signature: 17 -> 1, 19 -> 3, 20 -> 4, a plain id is itself. */
export function plainAlgorithm(algorithm: AlgorithmId): PlainAlgorithmId {
  switch (algorithm) {
    case ALGORITHM.merkleEd25519:
      return ALGORITHM.ed25519;
    case ALGORITHM.merkleMlDsa44:
      return ALGORITHM.mlDsa44;
    case ALGORITHM.merkleEd25519MlDsa44:
      return ALGORITHM.ed25519MlDsa44;
    default:
      return algorithm;
  }
}

/** The Merkle-signed form of a plain algorithm, or undefined where there is none (2, 5, 6). */
export function merkleAlgorithm(algorithm: PlainAlgorithmId): MerkleAlgorithmId | undefined {
  switch (algorithm) {
    case ALGORITHM.ed25519:
      return ALGORITHM.merkleEd25519;
    case ALGORITHM.mlDsa44:
      return ALGORITHM.merkleMlDsa44;
    case ALGORITHM.ed25519MlDsa44:
      return ALGORITHM.merkleEd25519MlDsa44;
    default:
      return undefined;
  }
}

export function algorithmName(algorithm: AlgorithmId): string {
  return NAMES.get(algorithm) ?? `algorithm ${algorithm}`;
}
