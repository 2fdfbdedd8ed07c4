import { createNativeProvider } from '@basalt/crypto';
import { type NamespaceId, type SnapshotManifest, utf8, verifySignature } from '@basalt/protocol';
import {
  type CommitFault,
  createLogStore,
  createMemoryEngine,
  createMemoryStorage,
  type EngineLogStore,
  type MemoryStorage,
} from '@basalt/store';
import { importSnapshot, type Ledger, type SnapshotImportComponents } from '../../src/index.ts';
import { createTestLedger, genesisPayload, seededSigner, type TestLedger } from './harness.ts';

const crypto = createNativeProvider();

export interface Origin extends TestLedger {
  readonly namespace: NamespaceId;
}

/** A ledger with one namespace of `size` blocks under a published checkpoint. */
export async function origin(size: number, seed = 60): Promise<Origin> {
  const made = await createTestLedger();
  const signer = seededSigner(seed);
  const writer = await made.ledger.createNamespace(genesisPayload(signer), signer);
  const records = Array.from({ length: size - 1 }, (_, i) => ({ payload: utf8(`record ${i}`) }));
  for (let at = 0; at < records.length; at += 4000) {
    await writer.append(records.slice(at, at + 4000));
  }
  await made.ledger.flush();
  return { ...made, namespace: writer.namespace };
}

export function importComponents(store: EngineLogStore): SnapshotImportComponents {
  return {
    store,
    crypto,
    verifier: {
      verify: async (items) =>
        items.map(({ entry, publicKey, payload }) =>
          verifySignature(entry, publicKey, payload, crypto),
        ),
    },
  };
}

export async function openStore(
  storage: MemoryStorage,
  commitFault?: () => CommitFault | undefined,
): Promise<EngineLogStore> {
  return createLogStore(
    createMemoryEngine({ storage, ...(commitFault === undefined ? {} : { commitFault }) }),
  );
}

/** Brings the chunks that are missing, from a ledger that has them. */
export async function importFrom(
  ledger: Ledger,
  manifest: SnapshotManifest,
  store: EngineLogStore,
  source = '',
): Promise<void> {
  const { snapshot, from } = manifest;
  const running = await importSnapshot(importComponents(store), manifest, { source });
  for (let chunk = running.nextChunk(); chunk !== undefined; chunk = running.nextChunk()) {
    await running.add(await ledger.snapshotChunk(snapshot.namespace, snapshot.height, from, chunk));
  }
}

/** A ledger over a copy of `from` that begins at a snapshot. */
export async function copyOf(
  from: Origin,
  height: number,
  blocks: number,
): Promise<TestLedger & { readonly storage: MemoryStorage }> {
  const storage = createMemoryStorage();
  const store = await openStore(storage);
  const manifest = await from.ledger.snapshotManifest(from.namespace, height, blocks);
  await importFrom(from.ledger, manifest, store, 'https://origin.example');
  await store.close();
  const engine = createMemoryEngine({ storage });
  return { ...(await createTestLedger({ engine })), storage };
}
