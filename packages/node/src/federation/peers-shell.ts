import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { NativeProvider } from '@basalt/crypto';
import {
  createClientEvents,
  createFederation,
  type Federation,
  type FederationComponents,
} from '@basalt/federation';
import type { Ledger } from '@basalt/ledger';
import type { Signer } from '@basalt/protocol';
import type { LogStore } from '@basalt/store';
import type { Logger } from '@basalt/telemetry';
import type { NodeConfig } from '../config.ts';
import { openNodeKey } from '../node-keys-shell.ts';
import { retentionOf } from '../retention-config.ts';
import { systemClock, systemScheduler } from '../system-shell.ts';
import { createPeerTransport } from './peer-transport-shell.ts';

const CLOCK_OFF =
  'the clock of a peer differs from this node’s, and one of the two is wrong: this node’s if ' +
  'several peers differ alike; logs are copied all the same, signed calls are refused';

export interface PeersParts {
  readonly dataDir: string;
  readonly origin: string;
  readonly ledger: Ledger;
  readonly store: LogStore;
  readonly provider: NativeProvider;
  /** The node's key speaks for it among peers too. */
  readonly signer: Signer;
  readonly logger: Logger;
  readonly passphrase: string | undefined;
}

/** Whether the configuration has this node talk to peers. */
export function hasPeers(config: NodeConfig): boolean {
  if (config.federation !== undefined) return config.federation;
  const { roles, upstreams, archives } = config;
  if (archives.length > 0) return true;
  if (roles.includes('relay') || roles.includes('archive')) return true;
  return roles.includes('origin') && upstreams.length > 0;
}

/**
 * Announce, relay and comparison with the upstreams, the mirror of an archive; undefined where
 * there is nobody to talk to.
 *
 * @throws NodeError `key-damaged`
 */
export async function openPeers(
  config: NodeConfig,
  parts: PeersParts,
): Promise<Federation | undefined> {
  if (!hasPeers(config)) return undefined;
  const { ledger, store, provider, signer, logger, origin } = parts;
  const isArchive = config.roles.includes('archive');
  const random = { bytes: (length: number) => new Uint8Array(randomBytes(length)) };
  const time = { clock: systemClock, scheduler: systemScheduler };
  const keyFile = join(parts.dataDir, 'mirror.key');
  const { publicUrl, mirrorName = `${origin}/mirror` } = config;
  return createFederation(
    {
      roles: config.roles,
      peers: config.upstreams,
      originKeys: config.originKeys,
      acceptUnsignedRelay: config.acceptUnsignedRelay,
      maxRelayHops: config.maxRelayHops,
      discovery: config.discovery,
      followDiscovered: config.followDiscovered,
      superLogs: isArchive,
      compareIntervalMs: config.compareIntervalMs,
      ...(publicUrl === undefined ? {} : { url: publicUrl }),
      ...(isArchive ? { mirrorName } : {}),
      keepsPayloads: retentionOf(config) === 'none',
    },
    {
      ledger,
      records: store,
      crypto: provider,
      signer,
      transport: createPeerTransport(logger),
      ...time,
      random,
      events: createClientEvents({ fetch: globalThis.fetch, ...time, random }),
      ...(isArchive
        ? { mirrorSigner: (await openNodeKey(keyFile, provider, parts.passphrase)).signer }
        : {}),
      ...createPeerWatch(logger),
    },
  );
}

/** What the log says of peers: one line when something begins, one when it ends. */
export function createPeerWatch(
  logger: Logger,
): Pick<FederationComponents, 'onLie' | 'onPeerProblem' | 'onClockOff' | 'onProblem'> {
  return {
    onLie: (lie) => logger.warn('a peer has told something false', { ...lie }),
    onPeerProblem: (url, problem) => {
      if (problem === undefined) logger.info('a peer works again', { url });
      else logger.warn('a peer is put aside for a while', { url, problem });
    },
    onClockOff: (url, seconds) => {
      if (seconds === undefined) logger.info('the clocks of a peer and this node agree', { url });
      else logger.warn(CLOCK_OFF, { url, secondsAhead: seconds });
    },
    onProblem: (error) => logger.warn('the exchange with peers failed', { error: String(error) }),
  };
}
