import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ALGORITHM,
  type BlockHash,
  blockHash,
  concatBytes,
  createSigner,
  decodeBlock,
  encodeBundle,
  encodeV1Block,
  leafHash,
  nobleProvider,
  TileBuilder,
  utf8,
  v1NamespaceId,
} from '@basalt/protocol';
import {
  createLmdbEngine,
  createLogStore,
  createMemoryEngine,
  createMemoryStorage,
  type EngineLogStore,
  fsck,
  type KeyValueEngine,
  type LogStore,
  type StoredBlock,
  StoreError,
  type StoreErrorCode,
} from '../src/index.ts';
import { seededBytes, sha256, TestChain, testNamespace } from './support/chain.ts';
import { testFolder } from './support/folder.ts';

const withCode = (code: StoreErrorCode) => (error: unknown) =>
  error instanceof StoreError && error.code === code;

/** Everything that the store answers about a chain, against the chain itself. */
export async function assertHolds(store: LogStore, chain: TestChain): Promise<void> {
  const head = await store.head(chain.namespace);
  assert.equal(head?.size, chain.size);
  assert.deepEqual(head?.headHash, chain.head);
  assert.deepEqual(head?.edge, chain.edge);
  const entries = chain.blocks.map((block) => block.entry);
  assert.deepEqual(await store.entries(chain.namespace, 0, chain.size + 10), entries);
  for (const block of chain.blocks) {
    if (block.index % 37 !== 0 && block.index < chain.size - 2) continue;
    assert.deepEqual(await store.entry(chain.namespace, block.index), block.entry);
    assert.deepEqual(await store.payload(chain.namespace, block.index), block.payload);
    const place = { namespace: chain.namespace, index: block.index };
    assert.deepEqual(await store.locate(block.blockHash), place);
  }
  for (const [name, bytes] of chain.tiles) {
    const [level = 0, index = 0] = name.split('/').map(Number);
    assert.deepEqual(await store.tile(chain.namespace, level, index), bytes);
  }
}

async function assertClean(store: EngineLogStore): Promise<void> {
  for await (const event of fsck(store)) {
    assert.ok(event.kind !== 'finding', `fsck: ${JSON.stringify(event)}`);
  }
}

type MakeEngine = () => Promise<KeyValueEngine>;

/** Runs a test over both engines; `open` reopens the same rows. */
function overEngines(title: string, body: (open: MakeEngine) => Promise<void>): void {
  test(`${title} (memory)`, async () => {
    const storage = createMemoryStorage();
    await body(async () => createMemoryEngine({ storage }));
  });
  test(`${title} (lmdb)`, async () => {
    await using folder = await testFolder('log');
    await body(() => createLmdbEngine({ path: folder.path }));
  });
}

overEngines(
  'appended blocks are there, hot and in bundles, before and after reopening',
  async (open) => {
    const store = await createLogStore(await open());
    const [a, b] = [new TestChain(1), new TestChain(2)];
    for (const count of [1, 3, 200, 51, 1, 1, 255, 600, 7]) await store.append(a.grow(count, 100));
    await store.append(b.grow(256, 40));
    await assertHolds(store, a);
    await assertHolds(store, b);
    await assertClean(store);
    await store.close();
    const again = await createLogStore(await open());
    await assertHolds(again, a);
    await again.append(a.grow(300, 100));
    await again.append(b.grow(1, 100));
    await assertHolds(again, a);
    await assertHolds(again, b);
    const names: string[] = [];
    for await (const head of again.namespaces()) names.push(head.namespace);
    assert.deepEqual(names, [a.namespace, b.namespace]);
    const stats = await again.stats();
    assert.equal(stats.namespaces, 2);
    assert.equal(stats.blocks, a.size + b.size);
    await assertClean(again);
    await again.close();
  },
);

overEngines('what does not exist is undefined, nowhere an error', async (open) => {
  const store = await createLogStore(await open());
  const chain = new TestChain(1);
  await store.append(chain.grow(300));
  const other = testNamespace(9);
  assert.equal(await store.head(other), undefined);
  assert.equal(await store.entry(other, 0), undefined);
  for (const index of [300, 1e9, -1, 0.5, Number.NaN, 2 ** 53]) {
    assert.equal(await store.entry(chain.namespace, index), undefined);
    assert.equal(await store.payload(chain.namespace, index), undefined);
    assert.equal(await store.bundle(chain.namespace, index), undefined);
    assert.equal(await store.tile(chain.namespace, 0, index), undefined);
    assert.equal(await store.tile(chain.namespace, index, 0), undefined);
    assert.deepEqual(await store.entries(chain.namespace, index, 10), []);
  }
  assert.deepEqual(await store.entries(chain.namespace, 0, 0), []);
  assert.equal(await store.tile(chain.namespace, 1, 0), undefined);
  assert.equal(await store.locate(seededBytes('stranger', 32) as never), undefined);
  await store.filterReady();
  assert.equal(await store.locate(seededBytes('stranger', 32) as never), undefined);
  // Shares 16 bytes with a stored hash and is another hash.
  const alike = chain.blocks[5]?.blockHash.slice() as Uint8Array;
  alike[31] = (alike[31] ?? 0) ^ 1;
  assert.equal(await store.locate(alike as never), undefined);
  await store.close();
});

overEngines('a bundle is the tlog-tiles form of its entries', async (open) => {
  const store = await createLogStore(await open());
  const chain = new TestChain(1);
  await store.append(chain.grow(700, 10));
  for (const index of [0, 1]) {
    const entries = chain.blocks.slice(index * 256, (index + 1) * 256).map((block) => block.entry);
    assert.deepEqual(await store.bundle(chain.namespace, index), encodeBundle(entries));
  }
  assert.equal(await store.bundle(chain.namespace, 2), undefined);
  await store.close();
});

overEngines(
  'payloads: none, empty, small, large, 16 MiB, compressible, in header form',
  async (open) => {
    const store = await createLogStore(await open());
    const chain = new TestChain(1);
    const text = utf8('the same line again and again\n'.repeat(600));
    const lengths = [0, 1, 16 * 1024, 16 * 1024 + 1, 300_000, 16 * 1024 * 1024];
    const payloads = [...lengths.map((length) => seededBytes(`p${length}`, length)), text];
    await store.append(chain.append(payloads));
    await assertHolds(store, chain);
    const bare = chain.append([utf8('pruned elsewhere')]);
    await store.append({ ...bare, blocks: bare.blocks.map((b) => ({ ...b, payload: undefined })) });
    const bareIndex = chain.size - 1;
    assert.equal(await store.payload(chain.namespace, bareIndex), undefined);
    // 256 payloads of 2 KiB do not fit into one pack of 256 KiB.
    await store.append(chain.grow(700, 2048));
    assert.equal(await store.payload(chain.namespace, bareIndex), undefined);
    for (const block of chain.blocks) {
      if (block.index === bareIndex) continue;
      assert.deepEqual(await store.payload(chain.namespace, block.index), block.payload);
    }
    await assertClean(store);
    await store.close();
    const again = await createLogStore(await open(), { cacheBytes: 0 });
    assert.deepEqual(await again.payload(chain.namespace, 6), text);
    assert.deepEqual(await again.payload(chain.namespace, 5), payloads[5]);
    await again.close();
  },
);

overEngines('state, edge and records are kept, replaced and deleted', async (open) => {
  const store = await createLogStore(await open());
  const chain = new TestChain(1);
  await store.append(chain.append([utf8('a')], utf8('state 1')), [
    { name: 'checkpoint/1', value: utf8('note') },
    { name: 'checkpoint/2', value: utf8('other') },
    { name: 'z', value: new Uint8Array(0) },
  ]);
  assert.deepEqual((await store.head(chain.namespace))?.state, utf8('state 1'));
  await store.append(chain.append([utf8('b')]));
  assert.deepEqual((await store.head(chain.namespace))?.state, utf8('state 1'));
  await store.append({ ...chain.append([]), state: utf8('state 2') });
  assert.deepEqual((await store.head(chain.namespace))?.state, utf8('state 2'));
  await store.putRecords([{ name: 'checkpoint/1', value: undefined }]);
  await store.close();
  const again = await createLogStore(await open());
  assert.deepEqual((await again.head(chain.namespace))?.state, utf8('state 2'));
  assert.equal(await again.record('checkpoint/1'), undefined);
  assert.deepEqual(await again.record('z'), new Uint8Array(0));
  await again.putRecords([{ name: 'checkpoint/20', value: utf8('é') }]);
  const found: string[] = [];
  for await (const { name } of again.records('checkpoint/')) found.push(name);
  assert.deepEqual(found, ['checkpoint/2', 'checkpoint/20']);
  const limited: string[] = [];
  for await (const { name } of again.records('', 1)) limited.push(name);
  assert.deepEqual(limited, ['checkpoint/2']);
  await again.close();
});

overEngines(
  'an append that is out of date fails with conflict and changes nothing',
  async (open) => {
    const store = await createLogStore(await open());
    const chain = new TestChain(1);
    await store.append(chain.grow(5));
    const next = chain.grow(1);
    const wrongHead = seededBytes('head', 32) as never;
    for (const wrong of [
      { ...next, expectedSize: 4 },
      { ...next, expectedSize: 6 },
      { ...next, expectedHead: wrongHead },
      { ...next, expectedHead: undefined },
      { ...next, expectedSize: 0, expectedHead: undefined },
    ]) {
      await assert.rejects(store.append(wrong), withCode('conflict'));
    }
    await assert.rejects(
      store.append({ ...next, namespace: testNamespace(7) }),
      withCode('conflict'),
    );
    assert.equal((await store.head(chain.namespace))?.size, 5);
    await store.append(next);
    await assertHolds(store, chain);
    await store.close();
  },
);

overEngines('pruning takes payloads away, and nothing else', async (open) => {
  const store = await createLogStore(await open());
  const chain = new TestChain(1);
  await store.append(chain.grow(600, 300));
  await store.append(chain.append([seededBytes('large', 50_000), utf8('x')]));
  const check = async (from: number): Promise<void> => {
    assert.equal((await store.head(chain.namespace))?.payloadsFrom, from);
    for (const block of chain.blocks) {
      const payload = store.payload(chain.namespace, block.index);
      if (block.index < from) await assert.rejects(payload, withCode('pruned'));
      else assert.deepEqual(await payload, block.payload);
    }
    const entries = chain.blocks.map((block) => block.entry);
    assert.deepEqual(await store.entries(chain.namespace, 0, chain.size), entries);
    await assertClean(store);
  };
  assert.equal(await store.prunePayloads(chain.namespace, 0), 0);
  assert.equal(await store.prunePayloads(chain.namespace, 100), 100);
  await check(100);
  assert.equal(await store.prunePayloads(chain.namespace, 50), 0);
  assert.equal(await store.prunePayloads(chain.namespace, 300), 200);
  await check(300);
  await store.append(chain.grow(10));
  assert.equal(await store.prunePayloads(chain.namespace, 601), 301);
  await check(601);
  await store.append(chain.grow(300));
  await check(601);
  assert.equal(await store.prunePayloads(chain.namespace, 1e9), chain.size - 601);
  await check(chain.size);
  assert.equal(await store.prunePayloads(testNamespace(5), 10), 0);
  await store.append(chain.grow(5));
  assert.deepEqual(
    await store.payload(chain.namespace, chain.size - 1),
    chain.blocks.at(-1)?.payload,
  );
  await store.close();
});

overEngines('single payloads are dropped, wherever they lie, and nothing else', async (open) => {
  let store = await createLogStore(await open());
  const chain = new TestChain(1);
  await store.append(chain.grow(600, 300));
  // Rows of their own, in a bundle later and among the hot blocks.
  await store.append(chain.append([seededBytes('large', 50_000), utf8('x')]));
  await store.append(chain.grow(200));
  await store.append(chain.append([seededBytes('hot', 50_000), utf8('y')]));
  const { namespace } = chain;
  const gone = new Set<number>();
  const check = async (from: number): Promise<void> => {
    const held = await store.heldPayloads(namespace, 0, chain.size + 5);
    assert.equal(held.length, chain.size);
    for (const { index, payload } of chain.blocks) {
      const read = store.payload(namespace, index);
      if (index < from) await assert.rejects(read, withCode('pruned'));
      else assert.deepEqual(await read, gone.has(index) ? undefined : payload);
      assert.equal(held[index], index >= from && !gone.has(index), `block ${index}`);
    }
    const entries = chain.blocks.map((block) => block.entry);
    assert.deepEqual(await store.entries(namespace, 0, chain.size), entries);
    await assertClean(store);
  };
  const drop = async (...indexes: number[]): Promise<number> => {
    for (const index of indexes) if (index < chain.size) gone.add(index);
    return store.dropPayloads(namespace, indexes);
  };
  await check(0);
  assert.equal(await drop(), 0);
  assert.equal(await drop(3, 255, 256, 600, 700), 5);
  await check(0);
  assert.equal(await drop(chain.size - 2, 802, 3, chain.size + 9), 1);
  await check(0);
  assert.equal(await store.prunePayloads(namespace, 100), 99);
  assert.equal(await drop(5, 99, 100), 1);
  await check(100);
  // The tail with its gaps moves into a bundle.
  await store.append(chain.grow(300));
  await check(100);
  await store.close();
  store = await createLogStore(await open(), { cacheBytes: 0 });
  await check(100);
  assert.equal(await store.dropPayloads(testNamespace(5), [1]), 0);
  await assert.rejects(store.dropPayloads(namespace, [-1]), /whole number/);
  await store.close();
});

overEngines('pruned payloads come back, with gaps where they are not to be had', async (open) => {
  let store = await createLogStore(await open());
  const chain = new TestChain(1);
  const { namespace } = chain;
  await store.append(chain.grow(600, 300));
  await store.append(chain.append([seededBytes('large', 50_000), utf8('x')]));
  await store.append(chain.grow(200, 2_000));
  const given = (from: number, to: number): (Uint8Array | undefined)[] =>
    chain.blocks.slice(from, to).map(({ index, payload }) => (index === 650 ? undefined : payload));
  const check = async (from: number): Promise<void> => {
    assert.equal((await store.head(namespace))?.payloadsFrom, from);
    for (const { index, payload } of chain.blocks) {
      const read = store.payload(namespace, index);
      if (index < from) await assert.rejects(read, withCode('pruned'));
      else assert.deepEqual(await read, index === 650 ? undefined : payload, `block ${index}`);
    }
    await assertClean(store);
  };
  assert.equal(await store.prunePayloads(namespace, 790), 790);
  // Some at a time, across the tail, and the same ones twice.
  assert.equal(await store.restorePayloads(namespace, 700, given(700, 800)), 90);
  await check(700);
  assert.equal(await store.restorePayloads(namespace, 700, given(700, 802)), 0);
  assert.equal(await store.restorePayloads(namespace, 590, given(590, 700)), 109);
  await store.close();
  store = await createLogStore(await open(), { cacheBytes: 0 });
  await check(590);
  // A hole between what is there and what comes would be claimed to be there.
  await assert.rejects(store.restorePayloads(namespace, 0, given(0, 300)), /next to those/);
  assert.equal(await store.restorePayloads(namespace, 0, given(0, 590)), 590);
  await store.append(chain.grow(300));
  await check(0);
  assert.equal(await store.prunePayloads(namespace, 1_000), 999);
  assert.equal(await store.restorePayloads(testNamespace(5), 0, given(0, 5)), 0);
  await store.close();
});

test('a reader that meets a drop half-way gets the payload or none, never an error', async () => {
  const store = await createLogStore(createMemoryEngine());
  const chain = new TestChain(1);
  const large = Array.from({ length: 300 }, (_, i) => seededBytes(`l${i}`, 20_000));
  await store.append(chain.append(large));
  const { namespace } = chain;
  for (let index = 0; index < 300; index += 3) {
    const reads = [store.payload(namespace, index), store.payload(namespace, index)];
    const dropping = store.dropPayloads(namespace, [index]);
    reads.push(store.payload(namespace, index));
    for (let turn = 0; turn < 6; turn++) {
      await Promise.resolve();
      reads.push(store.payload(namespace, index));
    }
    assert.equal(await dropping, 1);
    for (const payload of await Promise.all(reads)) {
      if (payload !== undefined) assert.deepEqual(payload, large[index]);
    }
    assert.equal(await store.payload(namespace, index), undefined);
  }
  await store.close();
});

overEngines(
  'blocks of version 1, whose hash covers the payload, are found after pruning',
  async (open) => {
    const store = await createLogStore(await open());
    const suite = nobleProvider.suite(ALGORITHM.ed25519);
    const signer = createSigner(suite.keyPairFromSeed(new Uint8Array(32).fill(3)));
    const namespace = v1NamespaceId(signer.publicKey);
    const tree = new TileBuilder(undefined, sha256);
    const blocks: StoredBlock[] = [];
    for (let index = 0; index < 300; index++) {
      const payload = seededBytes(`v1/${index}`, 40);
      const previous = blocks.at(-1)?.blockHash ?? (new Uint8Array(32) as BlockHash);
      const parts = { wireVersion: 0x0107, index, timestampSeconds: 1_700_000_000, previous };
      const block = decodeBlock(
        encodeV1Block({ ...parts, payloadType: 1, payload }, signer, sha256),
      );
      tree.append(leafHash(block.entry.bytes, sha256));
      const entry = block.entry.bytes;
      blocks.push({ entry, payload, blockHash: blockHash(block.entry, payload, sha256) });
    }
    await store.append({
      namespace,
      expectedSize: 0,
      expectedHead: undefined,
      blocks,
      fullTiles: tree.takeFullTiles(),
      edge: tree.encodeEdge(),
      state: undefined,
    });
    await assertClean(store);
    await store.prunePayloads(namespace, 300);
    for (const index of [0, 100, 255, 256, 299]) {
      const block = blocks[index];
      assert.ok(block !== undefined);
      assert.deepEqual(await store.locate(block.blockHash), { namespace, index });
      assert.deepEqual(await store.entry(namespace, index), block.entry);
    }
    await assertClean(store);
    await store.close();
  },
);

test('what the store hands out is the caller’s own', async () => {
  const store = await createLogStore(createMemoryEngine());
  const chain = new TestChain(1);
  await store.append(chain.append([utf8('a'), utf8('b')], utf8('state')));
  await store.append(chain.grow(300));
  const everything = async (): Promise<Uint8Array> => {
    const head = await store.head(chain.namespace);
    const parts = [
      head?.state,
      head?.edge,
      head?.headHash,
      await store.entry(chain.namespace, 3),
      await store.entry(chain.namespace, 301),
      ...(await store.entries(chain.namespace, 250, 20)),
      await store.payload(chain.namespace, 3),
      await store.payload(chain.namespace, 301),
      await store.bundle(chain.namespace, 0),
      await store.tile(chain.namespace, 0, 0),
    ];
    const whole = concatBytes(...parts.map((part) => part as Uint8Array));
    for (const part of parts) part?.fill(0xee);
    return whole;
  };
  assert.deepEqual(await everything(), await everything());
  await store.close();
});

test('a namespace id that is not canonical is refused before anything is read', async () => {
  const store = await createLogStore(createMemoryEngine());
  await assert.rejects(store.head('NOT-A-UUID' as never), /namespace id/);
  await store.close();
});

test('an unknown layout is refused with what to do', async () => {
  const storage = createMemoryStorage();
  await (await createLogStore(createMemoryEngine({ storage }))).close();
  const engine = createMemoryEngine({ storage });
  await engine.commit([
    { type: 'put', table: 'meta', key: utf8('format'), value: Uint8Array.of(99) },
  ]);
  await assert.rejects(createLogStore(engine), withCode('unknown-format'));
});

test('a closed store finishes what it took and refuses the rest', async () => {
  const storage = createMemoryStorage();
  const store = await createLogStore(createMemoryEngine({ storage }));
  const chain = new TestChain(1);
  const writes = Array.from({ length: 20 }, () => store.append(chain.grow(1)));
  const closing = store.close();
  await assert.rejects(store.append(chain.grow(1)), withCode('closed'));
  await Promise.all(writes);
  await closing;
  const again = await createLogStore(createMemoryEngine({ storage }));
  assert.equal((await again.head(chain.namespace))?.size, 20);
  await again.close();
});
