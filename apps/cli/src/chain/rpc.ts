import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { revertReason } from './revert-reason.ts';

/** Where a devnet listens by default. */
export const RPC_URL_DEFAULT = 'http://127.0.0.1:8545';

/** One answer; `basalt trace` of a block's heaviest transaction takes seconds. */
const TIMEOUT_MS = 60_000;

/** Ethereum JSON-RPC over HTTP; hex strings in and out, as the specification has them. */
export interface Rpc {
  readonly url: string;
  /** @throws CliError `network` when nobody answers, `rpc` with the node's words when it says no */
  call<Result>(method: string, params?: readonly unknown[]): Promise<Result>;
}

interface RpcAnswer {
  readonly result?: unknown;
  readonly error?: { readonly code?: number; readonly message?: string; readonly data?: unknown };
}

export function createRpc(url: string, signal: AbortSignal): Rpc {
  let id = 0;
  return {
    url,
    async call<Result>(method: string, params: readonly unknown[] = []): Promise<Result> {
      const body = JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params });
      const answer = await post(url, body, signal);
      if (answer.error !== undefined) throw refused(method, answer.error);
      return answer.result as Result;
    },
  };
}

async function post(url: string, body: string, signal: AbortSignal): Promise<RpcAnswer> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), signal]),
    });
  } catch (error) {
    signal.throwIfAborted();
    const cause = error instanceof Error ? error.cause : undefined;
    const reason = cause instanceof Error ? cause.message : String(error);
    throw new CliError(
      EXIT.unreachable,
      'network',
      `no answer from ${url}: ${reason}`,
      '`basalt devnet` starts a chain; another address: --rpc-url or BASALT_RPC_URL',
    );
  }
  const text = await response.text();
  try {
    return JSON.parse(text) as RpcAnswer;
  } catch {
    throw new CliError(
      EXIT.refused,
      'rpc',
      `${url} answered ${response.status} with something that is not JSON`,
      'is this the address of an Ethereum JSON-RPC server?',
    );
  }
}

function refused(method: string, error: NonNullable<RpcAnswer['error']>): CliError {
  const { message = 'no reason given', code, data } = error;
  const reason = typeof data === 'string' ? revertReason(data) : undefined;
  const told = reason === undefined || message.includes(reason) ? message : `${message}: ${reason}`;
  return new CliError(EXIT.refused, 'rpc', `${method}: ${told}`, undefined, {
    cause: { code, data },
  });
}
