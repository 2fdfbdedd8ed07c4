import type { WriteConsistency } from '@basalt/protocol';
import { Option } from 'commander';

/** What `stale-ok` takes from a cache: a day, as long as caches keep a head whose node is away. */
const STALE_OK_SECONDS = 86_400;

export type ReadConsistency = 'fresh' | 'stale-ok';

const WRITES: readonly WriteConsistency[] = ['immediate', 'durable', 'eventual'];
const READS: readonly ReadConsistency[] = ['fresh', 'stale-ok'];

export function writeConsistencyOption(): Option {
  return new Option(
    '--consistency <level>',
    'a batch is done when a checkpoint covers it (immediate), when it is synced (durable), or is ' +
      'queued first and looked for then (eventual)',
  )
    .choices(WRITES)
    .default('durable');
}

export function readConsistencyOption(): Option {
  return new Option(
    '--consistency <level>',
    'fresh, or stale-ok: a cache may answer with what it holds, which is verified as ever',
  )
    .choices(READS)
    .default('fresh');
}

/** For `connect`. */
export function staleOk(consistency: ReadConsistency): { readonly staleOkSeconds?: number } {
  return consistency === 'stale-ok' ? { staleOkSeconds: STALE_OK_SECONDS } : {};
}
