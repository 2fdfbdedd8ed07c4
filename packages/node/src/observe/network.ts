import type { Federation, FederationStatus } from '@basalt/federation';
import type { NetworkNode, NetworkStatus } from '@basalt/telemetry';

/** Nodes of one answer: what a map can draw. */
const NODES_MAX = 10_000;

/** A pull asks some dozen times one after the other: from here on it is felt. */
const SLOW_SECONDS = 1;

/** This node and the peers that it knows, as a star. */
export function networkStatus(
  self: { readonly url: string; readonly origin: string; readonly roles: readonly string[] },
  peers: Federation | undefined,
  nowMs: number,
): NetworkStatus {
  const status = peers?.status();
  const own: NetworkNode = {
    id: self.origin,
    url: self.url,
    roles: self.roles,
    group: 'this node',
    state: 'good',
    rttSeconds: null,
    ...problemOf(status?.problem),
  };
  const others = (status?.peers ?? []).slice(0, NODES_MAX - 1).map((peer): NetworkNode => {
    return {
      id: peer.id ?? peer.url,
      url: peer.url,
      roles: peer.roles,
      group: peer.isStatic ? 'configured' : 'met',
      state: stateOf(peer, nowMs),
      rttSeconds: peer.rttSeconds ?? null,
      ...problemOf(peer.problem),
    };
  });
  return {
    self: own.id,
    nodes: [own, ...others],
    links: others.map((_, i) => [0, i + 1] as const),
  };
}

function problemOf(problem: string | undefined): Pick<NetworkNode, 'problem'> {
  return problem === undefined ? {} : { problem };
}

function stateOf(peer: FederationStatus['peers'][number], nowMs: number): NetworkNode['state'] {
  if (peer.lies > 0) return 'lying';
  if (peer.failures > 0 || peer.pausedUntilMs > nowMs) return 'away';
  return (peer.rttSeconds ?? 0) > SLOW_SECONDS ? 'slow' : 'good';
}
