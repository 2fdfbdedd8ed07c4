import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClientError, type SnapshotRequest, type VerifiedManifest } from '@basalt/client';
import type { Hash32, NamespaceId, SnapshotManifest } from '@basalt/protocol';
import { compareKeyBlocks } from '../src/snapshot/compare-key-blocks.ts';
import type { ChunkSource } from '../src/snapshot/fetch-chunks.ts';

const HASH = new Uint8Array(32) as Hash32;

const MANIFEST: SnapshotManifest = {
  snapshot: {
    namespace: '00000000-0000-8000-8000-000000000001' as NamespaceId,
    height: 700,
    root: HASH,
    peaks: [],
    headHash: HASH,
    blockCount: 700,
    totalSizeBytes: 1,
    createdMs: 1,
  },
  from: 512,
  edge: HASH,
  olderSizeBytes: 1,
  keyBlocks: [0, 300],
  bundleRoots: [HASH],
};

/** A source that says what it is told to say. */
function source(answer: Partial<SnapshotManifest> | ClientError, asked: SnapshotRequest[] = []) {
  const manifest = async (request: SnapshotRequest): Promise<VerifiedManifest> => {
    asked.push(request);
    if (answer instanceof ClientError) throw answer;
    return { manifest: { ...MANIFEST, ...answer } } as VerifiedManifest;
  };
  return { url: 'http://other.test', download: { manifest } } as unknown as ChunkSource;
}

async function compare(...others: ChunkSource[]): Promise<string[]> {
  const failures: string[] = [];
  const { signal } = new AbortController();
  await compareKeyBlocks(MANIFEST, others, signal, (_, error) => failures.push(error.code));
  return failures;
}

test('others that say the same, or nothing, are no obstacle', async () => {
  const asked: SnapshotRequest[] = [];
  const away = new ClientError('unavailable', 'network', 'nobody answers');
  assert.deepEqual(await compare(), []);
  assert.deepEqual(await compare(source(away), source({}, asked)), ['network']);
  assert.equal(asked[0]?.height, 700);
  assert.equal(asked[0]?.blocks, 188);
});

test('a key block that only one of two knows is found, whoever hides it', async () => {
  for (const keyBlocks of [[0], [0, 300, 301], [0, 299]]) {
    await assert.rejects(compare(source({}), source({ keyBlocks })), { code: 'key-block-missing' });
  }
});

test('another root is another history', async () => {
  const snapshot = { ...MANIFEST.snapshot, root: HASH.with(0, 1) as Hash32 };
  await assert.rejects(compare(source({ snapshot })), { code: 'inconsistent-checkpoint' });
});
