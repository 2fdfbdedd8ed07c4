import { type ImportProgress, importChainRlp } from '@basalt/execution';
import type { Logger } from '@basalt/telemetry';
import type { NodeConfig } from '../config.ts';
import { NodeError } from '../errors.ts';
import { Parts } from '../parts.ts';
import { openChainOf, openFolder } from './open-folder-shell.ts';

export interface ImportChainOptions {
  readonly config: NodeConfig;
  readonly logger: Logger;
  /** Document in the form of geth, parsed or as text. */
  readonly genesis: unknown;
  /** Consecutive blocks in RLP. */
  readonly source: AsyncIterable<Uint8Array>;
  readonly onProgress: (progress: ImportProgress) => void;
  readonly signal: AbortSignal;
  /** Of the log's key, where the folder is new and the key encrypted. */
  readonly passphrase?: string | undefined;
}

export interface ImportedChainInfo extends ImportProgress {
  readonly chainId: bigint;
  readonly genesisHash: Uint8Array;
  readonly headHash: Uint8Array;
}

/**
 * Imports a chain that others made into a data folder of its own, where a node serves it later and
 * signs the first checkpoint over it. No other process may have the folder open. What is there
 * already is stepped over, so a broken import goes on where it stopped.
 *
 * @throws NodeError as `startNode`; ExecutionError `malformed-rlp`, `invalid-block`: blocks before
 *   the one that is wrong stay
 */
export async function importChain(options: ImportChainOptions): Promise<ImportedChainInfo> {
  const parts = new Parts();
  try {
    return await importInto(options, parts);
  } finally {
    await parts.stop();
  }
}

async function importInto(options: ImportChainOptions, parts: Parts): Promise<ImportedChainInfo> {
  const { config, logger, genesis, source, onProgress, signal, passphrase } = options;
  const folder = await openFolder(config, logger, parts, { passphrase });
  const { dataDir } = folder;
  const opened = await openChainOf(folder, config, () => genesis, parts);
  const { chain, recoverer, file } = opened;
  if (file.kind !== 'imported' || JSON.stringify(file.genesis) !== JSON.stringify(genesis)) {
    const message = `${dataDir} holds another chain: choose another folder with --data-dir`;
    throw new NodeError('bad-config', message);
  }
  const watched = throwWhenAborted(source, signal);
  const progress = await importChainRlp(chain, watched, { recoverer, onProgress });
  const { hash } = chain.head();
  const { chainId } = chain.config;
  return { ...progress, chainId, genesisHash: chain.genesis.hash, headHash: hash };
}

async function* throwWhenAborted(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of source) {
    signal.throwIfAborted();
    yield chunk;
  }
}
