import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  type ChainCheckpoints,
  createChainCheckpoints,
  createFetchTransport,
  createTimestampClient,
  parseCertificates,
  type TimestampClient,
} from '@basalt/federation';
import type { Ledger } from '@basalt/ledger';
import type { NamespaceId, Signer } from '@basalt/protocol';
import type { ChainCheckpointKeys } from '../chain-checkpoint-config.ts';
import { NodeError } from '../errors.ts';
import { systemClock, systemScheduler } from '../system-shell.ts';

/** A chain whose writer is this node. */
export interface OwnChain {
  readonly namespace: NamespaceId;
  readonly signer: Signer;
}

/**
 * Writes checkpoints into the node's own chains, where the configuration asks for them.
 *
 * @throws NodeError `bad-config`
 */
export async function openChainCheckpoints(
  config: ChainCheckpointKeys,
  ledger: Ledger,
  chains: readonly OwnChain[],
): Promise<ChainCheckpoints | undefined> {
  const { chainCheckpointBlocks: everyBlocks, chainCheckpointMs: everyMs } = config;
  if (everyBlocks === 0) return undefined;
  const timestamps = await openTimestamps(config);
  return createChainCheckpoints(
    chains.map((chain) => ({ ...chain, everyBlocks, everyMs })),
    {
      ledger,
      clock: systemClock,
      scheduler: systemScheduler,
      ...(timestamps === undefined ? {} : { timestamps }),
    },
  );
}

async function openTimestamps(config: ChainCheckpointKeys): Promise<TimestampClient | undefined> {
  const { timestampUrl: url, timestampCaFile: path } = config;
  if (url === undefined) return undefined;
  if (path === undefined) {
    throw new NodeError('bad-config', 'timestampUrl needs timestampCaFile: whom to believe');
  }
  const trusted = parseCertificates(await readCertificates(path));
  if (trusted.length === 0) throw new NodeError('bad-config', `${path} holds no certificate`);
  return createTimestampClient(
    { url, trusted },
    {
      transport: createFetchTransport({ fetch: globalThis.fetch, scheduler: systemScheduler }),
      clock: systemClock,
      random: { bytes: (length) => new Uint8Array(randomBytes(length)) },
    },
  );
}

async function readCertificates(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new NodeError('bad-config', reason, { cause: error });
  }
}
