/** JSON-RPC without a client: what goes over the wire, for bodies that no client would send. */
export interface RpcAnswer {
  readonly jsonrpc: string;
  readonly id: number | string | null;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

const TIMEOUT_MS = 60_000;

/** Sends any text and gives what came back. */
export async function post(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  return { status: response.status, text: await response.text() };
}

/** One call, its answer unread: result or error. */
export async function call(
  url: string,
  method: string,
  params: readonly unknown[] = [],
): Promise<RpcAnswer> {
  const { text } = await post(url, JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }));
  return JSON.parse(text) as RpcAnswer;
}

/**
 * One call that must succeed.
 *
 * @throws {Error} with the error's code and message
 */
export async function result(
  url: string,
  method: string,
  params: readonly unknown[] = [],
): Promise<unknown> {
  const answer = await call(url, method, params);
  if (answer.error === undefined) return answer.result;
  throw new Error(`${method}: ${answer.error.code} ${answer.error.message}`);
}
