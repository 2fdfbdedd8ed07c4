/**
 * Policies of a bounded cache on traces that nobody here wrote: hit ratio of each beside LRU, and
 * what a request costs. Traces: Caffeine's collection (a ledger's vault, web and object caches, and
 * the LIRS authors' loops, which LRU can not do).
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { compare, printResult } from '../../../tools/bench/report.ts';
import { conformanceFile } from '../../../tools/testing/conformance.ts';
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
const FILES: readonly string[] = [
  'corda_trace_vaultservice.gz',
  'cache2k_orm-busy.trace.xz',
  'cache2k_web07.trace.xz',
  'cache2k_web12.trace.xz',
  'lirs_2_pools.trace.gz',
  'lirs_loop.trace.gz',
  'lirs_multi1.trace.gz',
  'lirs_multi3.trace.gz',
  'lirs_sprite.trace.gz',
];
const REQUESTS_MAX = 1_500_000;
const XZ = '/usr/bin/xz';

/** undefined: this machine has nothing that unpacks it. */
function unpack(path: string): Uint8Array | undefined {
  if (path.endsWith('.gz')) return gunzipSync(readFileSync(path));
  const { status, stdout } = spawnSync(XZ, ['-dc', path], { maxBuffer: 2 ** 28 });
  return status === 0 ? stdout : undefined;
}

function readKeys(name: string, bytes: Uint8Array): number[] {
  if (name.startsWith('lirs')) {
    const lines = new TextDecoder().decode(bytes).split('\n');
    return lines.filter((line) => /^\d/.test(line)).map(Number);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = name.startsWith('corda') ? 8 : 4;
  const keys: number[] = [];
  for (let at = 0; at + width <= bytes.length && keys.length < REQUESTS_MAX; at += width) {
    keys.push(width === 8 ? Number(view.getBigInt64(at)) : view.getInt32(at));
  }
  return keys;
}

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
for (const name of FILES) {
  const path = conformanceFile('cache-traces-caffeine', name);
  const bytes = path === undefined ? undefined : unpack(path);
  if (bytes === undefined) {
    console.error(`bench: ${name} is not here, or nothing unpacks it`);
    continue;
  }
  const keys = readKeys(name, bytes);
  const unique = new Set(keys).size;
  for (const share of SHARES) {
    const entriesMax = Math.max(50, Math.round(unique * share));
    const title = name.replace(/\.(trace\.)?(gz|xz)$/, '');
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
