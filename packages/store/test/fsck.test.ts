import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '@basalt/protocol';
import {
  bundleEntry,
  decodeBundleRow,
  decodePackRow,
  encodeBundleRow,
  encodePackRow,
} from '../src/bundle.ts';
import { logRowKey, manifestKey } from '../src/hash-rows.ts';
import {
  createLogStore,
  createMemoryEngine,
  createMemoryStorage,
  type FsckEvent,
  type FsckFinding,
  type FsckOptions,
  fsck,
  type KeyValueEngine,
  type WriteOperation,
} from '../src/index.ts';
import { logKey, META_COUNTERS, META_FORMAT, namespacePartKey, tileKey } from '../src/keys.ts';
import { encodeCounters } from '../src/rows.ts';
import { seededBytes, TestChain } from './support/chain.ts';

const SIZE = 256 * 256 + 300;

/** One store, made once: two namespaces, tiles of two levels, hot blocks, large payloads. */
let prepared: ReturnType<typeof prepare> | undefined;

async function prepare() {
  const storage = createMemoryStorage();
  const store = await createLogStore(createMemoryEngine({ storage }));
  const [a, b] = [new TestChain(1), new TestChain(2)];
  while (a.size < SIZE) await store.append(a.grow(Math.min(4096, SIZE - a.size), 20));
  await store.append(b.append([utf8('b'), seededBytes('large', 40_000), utf8('c')]));
  await store.append(b.grow(400, 30));
  await store.append(b.append([seededBytes('hot and large', 40_000)]));
  await store.prunePayloads(b.namespace, 1);
  await store.close();
  return { storage, a, b };
}

async function damaged(
  damage: (engine: KeyValueEngine) => Promise<readonly WriteOperation[]>,
  options?: FsckOptions,
): Promise<FsckFinding[]> {
  prepared ??= prepare();
  const { storage } = await prepared;
  const engine = createMemoryEngine({ storage });
  const store = await createLogStore(engine);
  await store.filterReady();
  const undo: WriteOperation[] = [];
  const operations = await damage(engine);
  for (const { table, key } of operations) {
    const value = await engine.get(table, key);
    undo.push(
      value === undefined ? { type: 'delete', table, key } : { type: 'put', table, key, value },
    );
  }
  await engine.commit(operations);
  const findings: FsckFinding[] = [];
  try {
    for await (const event of fsck(store, { payloads: false, ...options })) {
      if (event.kind === 'finding') findings.push(event);
    }
  } finally {
    await engine.commit(undo);
  }
  return findings;
}

const put = (table: WriteOperation['table'], key: Uint8Array, value: Uint8Array) =>
  ({ type: 'put', table, key, value }) as const;
const remove = (table: WriteOperation['table'], key: Uint8Array) =>
  ({ type: 'delete', table, key }) as const;

async function rowOf(
  engine: KeyValueEngine,
  table: WriteOperation['table'],
  key: Uint8Array,
): Promise<Uint8Array> {
  const row = await engine.get(table, key);
  assert.ok(row !== undefined, 'the row to damage is there');
  return row;
}

function flip(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  const place = at < 0 ? bytes.length + at : at;
  copy[place] = (copy[place] ?? 0) ^ 1;
  return copy;
}

test('fsck of a sound store: progress, a summary, no finding', { timeout: 60_000 }, async () => {
  prepared ??= prepare();
  const { storage, a, b } = await prepared;
  const store = await createLogStore(createMemoryEngine({ storage }));
  const events: FsckEvent[] = [];
  const seen: number[] = [];
  const checkBlock = ({ index }: { index: number }): undefined => {
    seen.push(index);
  };
  for await (const event of fsck(store, { checkBlock })) events.push(event);
  assert.deepEqual(
    events.filter((event) => event.kind === 'finding'),
    [],
  );
  assert.deepEqual(events.at(-1), {
    kind: 'summary',
    namespaces: 2,
    blocks: a.size + b.size,
    payloads: a.size + b.size - 1,
    findings: 0,
  });
  const progress = events.filter((event) => event.kind === 'progress');
  assert.ok(progress.some((p) => p.namespace === b.namespace && p.checkedBlocks === p.totalBlocks));
  assert.deepEqual(seen.slice(0, a.size), [...a.blocks.keys()]);
});

type Damage = (engine: KeyValueEngine) => Promise<readonly WriteOperation[]>;

/** Its records are all waiting; older rows may hold some that are in runs already. */
const newestLogRow = { to: Uint8Array.of(2), reverse: true, limit: 1 };

const A = 0;
const B = 1;

/** Rewrites one entry of a bundle, with everything else of the row in order. */
function changeEntry(bundle: number, position: number, at: number): Damage {
  return async (engine) => {
    const key = logKey(B, bundle);
    const decoded = await decodeBundleRow(await rowOf(engine, 'bundles', key));
    const entries = Array.from({ length: 256 }, (_, i) => bundleEntry(decoded, i));
    entries[position] = flip(entries[position] as Uint8Array, at);
    const { row } = await encodeBundleRow(entries, decoded.tile);
    return [put('bundles', key, row)];
  };
}

/** Every kind of damage, the code that must tell it, and where. */
const DAMAGES: readonly (readonly [string, FsckFinding['code'], number | undefined, Damage])[] = [
  ['a signature byte of a block in a bundle', 'tile', 0, changeEntry(0, 77, -1)],
  ['a previous hash', 'chain', 77, changeEntry(0, 77, 40)],
  ['the version of an entry', 'entry', 77, changeEntry(0, 77, 0)],
  ['the index in a header', 'entry', 77, changeEntry(0, 77, 27)],
  ['a payload hash, which is part of the block hash', 'index', 77, changeEntry(0, 77, 70)],
  [
    'a bit of a compressed bundle',
    'entry',
    0,
    async (engine) => {
      const key = logKey(B, 0);
      return [put('bundles', key, flip(await rowOf(engine, 'bundles', key), 2000))];
    },
  ],
  ['a missing bundle', 'entry', 0, async () => [remove('bundles', logKey(B, 0))]],
  ['a missing hot block', 'entry', 300, async () => [remove('entries', logKey(B, 300))]],
  [
    'a bit of a hot block',
    'edge',
    undefined,
    async (engine) => {
      const key = namespacePartKey(B, 1);
      return [put('namespaces', key, flip(await rowOf(engine, 'namespaces', key), 5))];
    },
  ],
  [
    'a hot row that is cut',
    'entry',
    300,
    async (engine) => {
      const key = logKey(B, 300);
      return [put('entries', key, (await rowOf(engine, 'entries', key)).slice(0, 100))];
    },
  ],
  [
    'a tile of level 0',
    'tile',
    0,
    async (engine) => {
      const key = logKey(B, 0);
      return [put('bundles', key, flip(await rowOf(engine, 'bundles', key), -7))];
    },
  ],
  [
    'a tile of level 1',
    'tile',
    0,
    async (engine) => {
      const key = tileKey(A, 1, 0);
      return [put('tiles', key, flip(await rowOf(engine, 'tiles', key), 8000))];
    },
  ],
  ['a missing tile of level 1', 'tile', 0, async () => [remove('tiles', tileKey(A, 1, 0))]],
  [
    'a head hash',
    'head',
    undefined,
    async (engine) => {
      const key = namespacePartKey(B, 0);
      return [put('namespaces', key, flip(await rowOf(engine, 'namespaces', key), 30))];
    },
  ],
  [
    'a size that is too large',
    'entry',
    404,
    async (engine) => {
      const key = namespacePartKey(B, 0);
      return [put('namespaces', key, flip(await rowOf(engine, 'namespaces', key), 21))];
    },
  ],
  [
    'counters',
    'store',
    undefined,
    async () => [
      put('meta', META_COUNTERS, encodeCounters({ commits: 1, namespaces: 2, blocks: 5 })),
    ],
  ],
  ['a missing format', 'store', undefined, async () => [remove('meta', META_FORMAT)]],
  [
    'a missing row of the index log',
    'index',
    undefined,
    async (engine) => {
      for await (const { key } of engine.range('hashes', { from: logRowKey(0), limit: 1 })) {
        return [remove('hashes', key)];
      }
      return [];
    },
  ],
  [
    'a bit of a place in the index',
    'index',
    undefined,
    async (engine) => {
      for await (const { key, value } of engine.range('hashes', newestLogRow)) {
        return [put('hashes', key, flip(value, 24))];
      }
      return [];
    },
  ],
  [
    'a missing run of the index',
    'index',
    undefined,
    async (engine) => {
      for await (const { key } of engine.range('hashes', { from: Uint8Array.of(3), limit: 1 })) {
        return [remove('hashes', key)];
      }
      return [];
    },
  ],
  [
    'a missing manifest of the index',
    'orphan',
    undefined,
    async () => [remove('hashes', manifestKey(3))],
  ],
  [
    'a record too many in the index',
    'index',
    undefined,
    async (engine) => {
      for await (const { key, value } of engine.range('hashes', newestLogRow)) {
        const more = new Uint8Array(value.length + 25);
        more.set(value);
        more.set(value.subarray(0, 25), value.length);
        return [put('hashes', key, more)];
      }
      return [];
    },
  ],
  [
    'a hot row beside its bundle',
    'orphan',
    undefined,
    async () => [put('entries', logKey(B, 5), Uint8Array.of(0, 0, 1, 1))],
  ],
  [
    'a bundle beyond the end',
    'orphan',
    undefined,
    async () => [put('bundles', logKey(B, 9), Uint8Array.of(0))],
  ],
  [
    'a pack of pruned payloads',
    'orphan',
    undefined,
    async () => [put('packs', logKey(7, 0), Uint8Array.of(0))],
  ],
  [
    'a payload that no block has',
    'orphan',
    undefined,
    async () => [put('payloads', logKey(B, 3), Uint8Array.of(0, 1))],
  ],
  [
    'a tile beyond the end',
    'orphan',
    undefined,
    async () => [put('tiles', tileKey(B, 1, 0), new Uint8Array(8192))],
  ],
  [
    'an id that leads to another namespace',
    'store',
    undefined,
    async (engine) => {
      for await (const { key } of engine.range('namespaces', {
        from: Uint8Array.of(1),
        limit: 1,
      })) {
        return [put('namespaces', key, Uint8Array.of(0, 0, 0, 1))];
      }
      return [];
    },
  ],
];

for (const [name, code, index, damage] of DAMAGES) {
  test(`fsck finds ${name}`, { timeout: 60_000 }, async () => {
    const { a, b } = await (prepared ??= prepare());
    // The long one is walked only where it is damaged: it takes two seconds.
    const namespaces = [name.includes('level 1') ? a.namespace : b.namespace];
    const findings = await damaged(damage, { namespaces });
    const found = findings.filter((finding) => finding.code === code);
    assert.ok(found.length > 0, `expected ${code}, found ${JSON.stringify(findings.slice(0, 5))}`);
    if (index !== undefined) assert.ok(found.some((finding) => finding.index === index));
  });
}

const PAYLOAD_DAMAGES: readonly (readonly [string, number, Damage])[] = [
  [
    'a bit of a packed payload',
    200,
    async (engine) => {
      const key = logKey(B, 0);
      const { payloads } = await decodePackRow(await rowOf(engine, 'packs', key));
      const changed = payloads.map((p, i) =>
        i === 200 && p instanceof Uint8Array ? flip(p, 3) : p,
      );
      return [put('packs', key, await encodePackRow(changed))];
    },
  ],
  ['a missing pack', 200, async () => [remove('packs', logKey(B, 0))]],
  ['a missing large payload', 1, async () => [remove('payloads', logKey(B, 1))]],
  [
    'a bit of a large payload',
    1,
    async (engine) => {
      const key = logKey(B, 1);
      return [put('payloads', key, flip(await rowOf(engine, 'payloads', key), 999))];
    },
  ],
  ['a missing large payload of a hot block', 403, async () => [remove('payloads', logKey(B, 403))]],
];

for (const [name, index, damage] of PAYLOAD_DAMAGES) {
  test(`fsck finds ${name}`, { timeout: 60_000 }, async () => {
    const { b } = await (prepared ??= prepare());
    const findings = await damaged(damage, { payloads: true, namespaces: [b.namespace] });
    const places = findings.filter(({ code }) => code === 'payload').map((f) => f.index);
    assert.ok(places.includes(index), JSON.stringify(findings.slice(0, 5)));
  });
}

test('the caller’s rule is a finding with its place', async () => {
  const { b } = await (prepared ??= prepare());
  const checkBlock = ({ index }: { index: number }): string | undefined =>
    index === 42 ? 'signed by nobody' : undefined;
  const findings = await damaged(async () => [], { checkBlock, namespaces: [b.namespace] });
  assert.deepEqual(findings, [
    {
      kind: 'finding',
      code: 'rule',
      namespace: b.namespace,
      index: 42,
      message: 'signed by nobody',
    },
  ]);
});
