import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryTables, MemoryTablesStorage, StoreError } from '@basalt/store';
import { ExecutionError } from '../../src/errors.ts';
import { STATE_TABLES } from '../../src/state/tables.ts';
import { createWorldState } from '../../src/state/world-state.ts';
import { changesOfBlock, hashOfBlock } from './support/numbered-blocks.ts';

const withCode = (code: string) => (error: unknown) =>
  (error instanceof StoreError || error instanceof ExecutionError) && error.code === code;

test('a disk that takes nothing for a while loses nothing, and has one block', async () => {
  const storage = new MemoryTablesStorage();
  const kept: MemoryTablesStorage[] = [];
  const engine = createMemoryTables({
    tables: STATE_TABLES,
    storage,
    commitFault: (_, commit) => {
      kept.push(storage.copy());
      if (commit % 4 === 1) return { code: 'disk-full', persisted: false };
      if (commit % 4 === 3) return { code: 'io', persisted: true };
      return undefined;
    },
  });
  const world = createWorldState({ engine, windowBlocks: 6, trieBytes: 0 });
  const roots: Uint8Array[] = [];
  let failures = 0;
  for (let number = 0; number < 40; number++) {
    world.commit(world.stage(changesOfBlock(number, 10)), hashOfBlock(number));
    roots.push(world.root);
    if (number % 3 !== 0) continue;
    await world.flush().catch((error: unknown) => {
      assert.ok(error instanceof StoreError);
      failures++;
      assert.ok(world.durableNumber < world.number);
    });
    if (failures % 2 === 0) await world.flush().catch(() => undefined);
  }
  assert.ok(failures > 3);
  await world.flush().catch(() => world.flush());
  assert.equal(world.durableNumber, 39);
  const final = world.prove(37, new Uint8Array(20), []);
  await world.close();
  // Whenever the power had gone, one block was there, whole.
  for (const moment of [...kept, storage]) {
    const found = createWorldState({
      engine: createMemoryTables({ tables: STATE_TABLES, storage: moment.copy() }),
      windowBlocks: 6,
    });
    if (found.number >= 0) assert.deepEqual(found.root, roots[found.number]);
    const next = found.number + 1;
    if (next < 40) {
      assert.deepEqual(found.stage(changesOfBlock(next, 10)).root, roots[next]);
    }
    if (found.number > found.oldest) {
      found.rewind(found.oldest);
      assert.deepEqual(found.root, roots[found.number]);
    }
    await found.close();
  }
  const reopened = createWorldState({
    engine: createMemoryTables({ tables: STATE_TABLES, storage }),
  });
  assert.deepEqual(reopened.prove(37, new Uint8Array(20), []), final);
  await reopened.close();
});

test('views stay what they are, and say when their block is gone', async () => {
  const engine = createMemoryTables({ tables: STATE_TABLES });
  const world = createWorldState({ engine, windowBlocks: 3 });
  const commit = (): void => {
    const number = world.number + 1;
    world.commit(world.stage(changesOfBlock(number, 10)), hashOfBlock(number));
  };
  commit();
  commit();
  const view = world.head();
  const { address } = changesOfBlock(1, 10)[0]!;
  const before = view.readAccount(address);
  commit();
  commit();
  await world.flush();
  assert.deepEqual(view.readAccount(address), before);
  const undone = world.at(3);
  world.rewind(2);
  assert.deepEqual(view.readAccount(address), before);
  commit();
  assert.throws(() => undone?.readAccount(address), withCode('unknown-state'));
  for (let count = 0; count < 4; count++) commit();
  assert.throws(() => view.readAccount(address), withCode('unknown-state'));
  assert.throws(() => world.rewind(1), withCode('unknown-state'));
  assert.throws(() => world.prove(0, address, []), withCode('unknown-state'));
  assert.equal(world.at(world.number + 1), undefined);
  const staged = world.stage([]);
  commit();
  assert.throws(() => world.commit(staged, hashOfBlock(0)), withCode('stale-state'));
  await world.close();
  assert.throws(() => view.readAccount(address), withCode('closed'));
});
