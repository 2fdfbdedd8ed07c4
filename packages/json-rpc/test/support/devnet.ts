import {
  createDevnet,
  type Devnet,
  deriveDevnetKeys,
  devnetGenesis,
  TEST_MNEMONIC,
} from '@basalt/execution';
import { createMetricsRegistry, type Logger, noopLogger } from '@basalt/telemetry';
import { createJsonRpcServer, type JsonRpcOptions, type JsonRpcServer } from '../../src/index.ts';
import { clock, openTestChain } from './chain.ts';

export interface TestServer {
  readonly server: JsonRpcServer;
  readonly devnet: Devnet;
  /** Problems that the server logged: internal errors among them. */
  readonly problems: readonly string[];
  metrics(): string;
  /** The result. @throws with the error of the answer */
  readonly ask: (method: string, ...params: readonly unknown[]) => Promise<unknown>;
  /** The error. @throws where there is a result */
  readonly refused: (method: string, ...params: readonly unknown[]) => Promise<RpcFault>;
  close(): Promise<void>;
}

export interface RpcFault {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

interface Answer {
  readonly result?: unknown;
  readonly error?: RpcFault;
}

/** Instant mining, three accounts of the well-known mnemonic, a seed: every run is the same. */
export async function openTestServer(
  options: Partial<JsonRpcOptions> & { readonly hasDevnet?: boolean } = {},
): Promise<TestServer> {
  const { hasDevnet = true, ...rest } = options;
  const keys = deriveDevnetKeys(TEST_MNEMONIC, 3);
  const genesis = devnetGenesis({ keys, timestamp: 1_700_000_000n });
  const opened = await openTestChain(genesis, () => 1_700_000_100n);
  const { chain, pool } = opened;
  const problems: string[] = [];
  const devnet = createDevnet(
    {
      chain,
      pool,
      clock,
      scheduler: { after: soon },
      random: { bytes: (length: number) => new Uint8Array(length).fill(7) },
      onError: (error) => problems.push(String(error)),
    },
    { keys, mining: { mode: 'instant' }, seed: 'json-rpc' },
  );
  const registry = createMetricsRegistry();
  const server = createJsonRpcServer({
    chain,
    pool: devnet.pool,
    ...(hasDevnet ? { devnet } : {}),
    clock,
    logger: collecting(problems),
    metrics: registry,
    clientVersion: 'basalt/test',
    ...rest,
  });
  const handle = async (method: string, params: readonly unknown[]): Promise<Answer> =>
    (await server.handle({ jsonrpc: '2.0', id: 1, method, params })) as Answer;
  return {
    server,
    devnet,
    problems,
    metrics: () => registry.expose(),
    async ask(method, ...params) {
      const { error, result } = await handle(method, params);
      if (error !== undefined) throw new Error(`${method}: ${error.code} ${error.message}`);
      return result;
    },
    async refused(method, ...params) {
      const { error, result } = await handle(method, params);
      if (error === undefined) throw new Error(`${method} answered ${JSON.stringify(result)}`);
      return error;
    },
    async close() {
      await server.stop();
      await devnet.close();
      await opened.close();
    },
  };
}

/** Timers of nothing run in the next turn; longer ones never, so that no test waits for them. */
function soon(delayMs: number, run: () => void): () => void {
  if (delayMs > 0) return () => undefined;
  const timer = setImmediate(run);
  return () => clearImmediate(timer);
}

function collecting(problems: string[]): Logger {
  return {
    ...noopLogger,
    error: (message, fields) => problems.push(`${message} ${describe(fields)}`),
    warn: (message, fields) => problems.push(`${message} ${describe(fields)}`),
  };
}

function describe(fields: Readonly<Record<string, unknown>> = {}): string {
  const { error, ...rest } = fields;
  return `${JSON.stringify(rest)} ${error instanceof Error ? error.stack : String(error)}`;
}
