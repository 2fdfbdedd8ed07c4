import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ValueCacheControl } from '@basalt/execution';
import { createControlPanel } from '@basalt/telemetry';
import { stateCacheEntries } from '../../src/observe/tunables/state-cache.ts';

function createScene() {
  const scene = { ms: 0, pressure: 0.3 as number | undefined };
  const valueCache = {
    entriesMax: 262_144,
    entries: 0,
    resize: (entries: number) => {
      valueCache.entriesMax = entries;
    },
    onLookUp: undefined as ValueCacheControl['onLookUp'],
  };
  const panel = createControlPanel({ clock: { nowMs: () => scene.ms } });
  const look = stateCacheEntries(panel, { valueCache, memoryPressure: () => scene.pressure });
  let random = 1;
  /** Reads keys below the count, evenly. */
  const read = (keys: number, times: number): void => {
    for (let i = 0; i < times; i++) {
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
      const key = Math.floor((random / 2 ** 32) * keys);
      valueCache.onLookUp?.(Math.imul(key + 1, 0x9e3779b1) >>> 0);
    }
  };
  const looks = (times: number): void => {
    for (let i = 0; i < times; i++) {
      scene.ms += 31_000;
      look();
    }
  };
  return { panel, scene, valueCache, read, looks };
}

test('what brings no hits is given back under pressure, and comes back when it would', () => {
  const { scene, valueCache, read, looks } = createScene();
  read(10_000, 400_000);
  scene.pressure = 0.9;
  looks(3);
  const small = valueCache.entriesMax;
  assert.ok(small >= 8_192 && small < 20_000, String(small));
  scene.pressure = 0.2;
  read(120_000, 4_000_000);
  looks(3);
  assert.ok(valueCache.entriesMax > 90_000, String(valueCache.entriesMax));
});

test('a machine that runs out of memory gets it back step by step, down to the least', () => {
  const { scene, valueCache, looks } = createScene();
  scene.pressure = 0.97;
  looks(1);
  assert.equal(valueCache.entriesMax, Math.floor(262_144 * 0.8));
  looks(40);
  assert.equal(valueCache.entriesMax, 8_192);
  scene.pressure = undefined;
  looks(3);
  assert.equal(valueCache.entriesMax, 8_192);
});
