import { createHash } from 'node:crypto';
import type { Clock, PayloadHashes, Scheduler } from '@basalt/protocol';
import type { CacheAnswer } from '../../src/cache/answer.ts';
import {
  type CacheRole,
  type CacheRoleConfig,
  createCacheRole,
} from '../../src/cache/create-cache-role-shell.ts';
import type { CacheFiles } from '../../src/cache/disk-tier.ts';
import type { Field } from '../../src/cache/stored.ts';
import {
  UpstreamError,
  type UpstreamReply,
  type UpstreamRequest,
} from '../../src/cache/upstreams.ts';

export const hashes: PayloadHashes = {
  sha256: (data) => new Uint8Array(createHash('sha256').update(data).digest()),
  // No payload of these tests is of kind 2.
  blake3: () => new Uint8Array(32),
};

export interface Page {
  status?: number;
  fields?: Record<string, string>;
  body?: Uint8Array | string;
}

type Answering = Page | ((request: UpstreamRequest) => Page | Promise<Page>);

/** One node behind the cache: pages that a test changes, and what was asked. */
export class FakeUpstream {
  readonly pages: Map<string, Answering> = new Map();
  readonly asked: UpstreamRequest[] = [];
  isAway = false;

  targets(): string[] {
    return this.asked.map(({ target }) => target);
  }
}

export const IMMUTABLE: string = 'public, max-age=31536000, immutable';
export const HEAD = 'public, max-age=1, stale-while-revalidate=5, stale-if-error=86400';

/** What each answer takes. */
const ANSWER_MS = 5;

export class FakeNet {
  nowMs = 1_800_000_000_000;
  readonly upstreams: Map<string, FakeUpstream> = new Map();
  readonly clock: Clock = { nowMs: () => this.nowMs };
  readonly scheduler: Scheduler = { after: () => () => undefined };

  upstream(url: string): FakeUpstream {
    const upstream = new FakeUpstream();
    this.upstreams.set(url, upstream);
    return upstream;
  }

  cache(config: Partial<CacheRoleConfig> = {}, files?: CacheFiles): Promise<CacheRole> {
    const components = {
      hashes,
      clock: this.clock,
      scheduler: this.scheduler,
      transport: (request: UpstreamRequest) => this.#call(request),
      ...(files === undefined ? {} : { files }),
    };
    return createCacheRole({ upstreams: [...this.upstreams.keys()], ...config }, components);
  }

  async #call(request: UpstreamRequest): Promise<UpstreamReply> {
    const upstream = this.upstreams.get(request.url) as FakeUpstream;
    upstream.asked.push(request);
    // An answer that takes no time would hide what its age is counted in.
    this.nowMs += ANSWER_MS;
    await Promise.resolve();
    if (upstream.isAway) throw new UpstreamError('unreachable', 'away');
    const found = upstream.pages.get(request.target) ?? { status: 404 };
    const page = typeof found === 'function' ? await found(request) : found;
    const body = typeof page.body === 'string' ? Buffer.from(page.body) : page.body;
    const fields: Field[] = Object.entries(page.fields ?? {});
    const tag = page.fields?.etag;
    const condition = request.fields.find(([name]) => name === 'if-none-match')?.[1];
    const isKnown = tag !== undefined && condition === tag && page.status === undefined;
    if (isKnown) return { status: 304, fields, body: new Uint8Array(0) };
    return { status: page.status ?? 200, fields, body: body ?? new Uint8Array(0) };
  }
}

/** Asks the cache. */
export function ask(
  cache: CacheRole,
  target: string,
  fields: Record<string, string> = {},
  method: 'GET' | 'HEAD' = 'GET',
): Promise<CacheAnswer> {
  return cache.answer({ method, target, field: (name) => fields[name] });
}

export function field(answer: CacheAnswer, name: string): string | undefined {
  return answer.fields.find(([known]) => known === name)?.[1];
}

export function text({ body }: CacheAnswer): string {
  return Buffer.from(body).toString();
}

/** Files in memory, with faults. */
export class MemoryFiles implements CacheFiles {
  readonly bodies: Map<string, Uint8Array> = new Map();
  readonly records: Map<string, unknown> = new Map();
  isFull = false;

  load(): ReturnType<CacheFiles['load']> {
    return Promise.resolve({ records: new Map(this.records), bodies: [...this.bodies.keys()] });
  }
  readBody(hash: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.bodies.get(hash));
  }
  async writeBody(hash: string, body: Uint8Array): Promise<void> {
    await this.#write();
    this.bodies.set(hash, Uint8Array.from(body));
  }
  removeBody(hash: string): Promise<void> {
    this.bodies.delete(hash);
    return Promise.resolve();
  }
  async writeRecord(key: string, record: unknown): Promise<void> {
    await this.#write();
    this.records.set(key, JSON.parse(JSON.stringify(record)));
  }
  removeRecord(key: string): Promise<void> {
    this.records.delete(key);
    return Promise.resolve();
  }
  #write(): Promise<void> {
    return this.isFull ? Promise.reject(new Error('ENOSPC')) : Promise.resolve();
  }
}
