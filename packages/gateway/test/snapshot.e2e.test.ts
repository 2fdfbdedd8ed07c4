import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { importSnapshot, type Ledger } from '@basalt/ledger';
import { decodeSnapshotManifest, type SnapshotManifest, utf8 } from '@basalt/protocol';
import { createLogStore, createMemoryEngine } from '@basalt/store';
import { ChainWriter, createTestLedger, provider, verifier } from './support/ledger.ts';
import { type Answer, ask, type Served, serve } from './support/serve.ts';

const HEIGHT = 600;

suite('a copy that begins at a snapshot, over HTTP', () => {
  const chain = new ChainWriter(90, 'copied');
  let origin: Served;
  let copyLedger: Ledger;
  let copy: Served;
  let manifest: SnapshotManifest;
  const base = `/chains/${chain.namespace}`;
  const chunksPath = `${base}/snapshots/${HEIGHT}/chunks`;

  before(async () => {
    origin = await serve();
    for (let i = 1; i < HEIGHT; i++) chain.add(utf8(`record ${i}`));
    await origin.ledger.submit(chain.blocks, { consistency: 'immediate' });
    manifest = decodeSnapshotManifest((await ask(origin.port, chunksPath)).body);
    const store = await createLogStore(createMemoryEngine());
    const components = { store, crypto: provider, verifier };
    const running = await importSnapshot(components, manifest, { source: origin.url });
    for (let next = running.nextChunk(); next !== undefined; next = running.nextChunk()) {
      const path = `${chunksPath}/${next}?from=${manifest.from}`;
      await running.add((await ask(origin.port, path)).body);
    }
    copyLedger = await createTestLedger({ store });
    copy = await serve({}, copyLedger);
    await copyLedger.flush();
  });

  after(async () => {
    await copy.close();
    await copyLedger.close();
    await origin.close();
  });

  test('the manifest and its chunks never change and say so', async () => {
    assert.equal(manifest.from, 512);
    for (const path of [chunksPath, `${chunksPath}/0?from=512`, `${chunksPath}/1?from=512`]) {
      const answer = await ask(origin.port, path);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['cache-control'], 'public, max-age=31536000, immutable');
      const etag = answer.headers['etag'] as string;
      const again = await ask(origin.port, path, { headers: { 'if-none-match': etag } });
      assert.equal(again.status, 304);
    }
    const more = await ask(origin.port, `${chunksPath}?blocks=400`);
    assert.equal(decodeSnapshotManifest(more.body).from, 0);
    const part = { headers: { range: 'bytes=0-9' } };
    assert.equal((await ask(origin.port, chunksPath, part)).status, 206);
  });

  test('the copy hands the same chunks on', async () => {
    for (const path of [chunksPath, `${chunksPath}/0?from=512`, `${chunksPath}/1?from=512`]) {
      assert.deepEqual((await ask(copy.port, path)).body, (await ask(origin.port, path)).body);
    }
    const detail = (await ask(copy.port, base)).json();
    assert.equal(detail['beginsAt'], 512);
    assert.equal((await ask(origin.port, base)).json()['beginsAt'], undefined);
  });

  test('what is older is 410 with the place that has it', async () => {
    const paths = [
      `${base}/blocks/5`,
      `${base}/blocks?from=5&count=2`,
      `${base}/proof?index=5`,
      `${base}/proofs?indexes=300,590`,
      `${base}/consistency?from=300&to=${HEIGHT}`,
      `${base}/snapshots/300`,
      `${chunksPath}?blocks=400`,
      `/ns/${chain.namespace}/tile/0/001`,
      `/ns/${chain.namespace}/tile/entries/001`,
    ];
    for (const path of paths) {
      const answer: Answer = await ask(copy.port, path);
      assert.equal(answer.status, 410, `${path}: ${answer.body.toString()}`);
      const problem = answer.json();
      assert.equal(problem['code'], 'pruned');
      assert.equal(problem['beginsAt'], 512);
      if (problem['source'] === undefined) continue;
      assert.equal(problem['source'], origin.url);
      assert.equal(answer.headers['link'], `<${origin.url}${path}>; rel="alternate"`);
      assert.equal((await ask(origin.port, path)).status, 200, path);
    }
  });

  test('what is here is served and proven, the genesis too', async () => {
    for (const index of [0, 512, 599]) {
      assert.equal((await ask(copy.port, `${base}/proof?index=${index}`)).status, 200);
      assert.equal((await ask(copy.port, `${base}/blocks/${index}`)).status, 200);
    }
    assert.equal((await ask(copy.port, `${base}/keys?proofs=1`)).status, 200);
    assert.equal((await ask(copy.port, `/ns/${chain.namespace}/tile/0/000`)).status, 200);
    const hash = chain.hash(599);
    assert.equal((await ask(copy.port, `/blocks/${hash}/payload`)).status, 410);
  });

  test('wrong questions are 4xx', async () => {
    for (const [path, status] of [
      [`${base}/snapshots/601/chunks`, 404],
      [`${base}/snapshots/0/chunks`, 404],
      [`${chunksPath}?blocks=-1`, 400],
      [`${chunksPath}?blocks=99999999999`, 400],
      [`${chunksPath}/0`, 400],
      [`${chunksPath}/0?from=7`, 404],
      [`${chunksPath}/2?from=512`, 404],
      [`/chains/nobody/snapshots/1/chunks`, 404],
      [`${base}/snapshots/601/chunks/0?from=512`, 409],
    ] as const) {
      assert.equal((await ask(origin.port, path)).status, status, path);
    }
  });
});
