import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RetentionPolicy } from '../../src/index.ts';
import { type BlockFacts, type ChainFacts, mayGo } from '../../src/retention/decide.ts';

const DAY = 86_400_000;
const NOW = 1_800_000_000_000;

const rule = fc.record(
  {
    action: fc.constantFrom('keep' as const, 'prune' as const),
    namespaces: fc.subarray(['a', 'b', 'id'], { minLength: 1 }),
    payloadTypes: fc.array(
      fc.tuple(fc.nat(3), fc.nat(3)).map(([from, more]) => [from, from + more] as const),
      { minLength: 1, maxLength: 2 },
    ),
    bytesMin: fc.nat(6),
    bytesMax: fc.nat(6),
    olderThanDays: fc.nat(6),
  },
  { requiredKeys: ['action'] },
);

const policy: fc.Arbitrary<RetentionPolicy> = fc.oneof(
  fc.constantFrom<RetentionPolicy>(
    { mode: 'none' },
    { mode: 'after-checkpoint' },
    { mode: 'keep-headers' },
  ),
  fc.record({ blocks: fc.nat(40) }).map((some) => ({ mode: 'keep-recent' as const, ...some })),
  fc.record({ days: fc.nat(6) }).map((some) => ({ mode: 'keep-recent' as const, ...some })),
  fc
    .record({ blocks: fc.nat(40), days: fc.nat(6) })
    .map((some) => ({ mode: 'keep-recent' as const, ...some })),
  fc.record({
    mode: fc.constant('selective' as const),
    rules: fc.array(rule, { maxLength: 4 }),
    otherwise: fc.constantFrom('keep' as const, 'prune' as const),
  }),
);

const block = fc.record({
  payloadType: fc.nat(6),
  payloadLength: fc.nat(6),
  ageMs: fc.integer({ min: -DAY, max: 7 * DAY }),
});

/** The kept set, said the other way round: everything, minus what each policy lets go. */
function modelKept(
  policy: RetentionPolicy,
  chain: ChainFacts,
  blocks: readonly BlockFacts[],
): Set<number> {
  const kept = new Set(blocks.map(({ index }) => index));
  if (chain.isFrozen) return kept;
  const covered = blocks.slice(0, Math.min(chain.coveredSize, blocks.length));
  if (policy.mode === 'keep-headers') for (const { index } of covered) kept.delete(index);
  if (policy.mode === 'after-checkpoint') {
    for (const { index } of covered.slice(0, chain.confirmedSize)) kept.delete(index);
  }
  if (policy.mode === 'keep-recent') {
    const newest = new Set(policy.blocks === undefined ? [] : last(blocks, policy.blocks));
    for (const each of covered) {
      const age = (chain.nowMs - each.timestampMs) / DAY;
      const isYoung = policy.days !== undefined && age <= policy.days;
      if (!newest.has(each) && !isYoung) kept.delete(each.index);
    }
  }
  if (policy.mode === 'selective') {
    for (const each of covered) {
      if ([2, 3, 4].includes(each.payloadType)) continue;
      let action = policy.otherwise;
      // Backwards: the first rule that fits is the last to speak.
      for (const one of policy.rules.toReversed()) {
        const age = (chain.nowMs - each.timestampMs) / DAY;
        const types = one.payloadTypes?.flatMap(([from, to]) =>
          Array.from({ length: to - from + 1 }, (_, i) => from + i),
        );
        const says = [
          one.namespaces === undefined || one.namespaces.includes(chain.namespace)
            ? true
            : one.namespaces.includes(chain.label),
          types === undefined || types.includes(each.payloadType),
          one.bytesMin === undefined || !(each.payloadLength < one.bytesMin),
          one.bytesMax === undefined || !(each.payloadLength > one.bytesMax),
          one.olderThanDays === undefined || age > one.olderThanDays,
        ];
        if (says.every(Boolean)) action = one.action;
      }
      if (action === 'prune') kept.delete(each.index);
    }
  }
  return kept;
}

function last<Item>(items: readonly Item[], count: number): readonly Item[] {
  return count === 0 ? [] : items.slice(-count);
}

/** What a decision does otherwise than the model; undefined: nothing was found. */
function difference(decide: typeof mayGo): unknown {
  const chains = fc.record({
    label: fc.constantFrom('a', 'b', 'c'),
    coveredSize: fc.nat(45),
    confirmedSize: fc.nat(45),
    isFrozen: fc.boolean(),
  });
  const property = fc.property(
    policy,
    chains,
    fc.array(block, { maxLength: 40 }),
    (some, facts, made) => {
      const blocks = made.map(({ ageMs, ...rest }, index) => ({
        ...rest,
        index,
        timestampMs: NOW - ageMs,
      }));
      const chain = { ...facts, namespace: 'id', size: blocks.length, nowMs: NOW };
      const kept = blocks.filter((each) => !decide(some, chain, each)).map(({ index }) => index);
      assert.deepEqual(kept, [...modelKept(some, chain, blocks)]);
    },
  );
  return fc.check(property, { numRuns: 1_500, seed: 7 }).errorInstance ?? undefined;
}

test('every policy keeps what the model keeps', () => {
  assert.equal(difference(mayGo), undefined);
});

test('the model finds a decision that forgets the checkpoint, a rule or the boundary', () => {
  const forgetful: readonly (typeof mayGo)[] = [
    (some, chain, each) => mayGo(some, { ...chain, coveredSize: chain.size }, each),
    (some, chain, each) =>
      mayGo(
        some.mode === 'selective' ? { ...some, rules: some.rules.toReversed() } : some,
        chain,
        each,
      ),
    (some, chain, each) => mayGo(some, { ...chain, nowMs: chain.nowMs + 1e7 }, each),
    (some, chain, each) => mayGo(some, { ...chain, size: chain.size + 1 }, each),
    (some, chain, each) => mayGo(some, { ...chain, isFrozen: false }, each),
  ];
  for (const decide of forgetful) assert.ok(difference(decide) !== undefined);
});
