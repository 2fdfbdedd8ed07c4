import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NamespaceInfo } from '@basalt/ledger';
import type { BasicStrategy, NamespaceId, Strategy } from '@basalt/protocol';
import fc from 'fast-check';
import { NamespaceIndex, type NamespaceQuery, wordsOf } from '../src/namespace-index.ts';

interface Known {
  readonly label: string;
  readonly strategy: Strategy;
  readonly timestampMs: number;
}

const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}` as NamespaceId;

function indexOf(all: readonly Known[]): NamespaceIndex {
  return new NamespaceIndex(
    all.map((known, n) => ({ ...known, namespace: id(n) }) as unknown as NamespaceInfo),
  );
}

const names = fc.constantFrom('rides', 'Rides', 'metrics', 'metric', 'cpu', 'Köln', 'eu', 'q', '7');
const label = fc.array(names, { minLength: 1, maxLength: 4 }).map((list) => list.join('/'));
const topic = label.map((text): BasicStrategy => ({ kind: 'topic', topic: text }));
const region = label.map((text): BasicStrategy => ({ kind: 'geographic', region: text }));
const temporal = fc
  .record({ epoch: fc.nat(50), durationSeconds: fc.integer({ min: 1, max: 20 }) })
  .map((part): BasicStrategy => ({ kind: 'temporal', ...part }));
const strategy: fc.Arbitrary<Strategy> = fc.oneof(
  topic,
  temporal,
  fc.tuple(region, topic, temporal).map((parts): Strategy => ({ kind: 'nested', parts })),
);
const known = fc.record({ label, strategy, timestampMs: fc.nat(60_000) });
const query: fc.Arbitrary<Omit<NamespaceQuery, 'from' | 'count'>> = fc.record(
  {
    prefix: fc.constantFrom('', 'ri', 'METRIC', 'rides/', 'zz'),
    words: fc.array(fc.constantFrom('r', 'metric', 'cpu', 'kö', 'eu', 'none'), { maxLength: 2 }),
    kind: fc.constantFrom('topic', 'temporal', 'geographic' as const),
    sinceMs: fc.nat(60_000),
    untilMs: fc.nat(60_000),
  },
  { requiredKeys: ['words'] },
) as fc.Arbitrary<Omit<NamespaceQuery, 'from' | 'count'>>;

/** The same told naively. */
function model(all: readonly Known[], wanted: Omit<NamespaceQuery, 'from' | 'count'>) {
  const found = all
    .map((one, n) => ({ ...one, n, compared: one.label.normalize('NFC').toLowerCase() }))
    .filter((one) => {
      const parts = one.strategy.kind === 'nested' ? one.strategy.parts : [one.strategy];
      const texts = parts.flatMap((part) =>
        part.kind === 'topic' ? [part.topic] : part.kind === 'geographic' ? [part.region] : [],
      );
      const words = [one.label, ...texts].flatMap(wordsOf);
      const time = parts.find((part) => part.kind === 'temporal');
      const start = time === undefined ? Number.NEGATIVE_INFINITY : time.epoch * 1_000;
      const end =
        time === undefined ? one.timestampMs : (time.epoch + time.durationSeconds) * 1_000 - 1;
      return (
        one.compared.startsWith((wanted.prefix ?? '').toLowerCase()) &&
        wanted.words.every((word) => words.some((own) => own.startsWith(word))) &&
        (wanted.kind === undefined || parts.some(({ kind }) => kind === wanted.kind)) &&
        (wanted.sinceMs === undefined || end >= wanted.sinceMs) &&
        (wanted.untilMs === undefined || start < wanted.untilMs)
      );
    });
  found.sort((a, b) => (a.compared < b.compared ? -1 : a.compared > b.compared ? 1 : a.n - b.n));
  return found.map(({ n }) => id(n));
}

test('a search finds what a walk over all namespaces finds, page by page', () => {
  let hits = 0;
  fc.assert(
    fc.property(
      fc.array(known, { minLength: 10, maxLength: 40 }),
      query,
      fc.integer({ min: 1, max: 7 }),
      (all, wanted, count) => {
        const index = indexOf(all);
        const expected = model(all, wanted);
        const found: NamespaceId[] = [];
        for (let more = true; more; ) {
          const page = index.search({ ...wanted, from: found.length, count });
          assert.ok(page.namespaces.length === count || !page.more);
          // Rows once, and for each word its places: at most 16 words of each namespace.
          const places = wanted.words.length * 2 * 16 * all.length;
          assert.ok(page.examined <= all.length + places);
          found.push(...page.namespaces);
          more = page.more;
        }
        assert.deepEqual(found, expected);
        hits += found.length;
      },
    ),
    { numRuns: 300 },
  );
  assert.ok(hits > 100, `${hits} hits`);
});

test('a prefix looks at its own range only, an absent word at no rows twice', () => {
  const all = Array.from({ length: 5_000 }, (_, n): Known => {
    const text = `topic-${n % 50}/${n}`;
    return { label: text, strategy: { kind: 'topic', topic: text }, timestampMs: n };
  });
  const index = indexOf(all);
  const page = index.search({ prefix: 'topic-7/', words: [], from: 0, count: 200 });
  assert.equal(page.namespaces.length, 100);
  assert.equal(page.examined, 100);
  assert.equal(index.search({ words: ['nowhere'], from: 0, count: 5 }).namespaces.length, 0);
  // What words cost is told, and nothing is looked for where no label begins so.
  assert.ok(index.search({ words: ['topic', '7'], from: 0, count: 5 }).examined > 5_000);
  const none = index.search({ prefix: 'zzz', words: ['topic', '7'], from: 0, count: 5 });
  assert.equal(none.examined, 0);
});
