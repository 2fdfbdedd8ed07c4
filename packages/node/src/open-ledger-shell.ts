import { randomBytes } from 'node:crypto';
import {
  createVerifierPool,
  type NativeProvider,
  type VerifierPool,
  verifyBatchSync,
} from '@basalt/crypto';
import { type BatchVerifier, type CheckpointGate, createLedger, type Ledger } from '@basalt/ledger';
import { type Clock, keyId, type Scheduler, type Signer, toHex } from '@basalt/protocol';
import type { DataFolder } from '@basalt/store';
import type { Logger, MetricsRegistry } from '@basalt/telemetry';
import type { NodeConfig } from './config.ts';
import { type LedgerWatchers, ledgerMetrics } from './node-metrics.ts';

/** Checks signatures on threads, or on the calling one where none are asked for. */
export function createVerifier(
  config: NodeConfig,
  provider: NativeProvider,
): { verifier: BatchVerifier; pool: VerifierPool | undefined } {
  if (config.verifierThreads === 0) {
    const verifier: BatchVerifier = {
      verify: async (items) => verifyBatchSync(items, { provider }),
    };
    return { verifier, pool: undefined };
  }
  const pool = createVerifierPool({
    workers: config.verifierThreads,
    // The ledger bounds what it takes; the pool must never be the one that refuses first.
    maxQueuedBlocks: config.queueBlocksMax,
  });
  return { verifier: pool, pool };
}

export interface LedgerParts {
  /** Witnesses that checkpoints wait for. */
  readonly gate?: CheckpointGate | undefined;
  readonly folder: DataFolder;
  readonly provider: NativeProvider;
  readonly verifier: BatchVerifier;
  readonly metrics: MetricsRegistry;
  /** What counts committed blocks; nothing is counted where absent. */
  readonly watch?: Pick<LedgerWatchers, 'heat' | 'flow' | 'queue'> | undefined;
  readonly logSigner: Signer;
  readonly logger: Logger;
  readonly origin: string;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** As the option of the ledger. */
  readonly publishes?: boolean;
}

/** The ledger over an open data folder. */
export function openLedger(config: NodeConfig, parts: LedgerParts): Promise<Ledger> {
  const { folder, origin, clock, scheduler } = parts;
  const logger = parts.logger.child({ part: 'ledger' });
  return createLedger(
    {
      store: folder.store,
      crypto: parts.provider,
      verifier: parts.verifier,
      clock,
      scheduler,
      random: { bytes: (length) => new Uint8Array(randomBytes(length)) },
      logSigner: parts.logSigner,
      recordPublished: async (records) =>
        folder.recordPublished(
          records.map((record) => ({ ...record, log: `${origin}/ns/${record.namespace}` })),
        ),
      metrics: ledgerMetrics(parts.metrics, {
        clock,
        heat: parts.watch?.heat,
        flow: parts.watch?.flow,
        queue: parts.watch?.queue,
        logger,
        onCheckpointFailure: onceInARow(logger),
      }),
      ...(parts.gate === undefined ? {} : { gate: parts.gate }),
    },
    {
      origin,
      publishes: parts.publishes ?? true,
      checkpointIntervalMs: config.checkpointIntervalMs,
      superEpochMs: config.superEpochMs,
      queueBlocksMax: config.queueBlocksMax,
      queueBytesMax: config.queueBytesMax,
    },
  );
}

/** A round fails every 200 ms while its cause lasts: one line tells it, until the cause changes. */
function onceInARow(logger: Logger): (error: unknown) => void {
  let told = '';
  return (error) => {
    const reason = error instanceof Error ? error.message : String(error);
    if (reason === told) return;
    told = reason;
    logger.error('checkpoints cannot be published; blocks are durable, it is tried again', {
      reason,
    });
  };
}

/** A name that no other log has, where the operator gives none: it follows from the log's key. */
export function originOf(signer: Signer, provider: NativeProvider): string {
  const id = toHex(keyId(signer.algorithm, signer.publicKey, provider.sha256));
  return `basalt.local/${id.slice(0, 16)}`;
}
