import type { IncomingMessage, ServerResponse } from 'node:http';
import { assert, type Clock, type PayloadHashes, type Scheduler } from '@basalt/protocol';
import type { Uniform } from '@basalt/telemetry';
import type { CacheAnswer } from './answer.ts';
import { type CacheRequest, type CacheStats, emptyStats } from './cache-types.ts';
import { openCacheFiles } from './disk-files-shell.ts';
import { type CacheFiles, DiskTier } from './disk-tier.ts';
import { forwardPost, type HeldPosts, isReadByPost } from './forward-post-shell.ts';
import { CacheHealth } from './health.ts';
import { createHeldBodies } from './held-bodies.ts';
import { HttpCache } from './http-cache.ts';
import { createHttpUpstream } from './http-upstream-shell.ts';
import {
  DISK_BYTES_MAX_DEFAULT,
  MEMORY_BYTES_MAX_DEFAULT,
  OUTGOING_BYTES_MAX_DEFAULT,
  OUTGOING_SLICE_BYTES,
  POPULAR_THRESHOLD_DEFAULT,
  UPSTREAM_TIMEOUT_MS_DEFAULT,
} from './limits.ts';
import { OutgoingBodies } from './outgoing-bodies.ts';
import { type PassedStreams, passStream } from './pass-stream-shell.ts';
import { overloaded, problem } from './problem.ts';
import { isOwner, readerOf } from './reader-shell.ts';
import { classify, isOperatorsPath } from './resource.ts';
import { ResponseStore } from './response-store.ts';
import { sendPaced } from './send-paced-shell.ts';
import { type UpstreamEstimate, Upstreams, type UpstreamTransport } from './upstreams.ts';

export interface CacheRoleConfig {
  /** Addresses of nodes that serve the same, first the preferred one: `http://host:port`. */
  readonly upstreams: readonly string[];
  /** Folder of the disk cache, of this process alone. Memory only where absent. */
  readonly folder?: string;
  /** Default 10 GiB. */
  readonly diskBytesMax?: number;
  /** Default 64 MiB. */
  readonly memoryBytesMax?: number;
  /** The seed's `cache_popular_threshold`: on disk from the nth ask on. Default 3. */
  readonly popularThreshold?: number;
  /** Bodies on their way to readers, however slow; beyond: 503. Default 128 MiB. */
  readonly outgoingBytesMax?: number;
  /** From question to last byte of an upstream, milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
  /** Pass POST on to the first upstream; refused with 405 otherwise. Default no. */
  readonly forwardWrites?: boolean;
  /** Read ahead of sequential readers of tiles. Default yes. */
  readonly prefetch?: boolean;
  /** Name in Cache-Status. Default `basalt`. */
  readonly name?: string;
  /** Of the program, told at `/healthz`. */
  readonly version?: string;
}

export interface CacheRoleComponents {
  readonly hashes: PayloadHashes;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** For the choice among upstreams; in the order of the configuration where absent. */
  readonly uniform?: Uniform;
  /** HTTP where absent. Event streams and POST always go over HTTP. */
  readonly transport?: UpstreamTransport;
  /** Files in `folder` where absent. */
  readonly files?: CacheFiles;
}

export interface CacheRoleStats extends CacheStats {
  readonly entries: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly diskEntries: number;
  /** Bodies on their way to readers. */
  readonly outgoingBytes: number;
  /** Failed operations; after a failed write nothing is written for a minute. */
  readonly diskErrors: number;
  /** Bodies that were not what their name says when they were read. */
  readonly diskDamaged: number;
  readonly upstreams: readonly UpstreamEstimate[];
}

export interface CacheRole {
  /** For `node:http`'s createServer. */
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
  /** The same without a socket; GET and HEAD. */
  answer(request: CacheRequest): Promise<CacheAnswer>;
  stats(): CacheRoleStats;
  /** Ends streams, waits for what is being asked and written. */
  stop(): Promise<void>;
}

/**
 * A cache in front of nodes: answers every GET path of its upstreams. It is trusted by nobody:
 * readers verify what it sends. See the README of this package for its rules.
 */
export async function createCacheRole(
  config: CacheRoleConfig,
  components: CacheRoleComponents,
): Promise<CacheRole> {
  const urls = config.upstreams.map((url) => url.replace(/\/+$/, ''));
  assert(urls.length > 0, 'a cache needs an upstream');
  const { hashes, clock, scheduler } = components;
  const timeoutMs = config.timeoutMs ?? UPSTREAM_TIMEOUT_MS_DEFAULT;
  const http = createHttpUpstream({ scheduler, timeoutMs });
  const store = new ResponseStore(hashes.sha256, config.memoryBytesMax ?? MEMORY_BYTES_MAX_DEFAULT);
  const disk = await openDisk(config, components, store);
  const stats = emptyStats();
  const upstreams = new Upstreams(urls, clock, components.uniform);
  const held = createHeldBodies(store);
  const transport = components.transport ?? http.transport;
  const cache = new HttpCache(
    {
      store,
      upstreams,
      transport,
      clock,
      stats,
      hashes,
      held,
      // Who writes through here wants to see it: no other upstream has it as soon.
      readsOwnWrites: config.forwardWrites === true,
    },
    {
      name: config.name ?? 'basalt',
      popularThreshold: config.popularThreshold ?? POPULAR_THRESHOLD_DEFAULT,
      prefetch: config.prefetch ?? true,
    },
  );
  const ending = new AbortController();
  const streams = { count: 0, byAddress: new Map(), signal: ending.signal };
  const outgoing = new OutgoingBodies(config.outgoingBytesMax ?? OUTGOING_BYTES_MAX_DEFAULT);
  const sender: Sender = { outgoing, stats };
  const health = new CacheHealth({
    upstreams,
    transport,
    clock,
    scheduler,
    held: () => store.entries,
    isDiskPaused: () => disk?.isPaused ?? false,
    isStopping: () => ending.signal.aborted,
    version: config.version,
    takesWrites: config.forwardWrites === true,
  });
  const handle = createHandle({ cache, health, upstreams, transport, streams, config, sender });
  return {
    handler(request, response) {
      handle(request, response).catch(() => {
        if (response.headersSent) response.destroy();
        else send(response, problem(500, 'internal', 'the cache failed at this request'), sender);
      });
    },
    answer: (request) => cache.answer(request),
    stats: () => ({ ...stats, ...sizes(store, disk, outgoing), upstreams: upstreams.estimates() }),
    async stop() {
      ending.abort();
      await cache.idle();
      await disk?.idle();
      http.close();
    },
  };
}

type Sizes = Omit<CacheRoleStats, keyof CacheStats | 'upstreams'>;

function sizes(store: ResponseStore, disk: DiskTier | undefined, outgoing: OutgoingBodies): Sizes {
  return {
    entries: store.entries,
    memoryBytes: store.memoryBytes,
    diskBytes: disk?.bytes ?? 0,
    diskEntries: disk?.count ?? 0,
    diskErrors: disk?.errors ?? 0,
    diskDamaged: disk?.damaged ?? 0,
    outgoingBytes: outgoing.bytes,
  };
}

interface HandleParts {
  readonly cache: HttpCache;
  readonly health: CacheHealth;
  readonly upstreams: Upstreams;
  readonly transport: UpstreamTransport;
  readonly streams: PassedStreams;
  readonly config: CacheRoleConfig;
  readonly sender: Sender;
}

function createHandle({
  cache,
  health,
  upstreams,
  transport,
  streams,
  config,
  sender,
}: HandleParts): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const held: HeldPosts = { bytes: 0 };
  return async (request, response) => {
    const target = request.url ?? '/';
    const answer = (given: CacheAnswer): void => send(response, given, sender);
    if (isOperatorsPath(target)) {
      const own = isRead(request) ? await health.answer(target, isOwner(request)) : undefined;
      return answer(own === undefined ? NOT_HERE : withoutBody(request, own));
    }
    if (request.method === 'POST' && (config.forwardWrites === true || isReadByPost(target))) {
      const reply = await forwardPost(request, upstreams, transport, held);
      if (reply.status < 400 && !isReadByPost(target)) cache.invalidate();
      return answer(reply);
    }
    if (request.method === 'OPTIONS') return answer(PREFLIGHT);
    if (!isRead(request)) return answer(refuseMethod(request.method));
    if (classify(target).kind === 'events') {
      return passStream(request, response, upstreams.configured()[0] ?? '', streams);
    }
    const field = (name: string): string | undefined => {
      const value = request.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    };
    const method = request.method === 'HEAD' ? 'HEAD' : 'GET';
    answer(await cache.answer({ method, target, field }));
  };
}

async function openDisk(
  config: CacheRoleConfig,
  components: CacheRoleComponents,
  store: ResponseStore,
): Promise<DiskTier | undefined> {
  const { folder } = config;
  const files =
    components.files ?? (folder === undefined ? undefined : await openCacheFiles(folder));
  if (files === undefined) return undefined;
  const disk = new DiskTier({
    files,
    hash: components.hashes.sha256,
    clock: components.clock,
    bytesMax: config.diskBytesMax ?? DISK_BYTES_MAX_DEFAULT,
    onGone: (key) => store.diskGone(key),
  });
  await store.open(disk);
  return disk;
}

/** What a node tells of itself, and what its operator may do there. */
const NOT_HERE: CacheAnswer = problem(
  404,
  'not-found',
  'this is a cache, and this path is of a node alone: ask the node at its own address',
);

/** Everything is public and signed, so any page may read it. */
const PREFLIGHT: CacheAnswer = {
  status: 204,
  fields: [
    ['access-control-allow-origin', '*'],
    ['access-control-allow-methods', 'GET, HEAD'],
    ['access-control-allow-headers', '*'],
    ['access-control-max-age', '86400'],
  ],
  body: new Uint8Array(0),
};

function refuseMethod(method: string | undefined): CacheAnswer {
  const words = `this is a cache and takes no ${method ?? ''}: send writes to an origin or relay`;
  return problem(405, 'method-not-allowed', words, [['allow', 'GET, HEAD']]);
}

interface Sender {
  readonly outgoing: OutgoingBodies;
  readonly stats: CacheStats;
}

function refuseFull({ stats }: Sender): CacheAnswer {
  stats.overloaded++;
  return overloaded('too many bytes on their way to readers');
}

function send(response: ServerResponse, answer: CacheAnswer, sender: Sender): void {
  if (response.destroyed) return;
  const { body } = answer;
  const address = readerOf(response.req);
  if (!sender.outgoing.take(body, address)) {
    send(response, refuseFull(sender), sender);
    return;
  }
  response.once('close', () => sender.outgoing.give(body, address));
  // A flat list keeps several fields of one name apart.
  response.writeHead(answer.status, answer.fields.flat());
  if (body.length > OUTGOING_SLICE_BYTES) void sendPaced(response, body);
  else response.end(body);
}

function isRead({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD';
}

function withoutBody({ method }: IncomingMessage, answer: CacheAnswer): CacheAnswer {
  return method === 'HEAD' ? { ...answer, body: new Uint8Array(0) } : answer;
}
