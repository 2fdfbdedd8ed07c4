import { createLmdbEngine, createMemoryEngine, createMemoryStorage } from '../src/index.ts';
import { engineCompliance } from '../src/testing/compliance.ts';
import { testFolder } from './support/folder.ts';

engineCompliance('memory', async () => {
  const storage = createMemoryStorage();
  return { open: async () => createMemoryEngine({ storage }), destroy: async () => undefined };
});

engineCompliance('lmdb', async () => {
  const folder = await testFolder('engine');
  return {
    open: () => createLmdbEngine({ path: folder.path }),
    destroy: () => folder[Symbol.asyncDispose](),
  };
});
