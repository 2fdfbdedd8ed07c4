import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CounterSeries } from '@basalt/telemetry';
import { SHORT } from './cache-control.ts';
import { GatewayError } from './errors.ts';
import { type AnswerBounds, holdAnswer } from './http/memory-budget.ts';
import type { Representation } from './http/representation.ts';
import type { ResponseCache } from './http/response-cache.ts';
import { sendRepresentation } from './http/send.ts';
import { type ImmutableParts, type ImmutableResource, matchImmutable } from './immutable.ts';
import { BLOCK_TYPE } from './media-types.ts';
import type { GatewayMetrics } from './metrics.ts';

/** A prepared answer and what is counted with it. */
export interface Prepared {
  readonly representation: Representation;
  readonly route: string;
  /** Counts the common case, GET with 200, without a look-up. */
  readonly whole: CounterSeries;
  readonly sizeBytes: number;
}

/**
 * GET and HEAD of immutable resources, without router, promise or allocation beyond Node's own when
 * the answer is prepared already. Everything else is somebody else's: `answer` says false.
 */
export class HotPath {
  readonly #parts: ImmutableParts & AnswerBounds;
  readonly #cache: ResponseCache<Prepared>;
  readonly #metrics: GatewayMetrics;
  readonly #hits: CounterSeries;
  /** Concurrent misses of one target share a load; bounded by the connections. */
  readonly #loading = new Map<string, Promise<Prepared | undefined>>();

  constructor(
    parts: ImmutableParts & AnswerBounds,
    cache: ResponseCache<Prepared>,
    metrics: GatewayMetrics,
  ) {
    this.#parts = parts;
    this.#cache = cache;
    this.#metrics = metrics;
    this.#hits = metrics.cacheHits;
  }

  /** True when the request has been answered. Throws or rejects with what the answer should say. */
  answer(request: IncomingMessage, response: ServerResponse): boolean | Promise<boolean> {
    const target = request.url as string;
    const prepared = this.#cache.get(target);
    if (prepared !== undefined) {
      if (prepared.representation.alternatives.length > 0 && !takesAnything(request)) return false;
      this.#hits.add();
      this.#cache.asked(target);
      return this.#send(request, response, prepared);
    }
    const resource = matchImmutable(target);
    if (resource === undefined || (resource.negotiated && !takesAnything(request))) return false;
    this.#cache.asked(target);
    return this.#loadAndSend(target, resource, request, response);
  }

  /** The prepared answer of a target, for a router that has decided to send the wire form. */
  async find(target: string): Promise<Representation | undefined> {
    const resource = matchImmutable(target);
    if (resource === undefined) return undefined;
    const prepared = this.#cache.get(target) ?? (await this.#load(target, resource));
    return prepared?.representation;
  }

  async #loadAndSend(
    target: string,
    resource: ImmutableResource,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<boolean> {
    this.#metrics.cacheMisses.add();
    const prepared = await this.#load(target, resource);
    if (prepared === undefined) {
      throw new GatewayError('not-found', 'nothing with this name is in the log');
    }
    return this.#send(request, response, prepared);
  }

  #load(target: string, resource: ImmutableResource): Promise<Prepared | undefined> {
    let loading = this.#loading.get(target);
    if (loading === undefined) {
      loading = this.#loadOnce(target, resource).finally(() => this.#loading.delete(target));
      this.#loading.set(target, loading);
    }
    return loading;
  }

  async #loadOnce(target: string, resource: ImmutableResource): Promise<Prepared | undefined> {
    const { generation } = this.#cache;
    const representation = await resource.load(this.#parts);
    if (representation === undefined) return undefined;
    const { route } = resource;
    const whole = this.#metrics.prepared('GET', route, 200);
    const prepared = { representation, route, whole, sizeBytes: representation.sizeBytes };
    // What may be something else in a second, such as what is left of a pruned block, is not kept.
    if (representation.cacheControl !== SHORT) this.#cache.set(target, prepared, generation);
    return prepared;
  }

  #send(
    request: IncomingMessage,
    response: ServerResponse,
    prepared: Prepared,
  ): boolean | Promise<boolean> {
    const { body } = prepared.representation.identity;
    holdAnswer(this.#parts, response, body.length);
    const status = sendRepresentation(request, response, prepared.representation);
    if (typeof status === 'number') return this.#count(request, prepared, status);
    return status.then((sent) => this.#count(request, prepared, sent));
  }

  #count(request: IncomingMessage, prepared: Prepared, status: number): true {
    const isGet = request.method === 'GET';
    if (isGet && status === 200) prepared.whole.add();
    else this.#metrics.prepared(isGet ? 'GET' : 'HEAD', prepared.route, status).add();
    return true;
  }
}

/** The client wants the wire form, or takes anything; whoever says more is heard by the router. */
function takesAnything(request: IncomingMessage): boolean {
  const { accept } = request.headers;
  return accept === undefined || accept === '*/*' || accept === BLOCK_TYPE;
}
