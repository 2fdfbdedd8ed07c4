import type { CryptoProvider } from '../suite.ts';
import { ed25519Suite } from './ed25519.ts';
import { createProvider } from './provider.ts';

/** Every suite in plain JavaScript, audited libraries only; runs in a browser. */
export const nobleProvider: CryptoProvider = /* @__PURE__ */ createProvider('noble', [
  ed25519Suite,
]);
