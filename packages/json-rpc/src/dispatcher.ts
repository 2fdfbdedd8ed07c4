import { setImmediate as nextTurn } from 'node:timers/promises';
import { EvmError } from '@basalt/evm';
import { inSpan } from '@basalt/telemetry';
import { limitExceeded, methodNotFound, RPC_ERRORS, RpcError, serverError } from './errors.ts';
import { isTooDeep } from './json-depth.ts';
import { BATCH_TURN_MS, ID_TEXT_MAX } from './limits.ts';
import type { Connection } from './logs/subscriptions.ts';
import type { Method, MethodContext } from './methods/method.ts';
import { requestWeight } from './methods/weights.ts';
import type { RpcMetrics } from './metrics.ts';
import { toRpcError } from './pool-errors.ts';
import type { Services } from './services.ts';

type Id = string | number | null;

interface Request {
  readonly id: Id | undefined;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** How one request came. */
interface Asked {
  readonly connection: Connection | undefined;
  readonly parent: string | undefined;
  readonly bytesMax: number;
}

export interface DispatcherOptions {
  readonly services: Services;
  readonly methods: ReadonlyMap<string, Method>;
  readonly metrics: RpcMetrics;
}

/** From the text of a request to the text of its answer (JSON-RPC 2.0). */
export class Dispatcher {
  readonly #options: DispatcherOptions;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /**
   * @param allow asked once with what the calls weigh together; false refuses them all
   * @param parent `traceparent` of the request
   * @returns undefined where nothing is to be answered: notifications
   */
  async answerText(
    text: string,
    connection: Connection | undefined,
    allow: (weight: number) => boolean = () => true,
    parent?: string,
  ): Promise<string | undefined> {
    const parsed = parse(text);
    if (parsed instanceof RpcError) {
      this.#options.metrics.refused('malformed');
      return errorText(null, parsed);
    }
    return this.answer(parsed, connection, allow, parent);
  }

  async answer(
    body: unknown,
    connection: Connection | undefined,
    allow: (weight: number) => boolean = () => true,
    parent?: string,
  ): Promise<string | undefined> {
    const { clock, limits } = this.#options.services;
    if (!Array.isArray(body)) {
      if (!allow(requestWeight(body))) return errorText(idOf(body), tooMany());
      return this.#answerOne(body, { connection, parent, bytesMax: limits.responseBytes });
    }
    if (body.length === 0) return errorText(null, invalidRequest('empty batch'));
    if (body.length > limits.batchRequests) {
      const message = `batch too large: ${body.length} requests, at most ${limits.batchRequests}`;
      return errorText(null, invalidRequest(message));
    }
    const weight = body.reduce((sum: number, each) => sum + requestWeight(each), 0);
    if (!allow(weight)) return errorText(null, tooMany());
    const answers: string[] = [];
    let left = limits.responseBytes;
    let turnMs = clock.nowMs();
    for (const each of body) {
      if (clock.nowMs() - turnMs > BATCH_TURN_MS) {
        await nextTurn();
        turnMs = clock.nowMs();
      }
      const answer = await this.#answerOne(each, { connection, parent, bytesMax: left });
      if (answer === undefined) continue;
      left -= answer.length + 1;
      answers.push(answer);
    }
    return answers.length === 0 ? undefined : `[${answers.join(',')}]`;
  }

  async #answerOne(
    body: unknown,
    { connection, parent, bytesMax }: Asked,
  ): Promise<string | undefined> {
    const request = readRequest(body);
    if (request instanceof RpcError) {
      this.#options.metrics.refused('malformed');
      return errorText(idOf(body), request);
    }
    const { id } = request;
    const { metrics, methods, services } = this.#options;
    const startMs = services.clock.nowMs();
    const name = methods.has(request.method) ? request.method : 'unknown';
    const done = (code: number | undefined): void => {
      const milliseconds = services.clock.nowMs() - startMs;
      metrics.answered(name, code, milliseconds / 1_000);
      services.logger.debug('answered', { method: name, code, milliseconds });
    };
    try {
      const result = await inSpan(`rpc ${name}`, { kind: 'server', parent }, () =>
        this.#call(request, connection),
      );
      const text = JSON.stringify(result ?? null);
      if (text.length > bytesMax) {
        throw new RpcError(RPC_ERRORS.tooLarge, 'response too large');
      }
      done(undefined);
      return id === undefined ? undefined : resultText(id, text);
    } catch (error) {
      const known = this.#known(error, request);
      done(known.code);
      return id === undefined ? undefined : errorText(id, known);
    }
  }

  /** @throws RpcError; here, within its span, so that a line tells the trace */
  async #call(request: Request, connection: Connection | undefined): Promise<unknown> {
    const { methods, services } = this.#options;
    const method = methods.get(request.method);
    if (method === undefined) throw methodNotFound(request.method.slice(0, ID_TEXT_MAX));
    const context: MethodContext = { ...services, connection };
    try {
      const answer = method.call(context, request.params);
      return await (answer instanceof Promise ? within(answer, services.limits.requestMs) : answer);
    } catch (error) {
      throw this.#known(error, request);
    }
  }

  #known(error: unknown, request: Request): RpcError {
    const known = toRpcError(error);
    if (known instanceof RpcError) return known;
    if (known instanceof EvmError && known.code === 'memory-bound') {
      return serverError(`the call needs more memory than an engine has: ${known.message}`);
    }
    this.#options.services.logger.error('a method failed', { method: request.method, error });
    return new RpcError(RPC_ERRORS.internal, 'internal error');
  }
}

/** What is answered in time; the work itself, bounded by other means, is not stopped. */
async function within<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new RpcError(RPC_ERRORS.timeout, 'request timed out')),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function parse(text: string): unknown {
  if (isTooDeep(text)) return new RpcError(RPC_ERRORS.parse, 'parse error: nested too deep');
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const reason = error instanceof SyntaxError ? error.message.slice(0, ID_TEXT_MAX) : 'not JSON';
    return new RpcError(RPC_ERRORS.parse, `parse error: ${reason}`);
  }
}

function readRequest(body: unknown): Request | RpcError {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return invalidRequest('expected an object with jsonrpc, id, method and params');
  }
  const record = body as Record<string, unknown>;
  const { jsonrpc, method, params = [] } = record;
  if (jsonrpc !== '2.0') return invalidRequest('expected jsonrpc to be "2.0"');
  if (typeof method !== 'string') return invalidRequest('expected method to be a text');
  const id = record['id'];
  if (id !== undefined && !isId(id)) {
    return invalidRequest(`expected id to be a number, null or at most ${ID_TEXT_MAX} characters`);
  }
  if (params !== null && !Array.isArray(params)) {
    return new RpcError(RPC_ERRORS.invalidParams, 'non-array args');
  }
  return { id, method, params: params ?? [] };
}

function isId(id: unknown): id is Id {
  if (typeof id === 'string') return id.length <= ID_TEXT_MAX;
  return id === null || (typeof id === 'number' && Number.isFinite(id));
}

/** As far as it can be told; null otherwise (JSON-RPC 2.0, section 5). */
function idOf(body: unknown): Id {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return null;
  const { id } = body as Record<string, unknown>;
  return isId(id) ? id : null;
}

function invalidRequest(message: string): RpcError {
  return new RpcError(RPC_ERRORS.invalidRequest, `invalid request: ${message}`);
}

export function tooMany(): RpcError {
  return limitExceeded('too many requests, slow down');
}

function resultText(id: Id, result: string): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`;
}

export function errorText(id: Id, { code, data, message }: RpcError): string {
  const error = data === undefined ? { code, message } : { code, message, data };
  return JSON.stringify({ jsonrpc: '2.0', id, error });
}
