import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareBytes, utf8 } from '@basalt/protocol';
import {
  type KeyValueEngine,
  type RangeOptions,
  type Row,
  TABLES,
  type Table,
  type WriteOperation,
} from '../engine.ts';
import { StoreError, type StoreErrorCode } from '../errors.ts';

/** One storage place that the suite may open again and again. */
export interface ComplianceSubject {
  /** Opens it; after `close` of the engine the same rows are there again. */
  open(): Promise<KeyValueEngine>;
  destroy(): PromiseLike<void>;
}

type Body = (engine: KeyValueEngine, subject: ComplianceSubject) => Promise<void>;

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

function put(table: Table, key: Uint8Array, value: Uint8Array, append?: boolean): WriteOperation {
  return { type: 'put', table, key, value, ...(append === undefined ? {} : { append }) };
}

function remove(table: Table, key: Uint8Array): WriteOperation {
  return { type: 'delete', table, key };
}

async function keysOf(
  engine: KeyValueEngine,
  table: Table,
  options?: RangeOptions,
): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of engine.range(table, options)) keys.push(key.join(','));
  return keys;
}

function withCode(code: StoreErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof StoreError && error.code === code;
}

/** One property that every engine has; `run` throws when the subject lacks it. */
export interface ComplianceCase {
  readonly title: string;
  run(create: () => Promise<ComplianceSubject>): Promise<void>;
}

/**
 * Registers node:test tests that every engine must pass: atomicity, order, ranges, conditions,
 * reopening, isolation of bytes, bounds, closing.
 *
 * @example
 * engineCompliance('memory', async () => {
 *   const storage = createMemoryStorage();
 *   return { open: async () => createMemoryEngine({ storage }), destroy: async () => {} };
 * });
 */
export function engineCompliance(name: string, create: () => Promise<ComplianceSubject>): void {
  for (const each of complianceCases()) {
    void test(`${name} engine: ${each.title}`, () => each.run(create));
  }
}

/** The same properties for other runners, and for the test that broken engines are found out. */
export function complianceCases(): ComplianceCase[] {
  const all = [writeCases, rangeCases, conditionCases, isolationCases, lifeCases].flat();
  return all.map(([title, body]) => ({
    title,
    async run(create) {
      const subject = await create();
      const engine = await subject.open();
      try {
        await body(engine, subject);
      } finally {
        await engine.close();
        await subject.destroy();
      }
    },
  }));
}

const writeCases: readonly (readonly [string, Body])[] = [
  [
    'a commit writes all its rows, in every table, and they are there after reopening',
    async (engine, subject) => {
      await engine.commit(TABLES.map((table) => put(table, bytes(1), utf8(table))));
      for (const table of TABLES) {
        assert.deepEqual(await engine.get(table, bytes(1)), utf8(table));
        assert.equal(await engine.get(table, bytes(2)), undefined);
      }
      await engine.close();
      const again = await subject.open();
      for (const table of TABLES) assert.deepEqual(await again.get(table, bytes(1)), utf8(table));
      await again.commit([put('meta', bytes(1), bytes(9))]);
      assert.deepEqual(await again.get('meta', bytes(1)), bytes(9));
      await again.close();
    },
  ],
  [
    'operations of one commit take effect in order',
    async (engine) => {
      const key = bytes(7);
      await engine.commit([put('meta', key, bytes(1)), remove('meta', key)]);
      assert.equal(await engine.get('meta', key), undefined);
      await engine.commit([remove('meta', key), put('meta', key, bytes(2))]);
      assert.deepEqual(await engine.get('meta', key), bytes(2));
      await engine.commit([put('meta', key, bytes(3)), put('meta', key, bytes(4))]);
      assert.deepEqual(await engine.get('meta', key), bytes(4));
    },
  ],
  [
    'deleting what is not there is no error; an empty commit neither',
    async (engine) => {
      await engine.commit([remove('tiles', bytes(1)), put('tiles', bytes(2), bytes(2))]);
      await engine.commit([]);
      assert.deepEqual(await keysOf(engine, 'tiles'), ['2']);
    },
  ],
  [
    'a wrong append hint loses nothing',
    async (engine) => {
      await engine.commit([put('entries', bytes(5), bytes(5), true)]);
      await engine.commit([
        put('entries', bytes(3), bytes(3), true),
        put('entries', bytes(9), bytes(9), true),
        put('entries', bytes(4), bytes(4), true),
        put('entries', bytes(9), bytes(10), true),
      ]);
      assert.deepEqual(await keysOf(engine, 'entries'), ['3', '4', '5', '9']);
      assert.deepEqual(await engine.get('entries', bytes(9)), bytes(10));
      await engine.commit([remove('entries', bytes(9)), put('entries', bytes(8), bytes(8), true)]);
      assert.deepEqual(await keysOf(engine, 'entries'), ['3', '4', '5', '8']);
    },
  ],
  [
    'values of 1 byte and of 16 MiB, 20,000 rows in one commit',
    async (engine, subject) => {
      const large = new Uint8Array(16 * 1024 * 1024);
      for (let i = 0; i < large.length; i += 4096) large[i] = i >>> 12;
      const many: WriteOperation[] = [];
      for (let i = 0; i < 20_000; i++) many.push(put('hashes', key32(i), bytes(i & 255), true));
      await engine.commit([put('payloads', bytes(1), large), ...many]);
      await engine.close();
      const again = await subject.open();
      const read = await again.get('payloads', bytes(1));
      assert.ok(read !== undefined && compareBytes(read, large) === 0);
      assert.equal((await keysOf(again, 'hashes')).length, 20_000);
      assert.deepEqual(await again.get('hashes', key32(19_999)), bytes(19_999 & 255));
      await again.close();
    },
  ],
];

const rangeCases: readonly (readonly [string, Body])[] = [
  [
    'keys of 1 to 512 bytes order lexicographically, shorter first',
    async (engine) => {
      const long = new Uint8Array(512).fill(0xff);
      const keys = [long, bytes(0), bytes(0, 0), bytes(0, 1), bytes(1), bytes(0xff), bytes(0x7f)];
      keys.push(bytes(0x80), long.slice(0, 511));
      await engine.commit(keys.map((key) => put('meta', key, bytes(1))));
      const sorted = [...keys].sort(compareBytes).map((key) => key.join(','));
      assert.deepEqual(await keysOf(engine, 'meta'), sorted);
      assert.deepEqual(await keysOf(engine, 'meta', { reverse: true }), sorted.reverse());
    },
  ],
  [
    'ranges: from inclusive, to exclusive, limit, backwards; over more rows than one fetch',
    async (engine) => {
      const count = 1000;
      const rows: WriteOperation[] = [];
      for (let i = 0; i < count; i++) rows.push(put('entries', key32(2 * i), key32(i)));
      await engine.commit(rows);
      const all = Array.from({ length: count }, (_, i) => key32(2 * i).join(','));
      assert.deepEqual(await keysOf(engine, 'entries'), all);
      assert.deepEqual(await keysOf(engine, 'entries', { reverse: true }), all.toReversed());
      for (const [from, to] of [
        [0, 1998],
        [1, 1997],
        [10, 11],
        [11, 12],
        [500, 500],
        [600, 500],
        [1998, 5000],
      ] as const) {
        const within = all.filter((_, i) => 2 * i >= from && 2 * i < to);
        const bounds = { from: key32(from), to: key32(to) };
        assert.deepEqual(await keysOf(engine, 'entries', bounds), within);
        const backwards = await keysOf(engine, 'entries', { ...bounds, reverse: true });
        assert.deepEqual(backwards, within.toReversed());
        const first = await keysOf(engine, 'entries', { ...bounds, limit: 3 });
        assert.deepEqual(first, within.slice(0, 3));
        const last = await keysOf(engine, 'entries', { ...bounds, limit: 3, reverse: true });
        assert.deepEqual(last, within.toReversed().slice(0, 3));
      }
      assert.deepEqual(await keysOf(engine, 'entries', { limit: 0 }), []);
      assert.deepEqual(await keysOf(engine, 'entries', { limit: 700 }), all.slice(0, 700));
    },
  ],
  [
    'a walk goes on while others commit: what stays is met once, in order',
    async (engine) => {
      const rows: WriteOperation[] = [];
      for (let i = 0; i < 700; i++) rows.push(put('entries', key32(2 * i), key32(i)));
      await engine.commit(rows);
      const met: Row[] = [];
      for await (const row of engine.range('entries')) {
        met.push(row);
        if (met.length % 100 !== 0) continue;
        const odd = 2 * met.length + 1;
        await engine.commit([put('entries', key32(odd), bytes(1)), remove('entries', key32(0))]);
      }
      const numbers = met.map(({ key }) => new DataView(key.buffer, key.byteOffset).getUint32(0));
      assert.deepEqual(
        numbers,
        [...numbers].sort((a, b) => a - b),
      );
      assert.equal(new Set(numbers).size, numbers.length);
      assert.equal(numbers.filter((number) => number % 2 === 0).length, 700);
    },
  ],
];

const conditionCases: readonly (readonly [string, Body])[] = [
  [
    'a condition that does not hold: conflict, and nothing is written',
    async (engine) => {
      const key = bytes(1);
      await engine.commit([put('meta', key, bytes(1))]);
      const attempts = [
        { table: 'meta', key, value: bytes(2) },
        { table: 'meta', key, value: undefined },
        { table: 'meta', key, value: bytes(1, 0) },
        { table: 'meta', key: bytes(2), value: bytes(1) },
      ] as const;
      for (const condition of attempts) {
        const holds = { table: 'meta', key, value: bytes(1) } as const;
        const write = engine.commit([put('tiles', key, bytes(9))], [holds, condition]);
        await assert.rejects(write, withCode('conflict'));
        assert.equal(await engine.get('tiles', key), undefined);
      }
      const right = [
        { table: 'meta', key, value: bytes(1) },
        { table: 'meta', key: bytes(2), value: undefined },
      ] as const;
      await engine.commit([put('tiles', key, bytes(9))], right);
      assert.deepEqual(await engine.get('tiles', key), bytes(9));
    },
  ],
  [
    'commits take effect in the order of the calls; of two swaps on one value one wins',
    async (engine) => {
      const key = bytes(1);
      await engine.commit([put('meta', key, bytes(0))]);
      const writes: Promise<void>[] = [];
      for (let i = 0; i < 50; i++) {
        const condition = { table: 'meta', key, value: bytes(i) } as const;
        writes.push(engine.commit([put('meta', key, bytes(i + 1))], [condition]));
      }
      await Promise.all(writes);
      assert.deepEqual(await engine.get('meta', key), bytes(50));
      const swap = (value: number): Promise<void> =>
        engine.commit([put('meta', key, bytes(value))], [{ table: 'meta', key, value: bytes(50) }]);
      const results = await Promise.allSettled([swap(100), swap(200)]);
      assert.deepEqual(
        results.map((result) => result.status),
        ['fulfilled', 'rejected'],
      );
      assert.deepEqual(await engine.get('meta', key), bytes(100));
    },
  ],
];

const isolationCases: readonly (readonly [string, Body])[] = [
  [
    'bytes are copied on the way in and on the way out',
    async (engine) => {
      const key = bytes(1, 2);
      const value = bytes(3, 4);
      await engine.commit([put('meta', key, value)]);
      key.fill(0);
      value.fill(0);
      const read = await engine.get('meta', bytes(1, 2));
      assert.deepEqual(read, bytes(3, 4));
      read?.fill(0);
      for await (const row of engine.range('meta')) {
        row.key.fill(0);
        row.value.fill(0);
      }
      assert.deepEqual(await engine.get('meta', bytes(1, 2)), bytes(3, 4));
      await engine.commit([put('meta', bytes(5), bytes(6))]);
      assert.deepEqual(await keysOf(engine, 'meta'), ['1,2', '5']);
    },
  ],
  [
    'Node Buffers are copied too: their slice shares memory',
    async (engine) => {
      const key = Buffer.from('key');
      const value = Buffer.from('value');
      await engine.commit([put('meta', key, value)]);
      key.fill(0);
      value.fill(0);
      const read = await engine.get('meta', Buffer.from('key'));
      assert.deepEqual(read, utf8('value'));
      assert.deepEqual(await keysOf(engine, 'meta'), [utf8('key').join(',')]);
    },
  ],
  [
    'views into larger buffers are stored as what they show',
    async (engine) => {
      const buffer = Uint8Array.from({ length: 64 }, (_, i) => i);
      await engine.commit([
        put('meta', buffer.subarray(3, 5), buffer.subarray(10, 20)),
        put('meta', buffer.subarray(5, 6), buffer.subarray(63)),
      ]);
      assert.deepEqual(await engine.get('meta', bytes(3, 4)), buffer.slice(10, 20));
      assert.deepEqual(await engine.get('meta', bytes(5)), bytes(63));
    },
  ],
  [
    'what was read stays as it was when the row changes',
    async (engine) => {
      const key = bytes(1);
      const large = new Uint8Array(100_000).fill(1);
      await engine.commit([put('tiles', key, large)]);
      const read = await engine.get('tiles', key);
      await engine.commit([put('tiles', key, new Uint8Array(100_000).fill(2))]);
      await engine.get('tiles', key);
      assert.ok(read?.every((byte) => byte === 1));
    },
  ],
];

const lifeCases: readonly (readonly [string, Body])[] = [
  [
    'a closed engine answers closed; commits called before are finished',
    async (engine, subject) => {
      const write = engine.commit([put('meta', bytes(1), bytes(1))]);
      await Promise.all([write, engine.close()]);
      await engine.close();
      await assert.rejects(engine.get('meta', bytes(1)), withCode('closed'));
      await assert.rejects(keysOf(engine, 'meta'), withCode('closed'));
      const late = engine.commit([put('meta', bytes(2), bytes(2))]);
      await assert.rejects(late, withCode('closed'));
      const again = await subject.open();
      assert.deepEqual(await keysOf(again, 'meta'), ['1']);
      await again.close();
    },
  ],
  [
    'rows out of bounds are the caller’s mistake and leave no trace',
    async (engine) => {
      const wrong = [
        put('meta', new Uint8Array(0), bytes(1)),
        put('meta', new Uint8Array(513), bytes(1)),
        put('meta', bytes(1), new Uint8Array(0)),
        put('meta', bytes(1), new Uint8Array(32 * 1024 * 1024 + 1)),
      ];
      for (const operation of wrong) {
        const write = engine.commit([put('meta', bytes(2), bytes(2)), operation]);
        await assert.rejects(write, /assertion failed/);
      }
      assert.deepEqual(await keysOf(engine, 'meta'), []);
    },
  ],
  [
    'it tells its size and whether it is durable',
    async (engine) => {
      assert.ok((await engine.sizeBytes()) >= 0);
      assert.equal(typeof engine.durable, 'boolean');
      assert.notEqual(engine.name, '');
    },
  ],
];

function key32(value: number): Uint8Array {
  const key = new Uint8Array(4);
  new DataView(key.buffer).setUint32(0, value);
  return key;
}
