import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CheckpointStorage,
  type Client,
  type ClientOptions,
  createClient,
} from '@basalt/client';
import type { Context } from './context.ts';
import { readIfThere, replaceFile } from './durable-files.ts';
import { CliError } from './errors.ts';
import { EXIT } from './exit-codes.ts';
import { ensureFolder, type Home } from './home.ts';
import { fetchFrom } from './node-api.ts';

export interface ConnectionOptions {
  readonly url: string;
  /** Text of a policy file. */
  readonly policy?: string;
  readonly token?: string;
  readonly timeoutMs?: number;
  readonly retries?: number;
  readonly staleOkSeconds?: number;
}

/**
 * A client whose trust outlives the process: log keys and checkpoints are kept in the home. Asks
 * the node for a sign of life first: the client itself would try for seconds before it says that
 * nobody is there.
 *
 * @throws CliError `network`
 */
export async function connect(context: Context, options: ConnectionOptions): Promise<Client> {
  return createClient(await clientOptions(context, options));
}

/** As `connect`, for other things that are made from the same options. */
export async function clientOptions(
  context: Context,
  options: ConnectionOptions,
): Promise<ClientOptions> {
  try {
    await fetchFrom(options.url, '/livez', '*/*', context.signal);
  } catch (error) {
    // Any answer will do: a proxy whose node is away still serves what it holds.
    if (!(error instanceof CliError) || error.exitCode === EXIT.unreachable) throw error;
  }
  return {
    ...options,
    provider: context.provider(),
    storage: createFileStorage(trustFolder(context.home, options.url)),
    clock: context.clock,
  };
}

/** One small file per entry, whole and synced. */
export function createFileStorage(folder: string): CheckpointStorage {
  const pathOf = (key: string): string => join(folder, encodeURIComponent(key));
  return {
    async read(key) {
      const bytes = await readIfThere(pathOf(key));
      return bytes === undefined ? undefined : Buffer.from(bytes).toString();
    },
    async write(key, value) {
      ensureFolder(folder);
      await replaceFile(pathOf(key), Buffer.from(value));
    },
  };
}

/** By node: two nodes may serve the same namespace, each in a log of its own. */
function trustFolder(home: Home, url: string): string {
  return join(home.trust, encodeURIComponent(url));
}

/**
 * The verifier key line that a client kept when it first saw the log with this origin, from
 * whatever node; undefined where this computer has not seen it.
 */
export async function readKeptLogKey(
  home: Home,
  namespace: string,
  origin: string,
): Promise<string | undefined> {
  const nodes = await readdir(home.trust).catch(() => []);
  for (const node of nodes) {
    // The name under which `@basalt/client` keeps it (log-trust.ts).
    const line = await createFileStorage(join(home.trust, node)).read(`log-key/ns/${namespace}`);
    if (line?.startsWith(`${origin}+`) === true) return line;
  }
  return undefined;
}
