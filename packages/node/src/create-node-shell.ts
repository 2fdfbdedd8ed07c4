import { join, resolve } from 'node:path';
import { createNativeProvider, type NativeProvider, type VerifierPool } from '@basalt/crypto';
import type { Chain } from '@basalt/execution';
import {
  CACHE_BYTES_MAX,
  createGateway,
  type Gateway,
  isAdmin,
  type NodeDescription,
} from '@basalt/gateway';
import { type Ledger, LedgerError } from '@basalt/ledger';
import { ALGORITHM, type NamespaceId, type Signer } from '@basalt/protocol';
import { type DataFolder, openDataFolder, StoreError, type StoreStats } from '@basalt/store';
import {
  createMetricsRegistry,
  type Logger,
  type LogLevels,
  type MetricsRegistry,
  noopMetricsRegistry,
} from '@basalt/telemetry';
import type { ChainInfo } from './chain/chain-info.ts';
import type { ChainExtras, StartChainComponents, StartedChain } from './chain/start-chain-shell.ts';
import type { NodeConfig } from './config.ts';
import { NodeError, type NodeErrorCode } from './errors.ts';
import { openChainCheckpoints } from './federation/chain-checkpoints-shell.ts';
import { openRetention } from './federation/retention-shell.ts';
import { type OpenRoles, openRoles } from './federation/roles-shell.ts';
import { openWitnesses } from './federation/witnesses-shell.ts';
import { type HostReadings, startHostReadings } from './host-readings-shell.ts';
import { filesOf, openAdminToken, openNodeKey } from './node-keys-shell.ts';
import { createStoreMetrics, processMetrics } from './node-metrics.ts';
import {
  createObserver,
  memoryPressure,
  type ObservedParts,
  type Observer,
} from './observe/observe-shell.ts';
import { addTunables } from './observe/tunables.ts';
import { createVerifier, openLedger, originOf } from './open-ledger-shell.ts';
import { Parts } from './parts.ts';
import { systemClock, systemScheduler } from './system-shell.ts';

export interface NodeComponents {
  readonly logger: Logger;
  /** Of the program, for the capability document. */
  readonly version: string;
  /** Of the logger, where they may be changed while the node runs. */
  readonly logLevels?: LogLevels;
  /** Files of the explorer page; no page where absent. */
  readonly explorerFolder?: string;
  /** Files of the dashboard page; no page where absent. */
  readonly dashboardFolder?: string;
  /** Opens an encrypted log key. */
  readonly passphrase?: string;
  /** Of the chain, where the configuration asks for one. */
  readonly chain?: ChainExtras;
}

export interface NodeInfo {
  readonly url: string;
  readonly dataDir: string;
  readonly origin: string;
  readonly logKeyFile: string;
  /** True where the log key was made by this start. */
  readonly isNewLog: boolean;
  readonly adminTokenFile: string;
  readonly roles: readonly string[];
  /** Verifier keys of the witness role; none without it. */
  readonly witnessKeys: readonly string[];
  /** Verifier key of the mirror that an archive is; origins name it in `archives`. */
  readonly mirrorKey: string | undefined;
  readonly hostNamespace: NamespaceId | undefined;
  readonly verifierThreads: number;
  readonly explorer: boolean;
  readonly dashboard: boolean;
  /** undefined: the configuration asks for none. */
  readonly chain: ChainInfo | undefined;
}

/** A node that runs. */
export interface RunningNode extends AsyncDisposable {
  readonly info: NodeInfo;
  readonly ledger: Ledger;
  readonly metrics: MetricsRegistry;
  /** The chain beside the log, where the configuration asks for one. */
  readonly chain: Chain | undefined;
  /** What the store holds now. */
  stats(): Promise<StoreStats>;
  /**
   * Finishes what is under way, covers it with a checkpoint, closes all files. May be called twice.
   */
  stop(): Promise<void>;
}

/** How often the gauges of the store are refreshed; Prometheus asks every 15 s or so. */
const STORE_METRICS_INTERVAL_MS = 5_000;

const clock = systemClock;
const scheduler = systemScheduler;

/**
 * The composition root: data folder, keys, cryptography, ledger and gateway, started from the
 * bottom up and stopped from the top down. What had started is stopped again when a later part
 * cannot start.
 *
 * @throws NodeError `data-in-use`, `data-damaged`, `key-damaged`, `port-in-use`, `cannot-listen`
 */
export async function startNode(
  config: NodeConfig,
  components: NodeComponents,
): Promise<RunningNode> {
  const parts = new Parts();
  try {
    return await compose(config, components, parts);
  } catch (error) {
    await parts.stop().catch(() => undefined);
    throw asNodeError(error, config);
  }
}

async function compose(
  config: NodeConfig,
  components: NodeComponents,
  parts: Parts,
): Promise<RunningNode> {
  const { logger } = components;
  const metrics = config.observe ? createMetricsRegistry() : noopMetricsRegistry;
  await trace(config, components, metrics, parts);
  const dataDir = resolve(config.dataDir);
  const folder = await openDataFolder(dataDir);
  parts.onStop(() => folder.close());
  const provider = createNativeProvider();
  const { logKeyFile, adminTokenFile } = filesOf(config, dataDir);
  const logKey = await openNodeKey(logKeyFile, provider, components.passphrase);
  const adminToken = await openAdminToken(adminTokenFile);
  const below = { dataDir, metrics, adminToken };
  const observer = config.observe ? observe(config, components, parts, below) : undefined;
  const { verifier, pool } = createVerifier(config, provider);
  if (pool !== undefined) parts.onStop(() => pool.close());
  const origin = config.origin ?? originOf(logKey.signer, provider);
  const witnesses = await openWitnesses(config, { provider, logger });
  const ledger = await openLedger(config, {
    gate: witnesses?.gate,
    watch: observer,
    folder,
    provider,
    verifier,
    metrics,
    logSigner: logKey.signer,
    logger,
    origin,
    clock,
    scheduler,
  });
  parts.onStop(() => ledger.close());
  watchWitnesses(parts, observer, witnesses);
  startMetrics(parts, metrics, folder, pool);
  const readings = await startReadings(config, parts, { ledger, provider, logger, dataDir });
  await startChainCheckpoints(config, parts, { ledger, readings, signer: logKey.signer });
  const { chain, url, roles } = await serve(config, components, parts, {
    ledger,
    store: folder.store,
    observer,
    provider,
    metrics,
    dataDir,
    adminToken,
    signer: logKey.signer,
  });
  const info: NodeInfo = {
    url,
    dataDir,
    origin,
    logKeyFile,
    isNewLog: logKey.isNew,
    adminTokenFile,
    roles: config.roles,
    witnessKeys: roles.witnessKeys,
    mirrorKey: roles.peers?.mirrorKey,
    hostNamespace: readings?.namespace,
    verifierThreads: pool?.workers ?? 0,
    explorer: config.explorer && components.explorerFolder !== undefined,
    dashboard: config.explorer && components.dashboardFolder !== undefined,
    chain: chain?.info,
  };
  const stop = (): Promise<void> => parts.stop();
  const stats = (): Promise<StoreStats> => folder.store.stats();
  const { chain: made } = chain ?? {};
  return { info, ledger, metrics, chain: made, stats, stop, [Symbol.asyncDispose]: stop };
}

function watchWitnesses(
  parts: Parts,
  observer: Observer | undefined,
  witnesses: Awaited<ReturnType<typeof openWitnesses>>,
): void {
  if (witnesses === undefined) return;
  observer?.askWitnesses(() => witnesses.problem());
  parts.onStop(() => witnesses.stop());
}

function startObserver(
  observer: Observer | undefined,
  parts: Omit<ObservedParts, 'looks'> & {
    readonly metrics: MetricsRegistry;
    readonly gateway: Gateway;
    readonly chain: StartedChain | undefined;
  },
): void {
  if (observer === undefined) return;
  const fixed = { preparedBytesMax: CACHE_BYTES_MAX, memoryPressure };
  const tuned = { ...parts, ...fixed, chain: parts.chain?.tuned };
  observer.start({ ...parts, looks: addTunables(observer.panel, tuned) });
}

/** Traces go out where a collector is named; the tracer is loaded only then. */
async function trace(
  { traceUrl: url, traceRatio: ratio, origin }: NodeConfig,
  { version, logger }: NodeComponents,
  metrics: MetricsRegistry,
  parts: Parts,
): Promise<void> {
  if (url === undefined) return;
  const { startTracing } = await import('./observe/tracing-shell.ts');
  const resource = { 'service.name': 'basalt', 'service.version': version };
  const named = origin === undefined ? resource : { ...resource, 'service.instance.id': origin };
  const told = { metrics, logger: logger.child({ part: 'tracing' }) };
  parts.onStop(startTracing({ url, ratio, resource: named, ...told }));
}

function observe(
  config: NodeConfig,
  { logger, logLevels: levels, version }: NodeComponents,
  parts: Parts,
  below: {
    readonly dataDir: string;
    readonly metrics: MetricsRegistry;
    readonly adminToken: string;
  },
): Observer {
  const { dataDir, metrics, adminToken } = below;
  const observer = createObserver({
    config,
    version,
    dataDir,
    metrics,
    logger: logger.child({ part: 'observer' }),
    levels,
    clock,
    isAdmin: (authorization) => isAdmin(authorization, adminToken),
  });
  parts.onStop(() => observer.stop());
  return observer;
}

interface ServeParts {
  readonly ledger: Ledger;
  readonly store: DataFolder['store'];
  readonly observer: Observer | undefined;
  readonly provider: NativeProvider;
  readonly metrics: MetricsRegistry;
  readonly dataDir: string;
  readonly adminToken: string;
  readonly signer: Signer;
}

/** The chain and the roles, where asked for, and the gateway that serves them with the rest. */
async function serve(
  config: NodeConfig,
  components: NodeComponents,
  parts: Parts,
  { ledger, store, observer, provider, metrics, dataDir, adminToken, signer }: ServeParts,
): Promise<{ chain: StartedChain | undefined; url: string; roles: OpenRoles }> {
  const address: { url?: string } = {};
  const ledgerUrl = (): string | undefined => address.url;
  const below = { ledger, provider, metrics, dataDir, ledgerUrl };
  const chain = await startChainOf(config, components, below);
  if (chain !== undefined) parts.onStop(() => chain.stop());
  const { logger, passphrase } = components;
  const others = { ledger, store, provider, signer, dataDir, origin: ledger.origin, passphrase };
  const roles = await openRoles(config, { ...others, logger: logger.child({ part: 'roles' }) });
  parts.onStop(() => roles.stop());
  const retention = await openRetention(config, {
    dataDir,
    ledger,
    store,
    crypto: provider,
    logger: logger.child({ part: 'retention' }),
    peers: roles.peers,
    // Nothing goes before the node serves.
    onPruned: () => gateway.clearCache(),
  });
  const gateway: Gateway = createGateway(
    {
      ledger,
      pruneHolds: retention.holds,
      crypto: provider,
      clock,
      metrics,
      logger: logger.child({ part: 'gateway' }),
      ...(observer === undefined ? {} : { health: () => observer.health() }),
      extensions: [...roles.routes, ...(observer?.routes ?? [])],
      ...(chain === undefined ? {} : { transactionProofs: chain.proofs }),
    },
    gatewayOptions(config, components, adminToken, signer),
  );
  startObserver(observer, {
    ledger,
    store,
    metrics,
    gateway,
    peers: roles.peers,
    url: ledgerUrl,
    chain,
    execution: () => chain?.execution() ?? null,
  });
  const { url } = await listen(gateway, config);
  address.url = url;
  parts.onStop(() => gateway.stop(config.stopGraceMs));
  await roles.start(url);
  parts.onStop(() => retention.stop());
  retention.start();
  // The last to start is the first to hear that the node stops: readiness ends before the rest.
  parts.onStop(() => observer?.stopping());
  return { chain, url, roles };
}

function startMetrics(
  parts: Parts,
  metrics: MetricsRegistry,
  folder: DataFolder,
  pool: VerifierPool | undefined,
): void {
  const ofProcess = processMetrics(metrics, () => pool?.queuedBlocks ?? 0);
  parts.onStop(() => ofProcess.stop());
  const ofStore = createStoreMetrics(metrics, folder.store);
  // What a refresh meets, the next commit meets too and reports.
  const refresh = (): unknown => ofStore.refresh().catch(() => undefined);
  refresh();
  const timer = setInterval(refresh, STORE_METRICS_INTERVAL_MS);
  parts.onStop(() => clearInterval(timer));
}

/** Checkpoints in the chains that this node writes itself. */
async function startChainCheckpoints(
  config: NodeConfig,
  parts: Parts,
  own: { ledger: Ledger; readings: HostReadings | undefined; signer: Signer },
): Promise<void> {
  const { ledger, readings, signer } = own;
  const superLog = { namespace: ledger.superNamespace(), signer };
  const chains = readings === undefined ? [superLog] : [superLog, readings];
  const checkpoints = await openChainCheckpoints(config, ledger, chains);
  if (checkpoints !== undefined) parts.onStop(() => checkpoints.stop());
}

async function startReadings(
  config: NodeConfig,
  parts: Parts,
  below: { ledger: Ledger; provider: NativeProvider; logger: Logger; dataDir: string },
): Promise<HostReadings | undefined> {
  if (!config.hostReadings) return undefined;
  const { ledger, provider, logger, dataDir } = below;
  const { signer } = await openNodeKey(join(dataDir, 'host.key'), provider, undefined);
  const readings = await startHostReadings({
    ledger,
    signer,
    crypto: provider,
    logger: logger.child({ part: 'host readings' }),
    folder: dataDir,
    intervalMs: config.hostReadingsIntervalMs,
  });
  parts.onStop(() => readings.stop());
  return readings;
}

async function startChainOf(
  config: NodeConfig,
  { logger, version, chain: extras }: NodeComponents,
  parts: Omit<StartChainComponents, 'crypto' | 'clock' | 'scheduler' | 'logger' | 'version'> & {
    readonly provider: NativeProvider;
  },
): Promise<StartedChain | undefined> {
  if (!config.chain) return undefined;
  const { provider, ...others } = parts;
  // Engine, state and JSON-RPC are loaded by nodes that run a chain only.
  const { startChain } = await import('./chain/start-chain-shell.ts');
  return await startChain(
    {
      ...others,
      crypto: provider,
      clock,
      scheduler,
      logger: logger.child({ part: 'chain' }),
      version,
    },
    config,
    extras,
  );
}

function gatewayOptions(
  config: NodeConfig,
  components: NodeComponents,
  adminToken: string,
  signer: Signer,
): Parameters<typeof createGateway>[1] {
  const { explorerFolder, dashboardFolder } = components;
  return {
    adminToken,
    node: describeNode(config, components, signer),
    ...(config.openNamespaces === undefined ? {} : { openNamespaces: config.openNamespaces }),
    ...(config.explorer && explorerFolder !== undefined ? { explorerFolder } : {}),
    ...(config.explorer && dashboardFolder !== undefined ? { dashboardFolder } : {}),
    allowCrossOriginWrites: config.allowCrossOriginWrites,
    batchBlocksMax: config.batchBlocksMax,
    bodiesBytesMax: config.bodiesBytesMax,
    connectionsMax: config.connectionsMax,
    readerProxies: config.readerProxies,
  };
}

function describeNode(
  config: NodeConfig,
  components: NodeComponents,
  signer: Signer,
): NodeDescription {
  return {
    version: components.version,
    roles: config.roles,
    algorithms: Object.values(ALGORITHM),
    signer,
  };
}

async function listen(gateway: Gateway, config: NodeConfig): Promise<{ url: string }> {
  const { host, port } = config;
  try {
    return await gateway.start({ host, port });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const address = `${host}:${port}`;
    if (code === 'EADDRINUSE') {
      throw new NodeError(
        'port-in-use',
        `another program listens on ${address}: stop it, or choose a port with --port`,
        { cause: error },
      );
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new NodeError('cannot-listen', `cannot listen on ${address}: ${reason}`, {
      cause: error,
    });
  }
}

function codeOfStoreError({ code }: StoreError): NodeErrorCode {
  if (code === 'locked') return 'data-in-use';
  return code === 'disk-full' ? 'disk-full' : 'data-damaged';
}

function asNodeError(error: unknown, config: NodeConfig): unknown {
  if (error instanceof StoreError) {
    return new NodeError(codeOfStoreError(error), error.message, { cause: error });
  }
  if (error instanceof LedgerError) {
    // A refused write while the log is founded: the disk is at fault, not what lies on it.
    if (error.cause instanceof StoreError) return asNodeError(error.cause, config);
    const message = `the log in ${resolve(config.dataDir)} cannot be opened: ${error.message}`;
    return new NodeError('data-damaged', message, { cause: error });
  }
  return error;
}
