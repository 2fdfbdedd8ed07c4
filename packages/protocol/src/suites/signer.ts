import type { CryptoProvider, KeyPair, Signer } from '../suite.ts';
import { nobleProvider } from './noble.ts';

/**
 * A signer over a key pair in memory. It keeps the secret in a closure and shows only the public
 * key.
 */
export function createSigner(keyPair: KeyPair, provider: CryptoProvider = nobleProvider): Signer {
  const suite = provider.suite(keyPair.algorithm);
  const secretKey = keyPair.secretKey;
  return {
    algorithm: keyPair.algorithm,
    publicKey: keyPair.publicKey,
    sign: (message) => suite.sign(message, secretKey),
  };
}
