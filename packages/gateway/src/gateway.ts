import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import {
  inSpan,
  type LogFields,
  noopLogger,
  noopMetricsRegistry,
  parseTraceparent,
  type SpanOptions,
} from '@basalt/telemetry';
import { createListener, createRoutes, type NodeListener } from './app.ts';
import { GatewayError } from './errors.ts';
import { EventStreams } from './event-streams.ts';
import { HotPath, type Prepared } from './hot-path.ts';
import { MemoryBudget } from './http/memory-budget.ts';
import { problemOf } from './http/problem.ts';
import type { Representation } from './http/representation.ts';
import { ResponseCache } from './http/response-cache.ts';
import { DATA_FIELDS } from './http/security-fields.ts';
import { sendBytes, sendRepresentation } from './http/send.ts';
import { parseTarget } from './http/target.ts';
import { AddressBuckets, isLoopback, type TokenBucket } from './http/token-bucket.ts';
import { CACHE_ENTRY_BYTES_MAX } from './limits.ts';
import { createGatewayMetrics, type GatewayMetrics } from './metrics.ts';
import { NamespaceLookup } from './namespace-lookup.ts';
import { NamespaceSearch } from './namespace-search.ts';
import {
  fillOptions,
  type GatewayComponents,
  type GatewayOptions,
  type GatewaySettings,
} from './options.ts';
import { sendProblem } from './respond.ts';
import { nameRoute, routeName } from './route.ts';
import { createHttpServer, type Listening, listen, stopServer } from './server.ts';
import type { Services } from './services.ts';
import { applySession, SESSION_FIELD } from './session/apply-session.ts';
import { Handshakes } from './session/handshakes.ts';
import { DASHBOARD_PREFIX, isDashboard, loadPages } from './static-files.ts';

export interface StartOptions {
  /** Default `127.0.0.1`: other machines see nothing unless told so. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
}

export interface Gateway {
  /** For a node:http server of one's own; `start` makes one with all bounds set. */
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
  start(options?: StartOptions): Promise<Listening>;
  /**
   * Stops accepting, ends event streams, lets running requests finish within the grace, then cuts.
   * Resolves with true when nothing had to be cut. The ledger stays open.
   */
  stop(graceMs?: number): Promise<boolean>;
  /** Forgets prepared answers; after pruning payloads other than over HTTP. */
  clearCache(): void;
  /** The cache of prepared answers, for whoever steers its size. */
  readonly preparedCache: Pick<ResponseCache<Prepared>, 'points' | 'resize' | 'sizeBytes'>;
}

/**
 * A gateway over a ledger.
 *
 * @throws Error when the folder of a page cannot be read
 */
export function createGateway(
  components: GatewayComponents,
  options: GatewayOptions = {},
): Gateway {
  return new HttpGateway(components, fillOptions(options));
}

class HttpGateway implements Gateway, Services {
  readonly ledger: Services['ledger'];
  readonly crypto: Services['crypto'];
  readonly clock: Services['clock'];
  readonly logger: Services['logger'];
  readonly metrics: Services['metrics'];
  readonly settings: GatewaySettings;
  readonly transactionProofs: Services['transactionProofs'];
  readonly health: Services['health'];
  readonly pruneHolds: Services['pruneHolds'];
  readonly extensions: Services['extensions'];
  readonly cache: ResponseCache<Prepared>;
  readonly budget: MemoryBudget;
  readonly streams: EventStreams;
  readonly namespaces: NamespaceLookup;
  readonly namespaceSearch: NamespaceSearch;
  readonly handshakes: Handshakes;
  readonly startedMs: number;
  readonly handler: Gateway['handler'];
  readonly #metrics: GatewayMetrics;
  readonly #hot: HotPath;
  readonly #router: NodeListener;
  readonly #files: ReadonlyMap<string, Representation>;
  readonly #addresses: AddressBuckets;
  /** A connection keeps the bucket of its address; entries end with their sockets. */
  readonly #buckets = new WeakMap<object, TokenBucket>();
  /** Answers under way outside of the hot path, so that `stop` can tell them to be the last. */
  readonly #running = new Set<ServerResponse>();
  #server: Server | undefined;
  #connections = 0;
  #stopping = false;
  #openNamespaces: boolean;

  constructor(components: GatewayComponents, settings: GatewaySettings) {
    this.ledger = components.ledger;
    this.crypto = components.crypto;
    this.clock = components.clock;
    this.logger = components.logger ?? noopLogger;
    this.metrics = components.metrics ?? noopMetricsRegistry;
    this.settings = settings;
    this.transactionProofs = components.transactionProofs;
    this.health = components.health;
    this.pruneHolds = components.pruneHolds ?? {};
    this.extensions = components.extensions ?? [];
    this.cache = new ResponseCache(settings.cacheBytesMax, CACHE_ENTRY_BYTES_MAX);
    this.budget = new MemoryBudget(settings.bodiesBytesMax);
    this.streams = new EventStreams(components.ledger, {
      streamsMax: settings.eventStreamsMax,
      heartbeatMs: settings.eventHeartbeatMs,
      proxies: settings.readerProxies,
    });
    this.namespaces = new NamespaceLookup(components.ledger, components.clock);
    this.namespaceSearch = new NamespaceSearch(components.ledger, components.clock);
    this.handshakes = new Handshakes({
      settings,
      crypto: this.crypto,
      clock: this.clock,
      metrics: this.metrics,
    });
    this.startedMs = components.clock.nowMs();
    this.#openNamespaces = settings.openNamespaces ?? false;
    this.#addresses = new AddressBuckets({
      loopback: settings.rateLoopback,
      remote: settings.rateRemote,
      addressesMax: settings.addressesMax,
      proxies: settings.readerProxies,
    });
    this.#metrics = createGatewayMetrics(this.metrics, {
      connections: () => this.#connections,
      eventStreams: () => this.streams.count,
      cacheBytes: () => this.cache.sizeBytes,
      bodyBytes: () => this.budget.usedBytes,
    });
    this.#files = loadPages(settings);
    this.#hot = new HotPath(this, this.cache, this.#metrics);
    const fail = this.#fail.bind(this);
    this.#router = createListener(createRoutes(this, this.#hot), fail);
    this.handler = (request, response) => this.#handle(request, response);
  }

  async start(options: StartOptions = {}): Promise<Listening> {
    const host = options.host ?? '127.0.0.1';
    this.#openNamespaces = this.settings.openNamespaces ?? isLoopback(host);
    this.#stopping = false;
    const server = createHttpServer(
      this.settings,
      this.handler,
      (request, response) => this.#fail(request, response, unknownExpectation()),
      () => this.#metrics.malformed.add(),
    );
    server.on('connection', (socket) => {
      this.#connections++;
      socket.once('close', () => this.#connections--);
    });
    this.#server = server;
    const listening = await listen(server, host, options.port ?? 0);
    this.logger.info('listening', { url: listening.url });
    return listening;
  }

  async stop(graceMs?: number): Promise<boolean> {
    this.#stopping = true;
    const server = this.#server;
    if (server === undefined) return true;
    this.#server = undefined;
    for (const response of this.#running) response.shouldKeepAlive = false;
    const stopped = stopServer(server, graceMs);
    this.streams.endAll();
    return stopped;
  }

  get preparedCache(): Gateway['preparedCache'] {
    return this.cache;
  }

  clearCache(): void {
    this.cache.clear();
  }

  namespacesAreOpen(): boolean {
    return this.#openNamespaces;
  }

  isStopping(): boolean {
    return this.#stopping;
  }

  bucketOf(socket: object): TokenBucket {
    let bucket = this.#buckets.get(socket);
    if (bucket === undefined) {
      const address = (socket as { remoteAddress?: string }).remoteAddress ?? 'unknown';
      bucket = this.#addresses.bucket(address, this.clock.nowMs());
      this.#buckets.set(socket, bucket);
    }
    return bucket;
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    if (this.#stopping) response.shouldKeepAlive = false;
    if (this.logger.isEnabled('debug')) this.#tell(request, response);
    // Node's parser lets HTTP/0.9 through, which knows neither status nor fields.
    if (request.httpVersionMajor !== 1) {
      this.#fail(request, response, new GatewayError('bad-request', 'expected HTTP/1.1'));
      return;
    }
    const bucket = this.bucketOf(request.socket);
    if (!bucket.take(1, this.clock)) {
      this.#metrics.limited.add();
      this.#fail(request, response, tooMany(bucket.secondsUntil(1, this.clock)));
      return;
    }
    const token = request.headers[SESSION_FIELD];
    if (token !== undefined) {
      try {
        applySession(request, response, this.handshakes.find(String(token)));
      } catch (error) {
        this.#fail(request, response, error);
        return;
      }
    }
    const { method } = request;
    if (method !== 'GET' && method !== 'HEAD') {
      this.#takeLongWay(request, response);
      return;
    }
    try {
      const answered = this.#hot.answer(request, response);
      if (answered === true) return;
      if (answered === false) this.#takeLongWay(request, response);
      else {
        answered.then(
          (done) => {
            if (!done) this.#takeLongWay(request, response);
          },
          (error: unknown) => this.#fail(request, response, error),
        );
      }
    } catch (error) {
      this.#fail(request, response, error);
    }
  }

  /** A line for its answer, whatever becomes of it. */
  #tell(request: IncomingMessage, response: ServerResponse): void {
    const startedMs = performance.now();
    const { method, url } = request;
    response.once('close', () => {
      const milliseconds = Math.round((performance.now() - startedMs) * 1_000) / 1_000;
      const answer = { status: response.statusCode, route: routeName(response), milliseconds };
      this.logger.debug('answered', { ...callerIds(request), method, url, ...answer });
    });
  }

  #takeLongWay(request: IncomingMessage, response: ServerResponse): void {
    const startedMs = performance.now();
    this.#running.add(response);
    response.once('close', () => {
      this.#running.delete(response);
      const seconds = (performance.now() - startedMs) / 1_000;
      const status = response.statusCode;
      this.#metrics.answered(request.method ?? '', routeName(response), status, seconds);
    });
    const { method = '', headers } = request;
    const parent = headers.traceparent;
    const options = { kind: 'server', parent: parent === undefined ? parent : String(parent) };
    inSpan(`HTTP ${method}`, options as SpanOptions, async (span) => {
      await this.#route(request, response);
      // The route, not the path: a path may hold what is nobody's business.
      span.tell({ 'http.route': routeName(response), 'http.status': response.statusCode });
    }).catch((error: unknown) => this.#fail(request, response, error));
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url } = request;
    if (method === 'OPTIONS') {
      this.#preflight(response, url === '*' ? '*' : parseTarget(url ?? '').path);
      return;
    }
    const path = isDashboard(url) ? DASHBOARD_PREFIX : parseTarget(url ?? '').path;
    if (method === 'GET' || method === 'HEAD') {
      const file = this.#files.get(path);
      if (file !== undefined) {
        nameRoute(response, 'file');
        await sendRepresentation(request, response, file);
        return;
      }
      // Its files are named relative to the folder, so the address has to end with it.
      if (`${path}/` === DASHBOARD_PREFIX && this.#files.has(DASHBOARD_PREFIX)) {
        nameRoute(response, 'file');
        sendBytes(response, 308, ['Location', DASHBOARD_PREFIX, ...DATA_FIELDS], '');
        return;
      }
    }
    await this.#router(request, response);
  }

  /** Reading is for every page of the web; submitting only where the operator says so. */
  #preflight(response: ServerResponse, path: string): void {
    nameRoute(response, 'preflight');
    const isPrivate = path === '/admin' || path.startsWith('/admin/');
    const writes = this.settings.allowCrossOriginWrites && !isPrivate;
    const methods = writes ? 'GET, HEAD, POST' : 'GET, HEAD';
    const cross = isPrivate
      ? []
      : [
          ...DATA_FIELDS,
          'Access-Control-Allow-Methods',
          methods,
          'Access-Control-Allow-Headers',
          'Accept, Basalt-Session, Cache-Control, Content-Type, If-Match, If-None-Match, ' +
            'If-Range, Last-Event-ID, Prefer, Range',
          'Access-Control-Max-Age',
          '86400',
        ];
    sendBytes(response, 204, ['Allow', 'GET, HEAD, OPTIONS, POST', ...cross], '');
  }

  #fail(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const problem = problemOf(error);
    if (problem.status !== 500) {
      sendProblem(response, problem);
      return;
    }
    // The answer and the log line name the failure alike, so that one leads to the other.
    const failure = randomUUID();
    const { method, url } = request;
    this.logger.error('a request failed', { failure, ...callerIds(request), method, url, error });
    const metadata = { ...problem.metadata, instance: `urn:uuid:${failure}` };
    sendProblem(response, { ...problem, metadata });
  }
}

/** What a proxy or a caller has named a request by. */
const REQUEST_ID = /^[\w.:-]{1,64}$/;

/** By which a line here and one of the caller or a proxy find each other. */
function callerIds({ headers }: IncomingMessage): LogFields {
  const request = headers['x-request-id'];
  const trace = parseTraceparent(String(headers.traceparent))?.traceId;
  return {
    ...(typeof request === 'string' && REQUEST_ID.test(request) ? { request } : {}),
    ...(trace === undefined ? {} : { trace }),
  };
}

function unknownExpectation(): GatewayError {
  return new GatewayError('expectation-failed', 'expected no Expect other than 100-continue');
}

function tooMany(seconds: number): GatewayError {
  return new GatewayError('too-many-requests', 'too many requests from this address', {}, [
    'Retry-After',
    String(seconds),
  ]);
}
