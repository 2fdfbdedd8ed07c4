import { networkInterfaces } from 'node:os';
import type { Federation, Route } from '@basalt/federation';
import type { Logger } from '@basalt/telemetry';
import type { NodeConfig } from '../config.ts';
import { openPeers, type PeersParts } from './peers-shell.ts';
import { openWitnessRole, type WitnessRoleParts } from './witness-role-shell.ts';

/** What this node does for others beside serving its own log. */
export interface OpenRoles {
  readonly routes: readonly Route[];
  /** Verifier keys of the witness role; none without it. */
  readonly witnessKeys: readonly string[];
  /** What peers are told and asked; none where there are none. */
  readonly peers: Federation | undefined;
  /** @param url where the gateway listens */
  start(url: string): Promise<void>;
  stop(): Promise<void>;
}

/** @throws NodeError `bad-config`, `key-damaged`, `upstream-away` */
export async function openRoles(
  config: NodeConfig,
  parts: PeersParts & WitnessRoleParts,
): Promise<OpenRoles> {
  const witness = config.roles.includes('witness')
    ? await openWitnessRole(config, parts)
    : undefined;
  const peers = await openPeers(config, parts);
  warnOfNobody(config, parts.logger);
  return {
    routes: [...(witness?.routes ?? []), ...(peers?.routes ?? [])],
    witnessKeys: witness?.verifierKeys ?? [],
    peers,
    start: async (url) => peers?.start(reachableUrl(url)),
    stop: async () => peers?.stop(),
  };
}

/**
 * A relay or an archive may wait for others to call, so it starts; who forgot an upstream has to
 * hear of it.
 */
function warnOfNobody({ roles, upstreams, discovery }: NodeConfig, logger: Logger): void {
  const copying = roles.filter((role) => role === 'relay' || role === 'archive');
  if (copying.length === 0 || upstreams.length > 0) return;
  const others = discovery ? 'peers that find it' : 'nobody, as discovery is off';
  logger.warn('no upstream is named: nothing is copied until somebody announces it', {
    roles: copying,
    believed: others,
    advice: 'name the node to copy: --upstream <address>',
  });
}

/** Nobody can call `http://0.0.0.0`: the machine's first address stands in for all of them. */
function reachableUrl(url: string): string {
  const { hostname, port } = new URL(url);
  if (hostname !== '0.0.0.0' && hostname !== '[::]') return url;
  const outer = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4');
  return `http://${outer?.address ?? '127.0.0.1'}:${port}`;
}
