import {
  type CheckpointStorage,
  createExaminer,
  createMemoryStorage,
  createWebProvider,
  createWebStorage,
  type Examiner,
} from '@basalt/client';
import { ALGORITHM } from '@basalt/protocol';

/**
 * Verifies what the page shows. The browser's own Ed25519 where it has one; files with other code
 * come when a block needs them. Log keys and checkpoints are kept where the explorer keeps them.
 */
export function createPageExaminer(): Examiner {
  return createExaminer({ url: '', provider, storage: openStorage() });
}

const provider = createWebProvider({
  subtle: globalThis.crypto?.subtle,
  load: async (algorithm) =>
    algorithm === ALGORITHM.ed25519
      ? (await import('./ed25519-suite.ts')).ed25519Provider
      : (await import('./all-suites.ts')).nobleProvider,
});

/** A browser that forbids storage gets a memory that ends with the page. */
function openStorage(): CheckpointStorage {
  try {
    return createWebStorage(localStorage);
  } catch {
    return createMemoryStorage();
  }
}
