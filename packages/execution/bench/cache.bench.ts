/**
 * Policies of a bounded cache on traces that nobody here wrote: hit ratio of each beside LRU, and
 * what a request costs. Traces: Caffeine's collection (a ledger's vault, web and object caches, and
 * the LIRS authors' loops, which LRU can not do).
 */
import { compare, printResult } from '../../../tools/bench/report.ts';
import { CACHE_TRACES, cacheTraceTitle, readCacheTrace } from '../../../tools/testing/traces.ts';
import { createS3Fifo } from '../src/cache/s3-fifo.ts';
import type { CreateCache } from '../src/cache/types.ts';
import { createLru } from './cache-policies/lru.ts';
import { createSieve } from './cache-policies/sieve.ts';
import { createWTinyLfu } from './cache-policies/w-tinylfu.ts';

const POLICIES: Readonly<Record<string, CreateCache>> = {
  LRU: createLru,
  SIEVE: createSieve,
  'S3-FIFO': createS3Fifo,
  'W-TinyLFU': createWTinyLfu,
};
/** Entries as a share of the keys of a trace. */
const SHARES = [0.02, 0.1];
const REQUESTS_MAX = 1_500_000;

interface Run {
  readonly hits: number;
  readonly microseconds: number;
}

function replay(create: CreateCache, entriesMax: number, keys: readonly number[]): Run {
  const cache = create<number, true>(entriesMax);
  let hits = 0;
  const before = process.cpuUsage();
  for (const key of keys) {
    if (cache.get(key) === undefined) cache.set(key, true);
    else hits++;
  }
  const { user, system } = process.cpuUsage(before);
  return { hits, microseconds: (user + system) / keys.length };
}

const cost = new Map<string, number[]>();
for (const name of CACHE_TRACES) {
  const keys = readCacheTrace(name, REQUESTS_MAX);
  if (keys === undefined) {
    console.error(`bench: ${name} is not here, or nothing unpacks it`);
    continue;
  }
  const unique = new Set(keys).size;
  for (const share of SHARES) {
    const entriesMax = Math.max(50, Math.round(unique * share));
    const title = cacheTraceTitle(name);
    let lru = 0;
    for (const [policy, create] of Object.entries(POLICIES)) {
      const { hits, microseconds } = replay(create, entriesMax, keys);
      cost.set(policy, [...(cost.get(policy) ?? []), microseconds]);
      const ratio = Math.max((100 * hits) / keys.length, 0.001);
      if (policy === 'LRU') {
        lru = ratio;
        continue;
      }
      printResult(
        compare({
          name: `cache ${title}, ${entriesMax} of ${unique} keys, ${policy}`,
          unit: '% hits',
          value: ratio,
          peer: { name: 'LRU', value: lru },
        }),
      );
    }
  }
}
for (const [policy, all] of cost) {
  const mean = all.reduce((sum, each) => sum + each, 0) / all.length;
  printResult(
    compare({ name: `cache request, ${policy}`, unit: 'us', value: mean, better: 'lower' }),
  );
}
