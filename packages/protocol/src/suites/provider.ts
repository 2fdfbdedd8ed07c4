import { sha512 } from '@noble/hashes/sha2.js';
import { ProtocolError } from '../errors.ts';
import type { CryptoProvider, SignatureSuite } from '../suite.ts';
import { nobleHashes } from './noble-hashes.ts';

/**
 * A provider with just these suites on noble's hashes. A page that only checks Ed25519 uses
 * `createProvider('small', [ed25519Suite])` and leaves the other algorithms out of its bundle.
 */
export function createProvider(name: string, suites: readonly SignatureSuite[]): CryptoProvider {
  const byId = new Map(suites.map((suite) => [suite.id, suite]));
  return {
    name,
    ...nobleHashes,
    sha512,
    suite(id) {
      const suite = byId.get(id);
      if (suite === undefined) {
        throw new ProtocolError('unknown-algorithm', 'expected an algorithm of this provider', {
          found: id,
          provider: name,
        });
      }
      return suite;
    },
  };
}
