import { createWebProvider, type ProviderSource } from '@basalt/client';
import { ALGORITHM } from '@basalt/protocol';

/**
 * The browser's own Ed25519 where it has one. Files with other code are loaded when a block needs
 * them: another algorithm, a browser without Ed25519, or a signature that the browser refuses.
 */
export const provider: ProviderSource = createWebProvider({
  subtle: globalThis.crypto?.subtle,
  load: async (algorithm) =>
    algorithm === ALGORITHM.ed25519
      ? (await import('./ed25519-suite.ts')).ed25519Provider
      : (await import('./all-suites.ts')).nobleProvider,
});
