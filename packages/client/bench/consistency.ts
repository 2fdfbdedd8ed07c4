import {
  ALGORITHM,
  type Block,
  createBlock,
  createGenesisBlock,
  createSigner,
  nobleProvider,
  tipAfter,
  utf8,
  type WriteConsistency,
} from '@basalt/protocol';
import { type Client, createClient, type WrittenBlock } from '../src/index.ts';

export interface ConsistencyOptions {
  /** Address of a node that takes namespaces from anybody. */
  readonly url: string;
  /** Address of a cache in front of it; reads of the cache are left out where absent. */
  readonly cacheUrl?: string;
  /** Of each level; default 200. */
  readonly samples?: number;
  /** Between two samples, so that reads meet both a fresh and a stale answer; default 7. */
  readonly pauseMs?: number;
}

/** How long one level takes, in milliseconds. */
export interface ConsistencyLatency {
  /**
   * Writes of one block: `immediate` until its proof under a checkpoint is verified here, `durable`
   * until it is synced, `eventual` until it is queued, `eventual-settled` until its status says
   * that it is in the log. Reads of the head of a namespace that grows: `fresh` from the node,
   * `cache-fresh` through the cache, which revalidates after a second, `stale-ok` from the cache
   * as it is.
   */
  readonly level: WriteConsistency | 'eventual-settled' | 'fresh' | 'cache-fresh' | 'stale-ok';
  readonly samples: number;
  readonly p50: number;
  readonly p99: number;
}

/**
 * Measures what each level of consistency costs a client, over HTTP and one request at a time. The
 * levels take turns, so that whatever disturbs the machine disturbs all. Blocks are signed before
 * the clock runs; the client verifies what it is given, and that is in the figures.
 */
export async function measureConsistency(
  options: ConsistencyOptions,
): Promise<ConsistencyLatency[]> {
  const { url, cacheUrl, samples = 200, pauseMs = 7 } = options;
  const taken = new Map<ConsistencyLatency['level'], number[]>();
  const add = (level: ConsistencyLatency['level'], ms: number): void => {
    const list = taken.get(level) ?? [];
    list.push(ms);
    taken.set(level, list);
  };
  const time = async (
    level: ConsistencyLatency['level'],
    run: () => Promise<unknown>,
  ): Promise<void> => {
    const startMs = performance.now();
    await run();
    add(level, performance.now() - startMs);
  };
  const client = createClient({ url });
  const writers = {
    immediate: await createWriter(client, 'bench immediate'),
    durable: await createWriter(client, 'bench durable'),
    eventual: await createWriter(client, 'bench eventual'),
  };
  const readers = cacheReaders(cacheUrl);
  const namespace = writers.durable.namespace();
  for (let sample = 0; sample < samples + WARM_UP; sample++) {
    if (sample === WARM_UP) taken.clear();
    for (const level of ['immediate', 'durable'] as const) {
      const block = writers[level].next();
      await time(level, () => client.writeBlock(block, { consistency: level }));
    }
    const queued = writers.eventual.next();
    const startMs = performance.now();
    let hash: WrittenBlock['hash'] | undefined;
    await time('eventual', async () => {
      ({ hash } = await client.writeBlock(queued, { consistency: 'eventual' }));
    });
    if (hash !== undefined) await client.settledBlock(hash);
    add('eventual-settled', performance.now() - startMs);
    await time('fresh', () => client.head(namespace));
    for (const [level, reader] of readers) await time(level, () => reader.head(namespace));
    await new Promise<void>((resolve) => setTimeout(resolve, pauseMs));
  }
  return Array.from(taken, ([level, list]) => ({
    level,
    samples: list.length,
    p50: quantile(list, 0.5),
    p99: quantile(list, 0.99),
  }));
}

/** Rounds that warm connections and code, and are not counted. */
const WARM_UP = 10;

/** A minute: far more than the second after which a head is no longer fresh. */
const STALE_OK_SECONDS = 60;

function cacheReaders(
  url: string | undefined,
): readonly (readonly ['cache-fresh' | 'stale-ok', Client])[] {
  if (url === undefined) return [];
  return [
    ['cache-fresh', createClient({ url })],
    ['stale-ok', createClient({ url, staleOkSeconds: STALE_OK_SECONDS })],
  ];
}

interface Writer {
  namespace(): Block['entry']['header']['namespace'];
  /** The next block, signed. */
  next(): Block;
}

async function createWriter(client: Client, label: string): Promise<Writer> {
  const seed = globalThis.crypto.getRandomValues(new Uint8Array(32));
  const signer = createSigner(nobleProvider.suite(ALGORITHM.ed25519).keyPairFromSeed(seed));
  const timestampMs = Date.now();
  const genesis = createGenesisBlock({ label, nonce: seed.subarray(0, 16), timestampMs, signer });
  await client.writeBlock(genesis.block, { consistency: 'immediate' });
  const { namespace } = genesis.block.entry.header;
  let tip = tipAfter(genesis.block, genesis.hash);
  return {
    namespace: () => namespace,
    next() {
      const payload = utf8(`sample ${tip.size} ${'.'.repeat(240)}`);
      const time = Math.max(Date.now(), tip.timestampMs);
      const made = createBlock({
        namespace,
        tip,
        timestampMs: time,
        payloadType: 1,
        payload,
        signer,
      });
      tip = tipAfter(made.block, made.hash);
      return made.block;
    },
  };
}

function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const place = Math.min(sorted.length - 1, Math.floor(share * sorted.length));
  return Number((sorted[place] ?? Number.NaN).toFixed(2));
}
