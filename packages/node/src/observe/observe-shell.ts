import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { Federation } from '@basalt/federation';
import type { RouteExtension } from '@basalt/gateway';
import type { Ledger } from '@basalt/ledger';
import { type EngineLogStore, STORE_FOLDER, type StoreStats } from '@basalt/store';
import {
  type ControlPanel,
  createControlPanel,
  type ExecutionStatus,
  type Health,
  HeatMap,
  type Logger,
  type LogLevels,
  type MetricsRegistry,
  type NodeStatus,
} from '@basalt/telemetry';
import type { NodeConfig } from '../config.ts';
import { type Alert, Alerts } from './alerts.ts';
import { readDisk } from './disk-shell.ts';
import { type DiskFacts, judgeHealth } from './health.ts';
import { NamespaceLabels } from './namespace-labels.ts';
import { networkStatus } from './network.ts';
import { createObserverMetrics, type ObserverMetrics } from './observer-metrics.ts';
import { Peak } from './peak.ts';
import { ReferenceFlow } from './reference-flow.ts';
import { observeRoutes } from './routes.ts';
import { Sampler } from './sampler.ts';
import type { Look } from './tunables/types.ts';
import { Watchers } from './watchers.ts';

export interface ObserveComponents {
  readonly config: NodeConfig;
  readonly version: string;
  readonly dataDir: string;
  readonly metrics: MetricsRegistry;
  readonly logger: Logger;
  readonly levels: LogLevels | undefined;
  readonly clock: { nowMs(): number };
  readonly isAdmin: (authorization: string | undefined) => boolean;
}

/** What is there only after the rest of the node has started. */
export interface ObservedParts {
  readonly ledger: Ledger;
  readonly store: EngineLogStore;
  readonly peers: Federation | undefined;
  readonly url: () => string | undefined;
  readonly execution: () => ExecutionStatus | null;
  /** Sensors of what is steered, looked at once a second. */
  readonly looks: readonly Look[];
}

/** A node's eyes on itself. */
export interface Observer {
  readonly panel: ControlPanel;
  /** Namespaces by blocks. */
  readonly heat: HeatMap;
  /** References between namespaces. */
  readonly flow: ReferenceFlow;
  /** Blocks that wait to be committed. */
  readonly queue: Peak;
  readonly routes: readonly RouteExtension[];
  health(): Health;
  /** Where witnesses have to cosign: who tells why they do not. */
  askWitnesses(problem: () => string | undefined): void;
  /** Begins to look, once a second. */
  start(parts: ObservedParts): void;
  stopping(): void;
  stop(): void;
}

const INTERVAL_MS = 1_000;
/** What asks the disk is asked less often. */
const DISK_INTERVAL_MS = 5_000;
/** Namespaces that are followed; the hottest hundred are never missed. */
const HEAT_ENTRIES = 1_024;
const HEAT_HALF_LIFE_MS = 60_000;
const TOP_NAMESPACES = 20;

export function createObserver(components: ObserveComponents): Observer {
  return new NodeObserver(components);
}

class NodeObserver implements Observer {
  readonly panel: ControlPanel;
  readonly heat: HeatMap;
  readonly flow: ReferenceFlow;
  readonly queue = new Peak();
  readonly routes: readonly RouteExtension[];
  readonly #components: ObserveComponents;
  readonly #sampler: Sampler;
  readonly #metrics: ObserverMetrics;
  readonly #alerts: Alerts;
  readonly #watchers = new Watchers();
  readonly #startedMs: number;
  #labels: NamespaceLabels | undefined;
  #parts: ObservedParts | undefined;
  #timers: NodeJS.Timeout[] = [];
  #disk: DiskFacts | undefined;
  #stats: StoreStats | undefined;
  #isStopping = false;
  #witnessProblem: () => string | undefined = () => undefined;
  #firing: readonly Alert[] = [];

  constructor(components: ObserveComponents) {
    const { clock, metrics, logger, config } = components;
    this.#components = components;
    this.#startedMs = clock.nowMs();
    this.heat = new HeatMap({ entriesMax: HEAT_ENTRIES, halfLifeMs: HEAT_HALF_LIFE_MS, clock });
    this.flow = new ReferenceFlow(clock);
    this.panel = createControlPanel({
      clock,
      isOn: config.control,
      onChange: (name, change) => {
        logger.info('tunable', { name, ...change });
        this.#watchers.tell({ kind: 'change', value: { name, ...change } });
      },
    });
    this.#sampler = new Sampler({ metrics, clock, elapsedMs, readProcess, queue: this.queue });
    this.#alerts = new Alerts(metrics);
    this.#metrics = createObserverMetrics(metrics, {
      version: components.version,
      roles: config.roles,
    });
    this.routes = observeRoutes({
      status: () => this.#status(),
      history: () => this.#sampler.history,
      network: () => this.#network(),
      alerts: () => this.#firing,
      panel: this.panel,
      levels: components.levels,
      watchers: this.#watchers,
      isAdmin: components.isAdmin,
    });
  }

  askWitnesses(problem: () => string | undefined): void {
    this.#witnessProblem = problem;
  }

  start(parts: ObservedParts): void {
    this.#parts = parts;
    this.#labels = new NamespaceLabels(parts.ledger);
    void this.#askDisk();
    this.#timers = [
      setInterval(() => this.#look(), INTERVAL_MS).unref(),
      setInterval(() => void this.#askDisk(), DISK_INTERVAL_MS).unref(),
    ];
  }

  stopping(): void {
    this.#isStopping = true;
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  health(): Health {
    const { ledger, peers } = this.#parts ?? {};
    const { eventLoopDelaySeconds, queueBlocks } = this.#sampler.newest;
    return judgeHealth({
      isStopping: this.#isStopping,
      readOnlyReason: ledger?.readOnlyReason(),
      checkpointProblem: ledger?.checkpointProblem() ?? this.#witnessProblem(),
      disk: this.#disk,
      eventLoopSeconds: eventLoopDelaySeconds,
      queueBlocks,
      queueBlocksMax: this.#components.config.queueBlocksMax,
      catchUp: ledger === undefined ? 'the log is opened' : peers?.catchUp(),
    });
  }

  #look(): void {
    for (const look of this.#parts?.looks ?? []) look();
    const sample = this.#sampler.take();
    const health = this.health();
    const disk = this.#disk;
    const diskFreeBytes = disk === undefined || 'fault' in disk ? undefined : disk.freeBytes;
    this.#metrics.look({
      health,
      panel: this.panel,
      peers: this.#parts?.peers?.status(),
      diskFreeBytes,
    });
    const look = { health, diskFreeBytes, tunables: this.panel.list(), elapsedMs: elapsedMs() };
    const firing = this.#alerts.look(look, sample.atMs);
    for (const alert of firing) {
      const wasFiring = this.#firing.some(
        ({ name, state }) => name === alert.name && state === 'firing',
      );
      if (alert.state === 'firing' && !wasFiring) {
        this.#components.logger.warn('alert', { ...alert });
      }
    }
    this.#firing = firing;
    if (this.#watchers.count > 0) {
      this.#watchers.tell({ kind: 'status', value: this.#status() });
    }
  }

  async #askDisk(): Promise<void> {
    this.#disk = await readDisk(join(this.#components.dataDir, STORE_FOLDER));
    // What fails here fails in the next commit too, and is told there; what was counted stays.
    this.#stats = (await this.#parts?.store.stats().catch(() => undefined)) ?? this.#stats;
  }

  #status(): NodeStatus {
    const { config, version, clock } = this.#components;
    const parts = this.#parts;
    const hot = this.heat.top(TOP_NAMESPACES);
    const labels = this.#labels?.of(hot.map(({ key }) => key));
    return {
      name: 'basalt',
      version,
      origin: parts?.ledger.origin ?? '',
      roles: config.roles,
      startedMs: this.#startedMs,
      nowMs: clock.nowMs(),
      health: this.health(),
      now: this.#sampler.newest,
      totals: {
        blocks: this.#stats?.blocks ?? 0,
        namespaces: this.#stats?.namespaces ?? 0,
        storeBytes: this.#stats?.diskBytes ?? 0,
        peers: parts?.peers?.status().peers.length ?? 0,
      },
      shards: {
        hot: hot.map((entry, i) => ({ ...entry, label: labels?.[i] ?? '' })),
        flow: this.flow.status((namespaces) => this.#labels?.of(namespaces) ?? []),
      },
      execution: parts?.execution() ?? null,
      tunables: this.panel.list(),
    };
  }

  #network(): ReturnType<typeof networkStatus> {
    const { config, clock } = this.#components;
    const { ledger, peers, url } = this.#parts ?? {};
    const self = { url: url?.() ?? '', origin: ledger?.origin ?? '', roles: config.roles };
    return networkStatus(self, peers, clock.nowMs());
  }
}

/** How much of the memory that this process may have is taken, by all processes; 0 to 1. */
export function memoryPressure(): number | undefined {
  const limit = process.constrainedMemory();
  const total = limit > 0 && limit < totalmem() ? limit : totalmem();
  const free = process.availableMemory();
  return free <= 0 || free > total ? undefined : 1 - free / total;
}

function elapsedMs(): number {
  return performance.now();
}

function readProcess(): { readonly cpuSeconds: number; readonly memoryBytes: number } {
  const { user, system } = process.cpuUsage();
  return { cpuSeconds: (user + system) / 1e6, memoryBytes: process.memoryUsage.rss() };
}
