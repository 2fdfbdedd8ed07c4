/**
 * Twenty nodes on loopback HTTP in one process: how long until the last of them has verified and
 * stored a new block, by announcements, against the same nodes when they only compare their
 * super-trees every second, as followers of static logs do. And what a pull of a whole log costs
 * per block, against handing the same blocks to the ledger without any proof.
 */
import type { Block, Clock, NamespaceId, Scheduler } from '@basalt/protocol';
import { cpuTimed } from '../../../tools/bench/cpu-time.ts';
import { compare, printResult } from '../../../tools/bench/report.ts';
import { seededUniform } from '../../../tools/testing/random.ts';
import { createFetchTransport } from '../src/peer/transport.ts';
import { type HttpHost, startHttpHost } from '../test/support/http-host.ts';
import { MemoryNetwork } from '../test/support/memory-network.ts';
import {
  namespaceOf,
  seededSigner,
  signedChain,
  startTestNode,
  type TestNode,
} from '../test/support/node.ts';

const NODES = 20;
const BLOCKS = 60;
const POLLED_BLOCKS = 12;
const LOG_BLOCKS = 8_192;
/** A log is pulled once; the second time there is nothing to pull. */
const ONCE = { rounds: 1, warmups: 0 };

const scheduler: Scheduler = {
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

interface Fleet {
  readonly nodes: readonly TestNode[];
  close(): Promise<void>;
}

/** A ring with two seeded chords for each node; `isTold` says whether announcements are heard. */
async function startFleet(count: number, isTold: boolean): Promise<Fleet> {
  const network = new MemoryNetwork();
  const startedMs = performance.now();
  // Timers of the nodes never fire: this bench says when they compare.
  const time: Clock & Scheduler = {
    nowMs: () => Math.round(1_800_000_000_000 + performance.now() - startedMs),
    after: () => () => undefined,
  };
  const draw = seededUniform(20);
  const hosts: HttpHost[] = [];
  // Addresses first: each node is told those of its peers.
  for (let i = 0; i < count; i++) hosts.push(await startHttpHost([]));
  const nodes: TestNode[] = [];
  for (const [i, host] of hosts.entries()) {
    const chords = [draw(), draw()].map((share) => Math.floor(share * count));
    const wanted = new Set([(i + 1) % count, (i + count - 1) % count, ...chords]);
    wanted.delete(i);
    const node = await startTestNode({
      network,
      time,
      number: i,
      url: host.url,
      peers: [...wanted].map((other) => hosts[other]?.url ?? ''),
      // Longer than any way through the ring: no comparison finds what a limit has stopped.
      maxRelayHops: count,
      ledgerScheduler: scheduler,
      transport: createFetchTransport({ fetch: globalThis.fetch, scheduler }),
    });
    host.serve(node.routes.filter(({ path }) => isTold || path !== '/announce'));
    nodes.push(node);
  }
  return {
    nodes,
    async close() {
      await Promise.all(nodes.map(({ federation }) => federation.stop()));
      await Promise.all(hosts.map((host) => host.close()));
      for (const { ledger, store } of nodes) {
        await ledger.close();
        await store.close();
      }
    },
  };
}

/** Resolves when the ledger has `size` blocks of the namespace under its own checkpoint. */
async function reached({ ledger }: TestNode, namespace: NamespaceId, size: number): Promise<void> {
  const ending = new AbortController();
  const events = ledger.subscribe({ signal: ending.signal });
  try {
    if (((await ledger.info(namespace))?.checkpointSize ?? 0) >= size) return;
    for await (const event of events) {
      if (event.kind !== 'checkpoint' || event.namespace !== namespace) continue;
      if (event.size >= size) return;
    }
  } finally {
    ending.abort();
  }
}

async function spread(fleet: Fleet, chain: readonly Block[], pollMs: number): Promise<number[]> {
  const { nodes } = fleet;
  const namespace = namespaceOf(chain);
  const [source] = nodes;
  await source?.ledger.submit(chain.slice(0, 1), { consistency: 'immediate' });
  const haveAll = Promise.all(nodes.map((node) => reached(node, namespace, 1)));
  let isReady = false;
  void haveAll.then(() => {
    isReady = true;
  });
  while (!isReady) await everyNodeCompares(nodes);
  const times: number[] = [];
  for (const block of chain.slice(1)) {
    const size = block.entry.header.index + 1;
    const startedMs = performance.now();
    const all = Promise.all(nodes.map((node) => reached(node, namespace, size)));
    await source?.ledger.submit([block]);
    const timer = pollMs > 0 ? setInterval(() => void everyNodeCompares(nodes), pollMs) : undefined;
    await all;
    clearInterval(timer);
    times.push(performance.now() - startedMs);
  }
  return times.toSorted((a, b) => a - b);
}

async function everyNodeCompares(nodes: readonly TestNode[]): Promise<void> {
  await Promise.all(nodes.map(({ federation }) => federation.synchronize()));
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

async function benchSpread(): Promise<void> {
  const told = await startFleet(NODES, true);
  const ours = await spread(told, signedChain(seededSigner(1), BLOCKS + 1), 0);
  await told.close();
  const polled = await startFleet(NODES, false);
  const theirs = await spread(polled, signedChain(seededSigner(1), POLLED_BLOCKS + 1), 1_000);
  await polled.close();
  for (const [name, share] of [
    ['p50', 0.5],
    ['p99', 0.99],
  ] as const) {
    printResult(
      compare({
        name: `a block on the last of ${NODES} nodes, ${name}`,
        unit: 'ms',
        better: 'lower',
        value: quantile(ours, share),
        peer: { name: 'comparison every second', value: quantile(theirs, share) },
      }),
    );
  }
}

/** One relay pulls a log over HTTP; the peer is a ledger that is handed the same blocks. */
async function benchPull(): Promise<void> {
  const chain = signedChain(seededSigner(2), LOG_BLOCKS);
  const [fleet, bare] = [await startFleet(2, true), await startFleet(1, true)];
  const [origin, relay] = fleet.nodes;
  await origin?.ledger.submit(chain, { consistency: 'immediate' });
  const pulled = await cpuTimed(async () => {
    for (let i = 0; i < 3; i++) await relay?.federation.synchronize();
    return LOG_BLOCKS;
  }, ONCE);
  if ((await relay?.ledger.info(namespaceOf(chain)))?.size !== LOG_BLOCKS) {
    throw new Error('the log was not pulled');
  }
  const handed = await cpuTimed(async () => {
    for (let i = 0; i < LOG_BLOCKS; i += 256) {
      await bare.nodes[0]?.ledger.submit(chain.slice(i, i + 256));
    }
    return LOG_BLOCKS;
  }, ONCE);
  printResult(
    compare({
      name: 'pull of a log over HTTP, proven by packages',
      unit: 'blocks/CPU-s',
      value: pulled.perCpuSecond,
      peer: { name: 'handed to the ledger, no HTTP, no proof', value: handed.perCpuSecond },
    }),
  );
  await fleet.close();
  await bare.close();
}

await benchSpread();
await benchPull();
