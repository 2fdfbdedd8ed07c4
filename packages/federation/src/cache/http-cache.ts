import { tilePath, toHex } from '@basalt/protocol';
import { answerFrom, type CacheAnswer } from './answer.ts';
import { parseCacheControl } from './cache-control.ts';
import { type CacheStatus, formatCacheStatus } from './cache-status.ts';
import type { CacheRequest } from './cache-types.ts';
import {
  type FetchParts,
  fetchThrough,
  type Held,
  type Outcome,
  type Question,
} from './fetch-through.ts';
import { type Decision, decide, toldAge, toldTtl, ttlSeconds } from './freshness.ts';
import { readHeadClaim } from './head-order.ts';
import { FETCHES_MAX, STREAMS_MAX, TARGET_CHARACTERS_MAX } from './limits.ts';
import { Popularity } from './popularity.ts';
import { SequencePrefetch } from './prefetch.ts';
import { noStream, overloaded, problem } from './problem.ts';
import { bodyBytesMax, classify, type Resource } from './resource.ts';
import { endToEndFields, type Field, type StoredResponse } from './stored.ts';
import { UpstreamError, type UpstreamReply } from './upstreams.ts';
import { forwardedFields } from './vary.ts';

export interface HttpCacheOptions {
  /** Name in Cache-Status. */
  readonly name: string;
  readonly popularThreshold: number;
  readonly prefetch: boolean;
}

/** Why upstream is asked for this request. */
type Forward = 'uri-miss' | 'vary-miss' | 'stale' | 'request';

/** Fields that decide an answer which is not kept. */
const PASSED_FIELDS = [
  'accept',
  'accept-encoding',
  'authorization',
  'if-match',
  'if-none-match',
  'if-range',
  'range',
];

/** RFC 9111 in front of upstreams: one question for many askers, stale answers when they fail. */
export class HttpCache {
  readonly #parts: FetchParts;
  readonly #options: HttpCacheOptions;
  readonly #popularity = new Popularity();
  readonly #sequences = new SequencePrefetch();
  /** Questions under way, by what is asked. */
  readonly #asking = new Map<string, Promise<Outcome>>();
  readonly #background = new Set<Promise<unknown>>();
  /** Sizes of logs by their newest checkpoint, so that nothing beyond them is read ahead. */
  readonly #sizes = new Map<string, number>();
  #bypassing = 0;
  #alone = 0;
  /** What can change and was confirmed before is stale since a write went through here. */
  #invalidatedMs = -Infinity;

  constructor(parts: FetchParts, options: HttpCacheOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  async answer(request: CacheRequest): Promise<CacheAnswer> {
    const { store, stats, clock } = this.#parts;
    const { target, field } = request;
    stats.requests++;
    if (!target.startsWith('/')) return problem(400, 'bad-request', 'expected a path');
    if (target.length > TARGET_CHARACTERS_MAX) {
      return problem(414, 'bad-request', `expected at most ${TARGET_CHARACTERS_MAX} characters`);
    }
    const resource = classify(target);
    const bypassed = await this.#bypass(request, resource);
    if (bypassed !== undefined) return bypassed;
    const asked = parseCacheControl(field('cache-control') ?? pragma(field('pragma')));
    const sent = forwardedFields(field);
    const isPopular = this.#popularity.ask(target) >= this.#options.popularThreshold;
    this.#readAhead(resource, sent);
    const whole = await this.#cutPartialTile(request, resource);
    if (whole !== undefined) return whole;
    const stored = store.find(target, sent);
    if (stored !== undefined && !store.mayRead(stored)) {
      stats.overloaded++;
      return overloaded('too much is read from disk at a time');
    }
    const held = await this.#held(stored);
    const decision: Decision | undefined =
      held && decide(held.stored, resource, asked, clock.nowMs(), this.#invalidatedMs);
    const mayStore = !asked.has('no-store');
    const question: Question = { target, resource, sent, held, mayStore, isPopular };
    if (held !== undefined && decision !== undefined && decision.use !== 'ask') {
      return this.#hit(request, question, held, decision);
    }
    const isOther = held === undefined && store.hasTarget(target);
    const fwd: Forward =
      decision?.use === 'ask' ? decision.why : isOther ? 'vary-miss' : 'uri-miss';
    if (asked.has('only-if-cached')) {
      return problem(504, 'not-cached', 'nothing fresh is held, and asking was not wanted', [
        this.#status({ hit: false, detail: 'only-if-cached' }),
      ]);
    }
    const onError = decision?.use === 'ask' && decision.onError ? held : undefined;
    return this.#ask(request, question, fwd, onError);
  }

  /** After a write that was taken: heads and lists may have changed (RFC 9111 section 4.4). */
  invalidate(): void {
    this.#invalidatedMs = this.#parts.clock.nowMs();
  }

  /** Waits for what runs in the background. */
  async idle(): Promise<void> {
    while (this.#background.size > 0) await Promise.allSettled(this.#background);
  }

  /**
   * Requests with credentials are not the cache's (RFC 9111 section 3.5). Parts of payloads come
   * with a proof of their chunks from a node and without one from here, so a node is asked first.
   */
  async #bypass(request: CacheRequest, resource: Resource): Promise<CacheAnswer | undefined> {
    const { upstreams, transport, stats } = this.#parts;
    const { field, target } = request;
    const isPart = resource.kind === 'payload' && field('range') !== undefined;
    if (field('authorization') === undefined && !isPart) return undefined;
    if (this.#bypassing >= FETCHES_MAX) return overloaded();
    const fields: Field[] = PASSED_FIELDS.flatMap((name) => {
      const value = field(name);
      return value === undefined ? [] : [[name, value] as const];
    });
    const [url = ''] = upstreams.configured();
    this.#bypassing++;
    stats.upstreamRequests++;
    try {
      const bytesMax = bodyBytesMax(resource);
      const reply = await transport({ url, method: 'GET', target, fields, bytesMax });
      if (isPart && reply.status >= 500) return undefined;
      return passedOn(request, reply, this.#status({ hit: false, fwd: 'bypass' }));
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      if (error.code === 'stream') return noStream([this.#status({ hit: false, fwd: 'bypass' })]);
      stats.upstreamErrors++;
      upstreams.report(url, false);
      if (isPart) return undefined;
      return problem(error.code === 'timeout' ? 504 : 502, error.code, error.message);
    } finally {
      this.#bypassing--;
    }
  }

  #hit(
    request: CacheRequest,
    question: Question,
    { stored, body }: Held,
    decision: Decision,
  ): CacheAnswer {
    const { store, stats, clock } = this.#parts;
    stats.hits++;
    if (decision.use === 'stale') {
      stats.staleHits++;
      if (decision.refresh && !this.#parts.upstreams.areAway()) this.#inBackground(question);
    }
    if (question.isPopular && question.mayStore) store.admit(stored);
    const ttl = toldTtl(stored, clock.nowMs());
    return this.#send(request, stored, body, { hit: true, ttl });
  }

  async #ask(
    request: CacheRequest,
    question: Question,
    fwd: Forward,
    onError: Held | undefined,
  ): Promise<CacheAnswer> {
    const { stats, clock, upstreams } = this.#parts;
    if (onError !== undefined && upstreams.areAway()) {
      // Without this each reader of a dead upstream would wait for its time-out.
      stats.hits++;
      stats.staleHits++;
      const ttl = toldTtl(onError.stored, clock.nowMs());
      const status: CacheStatus = { hit: true, ttl, detail: 'upstreams-away' };
      return this.#send(request, onError.stored, onError.body, status);
    }
    const { outcome, collapsed } = await this.#shared(question);
    const told = collapsed ? { collapsed } : {};
    if (outcome === undefined) {
      stats.overloaded++;
      if (onError === undefined) {
        return overloaded();
      }
    }
    if (outcome?.type === 'answer') {
      const { stored, body, isKept, upstreamStatus, before, detail } = outcome;
      const status: CacheStatus = {
        hit: false,
        fwd,
        fwdStatus: upstreamStatus,
        stored: isKept,
        ...told,
        ...(isKept ? { ttl: toldTtl(stored, clock.nowMs()) } : {}),
        ...(detail === undefined ? {} : { detail }),
      };
      return this.#send(request, stored, body, status, before);
    }
    const code = outcome?.code ?? 'overloaded';
    if (onError !== undefined) {
      stats.staleHits++;
      const ttl = toldTtl(onError.stored, clock.nowMs());
      const status: CacheStatus = { hit: false, fwd, ttl, detail: code, ...told };
      return this.#send(request, onError.stored, onError.body, status);
    }
    const fields = [this.#status({ hit: false, fwd, detail: code, ...told })];
    if (code === 'stream') return noStream(fields);
    const reply = outcome?.reply;
    if (reply !== undefined) {
      const retry = reply.fields.filter(([name]) => name === 'retry-after');
      const status = reply.status === 503 || reply.status === 429 ? 503 : 502;
      return problem(status, code, `the upstream said ${reply.status}`, [...retry, ...fields]);
    }
    const status = code === 'timeout' ? 504 : 502;
    return problem(status, code, 'no upstream gave an answer that can be sent on', fields);
  }

  /** One question for all who ask alike at a time; undefined when too many are under way. */
  async #shared(
    question: Question,
  ): Promise<{ readonly outcome: Outcome | undefined; readonly collapsed: boolean }> {
    const key = JSON.stringify([question.target, question.sent, question.mayStore]);
    const running = this.#asking.get(key);
    if (running !== undefined) {
      const outcome = await running;
      if (outcome.type === 'failed' || !outcome.isPrivate) {
        this.#parts.stats.collapsed++;
        return { outcome, collapsed: true };
      }
      return { outcome: await this.#askAlone(question), collapsed: false };
    }
    if (this.#asking.size >= FETCHES_MAX) return { outcome: undefined, collapsed: false };
    const asking = fetchThrough(question, this.#parts);
    this.#asking.set(key, asking);
    try {
      const outcome = await asking;
      this.#noteSize(question, outcome);
      return { outcome, collapsed: false };
    } finally {
      this.#asking.delete(key);
    }
  }

  /** What is for one client cannot be shared; undefined when too many ask so. */
  async #askAlone(question: Question): Promise<Outcome | undefined> {
    if (this.#alone >= FETCHES_MAX) return undefined;
    this.#alone++;
    try {
      return await fetchThrough(question, this.#parts);
    } finally {
      this.#alone--;
    }
  }

  async #held(stored: StoredResponse | undefined): Promise<Held | undefined> {
    if (stored === undefined) return undefined;
    const body = await this.#parts.store.body(stored);
    return body === undefined ? undefined : { stored, body };
  }

  #inBackground(question: Question): void {
    const running = this.#shared(question).catch(() => undefined);
    this.#background.add(running);
    void running.finally(() => this.#background.delete(running));
  }

  /** A partial tile is the beginning of its full one, also after it vanished upstream. */
  async #cutPartialTile(
    request: CacheRequest,
    resource: Resource,
  ): Promise<CacheAnswer | undefined> {
    const { store, clock, hashes } = this.#parts;
    if (resource.kind !== 'tile' || resource.level === 'entries') return undefined;
    if (resource.width === 256) return undefined;
    const full = store.findPlain(request.target.replace(/\.p\/\d+$/, ''));
    if (full === undefined || ttlSeconds(full, clock.nowMs()) <= 0) {
      return undefined;
    }
    const bytes = await store.body(full);
    if (bytes?.length !== 256 * 32) return undefined;
    const body = bytes.subarray(0, resource.width * 32);
    this.#parts.stats.hits++;
    const replaced = new Set(['etag', 'cache-control', 'repr-digest', 'content-digest']);
    const fields: Field[] = [
      ...full.fields.filter(([name]) => !replaced.has(name)),
      ['etag', `"${toHex(hashes.sha256(body))}"`],
      ['cache-control', 'public, max-age=300'],
    ];
    const status = { hit: true, detail: 'cut-from-full-tile' };
    return this.#send(request, { ...full, fields, confirmedMs: clock.nowMs() }, body, status);
  }

  #readAhead(resource: Resource, sent: readonly Field[]): void {
    if (!this.#options.prefetch || resource.kind !== 'tile' || resource.width !== 256) return;
    const { log, level, index } = resource;
    const leaves = 256 ** (level === 'entries' ? 1 : level + 1);
    const end = Math.floor((this.#sizes.get(log) ?? 0) / leaves);
    for (const next of this.#sequences.observe(`${log}/${level}`, index, end)) {
      const name = tilePath({ level: level === 'entries' ? 0 : level, index: next, width: 256 });
      const path = level === 'entries' ? name.replace('tile/0/', 'tile/entries/') : name;
      const target = `${log}/${path}`;
      // Half of the questions are for those who wait.
      if (this.#parts.store.hasTarget(target) || this.#asking.size > FETCHES_MAX / 2) continue;
      this.#parts.stats.prefetched++;
      const ahead: Resource = { ...resource, index: next };
      const question = { target, resource: ahead, sent, held: undefined };
      this.#inBackground({ ...question, mayStore: true, isPopular: false });
    }
  }

  #noteSize({ resource, target }: Question, outcome: Outcome): void {
    if (resource.kind !== 'checkpoint' || outcome.type !== 'answer' || !outcome.isKept) return;
    const claim = readHeadClaim(resource, outcome.stored.fields, outcome.body);
    if (claim === undefined) return;
    const log = target.slice(0, -'/checkpoint'.length);
    if (this.#sizes.size >= STREAMS_MAX && !this.#sizes.has(log)) this.#sizes.clear();
    this.#sizes.set(log, claim.size);
  }

  #send(
    { method, field }: CacheRequest,
    stored: StoredResponse,
    body: Uint8Array,
    status: CacheStatus,
    before?: string,
  ): CacheAnswer {
    const age = toldAge(stored, this.#parts.clock.nowMs());
    const extra: Field[] = [['age', String(age)], this.#status(status, before)];
    return answerFrom({ status: stored.status, fields: stored.fields, body }, method, field, extra);
  }

  #status(status: CacheStatus, before?: string): Field {
    return ['cache-status', formatCacheStatus(this.#options.name, status, before)];
  }
}

/** RFC 9111 section 5.4: only for requests without Cache-Control. */
function pragma(value: string | undefined): string | undefined {
  return value?.toLowerCase().includes('no-cache') === true ? 'no-cache' : undefined;
}

function passedOn({ method }: CacheRequest, reply: UpstreamReply, status: Field): CacheAnswer {
  const { body } = reply;
  const hasBody = reply.status !== 304 && reply.status !== 204;
  const length: Field[] = hasBody ? [['content-length', String(body.length)]] : [];
  return {
    status: reply.status,
    fields: [...endToEndFields(reply.fields), status, ...length],
    body: method === 'HEAD' ? body.subarray(0, 0) : body,
  };
}
