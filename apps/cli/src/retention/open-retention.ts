import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createRetention,
  notedArchives,
  parsePolicyFile,
  parsePolicyWord,
  type Retention,
  type RetentionPolicy,
} from '@basalt/ledger';
import { type LogStore, openDataFolder } from '@basalt/store';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';

export interface FolderRetention extends AsyncDisposable {
  readonly retention: Retention;
  /** The folder of a chain: its namespace stays whole, since it is replayed from its payloads. */
  readonly keepsChain: boolean;
  /** Those that the node which ran here last had named to have payloads first. */
  readonly archives: readonly string[];
}

/**
 * A policy over the data folder of a node that is stopped.
 *
 * @throws CliError `no-data`; StoreError `locked` while a node runs on the folder
 */
export async function openRetention(
  context: Context,
  path: string,
  policy: RetentionPolicy,
): Promise<FolderRetention> {
  if (!existsSync(join(path, 'store'))) {
    const hint = 'name the folder; `basalt config` shows which one a node uses';
    throw new CliError(EXIT.usage, 'no-data', `${path} is no data folder of a node`, hint);
  }
  const folder = await openDataFolder(path);
  const { store } = folder;
  const untouched = untouchedIn(path);
  return {
    archives: await notedArchives(store),
    retention: retentionOver(context, store, policy, untouched),
    keepsChain: untouched.length > 0,
    [Symbol.asyncDispose]: () => folder.close(),
  };
}

/** Labels that no policy touches in a data folder: a chain is replayed from its payloads. */
export function untouchedIn(path: string): readonly string[] {
  return existsSync(join(path, 'chain', 'chain.json')) ? [CHAIN_LABEL] : [];
}

/** A policy over an open store; no pass is made by itself. */
export function retentionOver(
  { clock }: Context,
  store: LogStore,
  policy: RetentionPolicy,
  untouched: readonly string[],
): Retention {
  return createRetention({ store, clock, scheduler: NEVER }, { policy, untouched });
}

/** What a node calls the namespace of its chain; not taken from there, which would load it. */
const CHAIN_LABEL = 'chain';

/** A command makes one pass and ends. */
const NEVER = { after: () => () => undefined };

/** A policy in one word, or the file that holds one. @throws CliError `bad-policy` */
export async function readRetentionPolicy(text: string): Promise<RetentionPolicy> {
  try {
    const word = parsePolicyWord(text);
    return word ?? parsePolicyFile(await readFile(text, 'utf8'));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const hint =
      'none, after-checkpoint, keep-headers, keep-recent:1000, keep-recent:30d, or a JSON file';
    throw new CliError(EXIT.usage, 'bad-policy', `${text}: ${message}`, hint, { cause });
  }
}
