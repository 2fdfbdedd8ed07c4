import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  createLmdbTables,
  createMemoryTables,
  MemoryTablesStorage,
  type OrderedTables,
  StoreError,
} from '../src/index.ts';
import { type TablesSubject, tablesCases } from '../src/testing/tables-compliance.ts';
import { testFolder } from './support/folder.ts';

const TABLES = ['one', 'two'];
const FORMAT = 'basalt-test 1';

function inMemory(wrap: (tables: OrderedTables) => OrderedTables = (tables) => tables) {
  return async (): Promise<TablesSubject> => {
    const storage = new MemoryTablesStorage();
    return {
      open: async () => wrap(createMemoryTables({ tables: TABLES, storage })),
      destroy: async () => undefined,
    };
  };
}

async function onDisk(): Promise<TablesSubject> {
  const folder = await testFolder('tables');
  return {
    open: () => createLmdbTables({ path: folder.path, tables: TABLES, format: FORMAT }),
    destroy: () => folder[Symbol.asyncDispose](),
  };
}

for (const each of tablesCases()) {
  test(`memory tables: ${each.title}`, () => each.run(inMemory()));
  test(`lmdb tables: ${each.title}`, () => each.run(onDisk));
}

/** Ways in which tables can be wrong; the suite must find each of them out. */
const BROKEN: Record<string, (tables: OrderedTables) => Partial<OrderedTables>> = {
  'commits in pieces': (tables) => ({
    commit: async (writes) => {
      for (const write of writes) await tables.commit([write]);
    },
  }),
  'reads the state before the last commit': (tables) => {
    const seen = new Map<string, Uint8Array | undefined>();
    return {
      get: (table, key) => {
        const before = seen.get(key.join());
        seen.set(key.join(), tables.get(table, key));
        return before ?? tables.get(table, key);
      },
    };
  },
  'includes the upper bound': (tables) => ({
    range: (table, options = {}) => {
      const to = options.to === undefined ? {} : { to: Uint8Array.of(...options.to, 0) };
      return tables.range(table, { ...options, ...to });
    },
  }),
  'mixes up tables': (tables) => ({ get: (_, key) => tables.get('one', key) }),
  'turns commits around': (tables) => ({
    commit: (writes) => tables.commit(writes.toReversed()),
  }),
  'answers after closing': () => ({ close: async () => undefined }),
};

function override(tables: OrderedTables, changed: Partial<OrderedTables>): OrderedTables {
  return {
    name: tables.name,
    durable: tables.durable,
    get: (table, key) => tables.get(table, key),
    range: (table, options) => tables.range(table, options),
    commit: (writes) => tables.commit(writes),
    sizeBytes: () => tables.sizeBytes(),
    close: () => tables.close(),
    ...changed,
  };
}

for (const [fault, change] of Object.entries(BROKEN)) {
  test(`the suite finds tables out that ${fault}`, async () => {
    const create = inMemory((tables) => override(tables, change(tables)));
    const results = await Promise.allSettled(tablesCases().map((each) => each.run(create)));
    assert.ok(results.some(({ status }) => status === 'rejected'));
  });
}

test('a folder of another format, of a newer one, or with other files is refused', async () => {
  await using folder = await testFolder('format');
  const { path } = folder;
  const open = (format = FORMAT) => createLmdbTables({ path, tables: TABLES, format });
  const isUnknown = (error: unknown): boolean =>
    error instanceof StoreError && error.code === 'unknown-format';
  const tables = await open();
  await tables.commit([{ table: 'one', key: Uint8Array.of(1), value: new Uint8Array(200_000) }]);
  await tables.close();
  await assert.rejects(open('basalt-test 2'), isUnknown);
  await assert.rejects(open('basalt-other 1'), isUnknown);
  const file = join(path, 'format');
  assert.equal(readFileSync(file, 'utf8'), `${FORMAT}\n`);
  writeFileSync(file, '');
  await assert.rejects(open(), isUnknown);
  await using other = await testFolder('foreign');
  writeFileSync(join(other.path, 'diary.txt'), 'dear diary');
  await assert.rejects(
    createLmdbTables({ path: other.path, tables: TABLES, format: FORMAT }),
    isUnknown,
  );
});

test('a faulty commit in memory: gone, or there although it failed', async () => {
  const storage = new MemoryTablesStorage();
  const tables = createMemoryTables({
    tables: TABLES,
    storage,
    commitFault: (_, commit) =>
      commit < 2 ? { code: 'disk-full', persisted: commit === 1 } : undefined,
  });
  const key = Uint8Array.of(1);
  const write = [{ table: 'one', key, value: key }];
  await assert.rejects(tables.commit(write), StoreError);
  assert.equal(tables.get('one', key), undefined);
  await assert.rejects(tables.commit(write), StoreError);
  assert.deepEqual(tables.get('one', key), key);
});
