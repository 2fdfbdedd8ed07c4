import { concatBytes } from '../bytes.ts';
import { ALGORITHM, type SignatureSuite } from '../suite.ts';

/**
 * Ed25519 and ML-DSA-44 over the same message, both required. Keys, seeds and signatures are the
 * two one behind the other, Ed25519 first. A half of such a signature does not pass for a block of
 * the plain algorithm: the algorithm id and the key id stand in the signed header.
 */
export function createCompositeSuite(
  ed25519: SignatureSuite,
  mlDsa44: SignatureSuite,
): SignatureSuite {
  const split = (bytes: Uint8Array, at: number): [Uint8Array, Uint8Array] => [
    bytes.subarray(0, at),
    bytes.subarray(at),
  ];
  // The ML-DSA suite keeps expansions by array, so the halves of a secret key must stay the same
  // arrays.
  const halves = new WeakMap<Uint8Array, [Uint8Array, Uint8Array]>();
  const secretHalves = (secretKey: Uint8Array): [Uint8Array, Uint8Array] => {
    const known = halves.get(secretKey) ?? split(secretKey, ed25519.secretKeyBytes);
    halves.set(secretKey, known);
    return known;
  };
  const signatureBytes = ed25519.signatureBytes + mlDsa44.signatureBytes;
  const publicKeyBytes = ed25519.publicKeyBytes + mlDsa44.publicKeyBytes;
  return {
    id: ALGORITHM.ed25519MlDsa44,
    name: 'Ed25519 + ML-DSA-44',
    seedBytes: ed25519.seedBytes + mlDsa44.seedBytes,
    publicKeyBytes,
    secretKeyBytes: ed25519.secretKeyBytes + mlDsa44.secretKeyBytes,
    signatureBytes,
    keyPairFromSeed(seed) {
      const [edSeed, mlSeed] = split(seed, ed25519.seedBytes);
      const ed = ed25519.keyPairFromSeed(edSeed);
      const ml = mlDsa44.keyPairFromSeed(mlSeed);
      return {
        algorithm: ALGORITHM.ed25519MlDsa44,
        secretKey: concatBytes(ed.secretKey, ml.secretKey),
        publicKey: concatBytes(ed.publicKey, ml.publicKey),
      };
    },
    sign(message, secretKey) {
      const [edKey, mlKey] = secretHalves(secretKey);
      return concatBytes(ed25519.sign(message, edKey), mlDsa44.sign(message, mlKey));
    },
    verify(signature, message, publicKey) {
      if (signature.length !== signatureBytes || publicKey.length !== publicKeyBytes) return false;
      const [edSignature, mlSignature] = split(signature, ed25519.signatureBytes);
      const [edKey, mlKey] = split(publicKey, ed25519.publicKeyBytes);
      return (
        ed25519.verify(edSignature, message, edKey) && mlDsa44.verify(mlSignature, message, mlKey)
      );
    },
  };
}
