import { CliError } from './errors.ts';
import { EXIT } from './exit-codes.ts';

/** One answer; small ones come within a blink, and a page of 16 MiB at 1 MiB/s within this. */
const TIMEOUT_MS = 30_000;

/** What the client has no word for: plain questions to a node, whose answers are not verified. */
export async function fetchFrom(
  url: string,
  path: string,
  accept: string,
  signal?: AbortSignal,
): Promise<Response> {
  return await ask(url, path, { headers: { accept } }, signal);
}

/** Asks the node to change something, as its operator; what it says of the change. */
export async function postJson<Answer>(
  url: string,
  path: string,
  body: unknown,
  token: string,
  signal?: AbortSignal,
): Promise<Answer> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const request = { method: 'POST', headers, body: JSON.stringify(body) };
  return (await (await ask(url, path, request, signal)).json()) as Answer;
}

async function ask(
  url: string,
  path: string,
  request: RequestInit,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(url + path, {
      ...request,
      signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
    });
  } catch (error) {
    signal?.throwIfAborted();
    const cause = error instanceof Error ? error.cause : undefined;
    const reason = cause instanceof Error ? cause.message : String(error);
    throw new CliError(
      EXIT.unreachable,
      'network',
      `no answer from ${url}: ${reason}`,
      'is a node running? `npm start` starts one; another address: --url or BASALT_URL',
    );
  }
  if (response.ok) return response;
  const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string };
  throw new CliError(
    EXIT.refused,
    problem.code ?? 'http-error',
    problem.detail ?? `${url}${path} answered ${response.status}`,
  );
}

export async function fetchJson<Answer>(
  url: string,
  path: string,
  signal?: AbortSignal,
): Promise<Answer> {
  const response = await fetchFrom(url, path, 'application/json', signal);
  return (await response.json()) as Answer;
}

/** What `/chains/<namespace>` says; the node's word. */
export interface ChainView {
  readonly namespace: string;
  readonly label: string;
  readonly size: number;
  readonly checkpointSize: number;
  /** Payloads below were pruned. */
  readonly payloadsFrom: number;
  /** First block that is there, where it is not the first of all. */
  readonly beginsAt?: number;
  readonly origin: string;
  readonly verifierKey: string;
  readonly keys: readonly { readonly from: number; readonly keyId: string }[];
}
