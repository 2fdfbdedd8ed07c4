import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExecutedBlock } from '@basalt/execution';
import { HeatMap } from '@basalt/telemetry';
import { WriteHeat } from '../src/chain/write-heat.ts';

type Change = ExecutedBlock['changes'][number];

function address(number: number): Uint8Array {
  const bytes = new Uint8Array(20);
  bytes[19] = number;
  return bytes;
}

function slot(first: number, last: number): Uint8Array {
  const bytes = new Uint8Array(32);
  bytes[0] = first;
  bytes[31] = last;
  return bytes;
}

function change(number: number, slots: readonly Uint8Array[]): Change {
  const storage = slots.map((each) => ({ slot: each, value: new Uint8Array(32) }));
  return { address: address(number), account: undefined, storageCleared: false, storage };
}

function createHeat(entriesMax = 512): WriteHeat {
  return new WriteHeat(new HeatMap({ entriesMax, halfLifeMs: 1_000, clock: { nowMs: () => 0 } }));
}

function weights(heat: WriteHeat): Record<string, number> {
  const top = heat.top(1_000).map(({ key, weight }) => [key.replace(/^0x0*/u, ''), weight]);
  return Object.fromEntries(top) as Record<string, number>;
}

test('what blocks write is counted by account, numbered slot and beginning of a hash', () => {
  const heat = createHeat();
  // Each writes an account, a counter and two places of a mapping: four places a block.
  const block = [change(7, [slot(0, 5), slot(0xa7, 1), slot(0xa7, 2)])];
  for (let i = 0; i < 8_000; i++) heat.wrote(block);
  const counted = weights(heat);
  assert.deepEqual(Object.keys(counted).toSorted(), ['7 0x05', '7 0xa7..', '7 account']);
  const near = (key: string, expected: number): void => {
    const found = counted[key] ?? 0;
    assert.ok(Math.abs(found - expected) < expected * 0.1, `${key}: ${found}`);
  };
  near('7 0xa7..', 16_000);
  near('7 0x05', 8_000);
  near('7 account', 8_000);
});

test('a large block costs a bounded number of samples that stand for all of it', () => {
  const heat = createHeat(4_096);
  const changes = Array.from({ length: 100 }, (_, i) =>
    change(
      i,
      Array.from({ length: 99 }, (_unused, j) => slot(i + 1, j)),
    ),
  );
  heat.wrote(changes);
  const counted = heat.top(10_000);
  assert.ok(counted.length <= 320, String(counted.length));
  const total = counted.reduce((sum, { weight }) => sum + weight, 0);
  assert.ok(Math.abs(total - 10_000) < 1_500, String(total));
});

test('a block without changes, and blocks smaller than a sample, are no trouble', () => {
  const heat = createHeat();
  heat.wrote([]);
  for (let i = 0; i < 8_000; i++) heat.wrote([change(3, [])]);
  const found = weights(heat)['3 account'] ?? 0;
  assert.ok(Math.abs(found - 8_000) < 800, String(found));
});
