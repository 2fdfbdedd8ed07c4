import type { LedgerMetrics } from '@basalt/ledger';
import type { EngineLogStore } from '@basalt/store';
import {
  type HeatMap,
  type Histogram,
  LATENCY_BUCKETS_SECONDS,
  type Logger,
  type MetricsRegistry,
} from '@basalt/telemetry';
import type { Peak } from './observe/peak.ts';
import type { ReferenceFlow } from './observe/reference-flow.ts';

const COUNT_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096] as const;

export interface LedgerWatchers {
  readonly clock: { nowMs(): number };
  /** Namespaces by blocks. */
  readonly heat?: HeatMap | undefined;
  /** References between namespaces. */
  readonly flow?: ReferenceFlow | undefined;
  /** Blocks that wait. */
  readonly queue?: Peak | undefined;
  /** Commits, rounds and refusals are lines at level debug. */
  readonly logger: Logger;
  readonly onCheckpointFailure: (error: unknown) => void;
}

/** What the ledger tells, as metrics and lines. */
export function ledgerMetrics(
  registry: MetricsRegistry,
  { clock, heat, flow, queue, logger, onCheckpointFailure }: LedgerWatchers,
): LedgerMetrics {
  const finality = new FinalityTimes(registry, clock);
  const series = createSeries(registry);
  const { accepted, rejected, duplicate, depth } = series;
  const { groupBlocks, commitSeconds, checkpointSeconds, checkpointFailures } = series;
  return {
    blocksAccepted: (count) => accepted.add(count),
    blocksRejected(code, count) {
      rejected.add(count, { code });
      logger.debug('refused', { code, blocks: count });
    },
    blocksDuplicate: (count) => duplicate.add(count),
    queueDepth(blocks) {
      depth.set(blocks);
      queue?.set(blocks);
    },
    commit(blocks, seconds, namespace) {
      groupBlocks.observe(blocks);
      commitSeconds.observe(seconds);
      logger.debug('committed', { namespace, blocks, milliseconds: seconds * 1_000 });
      heat?.touch(namespace, blocks);
      finality.committed();
    },
    ...(flow === undefined
      ? {}
      : { committed: (events, blocks) => flow.committed(events, blocks) }),
    checkpoint(namespaces, seconds) {
      checkpointSeconds.observe(seconds);
      logger.debug('checkpoints', { namespaces, milliseconds: seconds * 1_000 });
      finality.covered(seconds);
    },
    checkpointFailed(error) {
      checkpointFailures.add(1);
      onCheckpointFailure(error);
    },
  };
}

function createSeries(registry: MetricsRegistry) {
  return {
    accepted: registry.counter({
      name: 'basalt_blocks_accepted_total',
      help: 'Blocks that were committed, submitted or written here.',
    }),
    rejected: registry.counter({
      name: 'basalt_blocks_rejected_total',
      help: 'Blocks that were refused, by error code.',
      labels: ['code'],
    }),
    duplicate: registry.counter({
      name: 'basalt_blocks_duplicate_total',
      help: 'Blocks that were there already.',
    }),
    depth: registry.gauge({
      name: 'basalt_queue_blocks',
      help: 'Blocks waiting to be committed.',
    }),
    groupBlocks: registry.histogram({
      name: 'basalt_commit_blocks',
      help: 'Blocks of one group commit.',
      buckets: COUNT_BUCKETS,
    }),
    commitSeconds: registry.histogram({
      name: 'basalt_commit_duration_seconds',
      help: 'Time of one group commit, sync included.',
      buckets: LATENCY_BUCKETS_SECONDS,
    }),
    checkpointSeconds: registry.histogram({
      name: 'basalt_checkpoint_duration_seconds',
      help: 'Time to sign and publish one round of checkpoints.',
      buckets: LATENCY_BUCKETS_SECONDS,
    }),
    checkpointFailures: registry.counter({
      name: 'basalt_checkpoint_failures_total',
      help: 'Rounds of checkpoints that failed; the next round tries again.',
    }),
  };
}

/** Group commits that wait for a checkpoint; later ones are not timed. */
const COMMITS_WAITING_MAX = 4_096;

/** How long blocks wait from their commit to the signed checkpoint that covers them. */
class FinalityTimes {
  readonly #seconds: Histogram;
  readonly #clock: { nowMs(): number };
  /** When group commits ended, oldest first. Bounded by COMMITS_WAITING_MAX. */
  #waiting: number[] = [];

  constructor(registry: MetricsRegistry, clock: { nowMs(): number }) {
    this.#clock = clock;
    this.#seconds = registry.histogram({
      name: 'basalt_block_finality_duration_seconds',
      help: 'Time from a group commit to the signed checkpoint that covers it.',
      buckets: LATENCY_BUCKETS_SECONDS,
    });
  }

  committed(): void {
    if (this.#waiting.length < COMMITS_WAITING_MAX) this.#waiting.push(this.#clock.nowMs());
  }

  /** A round is out: it covers what was committed before it began. */
  covered(roundSeconds: number): void {
    const nowMs = this.#clock.nowMs();
    const beganMs = nowMs - roundSeconds * 1_000;
    const later = this.#waiting.findIndex((atMs) => atMs > beganMs);
    const covered = this.#waiting.splice(0, later === -1 ? this.#waiting.length : later);
    for (const atMs of covered) this.#seconds.observe((nowMs - atMs) / 1_000);
  }
}

export interface ProcessMetrics {
  stop(): void;
}

/** How often the event loop is asked how late it is: often enough to meet every stall. */
const LOOP_INTERVAL_MS = 50;

/** What the process uses; read when somebody asks. */
export function processMetrics(registry: MetricsRegistry, workers: () => number): ProcessMetrics {
  const gauge = (name: string, help: string, read: () => number): void =>
    registry.gauge({ name, help }).collect(read);
  gauge('basalt_process_memory_bytes', 'Resident memory of the process.', () =>
    process.memoryUsage.rss(),
  );
  gauge('basalt_process_heap_bytes', 'JavaScript heap in use.', () => {
    return process.memoryUsage().heapUsed;
  });
  registry
    .counter({
      name: 'basalt_process_cpu_seconds_total',
      help: 'Processor time since the start, all threads.',
    })
    .collect(() => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    });
  gauge('basalt_process_uptime_seconds', 'Time since the start.', () => process.uptime());
  gauge('basalt_verifier_queue_blocks', 'Blocks waiting for a signature check.', workers);
  const delays = registry.histogram({
    name: 'basalt_event_loop_delay_seconds',
    help: 'How late a timer was.',
    buckets: LATENCY_BUCKETS_SECONDS,
  });
  let dueMs = performance.now() + LOOP_INTERVAL_MS;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    delays.observe(Math.max(0, nowMs - dueMs) / 1_000);
    dueMs = nowMs + LOOP_INTERVAL_MS;
  }, LOOP_INTERVAL_MS).unref();
  return { stop: () => clearInterval(timer) };
}

/** Bytes on disk, refreshed by the caller: the store tells them asynchronously. */
export function createStoreMetrics(
  registry: MetricsRegistry,
  store: EngineLogStore,
): { refresh(): Promise<void> } {
  const disk = registry.gauge({ name: 'basalt_store_bytes', help: 'Bytes of the store on disk.' });
  const blocks = registry.gauge({ name: 'basalt_store_blocks', help: 'Blocks in the store.' });
  const namespaces = registry.gauge({
    name: 'basalt_store_namespaces',
    help: 'Namespaces in the store.',
  });
  const filter = registry.gauge({
    name: 'basalt_store_filter_bytes',
    help: 'Memory of the filter for unknown hashes.',
  });
  return {
    async refresh() {
      const stats = await store.stats();
      disk.set(stats.diskBytes);
      blocks.set(stats.blocks);
      namespaces.set(stats.namespaces);
      filter.set(stats.filterBytes);
    },
  };
}
