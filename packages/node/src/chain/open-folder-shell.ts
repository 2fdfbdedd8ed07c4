import { join, resolve } from 'node:path';
import { createNativeProvider } from '@basalt/crypto';
import { openDataFolder } from '@basalt/store';
import { createMetricsRegistry, type Logger } from '@basalt/telemetry';
import type { NodeConfig } from '../config.ts';
import { openNodeKey } from '../node-keys-shell.ts';
import { createVerifier, openLedger, originOf } from '../open-ledger-shell.ts';
import type { Parts } from '../parts.ts';
import { systemClock, systemScheduler } from '../system-shell.ts';
import { type OpenChainComponents, type OpenedChain, openChain } from './open-chain-shell.ts';

/**
 * Opens a data folder whose node is stopped, for a command; `parts` closes it.
 *
 * @throws NodeError as `startNode`
 */
export async function openFolder(
  config: NodeConfig,
  logger: Logger,
  parts: Parts,
): Promise<OpenChainComponents> {
  const dataDir = resolve(config.dataDir);
  const folder = await openDataFolder(dataDir);
  parts.onStop(() => folder.close());
  const provider = createNativeProvider();
  const { signer } = await openNodeKey(join(dataDir, 'log.key'), provider, undefined);
  const { verifier, pool } = createVerifier(config, provider);
  if (pool !== undefined) parts.onStop(() => pool.close());
  const metrics = createMetricsRegistry();
  const ledger = await openLedger(config, {
    folder,
    provider,
    verifier,
    metrics,
    logSigner: signer,
    logger,
    origin: config.origin ?? originOf(signer, provider),
    clock: systemClock,
    scheduler: systemScheduler,
  });
  parts.onStop(() => ledger.close());
  return { ledger, crypto: provider, logger: logger.child({ part: 'chain' }), metrics, dataDir };
}

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
