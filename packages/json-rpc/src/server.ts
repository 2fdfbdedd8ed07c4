import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Chain, Devnet, Pool } from '@basalt/execution';
import {
  type Logger,
  type MetricsRegistry,
  noopLogger,
  noopMetricsRegistry,
} from '@basalt/telemetry';
import { Dispatcher } from './dispatcher.ts';
import { Engines } from './engine/engines.ts';
import {
  BODY_TIMEOUT_MS,
  DEFAULT_LIMITS,
  HEADERS_TIMEOUT_MS,
  IDLE_TIMEOUT_MS,
  KEEP_ALIVE_TIMEOUT_MS,
  type RpcLimits,
} from './limits.ts';
import { BloomCache } from './logs/bloom-cache.ts';
import { FilterStore } from './logs/filter-store.ts';
import { Subscriptions } from './logs/subscriptions.ts';
import { methodTable } from './methods/table.ts';
import { createRpcMetrics, type RpcMetrics } from './metrics.ts';
import { toHex } from './params/hex.ts';
import type { Clock, Services, TransactionProofs } from './services.ts';
import { type AccessRules, isLoopback } from './transport/access.ts';
import { answerHttp, type HttpComponents, type Load } from './transport/http.ts';
import { RateLimiter } from './transport/rate-limit.ts';
import { Sockets } from './transport/websocket.ts';

export interface JsonRpcOptions {
  /** All of these stay the caller's; `stop` closes none of them. */
  readonly chain: Chain;
  readonly pool: Pool;
  /** With it come accounts, mining and everything else that one's own chain allows. */
  readonly devnet?: Devnet;
  readonly proofs?: TransactionProofs;
  readonly clock: Clock;
  readonly logger?: Logger;
  readonly metrics?: MetricsRegistry;
  readonly limits?: Partial<RpcLimits>;
  /** What `web3_clientVersion` says: `name/version`. */
  readonly clientVersion: string;
  /** Names that may stand in the `Host` field beside loopback and addresses. */
  readonly hosts?: readonly string[];
  /** Origins of pages that may ask beside those of this machine; `*` is any. */
  readonly origins?: readonly string[];
}

export interface RpcAddress {
  readonly host: string;
  readonly port: number;
  /** `http://127.0.0.1:8545`; WebSocket on the same port. */
  readonly url: string;
}

export interface JsonRpcServer {
  /** Loopback where no host is given; port 0 takes a free one. */
  listen(address: { readonly host?: string; readonly port: number }): Promise<RpcAddress>;
  /**
   * Answers a request, or a batch, within the process: what `JSON.parse` gave in, what
   * `JSON.stringify` takes out; undefined for a notification. No rate limit.
   */
  handle(request: unknown): Promise<unknown>;
  /** The same with text on both sides, as the transports do it. */
  handleText(request: string): Promise<string | undefined>;
  /** Names of all methods that are there. */
  methods(): readonly string[];
  /** Closes the port and every connection. */
  stop(): Promise<void>;
}

/** Ethereum JSON-RPC for a chain. Nothing listens before `listen`. */
export function createJsonRpcServer(options: JsonRpcOptions): JsonRpcServer {
  return new RpcServer(options);
}

class RpcServer implements JsonRpcServer {
  readonly #options: JsonRpcOptions;
  readonly #services: Services;
  readonly #dispatcher: Dispatcher;
  readonly #metrics: RpcMetrics;
  readonly #names: readonly string[];
  readonly #load: Load = { inFlight: 0, heldBytes: 0 };
  #server: Server | undefined;
  #sockets: Sockets | undefined;

  constructor(options: JsonRpcOptions) {
    this.#options = options;
    const { chain, pool, clock } = options;
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    const newId = (): string => toHex(randomBytes(16));
    this.#services = {
      chain,
      pool,
      devnet: options.devnet,
      proofs: options.proofs,
      clock,
      logger: options.logger ?? noopLogger,
      limits,
      clientVersion: options.clientVersion,
      // Strangers choose what runs: they must not know where tables are slow.
      engines: new Engines(randomBytes(8).readBigUInt64LE()),
      blooms: new BloomCache(),
      filters: new FilterStore({ chain, pool, clock, limits, newId }),
      subscriptions: new Subscriptions({ chain, pool, limits, newId }),
    };
    this.#metrics = createRpcMetrics(options.metrics ?? noopMetricsRegistry, {
      connections: () => this.#sockets?.size ?? 0,
      inFlight: () => this.#load.inFlight,
      filters: () => this.#services.filters.size,
      subscriptions: () => this.#services.subscriptions.size,
    });
    const methods = methodTable({
      devnet: options.devnet !== undefined,
      proofs: options.proofs !== undefined,
    });
    this.#names = [...methods.keys()];
    const services = this.#services;
    this.#dispatcher = new Dispatcher({ services, methods, metrics: this.#metrics });
  }

  methods(): readonly string[] {
    return this.#names;
  }

  async handle(request: unknown): Promise<unknown> {
    const answer = await this.#dispatcher.answer(request, undefined);
    return answer === undefined ? undefined : (JSON.parse(answer) as unknown);
  }

  handleText(request: string): Promise<string | undefined> {
    return this.#dispatcher.answerText(request, undefined);
  }

  async listen(address: { readonly host?: string; readonly port: number }): Promise<RpcAddress> {
    const host = address.host ?? '127.0.0.1';
    const { clock } = this.#options;
    const { limits, subscriptions } = this.#services;
    const access = this.#accessRules(host);
    const components: HttpComponents = {
      dispatcher: this.#dispatcher,
      limits,
      metrics: this.#metrics,
      rates: new RateLimiter(clock, limits.requestsPerSecond, limits.requestsBurst),
      access: () => access,
      load: this.#load,
    };
    const server = createServer(
      {
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: BODY_TIMEOUT_MS,
        keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
        connectionsCheckingInterval: 1_000,
        noDelay: true,
      },
      (request, response) => void answerHttp(components, request, response),
    );
    const sockets = new Sockets(components, subscriptions);
    server.maxConnections = limits.connections * 2;
    server.timeout = IDLE_TIMEOUT_MS;
    server.on('upgrade', (request, socket, head) => sockets.upgrade(request, socket, head));
    await open(server, host, address.port);
    this.#server = server;
    this.#sockets = sockets;
    const bound = server.address() as AddressInfo;
    const name = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
    const url = `http://${name}:${bound.port}`;
    this.#services.logger.info('JSON-RPC listens', { url, methods: this.#names.length });
    return { host: bound.address, port: bound.port, url };
  }

  async stop(): Promise<void> {
    this.#sockets?.close();
    const server = this.#server;
    this.#server = undefined;
    this.#services.filters.close();
    this.#services.subscriptions.close();
    if (server === undefined) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  /** A server for this machine alone is called by this machine's names; others by any. */
  #accessRules(host: string): AccessRules {
    const { hosts = [], origins = [] } = this.#options;
    const isChecked = isLoopback(host) || hosts.length > 0;
    const names = new Set(hosts.map((name) => name.toLowerCase()));
    return {
      hosts: !isChecked || names.has('*') ? undefined : names,
      origins: new Set(origins.map((origin) => origin.toLowerCase())),
    };
  }
}

async function open(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
