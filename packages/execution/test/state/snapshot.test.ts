import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AccountChange, keccak256 } from '@basalt/evm';
import { createMemoryTables, MemoryTablesStorage } from '@basalt/store';
import { ExecutionError } from '../../src/errors.ts';
import { exportSnapshot, importSnapshot, snapshotProgress } from '../../src/state/snapshot.ts';
import { decodeChunk, encodeChunk } from '../../src/state/snapshot-chunk.ts';
import { STATE_TABLES } from '../../src/state/tables.ts';
import type { WorldState } from '../../src/state/types.ts';
import { createWorldState } from '../../src/state/world-state.ts';
import { changesOfBlock, hashOfBlock } from './support/numbered-blocks.ts';

const ACCOUNTS = 9_000;
const SLOTS = 14_000;
const CONTRACT = new Uint8Array(20).fill(0xcc);
const CODE = new Uint8Array(3000).fill(0x5b);

const isInvalid = (message: RegExp) => (error: unknown) =>
  error instanceof ExecutionError &&
  error.code === 'invalid-snapshot' &&
  message.test(error.message);

function numbered(value: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  new DataView(bytes.buffer).setUint32(length - 4, value);
  return bytes;
}

function engine(storage = new MemoryTablesStorage()) {
  return createMemoryTables({ tables: STATE_TABLES, storage });
}

/** More than a chunk of accounts, more than a chunk of storage, two accounts with one code. */
function bigChanges(): AccountChange[] {
  const codeHash = keccak256(CODE);
  const plain = keccak256(new Uint8Array(0));
  const accounts: AccountChange[] = Array.from({ length: ACCOUNTS }, (_, index) => ({
    address: numbered(index + 1, 20),
    account: { nonce: 1n, balance: 2n ** 200n + BigInt(index), codeHash: plain },
    storageCleared: false,
    storage: [],
  }));
  const storage = Array.from({ length: SLOTS }, (_, index) => ({
    slot: numbered(index, 32),
    value: new Uint8Array(32).fill((index % 200) + 1),
  }));
  const contract = { nonce: 1n, balance: 0n, codeHash };
  accounts.push(
    { address: CONTRACT, account: contract, code: CODE, storageCleared: false, storage },
    {
      address: CODE.slice(0, 20),
      account: contract,
      code: CODE,
      storageCleared: false,
      storage: [],
    },
  );
  return accounts;
}

async function bigWorld(): Promise<WorldState> {
  const world = createWorldState({ engine: engine() });
  world.commit(world.stage(bigChanges()), hashOfBlock(0));
  for (let number = 1; number <= 3; number++) {
    world.commit(world.stage(changesOfBlock(number)), hashOfBlock(number));
  }
  return world;
}

const source = await bigWorld();
const target = { number: 2, blockHash: hashOfBlock(2), root: rootAt(source, 2) };
const chunks = [...exportSnapshot(source, 2)];

function rootAt(world: WorldState, number: number): Uint8Array {
  return world.rootAfter(number, []);
}

test('a snapshot of an older block imports, and goes on as the original', async () => {
  assert.ok(chunks.length > 16);
  for (const chunk of chunks) assert.ok(chunk.length <= 1024 * 1024);
  assert.ok(chunks.some((chunk) => decodeChunk(chunk).kind === 'storage'));
  assert.ok(chunks.map(decodeChunk).every((chunk, index) => chunk.index === index));
  for (const chunk of chunks) assert.deepEqual(encodeChunk(decodeChunk(chunk)), chunk);
  const storage = new MemoryTablesStorage();
  await importSnapshot({ engine: engine(storage), ...target, chunks });
  const world = createWorldState({ engine: engine(storage) });
  assert.equal(world.number, 2);
  assert.deepEqual(world.root, target.root);
  assert.equal(world.at(1), undefined);
  assert.deepEqual(world.blockHash(2), target.blockHash);
  const { accounts, slots } = world.stats();
  assert.ok(accounts > ACCOUNTS && slots > SLOTS);
  const view = world.head();
  assert.deepEqual(view.readCode(keccak256(CODE)), CODE);
  assert.equal(view.readStorage(CONTRACT, numbered(77, 32))[0], 78);
  world.commit(world.stage(changesOfBlock(3)), hashOfBlock(3));
  assert.deepEqual(world.root, source.root);
  const expected = source.prove(3, CONTRACT, [numbered(5, 32)]);
  assert.deepEqual(world.prove(3, CONTRACT, [numbered(5, 32)]), expected);
  assert.deepEqual([...exportSnapshot(world, 2)], chunks, 'the same state, the same chunks');
  await world.close();
});

test('an import that broke off goes on; until then nobody opens it', async () => {
  const storage = new MemoryTablesStorage();
  await assert.rejects(
    importSnapshot({ engine: engine(storage), ...target, chunks: chunks.slice(0, 5) }),
    isInvalid(/not all of the state/),
  );
  assert.equal(snapshotProgress(engine(storage)), 5);
  assert.throws(() => createWorldState({ engine: engine(storage) }), isInvalid(/not finished/));
  const other = { ...target, root: source.root };
  await assert.rejects(
    importSnapshot({ engine: engine(storage), ...other, chunks }),
    isInvalid(/of block 2/),
  );
  await importSnapshot({ engine: engine(storage), ...target, chunks });
  const world = createWorldState({ engine: engine(storage) });
  assert.deepEqual(world.root, target.root);
  await world.close();
  await assert.rejects(
    importSnapshot({ engine: engine(storage), ...target, chunks }),
    isInvalid(/a state already/),
  );
});

test('a wrong chunk is refused by name, and the right one goes on', async () => {
  const storage = new MemoryTablesStorage();
  const put = (...some: Uint8Array[]) =>
    importSnapshot({ engine: engine(storage), ...target, chunks: some });
  const rest = isInvalid(/not all of the state/);
  await assert.rejects(put(...chunks.slice(0, 3)), rest);
  await assert.rejects(put(chunks[4]!), isInvalid(/chunk 3 is missing before chunk 4 \(acc/));
  const foreign = [...exportSnapshot(source, 3)][3]!;
  const chunk = decodeChunk(chunks[3]!);
  assert.ok(chunk.kind === 'accounts');
  const [first, ...others] = chunk.accounts;
  const wrong = [
    encodeChunk({ ...chunk, accounts: others }),
    encodeChunk({ ...chunk, accounts: [...chunk.accounts].reverse() }),
    encodeChunk({ ...chunk, accounts: [{ ...first!, key: keccak256(CODE) }, ...others] }),
    encodeChunk({ ...chunk, accounts: [{ ...first!, code: CODE }, ...others] }),
    encodeChunk({ ...chunk, nodes: chunk.nodes.slice(1) }),
    encodeChunk({ ...chunk, path: Uint8Array.of(15) }),
    foreign,
  ];
  for (const each of wrong) {
    await assert.rejects(put(each), isInvalid(/chunk 3 \(accounts\/[0-9a-f]*\) is not part/));
  }
  const storageAt = chunks.findIndex((each) => decodeChunk(each).kind === 'storage');
  const slots = decodeChunk(chunks[storageAt]!);
  assert.ok(slots.kind === 'storage');
  await assert.rejects(put(...chunks.slice(3, storageAt)), rest);
  const short = encodeChunk({ ...slots, slots: slots.slots.slice(1) });
  await assert.rejects(put(short), isInvalid(/\(storage\/[0-9a-f]{64}\/[0-9a-f]*\) is not part/));
  await assert.rejects(put(new Uint8Array(1024 * 1024 + 1)), isInvalid(/1048577 bytes/));
  await put(...chunks.slice(storageAt));
});

test('a block that leaves the window, or is undone, ends its export', async () => {
  const world = createWorldState({ engine: engine(), windowBlocks: 1 });
  for (let number = 0; number < 3; number++) {
    world.commit(world.stage(number === 0 ? bigChanges() : []), hashOfBlock(number));
  }
  const walk = exportSnapshot(world, 1)[Symbol.iterator]();
  assert.equal(walk.next().done, false);
  world.commit(world.stage([]), hashOfBlock(3));
  assert.throws(
    () => walk.next(),
    (error) => error instanceof ExecutionError && error.code === 'unknown-state',
  );
  assert.throws(() => [...exportSnapshot(world, 1)], /not kept/);
  await world.close();
});

test('an empty state has a snapshot too', async () => {
  const world = createWorldState({ engine: engine() });
  world.commit(world.stage([]), hashOfBlock(0));
  const storage = new MemoryTablesStorage();
  await importSnapshot({
    engine: engine(storage),
    number: 0,
    blockHash: hashOfBlock(0),
    root: world.root,
    chunks: exportSnapshot(world, 0),
  });
  const imported = createWorldState({ engine: engine(storage) });
  assert.deepEqual(imported.root, world.root);
  await imported.close();
  await world.close();
});
