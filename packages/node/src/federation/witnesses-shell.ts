import { readFile } from 'node:fs/promises';
import type { NativeProvider } from '@basalt/crypto';
import { createWitnessClient, WitnessError } from '@basalt/federation';
import type { CheckpointGate } from '@basalt/ledger';
import { ProtocolError, parsePolicy } from '@basalt/protocol';
import type { Logger } from '@basalt/telemetry';
import type { NodeConfig } from '../config.ts';
import { NodeError } from '../errors.ts';
import { systemClock, systemScheduler } from '../system-shell.ts';
import { createPeerTransport } from './peer-transport-shell.ts';

/** The witnesses that this node asks. */
export interface Witnesses {
  readonly gate: CheckpointGate;
  /** Which witnesses are silent, once a quorum has been missing for a while; else undefined. */
  problem(): string | undefined;
  stop(): void;
}

/**
 * Asks the witnesses of the policy file, where the configuration names one.
 *
 * @throws NodeError `bad-config`
 */
export async function openWitnesses(
  config: NodeConfig,
  { provider, logger }: { readonly provider: NativeProvider; readonly logger: Logger },
): Promise<Witnesses | undefined> {
  const path = config.witnessPolicyFile;
  if (path === undefined) return undefined;
  try {
    const policy = parsePolicy(await readFile(path), provider.sha256);
    const client = createWitnessClient(
      { policy, failOpen: config.publishUnwitnessed },
      {
        transport: createPeerTransport(logger),
        suites: provider,
        clock: systemClock,
        scheduler: systemScheduler,
      },
    );
    const tell = tellChanges(logger);
    const quorum = new Quorum();
    const { gate } = client;
    return {
      gate: {
        holds: (origin) => gate.holds(origin),
        async release(checkpoint) {
          const note = await gate.release(checkpoint);
          const { witnesses, logs } = client.status();
          const log = logs.find(({ origin }) => origin === checkpoint.origin);
          const silent = witnesses.filter(({ name }) => log?.cosignedBy.includes(name) !== true);
          const isThere = log?.isWitnessed === true;
          tell(isThere, silent);
          quorum.seen(
            isThere,
            silent.map(({ name }) => name),
          );
          return note;
        },
      },
      problem: () => quorum.problem(),
      stop: () => client.stop(),
    };
  } catch (error) {
    const isExpected =
      error instanceof WitnessError || error instanceof ProtocolError || isFileError(error);
    if (!isExpected) throw error;
    throw new NodeError('bad-config', `${path}: ${error.message}`, { cause: error });
  }
}

export function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

/** A quorum that misses a round or two is no reason to send readers elsewhere. */
const QUORUM_MISSING_MS = 5_000;

class Quorum {
  #missingSinceMs: number | undefined;
  #silent: readonly string[] = [];

  seen(isThere: boolean, silent: readonly string[]): void {
    this.#missingSinceMs = isThere ? undefined : (this.#missingSinceMs ?? systemClock.nowMs());
    this.#silent = silent;
  }

  problem(): string | undefined {
    const sinceMs = this.#missingSinceMs;
    if (sinceMs === undefined || systemClock.nowMs() - sinceMs < QUORUM_MISSING_MS)
      return undefined;
    return `too few witnesses cosign; silent: ${this.#silent.join(', ')}`;
  }
}

/** A round ends every second: a line is written when the quorum comes or goes. */
function tellChanges(logger: Logger): (isWitnessed: boolean, silent: readonly object[]) => void {
  let told: boolean | undefined;
  return (isWitnessed, silent) => {
    if (isWitnessed === told) return;
    told = isWitnessed;
    if (isWitnessed) logger.info('witnesses have cosigned', { silent });
    else logger.warn('the witnesses have not cosigned; they are asked again', { silent });
  };
}
