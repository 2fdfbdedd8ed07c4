import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createHandOver, type Federation, type HandOver } from '@basalt/federation';
import {
  createRetention,
  type Ledger,
  noteArchives,
  type PruneHolds,
  parsePolicyFile,
  parsePolicyWord,
  type RetentionPolicy,
} from '@basalt/ledger';
import { type CryptoProvider, parseVerifierKey } from '@basalt/protocol';
import { type LogStore, StoreError } from '@basalt/store';
import type { Logger } from '@basalt/telemetry';
import { CHAIN_LABEL } from '../chain/ledger-block-log-shell.ts';
import type { NodeConfig } from '../config.ts';
import { NodeError } from '../errors.ts';
import { retentionOf } from '../retention-config.ts';
import { systemClock, systemScheduler } from '../system-shell.ts';

export interface RetentionParts {
  readonly dataDir: string;
  readonly ledger: Ledger;
  readonly store: LogStore;
  readonly crypto: CryptoProvider;
  readonly logger: Logger;
  readonly peers: Federation | undefined;
  /** Answers were prepared with payloads that are gone now. */
  readonly onPruned: () => void;
}

export interface OpenRetention {
  /** What no prune by hand may let go either, whatever the policy. */
  readonly holds: PruneHolds;
  start(): void;
  stop(): Promise<void>;
}

/**
 * Lets payloads go as the configuration says, and names what holds them.
 *
 * @throws NodeError `bad-config`
 */
export async function openRetention(
  config: NodeConfig,
  parts: RetentionParts,
): Promise<OpenRetention> {
  const policy = await readPolicy(retentionOf(config));
  const handOver = openHandOver(config, parts);
  if (policy.mode === 'selective' && config.roles.includes('archive')) {
    throw new NodeError('bad-config', 'retention: an archive vouches for all it has: no rules');
  }
  const { store, dataDir, logger, onPruned } = parts;
  await noteFor(store, config, logger);
  // The blocks of a chain are replayed from their payloads.
  const isChain = config.chain || existsSync(join(dataDir, 'chain', 'chain.json'));
  const holds: PruneHolds = {
    untouched: isChain ? [CHAIN_LABEL] : [],
    ...(handOver === undefined ? {} : { isArchived: handOver.isArchived }),
  };
  const { isArchived, untouched = [] } = holds;
  const retention = createRetention(
    {
      store,
      clock: systemClock,
      scheduler: systemScheduler,
      onPruned: (namespace, payloads) => {
        onPruned();
        logger.info('payloads went', { namespace, payloads });
      },
      onProblem: (error) => logger.warn('a pass of the retention failed', { error: String(error) }),
      ...(isArchived === undefined ? {} : { isArchived }),
    },
    {
      policy,
      untouched,
      intervalMs: config.retentionIntervalMs,
    },
  );
  return {
    holds,
    start() {
      handOver?.start();
      if (policy.mode !== 'none') retention.start();
    },
    async stop() {
      await handOver?.stop();
      await retention.stop();
    },
  };
}

/** A prune of the folder while no node runs on it must not pass the archives by. */
async function noteFor(store: LogStore, { archives }: NodeConfig, logger: Logger): Promise<void> {
  try {
    await noteArchives(store, archives);
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'disk-full') throw error;
    logger.warn('the folder does not say which archives hold its payloads: the disk is full');
  }
}

async function readPolicy(text: string): Promise<RetentionPolicy> {
  try {
    return parsePolicyWord(text) ?? parsePolicyFile(await readFile(text, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new NodeError('bad-config', `retention: ${text}: ${reason}`, { cause });
  }
}

function openHandOver(config: NodeConfig, parts: RetentionParts): HandOver | undefined {
  const { archives, archivesRequired, retentionIntervalMs } = config;
  const { ledger, store, crypto, peers } = parts;
  if (archives.length === 0) return undefined;
  if (peers === undefined) {
    throw new NodeError('bad-config', 'archives: they are called as peers: federation is off');
  }
  if (archivesRequired > archives.length) {
    throw new NodeError('bad-config', `archivesRequired: there are only ${archives.length}`);
  }
  const targets = archives.map((text) => {
    const [url = '', key = ''] = text.split(' ');
    try {
      return { url: url.replace(/\/+$/, ''), key: parseVerifierKey(key) };
    } catch (cause) {
      throw new NodeError('bad-config', `archives: ${key} is no verifier key`, { cause });
    }
  });
  return createHandOver(
    {
      ledger,
      records: store,
      suites: crypto,
      scheduler: systemScheduler,
      peers,
      onProblem: (problem) => parts.logger.warn('an archive does not count', { ...problem }),
    },
    { archives: targets, required: archivesRequired, intervalMs: retentionIntervalMs },
  );
}
