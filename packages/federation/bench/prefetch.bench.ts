/**
 * Reading ahead in a cache against not doing it: the time that readers wait, and what upstream is
 * asked. Traces: generated readers of tiles, and recorded ones (LIRS authors' file and buffer
 * traces, web objects of cache2k), which are not tiles and show what a wrong guess costs.
 *
 * Model: an answer that is held costs 1, one that upstream is asked for costs 20, and one that is
 * under way costs what is left of it. Room for a tenth of the keys, least recently used first out.
 */
import { compare, printResult } from '../../../tools/bench/report.ts';
import { readCacheTrace } from '../../../tools/testing/traces.ts';
import { SequencePrefetch } from '../src/cache/prefetch.ts';

type Policy = (key: number) => number[];

const HIT = 1;
const MISS = 20;
const REQUESTS_MAX = 300_000;

function none(): Policy {
  return () => [];
}

function sequence(): Policy {
  const policy = new SequencePrefetch();
  return (key) => policy.observe('', key);
}

/** What followed a key twice in a row is fetched with it: popular blocks that go together. */
function followers(): Policy {
  const known = new Map<number, { next: number; times: number }>();
  let last: number | undefined;
  return (key) => {
    if (last !== undefined) {
      const found = known.get(last);
      if (found?.next === key) found.times++;
      else known.set(last, { next: key, times: 1 });
    }
    last = key;
    const guess = known.get(key);
    return guess !== undefined && guess.times >= 2 ? [guess.next] : [];
  };
}

interface Run {
  readonly time: number;
  readonly asked: number;
}

function simulate(keys: readonly number[], policy: Policy): Run {
  const room = Math.max(16, Math.floor(new Set(keys).size / 10));
  const held = new Map<number, number>();
  let time = 0;
  let asked = 0;
  const keep = (key: number, readyAt: number): void => {
    held.delete(key);
    held.set(key, readyAt);
    if (held.size > room) held.delete(held.keys().next().value as number);
  };
  for (const key of keys) {
    const readyAt = held.get(key);
    const ahead = policy(key).filter((next) => !held.has(next));
    asked += ahead.length + (readyAt === undefined ? 1 : 0);
    const start = time;
    time += readyAt === undefined ? MISS : HIT + Math.max(0, readyAt - time);
    keep(key, Math.min(readyAt ?? time, time));
    for (const next of ahead) keep(next, start + MISS);
  }
  return { time, asked };
}

/** Four readers of a log of 20,000 tiles from places of their own, and a fifth of single reads. */
function tileReaders(): number[] {
  let seed = 1;
  const draw = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
  const places = [0, 5_000, 10_000, 15_000];
  const keys: number[] = [];
  for (let i = 0; i < 10_000; i++) {
    const reader = draw(5);
    const place = places[reader];
    keys.push(place ?? draw(20_000));
    if (place !== undefined) places[reader] = place + 1;
  }
  return keys;
}

const FILES: readonly string[] = [
  'lirs_2_pools.trace.gz',
  'lirs_multi1.trace.gz',
  'lirs_multi3.trace.gz',
  'lirs_sprite.trace.gz',
  'cache2k_web07.trace.xz',
  'cache2k_web12.trace.xz',
];
const traces: readonly (readonly [string, number[] | undefined])[] = [
  ['generated tile readers', tileReaders()],
  ...FILES.map((name) => [name, readCacheTrace(name, REQUESTS_MAX)] as const),
];
for (const [name, keys] of traces) {
  if (keys === undefined) continue;
  const base = simulate(keys, none());
  for (const [policy, create] of Object.entries({ sequence, followers })) {
    const run = simulate(keys, create());
    const extra = ((run.asked / base.asked - 1) * 100).toFixed(1);
    const label = `prefetch ${policy}, ${name}: waiting (upstream asked ${extra} % more)`;
    printResult(
      compare({
        name: label,
        value: run.time / keys.length,
        unit: 'units/request',
        better: 'lower',
        peer: { name: 'none', value: base.time / keys.length },
      }),
    );
  }
}
