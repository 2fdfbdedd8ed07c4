import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  blockHash,
  createCosigner,
  encodeBundle,
  encodeKeyBlockChunk,
  encodeSnapshotManifest,
  formatVerifierKey,
  fromHex,
  type Hash32,
  leafHash,
  RangeBuilder,
  type SnapshotManifest,
  TileBuilder,
  tilesOnPath,
} from '@basalt/protocol';
import { createSnapshotDownload, type FetchFunction, type SnapshotDownload } from '../src/index.ts';
import { binary, type FakeChain, type Intercept, seededSigner } from './fake-node.ts';
import { createSetup, isCode, type Setup } from './setup.ts';

const HEIGHT = 300;

/** What a node makes of a chain of fewer than 65,536 blocks. */
function manifestOf(chain: FakeChain, height: number, from: number): SnapshotManifest {
  const builder = new TileBuilder();
  for (const leaf of chain.leaves.slice(0, from)) builder.append(leaf);
  const edge = builder.encodeEdge();
  for (const leaf of chain.leaves.slice(from, height)) builder.append(leaf);
  const bundleRoots: Hash32[] = [];
  for (let at = from; at < height; at += 256) {
    const range = new RangeBuilder();
    for (const leaf of chain.leaves.slice(at, Math.min(height, at + 256))) range.append(leaf);
    bundleRoots.push(range.root());
  }
  const head = chain.blocks[height - 1];
  assert(head !== undefined);
  const snapshot = {
    namespace: chain.namespace,
    height,
    root: builder.root(),
    peaks: builder.range().peaks,
    headHash: blockHash(head.entry, head.payload),
    blockCount: height,
    totalSizeBytes: 7,
    createdMs: head.entry.header.timestampMs,
  };
  return { snapshot, from, edge, olderSizeBytes: 1, keyBlocks: [0], bundleRoots };
}

function chunkOf(chain: FakeChain, { from, snapshot }: SnapshotManifest, chunk: number) {
  if (chunk > 0) {
    const start = from + (chunk - 1) * 256;
    const blocks = chain.blocks.slice(start, Math.min(snapshot.height, start + 256));
    return encodeBundle(blocks.map(({ entry }) => entry.bytes));
  }
  const [block] = chain.blocks;
  assert(block !== undefined);
  const tiles = tilesOnPath(0, from).map((tile) => {
    const bytes = new Uint8Array(8192);
    for (let i = 0; i < 256; i++) bytes.set(chain.leaves[i] as Hash32, 32 * i);
    return { ...tile, bytes };
  });
  return encodeKeyBlockChunk({ block, tiles });
}

/** Answers the routes of snapshots from a chain. */
function serving(chain: FakeChain, change = (bytes: Uint8Array) => bytes): Intercept {
  return ({ path }) => {
    const found = /snapshots\/(\d+)\/chunks(?:\/(\d+))?\?(?:blocks|from)=(\d+)/.exec(path);
    if (found === null) return undefined;
    const [height, number] = [Number(found[1]), Number(found[3])];
    if (found[2] !== undefined) {
      const manifest = manifestOf(chain, height, number);
      return binary(change(chunkOf(chain, manifest, Number(found[2]))));
    }
    const from = Math.max(0, height - number);
    return binary(change(encodeSnapshotManifest(manifestOf(chain, height, from - (from % 256)))));
  };
}

function downloadOf({ node, time }: Setup, more: object = {}): SnapshotDownload {
  const { clock, scheduler } = time;
  const random = { bytes: (length: number) => new Uint8Array(length) };
  const parts = { fetch: node.fetch, clock, scheduler, random, retries: 0, ...more };
  return createSnapshotDownload({ url: 'http://node.test', ...parts });
}

test('a manifest and its chunks are fetched and verified', async () => {
  const setup = createSetup(400);
  const { chain, node } = setup;
  node.intercept = serving(chain);
  const download = downloadOf(setup);
  const { namespace } = chain;
  const { manifest, consistency } = await download.manifest({ namespace, height: HEIGHT });
  assert.equal(manifest.from, 256);
  assert.equal(consistency.to.checkpoint.size, 401);
  for (const chunk of [0, 1]) {
    assert.deepEqual(await download.chunk(manifest, chunk), chunkOf(chain, manifest, chunk));
  }
  const newest = await download.manifest({ namespace, blocks: 300 });
  assert.equal(newest.manifest.snapshot.height, 401);
  assert.equal(newest.manifest.from, 0);
});

test('what is not the snapshot that was asked for is refused', async () => {
  const setup = createSetup(400);
  const { chain, node } = setup;
  const other = createSetup(400);
  for (let i = 0; i < 5; i++) other.node.add(other.chain, 'other');
  const { namespace } = chain;
  const foreign = node.addChain('foreign', chain.signer, 8);
  for (let i = 0; i < 400; i++) node.add(foreign, `${i}`);
  const download = downloadOf(setup);
  const ask = (blocks = 1) => download.manifest({ namespace, height: HEIGHT, blocks });
  const flip = (at: number) => (bytes: Uint8Array) => {
    const copy = bytes.slice();
    copy[at] = (copy[at] as number) ^ 1;
    return copy;
  };
  const cases: readonly [string, Intercept, string][] = [
    ['another namespace', serving(foreign), 'wrong-block'],
    ['cut', serving(chain, (bytes) => bytes.subarray(0, 150)), 'malformed'],
    ['more behind it', serving(chain, (b) => Buffer.concat([b, b])), 'malformed'],
    ['a changed root', serving(chain, flip(30)), 'invalid-proof'],
    ['a changed peak', serving(chain, flip(5 + 16 + 1 + 8 + 64 + 16 + 3)), 'invalid-proof'],
    ['a changed bundle root', serving(chain, (b) => flip(b.length - 1)(b)), 'invalid-proof'],
    [
      'another height',
      ({ path }, answer) =>
        serving(chain)({ path: path.replace('/300/', '/299/') } as never, answer),
      'wrong-block',
    ],
  ];
  for (const [what, intercept, code] of cases) {
    node.intercept = intercept;
    await assert.rejects(ask(), isCode(code, 'refused'), what);
  }
  node.intercept = ({ path }, answer) =>
    serving(chain)({ path: path.replace('blocks=300', 'blocks=1') } as never, answer);
  await assert.rejects(ask(300), isCode('wrong-block', 'refused'));
});

test('a tree that agrees with itself and not with the checkpoint is refused', async () => {
  const setup = createSetup(400);
  const { chain, node } = setup;
  const forged = { ...chain, leaves: [...chain.leaves] };
  forged.leaves[290] = leafHash(fromHex('00'));
  node.intercept = serving(forged);
  const download = downloadOf(setup);
  const request = { namespace: chain.namespace, height: HEIGHT };
  await assert.rejects(download.manifest(request), isCode('invalid-proof', 'refused'));
  node.intercept = serving(chain);
  const { manifest } = await download.manifest(request);
  await assert.doesNotReject(download.verify(manifest));
  const lie = { ...manifest.snapshot, root: forged.leaves[290] };
  await assert.rejects(
    download.verify({ ...manifest, snapshot: lie }),
    isCode('invalid-proof', 'refused'),
  );
});

test('a wrong chunk is refused by its number, an endless one cut off', async () => {
  const setup = createSetup(400);
  const { chain, node } = setup;
  node.intercept = serving(chain);
  const download = downloadOf(setup);
  const { manifest } = await download.manifest({ namespace: chain.namespace, height: HEIGHT });
  for (const chunk of [0, 1]) {
    node.intercept = serving(chain, (bytes) => bytes.subarray(0, -1));
    await assert.rejects(download.chunk(manifest, chunk), (error: unknown) => {
      return isCode('malformed', 'refused')(error) && /chunk \d/.test(String(error));
    });
    const endless: FetchFunction = async () => {
      const pull = (controller: ReadableStreamDefaultController<Uint8Array>) =>
        controller.enqueue(new Uint8Array(65_536));
      return new Response(new ReadableStream({ pull }));
    };
    const cut = downloadOf(setup, { fetch: endless });
    await assert.rejects(cut.chunk(manifest, chunk), isCode('response-too-large'));
  }
});

test('without the witnesses that a policy asks for there is no snapshot', async () => {
  const setup = createSetup(400);
  const { chain, node } = setup;
  node.intercept = serving(chain);
  const log = node.verifierKey(chain);
  const { key } = createCosigner('witness.test', seededSigner(9));
  const policy = `log ${log}\nwitness w ${formatVerifierKey(key)}\nquorum w\n`;
  const download = downloadOf(setup, { policy });
  const asked = download.manifest({ namespace: chain.namespace });
  await assert.rejects(asked, isCode('policy-unsatisfied', 'refused'));
  assert.throws(() => downloadOf(setup, { verify: 'none' }), isCode('no-trust'));
});
