import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TileBuilder, tilesOnPath } from '@basalt/protocol';
import {
  createLogStore,
  createMemoryEngine,
  createMemoryStorage,
  type EngineLogStore,
  type FsckFinding,
  fsck,
  type MemoryStorage,
  type NamespaceAppend,
  StoreError,
} from '../src/index.ts';
import { logKey, NAMESPACE_PART, namespacePartKey, tileKey } from '../src/keys.ts';
import { sha256, TestChain } from './support/chain.ts';

const pruned = (error: unknown) => error instanceof StoreError && error.code === 'pruned';

/** Blocks [begin, size) of a chain, as the append that begins a namespace there. */
function beginAppend(chain: TestChain, begin: number, edge: Uint8Array): NamespaceAppend {
  const { namespace } = chain;
  const blocks = chain.blocks.slice(begin);
  const tree = new TileBuilder({ size: begin, leaves: new Uint8Array(0), edge }, sha256);
  for (const { entry } of blocks) tree.append(leaf(entry));
  const older = tilesOnPath(0, begin).map(({ level, index }) => ({
    level,
    index,
    bytes: chain.tiles.get(`${level}/${index}`) as Uint8Array,
  }));
  return {
    namespace,
    begin: { index: begin, edge, source: 'https://origin.example' },
    expectedSize: begin,
    expectedHead: undefined,
    blocks,
    fullTiles: [...older, ...tree.takeFullTiles()],
    edge: tree.encodeEdge(),
    state: undefined,
  };
}

function leaf(entry: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + entry.length);
  bytes.set(entry, 1);
  return sha256(bytes);
}

interface Begun {
  readonly chain: TestChain;
  readonly storage: MemoryStorage;
  readonly store: EngineLogStore;
}

/** A store whose only namespace begins at `begin` and has `more` blocks after it. */
async function begun(begin: number, more: number): Promise<Begun> {
  const chain = new TestChain(1);
  while (chain.size < begin) chain.grow(Math.min(4096, begin - chain.size), 10);
  const { edge } = chain;
  chain.grow(more, 10);
  const storage = createMemoryStorage();
  const store = await createLogStore(createMemoryEngine({ storage }));
  await store.append(beginAppend(chain, begin, edge));
  return { chain, storage, store };
}

async function findings(store: EngineLogStore): Promise<FsckFinding[]> {
  const found: FsckFinding[] = [];
  for await (const event of fsck(store)) if (event.kind === 'finding') found.push(event);
  return found;
}

test('a namespace begins at a bundle border and goes on like any other', async () => {
  const { chain, storage, store } = await begun(512, 300);
  const { namespace } = chain;
  await store.append(chain.grow(700, 10));
  assert.deepEqual(await findings(store), []);
  await store.close();
  const again = await createLogStore(createMemoryEngine({ storage }));
  const head = await again.head(namespace);
  assert.equal(head?.size, 1512);
  assert.equal(head?.begin?.index, 512);
  assert.equal(head?.payloadsFrom, 512);
  assert.equal((await again.stats()).blocks, 1000);
  for (const index of [512, 767, 768, 900, 1511]) {
    assert.deepEqual(await again.entry(namespace, index), chain.blocks[index]?.entry);
    assert.deepEqual(await again.payload(namespace, index), chain.blocks[index]?.payload);
    const hash = chain.blocks[index]?.blockHash;
    assert(hash !== undefined);
    assert.deepEqual(await again.locate(hash), { namespace, index });
  }
  for (const index of [2, 3, 4]) {
    assert.deepEqual(await again.tile(namespace, 0, index), chain.tiles.get(`0/${index}`));
  }
  assert.deepEqual(await again.tile(namespace, 0, 0), chain.tiles.get('0/0'));
  assert.equal((await again.heldPayloads(namespace, 500, 20)).filter(Boolean).length, 8);
});

test('what is older is refused by name, with the place to ask', async () => {
  const { chain, store } = await begun(512, 10);
  const { namespace } = chain;
  const reads = [
    () => store.entry(namespace, 511),
    () => store.entries(namespace, 500, 20),
    () => store.payload(namespace, 0),
    () => store.bundle(namespace, 1),
    () => store.tile(namespace, 0, 1),
  ];
  for (const read of reads) {
    await assert.rejects(read, (error: unknown) => {
      assert(pruned(error) && error instanceof StoreError);
      assert.equal(error.metadata['beginsAt'], 512);
      assert.equal(error.metadata['source'], 'https://origin.example');
      return true;
    });
  }
  assert.equal(await store.entry(namespace, 522), undefined);
  assert.equal(await store.tile(namespace, 0, 7), undefined);
  const old = chain.blocks[3]?.blockHash;
  assert(old !== undefined);
  assert.equal(await store.locate(old), undefined);
});

test('a namespace that is here cannot begin elsewhere', async () => {
  const { chain, store } = await begun(256, 5);
  const append = beginAppend(chain, 256, new Uint8Array(32));
  const conflict = (error: unknown) => error instanceof StoreError && error.code === 'conflict';
  await assert.rejects(store.append({ ...append, expectedSize: 261 }), /first blocks/);
  await assert.rejects(store.append(append), conflict);
  assert.equal((await store.head(chain.namespace))?.size, 261);
});

test('payloads are pruned from the beginning on', async () => {
  const { chain, store } = await begun(512, 600);
  assert.equal(await store.prunePayloads(chain.namespace, 700), 188);
  assert.equal(await store.dropPayloads(chain.namespace, [3, 100, 900]), 1);
  assert.equal(await store.payload(chain.namespace, 900), undefined);
  await assert.rejects(store.payload(chain.namespace, 699), pruned);
  assert.deepEqual(await findings(store), []);
});

test('fsck knows the beginning and finds what is wrong with it', async () => {
  const { chain, storage } = await begun(65_536 + 512, 600);
  const number = 0;
  const damages: readonly (readonly [string, string, () => [string, Uint8Array, Uint8Array]])[] = [
    ['tile', 'an older tile', () => ['tiles', tileKey(number, 0, 0), new Uint8Array(8192)]],
    ['tile', 'an older tile above', () => ['tiles', tileKey(number, 1, 0), new Uint8Array(8192)]],
    ['orphan', 'a bundle below', () => ['bundles', logKey(number, 3), Uint8Array.of(1)]],
  ];
  for (const [code, name, damage] of damages) {
    const engine = createMemoryEngine({ storage });
    const store = await createLogStore(engine);
    const [table, key, value] = damage();
    const typed = table as 'tiles';
    const before = await engine.get(typed, key);
    await engine.commit([{ type: 'put', table: typed, key, value }]);
    const found = await findings(store);
    assert(
      found.some((each) => each.code === code),
      `${name}: ${JSON.stringify(found)}`,
    );
    await engine.commit([
      before === undefined
        ? { type: 'delete', table: typed, key }
        : { type: 'put', table: typed, key, value: before },
    ]);
    assert.deepEqual(await findings(store), []);
  }
  const engine = createMemoryEngine({ storage });
  const key = namespacePartKey(number, NAMESPACE_PART.begin);
  const row = await engine.get('namespaces', key);
  assert(row !== undefined);
  row[row.length - 1] = (row.at(-1) ?? 0) ^ 1;
  await engine.commit([{ type: 'put', table: 'namespaces', key, value: row }]);
  const found = await findings(await createLogStore(engine));
  assert(found.some(({ code }) => code === 'edge'));
  assert.equal(chain.size, 66_648);
});
