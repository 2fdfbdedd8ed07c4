import { resolve } from 'node:path';
import { createNativeProvider } from '@basalt/crypto';
import { ALGORITHM, type Signer } from '@basalt/protocol';
import { type DataFolder, openDataFolder } from '@basalt/store';
import { createMetricsRegistry, type Logger } from '@basalt/telemetry';
import type { NodeConfig } from '../config.ts';
import { NodeError } from '../errors.ts';
import { filesOf, openNodeKey } from '../node-keys-shell.ts';
import { createVerifier, openLedger, originOf } from '../open-ledger-shell.ts';
import type { Parts } from '../parts.ts';
import { systemClock, systemScheduler } from '../system-shell.ts';
import { type OpenChainComponents, type OpenedChain, openChain } from './open-chain-shell.ts';

/**
 * Opens a data folder whose node is stopped, for a command; `parts` closes it. No checkpoint is
 * signed: that is the node's, which knows the log's key and name and asks its witnesses.
 *
 * @param founder where the folder may be new: opens the log's key, which founds the log
 * @throws NodeError as `startNode`
 */
export async function openFolder(
  config: NodeConfig,
  logger: Logger,
  parts: Parts,
  founder?: { readonly passphrase: string | undefined },
): Promise<OpenChainComponents> {
  const dataDir = resolve(config.dataDir);
  const folder = await openDataFolder(dataDir);
  parts.onStop(() => folder.close());
  const provider = createNativeProvider();
  const isFounded = await hasLog(folder);
  if (!isFounded && founder === undefined) {
    throw new NodeError('data-damaged', `the log in ${dataDir} is empty`);
  }
  const { logKeyFile } = filesOf(config, dataDir);
  const logSigner = isFounded
    ? NO_SIGNER
    : (await openNodeKey(logKeyFile, provider, founder?.passphrase)).signer;
  const { verifier, pool } = createVerifier(config, provider);
  if (pool !== undefined) parts.onStop(() => pool.close());
  const metrics = createMetricsRegistry();
  const ledger = await openLedger(config, {
    publishes: false,
    folder,
    provider,
    verifier,
    metrics,
    logSigner,
    logger,
    origin: config.origin ?? originOf(logSigner, provider),
    clock: systemClock,
    scheduler: systemScheduler,
  });
  parts.onStop(() => ledger.close());
  return { ledger, crypto: provider, logger: logger.child({ part: 'chain' }), metrics, dataDir };
}

async function hasLog({ store }: DataFolder): Promise<boolean> {
  for await (const _ of store.namespaces()) return true;
  return false;
}

/** Stands where the key of a log would: nothing of it is signed. */
const NO_SIGNER: Signer = {
  algorithm: ALGORITHM.ed25519,
  publicKey: new Uint8Array(32),
  sign() {
    throw new Error('a command signs nothing with the key of a log');
  },
};

/** The chain of an opened folder, founded from `genesis` where there is none. */
export async function openChainOf(
  folder: OpenChainComponents,
  { chainWorkers, chainEngine }: NodeConfig,
  genesis: () => unknown,
  parts: Parts,
): Promise<OpenedChain> {
  const opened = await openChain(folder, {
    workers: chainWorkers,
    engine: chainEngine,
    isTemporary: false,
    executed: () => undefined,
    found: () => ({ kind: 'imported', genesis: genesis() }),
  });
  parts.onStop(() => opened.close());
  return opened;
}
