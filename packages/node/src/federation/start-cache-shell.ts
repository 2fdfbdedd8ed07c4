import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { createNativeProvider } from '@basalt/crypto';
import { type CacheRole, type CacheRoleStats, createCacheRole, isOwner } from '@basalt/federation';
import { openDataFolder, StoreError } from '@basalt/store';
import { EXPOSITION_MEDIA_TYPE, type Logger } from '@basalt/telemetry';
import type { NodeConfig } from '../config.ts';
import { NodeError } from '../errors.ts';
import { CACHE_HEADER_BYTES_MAX, CACHE_HEADERS_MS, CACHE_IDLE_MS } from '../limits.ts';
import { Parts } from '../parts.ts';
import { systemClock, systemScheduler } from '../system-shell.ts';
import { cacheMetrics } from './cache-metrics.ts';

/** 31 bits are enough to choose among a handful. */
const UNIFORM_RANGE = 2 ** 31;

/** A cache that runs. */
export interface RunningCache extends AsyncDisposable {
  readonly info: { readonly url: string; readonly dataDir: string };
  stats(): CacheRoleStats;
  stop(): Promise<void>;
}

/**
 * The role `cache`: a process that keeps no log, answers every GET path of its upstreams from
 * memory and disk, and is trusted by nobody. The operator's paths of the upstreams stay closed,
 * and health is its own: whoever watches it asks whether it answers, not whether they do.
 *
 * @param version of the program, told at `/healthz`
 * @throws NodeError `bad-config`, `data-in-use`, `port-in-use`, `cannot-listen`
 */
export async function startCache(
  config: NodeConfig,
  logger: Logger,
  version?: string,
): Promise<RunningCache> {
  if (config.upstreams.length === 0) {
    throw new NodeError('bad-config', 'role cache: name the nodes to ask with --upstream');
  }
  const parts = new Parts();
  try {
    return await compose(config, logger, version, parts);
  } catch (error) {
    await parts.stop().catch(() => undefined);
    if (!(error instanceof StoreError)) throw error;
    const code = error.code === 'locked' ? 'data-in-use' : 'data-damaged';
    throw new NodeError(code, error.message, { cause: error });
  }
}

async function compose(
  config: NodeConfig,
  logger: Logger,
  version: string | undefined,
  parts: Parts,
): Promise<RunningCache> {
  const dataDir = resolve(config.dataDir);
  // For its lock: two processes in one folder would remove each other's files.
  const folder = await openDataFolder(dataDir);
  parts.onStop(() => folder.close());
  const cache = await createCacheRole(
    {
      upstreams: config.upstreams,
      folder: join(dataDir, 'cache'),
      popularThreshold: config.cachePopularThreshold,
      diskBytesMax: config.cacheDiskBytesMax,
      forwardWrites: config.cacheForwardWrites,
      name: config.origin ?? 'basalt',
      ...(version === undefined ? {} : { version }),
    },
    {
      hashes: createNativeProvider(),
      clock: systemClock,
      scheduler: systemScheduler,
      // Switched off, the order of the configuration holds.
      ...(config.control ? { uniform: () => randomInt(UNIFORM_RANGE) / UNIFORM_RANGE } : {}),
    },
  );
  parts.onStop(() => cache.stop());
  const server = createBoundedServer(config, cache, cacheMetrics(cache));
  const url = await listen(server, config);
  parts.onStop(() => stopServer(server, config.stopGraceMs));
  parts.onStop(() => logger.info('cache', { ...cache.stats() }));
  const stop = (): Promise<void> => parts.stop();
  return { info: { url, dataDir }, stats: () => cache.stats(), stop, [Symbol.asyncDispose]: stop };
}

function createBoundedServer(config: NodeConfig, cache: CacheRole, expose: () => string): Server {
  const server = createServer(
    {
      maxHeaderSize: CACHE_HEADER_BYTES_MAX,
      headersTimeout: CACHE_HEADERS_MS,
      keepAliveTimeout: CACHE_IDLE_MS,
      noDelay: true,
    },
    (request, response) => {
      if (!config.observe || !isMetricsQuestion(request)) return cache.handler(request, response);
      response.writeHead(200, {
        'content-type': EXPOSITION_MEDIA_TYPE,
        'cache-control': 'private, no-store',
      });
      response.end(expose());
    },
  );
  server.maxConnections = config.connectionsMax;
  server.timeout = CACHE_IDLE_MS;
  return server;
}

/** Metrics of the cache itself, for a collector on this machine: they name the upstreams. */
function isMetricsQuestion(request: IncomingMessage): boolean {
  return request.method === 'GET' && request.url === '/metrics' && isOwner(request);
}

async function listen(server: Server, { host, port }: NodeConfig): Promise<string> {
  server.listen({ host, port });
  try {
    await once(server, 'listening');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    const message = `cannot listen on ${host}:${port}: ${reason}`;
    throw new NodeError(isTaken ? 'port-in-use' : 'cannot-listen', message, { cause: error });
  }
  const { address, family, port: bound } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`;
}

async function stopServer(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((done) => server.close(() => done()));
  server.closeIdleConnections();
  const cut = systemScheduler.after(graceMs, () => server.closeAllConnections());
  await closed;
  cut();
}
