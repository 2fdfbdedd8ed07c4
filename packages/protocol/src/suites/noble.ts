import type { CryptoProvider, SignatureSuite } from '../suite.ts';
import { createCompositeSuite } from './composite.ts';
import { ecdsaP256Suite, secp256k1Suite } from './ecdsa.ts';
import { ed25519Suite } from './ed25519.ts';
import { mlDsa44Suite, mlDsa65Suite } from './ml-dsa.ts';
import { createProvider } from './provider.ts';

/** Id 4 over the two suites of this package. */
export const ed25519MlDsa44Suite: SignatureSuite = /* @__PURE__ */ createCompositeSuite(
  ed25519Suite,
  mlDsa44Suite,
);

/** Every suite in plain JavaScript, from the noble libraries only; runs in a browser. */
export const nobleProvider: CryptoProvider = /* @__PURE__ */ createProvider('noble', [
  ed25519Suite,
  ecdsaP256Suite,
  mlDsa44Suite,
  ed25519MlDsa44Suite,
  mlDsa65Suite,
  secp256k1Suite,
]);
