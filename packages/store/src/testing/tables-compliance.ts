import assert from 'node:assert/strict';
import type { RangeOptions } from '../engine.ts';
import { StoreError, type StoreErrorCode } from '../errors.ts';
import type { OrderedTables, TableWrite } from '../ordered-tables.ts';

/** One storage place with the tables `one` and `two` that the suite may open again and again. */
export interface TablesSubject {
  open(): Promise<OrderedTables>;
  destroy(): PromiseLike<void>;
}

/** One property that every engine has; `run` throws when the subject lacks it. */
export interface TablesCase {
  readonly title: string;
  run(create: () => Promise<TablesSubject>): Promise<void>;
}

type Body = (tables: OrderedTables, subject: TablesSubject) => Promise<void>;

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

function put(table: string, key: Uint8Array, value: Uint8Array): TableWrite {
  return { table, key, value };
}

function remove(table: string, key: Uint8Array): TableWrite {
  return { table, key, value: undefined };
}

function keysOf(tables: OrderedTables, table: string, options?: RangeOptions): string[] {
  return [...tables.range(table, options)].map(({ key }) => key.join(','));
}

function withCode(code: StoreErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof StoreError && error.code === code;
}

function key4(value: number): Uint8Array {
  return bytes(value >>> 24, value >>> 16, value >>> 8, value);
}

/** What every engine of `OrderedTables` must pass; the caller registers them as tests. */
export function tablesCases(): TablesCase[] {
  return [...writeCases, ...rangeCases, ...lifeCases].map(([title, body]) => ({
    title,
    async run(create) {
      const subject = await create();
      const tables = await subject.open();
      try {
        await body(tables, subject);
      } finally {
        await tables.close();
        await subject.destroy();
      }
    },
  }));
}

const writeCases: readonly (readonly [string, Body])[] = [
  [
    'a commit writes all its rows, seen in the same turn and after reopening',
    async (tables, subject) => {
      await tables.commit([put('one', bytes(1), bytes(1, 1)), put('two', bytes(1), bytes(2))]);
      const check = (opened: OrderedTables): void => {
        assert.deepEqual(opened.get('one', bytes(1)), bytes(1, 1));
        assert.deepEqual(opened.get('two', bytes(1)), bytes(2));
        assert.equal(opened.get('two', bytes(2)), undefined);
      };
      check(tables);
      await tables.close();
      const again = await subject.open();
      check(again);
      await again.close();
    },
  ],
  [
    'reads after a commit see it, also when others were made just before',
    async (tables) => {
      for (let round = 0; round < 50; round++) {
        const before = tables.get('one', bytes(1));
        assert.equal(before?.[0], round === 0 ? undefined : round - 1);
        await tables.commit([put('one', bytes(1), bytes(round))]);
        assert.deepEqual(tables.get('one', bytes(1)), bytes(round));
        assert.deepEqual([...tables.range('one')][0]?.value, bytes(round));
      }
    },
  ],
  [
    'writes of one commit take effect in order, commits in the order of the calls',
    async (tables) => {
      const key = bytes(7);
      await tables.commit([put('one', key, bytes(1)), remove('one', key)]);
      assert.equal(tables.get('one', key), undefined);
      await tables.commit([remove('one', key), put('one', key, bytes(2))]);
      assert.deepEqual(tables.get('one', key), bytes(2));
      const commits: Promise<void>[] = [];
      for (let i = 0; i < 50; i++) commits.push(tables.commit([put('one', key, bytes(i))]));
      await Promise.all(commits);
      assert.deepEqual(tables.get('one', key), bytes(49));
    },
  ],
  [
    'bytes are copied on the way in and out; views are stored as what they show',
    async (tables) => {
      const buffer = Uint8Array.from({ length: 64 }, (_, i) => i);
      const key = buffer.subarray(3, 5);
      await tables.commit([put('one', key, buffer.subarray(10, 20))]);
      buffer.fill(0);
      const read = tables.get('one', bytes(3, 4));
      assert.deepEqual(read, bytes(10, 11, 12, 13, 14, 15, 16, 17, 18, 19));
      read?.fill(0);
      for (const row of tables.range('one')) row.value.fill(0);
      tables.get('one', bytes(9));
      assert.equal(tables.get('one', bytes(3, 4))?.[0], 10);
    },
  ],
  [
    '5,000 rows and a value of 4 MiB in one commit, in any order; half of them deleted again',
    async (tables) => {
      const order = Array.from({ length: 5000 }, (_, i) => (i * 2741) % 5000);
      const large = new Uint8Array(4 * 1024 * 1024).fill(5);
      await tables.commit([
        ...order.map((i) => put('one', key4(i), bytes(i & 255))),
        put('two', bytes(1), large),
      ]);
      const expected = Array.from({ length: 5000 }, (_, i) => key4(i).join(','));
      assert.deepEqual(keysOf(tables, 'one'), expected);
      assert.equal(tables.get('two', bytes(1))?.length, large.length);
      await tables.commit(order.filter((i) => i % 2 === 1).map((i) => remove('one', key4(i))));
      assert.deepEqual(
        keysOf(tables, 'one'),
        expected.filter((_, i) => i % 2 === 0),
      );
    },
  ],
];

const rangeCases: readonly (readonly [string, Body])[] = [
  [
    'ranges: from inclusive, to exclusive, limit, backwards',
    async (tables) => {
      const count = 700;
      const writes: TableWrite[] = [];
      for (let i = 0; i < count; i++) writes.push(put('one', key4(2 * i), key4(i)));
      await tables.commit(writes);
      const all = Array.from({ length: count }, (_, i) => key4(2 * i).join(','));
      assert.deepEqual(keysOf(tables, 'one'), all);
      assert.deepEqual(keysOf(tables, 'one', { reverse: true }), all.toReversed());
      for (const [from, to] of [
        [0, 1398],
        [1, 1397],
        [10, 11],
        [11, 12],
        [500, 500],
        [600, 500],
        [1398, 5000],
      ] as const) {
        const within = all.filter((_, i) => 2 * i >= from && 2 * i < to);
        const bounds = { from: key4(from), to: key4(to) };
        assert.deepEqual(keysOf(tables, 'one', bounds), within);
        const backwards = keysOf(tables, 'one', { ...bounds, reverse: true });
        assert.deepEqual(backwards, within.toReversed());
        const last = keysOf(tables, 'one', { ...bounds, limit: 3, reverse: true });
        assert.deepEqual(last, within.toReversed().slice(0, 3));
        assert.deepEqual(keysOf(tables, 'one', { ...bounds, limit: 2 }), within.slice(0, 2));
      }
      assert.deepEqual(keysOf(tables, 'two'), []);
      assert.deepEqual(keysOf(tables, 'one', { limit: 0 }), []);
    },
  ],
  [
    'keys of 1 to 512 bytes order lexicographically, shorter first',
    async (tables) => {
      const long = new Uint8Array(512).fill(0xff);
      const keys = [bytes(0), bytes(0, 0), bytes(0, 1), bytes(1), bytes(0x7f), bytes(0x80)];
      keys.push(bytes(0xff), long.slice(0, 511), long);
      await tables.commit(keys.toReversed().map((key) => put('one', key, bytes(1))));
      assert.deepEqual(
        keysOf(tables, 'one'),
        keys.map((key) => key.join(',')),
      );
    },
  ],
];

const lifeCases: readonly (readonly [string, Body])[] = [
  [
    'closed tables answer closed; commits called before are finished',
    async (tables, subject) => {
      const write = tables.commit([put('one', bytes(1), bytes(1))]);
      await Promise.all([write, tables.close()]);
      await tables.close();
      assert.throws(() => tables.get('one', bytes(1)), withCode('closed'));
      assert.throws(() => keysOf(tables, 'one'), withCode('closed'));
      await assert.rejects(tables.commit([put('one', bytes(2), bytes(2))]), withCode('closed'));
      const again = await subject.open();
      assert.deepEqual(keysOf(again, 'one'), ['1']);
      await again.close();
    },
  ],
  [
    'rows out of bounds are the caller’s mistake and leave no trace',
    async (tables) => {
      const wrong = [
        put('one', new Uint8Array(0), bytes(1)),
        put('one', new Uint8Array(513), bytes(1)),
        put('one', bytes(1), new Uint8Array(0)),
        put('none', bytes(1), bytes(1)),
      ];
      for (const write of wrong) {
        const commit = tables.commit([put('one', bytes(2), bytes(2)), write]);
        await assert.rejects(commit, /assertion failed/);
      }
      assert.deepEqual(keysOf(tables, 'one'), []);
      assert.ok(tables.sizeBytes() >= 0);
    },
  ],
];
