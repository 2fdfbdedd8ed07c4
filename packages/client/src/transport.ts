import type { Clock, Random, Scheduler } from '@basalt/protocol';
import { pauseMs, randomUnit, retryAfterMs } from './backoff.ts';
import { ClientError, serverErrorCode } from './errors.ts';
import { JSON_BYTES_MAX } from './limits.ts';
import { abortedError, throwIfAborted, wait } from './wait.ts';

/** The part of `fetch` that is used; a test brings its own. */
export type FetchFunction = (url: string, init: RequestInit) => Promise<Response>;

export interface TransportComponents {
  /** Base address without a trailing slash. */
  readonly url: string;
  readonly fetch: FetchFunction;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** Attempts after the first one. */
  readonly retries: number;
  /** One attempt, from request to last byte, in milliseconds. */
  readonly timeoutMs: number;
  /** How stale the answer of a cache to a read may be. */
  readonly staleOkSeconds?: number | undefined;
}

export interface RequestOptions {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal | undefined;
  /** Ask the node even where a browser's cache has an answer that is still good. */
  readonly isFresh?: boolean;
  /** Attempts after the first one, where not those of the transport. */
  readonly retries?: number;
  /** Longest accepted body; default `JSON_BYTES_MAX`. */
  readonly bytesMax?: number;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

export interface OpenStream {
  readonly headers: Headers;
  /** Pieces as they come. Ends with an error when nothing came for `idleMs`. */
  readonly pieces: AsyncIterable<Uint8Array>;
  /** Lets go of the line; may be called at any time. */
  close(): void;
}

export interface Transport {
  readonly url: string;
  /**
   * A whole answer with a status below 400. Everything is asked again after a network error, a
   * time-out, 408, 429, 500, 502, 503 and 504: reads are safe and writes are known by their block
   * hash, so asking twice never does a thing twice.
   *
   * @throws ClientError `network`, `timeout`, `aborted`, `response-too-large`, or the code of the
   *   problem document
   */
  request(path: string, options?: RequestOptions): Promise<Reply>;
  /** An answer without an end; not retried here. */
  open(path: string, options: RequestOptions & { readonly idleMs: number }): Promise<OpenStream>;
}

const RETRIED_STATUS: ReadonlySet<number> = /* @__PURE__ */ new Set([408, 429, 500, 502, 503, 504]);

interface Attempt {
  readonly reply: Reply;
  readonly retryAfterMs: number | undefined;
}

export function createTransport(components: TransportComponents): Transport {
  const { url, scheduler, random, retries } = components;

  async function request(path: string, options: RequestOptions = {}): Promise<Reply> {
    for (let attempt = 0; ; attempt++) {
      throwIfAborted(options.signal);
      let failure: ClientError;
      let askedMs: number | undefined;
      try {
        const tried = await attemptOnce(components, path, options);
        if (tried.reply.status < 400) return tried.reply;
        failure = problemError(tried.reply, path);
        if (!RETRIED_STATUS.has(tried.reply.status)) throw failure;
        askedMs = tried.retryAfterMs;
      } catch (error) {
        if (!(error instanceof ClientError) || error.kind !== 'unavailable') throw error;
        failure = error;
      }
      const delayMs = pauseMs(attempt, randomUnit(random), askedMs);
      if (attempt >= (options.retries ?? retries) || delayMs === undefined) throw failure;
      await wait(scheduler, delayMs, options.signal);
    }
  }

  async function open(
    path: string,
    options: RequestOptions & { readonly idleMs: number },
  ): Promise<OpenStream> {
    const guard = createGuard(scheduler, components.timeoutMs, options.signal);
    try {
      const response = await components.fetch(
        url + path,
        fetchInit(components, options, guard.signal),
      );
      if (response.status >= 400) {
        const body = await readBody(response, JSON_BYTES_MAX);
        throw problemError({ status: response.status, headers: response.headers, body }, path);
      }
      guard.restart(options.idleMs);
      return {
        headers: response.headers,
        pieces: readPieces(response, guard, options.idleMs),
        close: () => guard.end(),
      };
    } catch (error) {
      guard.stop();
      throw guard.explain(error, path);
    }
  }

  return { url, request, open };
}

async function attemptOnce(
  components: TransportComponents,
  path: string,
  options: RequestOptions,
): Promise<Attempt> {
  const guard = createGuard(components.scheduler, components.timeoutMs, options.signal);
  try {
    const response = await components.fetch(
      components.url + path,
      fetchInit(components, options, guard.signal),
    );
    const body = await readBody(response, options.bytesMax ?? JSON_BYTES_MAX);
    return {
      reply: { status: response.status, headers: response.headers, body },
      retryAfterMs: retryAfterMs(response.headers.get('retry-after'), components.clock.nowMs()),
    };
  } catch (error) {
    throw guard.explain(error, path);
  } finally {
    guard.stop();
  }
}

function fetchInit(
  { staleOkSeconds }: TransportComponents,
  options: RequestOptions,
  signal: AbortSignal,
): RequestInit {
  const method = options.method ?? 'GET';
  const staleOk = method === 'GET' && staleOkSeconds !== undefined;
  const headers = {
    ...options.headers,
    ...(staleOk ? { 'cache-control': `max-stale=${staleOkSeconds}` } : {}),
  };
  return {
    method,
    headers,
    ...(options.body === undefined ? {} : { body: options.body as Uint8Array<ArrayBuffer> }),
    // The browser's own cache is one of those that may answer.
    ...(staleOk ? { cache: 'force-cache' as const } : {}),
    ...(options.isFresh === true && !staleOk ? { cache: 'no-cache' as const } : {}),
    // Nothing here needs a cookie, and a page on another origin must not send one.
    credentials: 'omit',
    signal,
  };
}

interface Guard {
  readonly signal: AbortSignal;
  restart(delayMs: number): void;
  stop(): void;
  /** Stops, and ends what is under way. */
  end(): void;
  /** The typed error for what a guarded call threw. */
  explain(error: unknown, path: string): unknown;
}

/** A signal that fires on a time-out or with the caller's own signal, and remembers which. */
function createGuard(
  scheduler: Scheduler,
  timeoutMs: number,
  outer: AbortSignal | undefined,
): Guard {
  const controller = new AbortController();
  let limitMs = timeoutMs;
  let timedOut = false;
  const onAbort = (): void => controller.abort(outer?.reason);
  const onTimeout = (): void => {
    timedOut = true;
    controller.abort(new Error('timeout'));
  };
  let cancel = scheduler.after(timeoutMs, onTimeout);
  outer?.addEventListener('abort', onAbort, { once: true });
  if (outer?.aborted === true) onAbort();
  const stop = (): void => {
    cancel();
    outer?.removeEventListener('abort', onAbort);
  };
  return {
    signal: controller.signal,
    restart(delayMs) {
      cancel();
      limitMs = delayMs;
      cancel = scheduler.after(delayMs, onTimeout);
    },
    stop,
    end() {
      stop();
      controller.abort();
    },
    explain(error, path) {
      if (error instanceof ClientError) return error;
      if (outer?.aborted === true) return abortedError(outer);
      if (timedOut) {
        return new ClientError(
          'unavailable',
          'timeout',
          `no whole answer to ${path} within ${limitMs} ms`,
          { path, limitMs },
          { cause: error },
        );
      }
      return new ClientError(
        'unavailable',
        'network',
        `the node could not be reached for ${path}: ${messageOf(error)}`,
        { path },
        { cause: error },
      );
    },
  };
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node's fetch says "fetch failed" and keeps the reason (ECONNREFUSED ...) in the cause.
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}

/** @throws ClientError `response-too-large` */
async function readBody(response: Response, bytesMax: number): Promise<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return new Uint8Array(0);
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > bytesMax) {
      await reader.cancel().catch(() => undefined);
      throw new ClientError(
        'refused',
        'response-too-large',
        `expected an answer of at most ${bytesMax} bytes`,
        { bytesMax },
      );
    }
    pieces.push(value);
  }
  const first = pieces[0];
  if (first !== undefined && pieces.length === 1) return first;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}

async function* readPieces(
  response: Response,
  guard: Guard,
  idleMs: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = response.body?.getReader();
  try {
    for (;;) {
      const next = await reader?.read();
      if (next === undefined || next.done) return;
      guard.restart(idleMs);
      yield next.value;
    }
  } catch (error) {
    throw guard.explain(error, response.url);
  } finally {
    guard.stop();
    await reader?.cancel().catch(() => undefined);
  }
}

/** The typed error of an answer with a status of 400 or above (RFC 9457 where it is one). */
function problemError(reply: Reply, path: string): ClientError {
  const problem = parseProblem(reply.body);
  const code = serverErrorCode(problem['code']);
  const told = problem['detail'] ?? problem['title'];
  const detail = typeof told === 'string' ? told : `HTTP status ${reply.status}`;
  const metadata: Record<string, string | number | boolean> = { status: reply.status, path };
  for (const [key, value] of Object.entries(problem)) {
    if (key === 'code' || key === 'status' || key === 'detail') continue;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      metadata[key] = value;
    }
  }
  const kind = RETRIED_STATUS.has(reply.status) ? 'unavailable' : 'rejected';
  return new ClientError(kind, code, detail, metadata);
}

function parseProblem(body: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
