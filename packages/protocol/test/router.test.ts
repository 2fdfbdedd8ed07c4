import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  type BasicStrategy,
  createRouter,
  type KeyId,
  type NamespaceId,
  namespaceId,
  type RoutableRecord,
  type RoutedNamespace,
  type Strategy,
  strategyParts,
} from '../src/index.ts';

const id = (n: number): NamespaceId => namespaceId(new Uint8Array(16).fill(n));
const writer = (n: number): KeyId => new Uint8Array(32).fill(n) as KeyId;
const nested = (...parts: BasicStrategy[]): Strategy => ({ kind: 'nested', parts });

const eu = { kind: 'geographic', region: 'eu' } as const;
const berlin = { kind: 'geographic', region: 'eu/de/berlin' } as const;
const metrics = { kind: 'topic', topic: 'metrics' } as const;
const cpu = { kind: 'topic', topic: 'metrics/cpu' } as const;
const day = { kind: 'temporal', epoch: 86_400, durationSeconds: 86_400 } as const;
const hour = { kind: 'temporal', epoch: 90_000, durationSeconds: 3_600 } as const;

test('each strategy finds its records', () => {
  const router = createRouter([
    { id: id(1), strategy: { kind: 'per-writer', writer: writer(1) } },
    { id: id(2), strategy: eu },
    { id: id(3), strategy: metrics },
    { id: id(4), strategy: day },
    { id: id(5), strategy: { kind: 'shard', range: { start: 0, end: 2 ** 31 } } },
    { id: id(6), strategy: { kind: 'shard', range: { start: 2 ** 31, end: 2 ** 32 } } },
  ]);
  assert.equal(router.route({ writer: writer(1) }), id(1));
  assert.equal(router.route({ writer: writer(2) }), undefined);
  assert.equal(router.route({ region: 'eu/fr' }), id(2));
  assert.equal(router.route({ region: 'europe' }), undefined);
  assert.equal(router.route({ topic: 'metrics' }), id(3));
  assert.equal(router.route({ timestampMs: 86_400_000 }), id(4));
  assert.equal(router.route({ timestampMs: 86_399_999 }), undefined);
  assert.equal(router.route({ timestampMs: 172_800_000 }), undefined);
  assert.equal(router.route({ shardKey: 2 ** 31 - 1 }), id(5));
  assert.equal(router.route({ shardKey: 2 ** 31 }), id(6));
  assert.equal(router.route({ shardKey: 2 ** 32 - 1 }), id(6));
  assert.equal(router.route({}), undefined);
});

test('the closest namespace wins', () => {
  const router = createRouter([
    { id: id(1), strategy: eu },
    { id: id(2), strategy: berlin },
    { id: id(3), strategy: nested(eu, metrics) },
    { id: id(4), strategy: nested(eu, cpu) },
    { id: id(5), strategy: nested(eu, metrics, day) },
    { id: id(6), strategy: nested(eu, metrics, hour) },
  ]);
  const region = 'eu/de/berlin';
  assert.equal(router.route({ region: 'eu/de' }), id(1));
  assert.equal(router.route({ region }), id(2));
  assert.equal(router.route({ region, topic: 'metrics' }), id(3));
  assert.equal(router.route({ region, topic: 'metrics/cpu' }), id(4));
  assert.equal(router.route({ region, topic: 'metrics', timestampMs: 100_000_000 }), id(5));
  assert.equal(router.route({ region, topic: 'metrics', timestampMs: 90_000_000 }), id(6));
});

const basic: fc.Arbitrary<readonly BasicStrategy[]> = fc
  .tuple(
    fc.option(
      fc.constantFrom(1, 2).map((n) => ({ kind: 'per-writer', writer: writer(n) }) as const),
    ),
    fc.option(fc.constantFrom(eu, berlin, { kind: 'geographic', region: 'us' } as const)),
    fc.option(fc.constantFrom(metrics, cpu)),
    fc.option(fc.constantFrom(day, hour)),
    fc.option(
      fc.constantFrom(
        { kind: 'shard', range: { start: 0, end: 10 } } as const,
        { kind: 'shard', range: { start: 5, end: 8 } } as const,
      ),
    ),
  )
  .map((parts) => parts.filter((part) => part !== null))
  .filter((parts) => parts.length > 0);

const strategy: fc.Arbitrary<Strategy> = basic.map((parts) =>
  parts.length === 1 ? (parts[0] as BasicStrategy) : { kind: 'nested', parts },
);

const record: fc.Arbitrary<RoutableRecord> = fc.record(
  {
    writer: fc.constantFrom(1, 2, 3).map(writer),
    region: fc.constantFrom('eu', 'eu/de', 'eu/de/berlin', 'us/ny', 'asia'),
    topic: fc.constantFrom('metrics', 'metrics/cpu', 'metrics/cpu/0', 'audit'),
    timestampMs: fc.constantFrom(0, 86_400_000, 90_000_000, 93_600_000),
    shardKey: fc.nat({ max: 12 }),
  },
  { requiredKeys: [] },
);

function isUnder(path: string | undefined, prefix: string): boolean {
  return path !== undefined && (path === prefix || path.startsWith(`${prefix}/`));
}

function matches(part: BasicStrategy, { timestampMs, ...candidate }: RoutableRecord): boolean {
  switch (part.kind) {
    case 'per-writer':
      return candidate.writer?.[0] === part.writer[0];
    case 'geographic':
      return isUnder(candidate.region, part.region);
    case 'topic':
      return isUnder(candidate.topic, part.topic);
    case 'temporal': {
      if (timestampMs === undefined) return false;
      const seconds = timestampMs / 1000;
      return seconds >= part.epoch && seconds < part.epoch + part.durationSeconds;
    }
    case 'shard': {
      const key = candidate.shardKey ?? -1;
      return key >= part.range.start && key < part.range.end;
    }
  }
}

/** The order of closeness, spelled out; a smaller list of numbers is closer. */
function distance(chosen: Strategy): number[] {
  const parts = strategyParts(chosen);
  const depth = (path: string | undefined): number => -(path?.split('/').length ?? 0);
  const find = <Kind extends BasicStrategy['kind']>(kind: Kind) =>
    parts.find((part) => part.kind === kind) as Extract<BasicStrategy, { kind: Kind }> | undefined;
  const shard = find('shard')?.range ?? { start: 0, end: 2 ** 32 };
  return [
    -parts.length,
    find('per-writer') === undefined ? 1 : 0,
    depth(find('geographic')?.region),
    depth(find('topic')?.topic),
    find('temporal')?.durationSeconds ?? 2 ** 60,
    shard.end - shard.start,
    -(find('temporal')?.epoch ?? 0),
  ];
}

function scan(
  namespaces: readonly RoutedNamespace[],
  wanted: RoutableRecord,
): NamespaceId | undefined {
  const fitting = namespaces
    .filter(({ strategy: s }) => strategyParts(s).every((part) => matches(part, wanted)))
    .map((namespace) => ({ key: distance(namespace.strategy), namespace }))
    .sort((a, b) => {
      const at = a.key.findIndex((value, i) => value !== b.key[i]);
      if (at >= 0) return (a.key[at] as number) - (b.key[at] as number);
      return a.namespace.id < b.namespace.id ? -1 : 1;
    });
  return fitting[0]?.namespace.id;
}

test('the router agrees with a scan of all namespaces, in any order of the list', () => {
  let found = 0;
  fc.assert(
    fc.property(fc.array(strategy, { maxLength: 12 }), fc.array(record), (strategies, records) => {
      const namespaces = strategies.map((s, i) => ({ id: id(i), strategy: s }));
      const router = createRouter(namespaces);
      const reversed = createRouter(namespaces.toReversed());
      for (const wanted of records) {
        const expected = scan(namespaces, wanted);
        if (expected !== undefined) found++;
        assert.equal(router.route(wanted), expected);
        assert.equal(reversed.route(wanted), expected);
      }
    }),
    { numRuns: 400 },
  );
  assert.ok(found > 50, `only ${found} records found a namespace`);
});
