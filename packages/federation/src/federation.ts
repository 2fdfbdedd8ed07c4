import type { Ledger } from '@basalt/ledger';
import type {
  Clock,
  CryptoProvider,
  NamespaceId,
  Random,
  Scheduler,
  Signer,
} from '@basalt/protocol';
import { type AuthenticateParts, authenticate } from './peer/authenticate.ts';
import { Discovery } from './peer/discovery.ts';
import { type NodeId, nodeId } from './peer/node-id.ts';
import { PeerBook } from './peer/peer-book.ts';
import { createPeerCaller } from './peer/peer-caller.ts';
import { peerRoutes } from './peer/peer-routes.ts';
import { authorityOf, normalPeerUrl } from './peer/peer-url.ts';
import { ReplayGuard } from './peer/replay-guard.ts';
import type { PeerTransport } from './peer/transport.ts';
import { verifyRequest } from './peer/verify-request.ts';
import { Announcer } from './relay/announcer.ts';
import { ForkKeeper } from './relay/fork-keeper.ts';
import { HeldTree } from './relay/held-tree.ts';
import { Lies, type ReportedLie } from './relay/lies.ts';
import { COMPARE_INTERVAL_MS } from './relay/limits.ts';
import { LogPuller } from './relay/log-puller.ts';
import { originRoutes } from './relay/origin-routes.ts';
import { Origins } from './relay/origins.ts';
import type { RecordStore } from './relay/records.ts';
import { Relay, type RelayOptions } from './relay/relay.ts';
import { relayRoutes } from './relay/relay-routes.ts';
import type { Route } from './routes.ts';

export interface FederationConfig {
  /** Roles of this node, as it tells them: origin, relay, cache, archive, witness, light. */
  readonly roles: readonly string[];
  /** Address under which peers reach this node; else the one given to `start`. */
  readonly url?: string;
  /** Other names under which requests come here, e.g. behind a proxy: `host` or `host:port`. */
  readonly authorities?: readonly string[];
  /** Addresses of nodes that this one trusts to bring new namespaces: upstreams and partners. */
  readonly peers?: readonly string[];
  /** Verifier keys of origins whose checkpoints are kept, node keys or logs' (vkey lines). */
  readonly originKeys?: readonly string[];
  /** The seed's `accept_unsigned_relay`: take announcements and blocks of anybody. Default no. */
  readonly acceptUnsignedRelay?: boolean;
  /** The seed's `max_relay_hops`. Default 8. */
  readonly maxRelayHops?: number;
  /** Meet peers that other peers tell of. Default no. */
  readonly discovery?: boolean;
  /** Discovery may try private and loopback addresses. Default no. */
  readonly allowPrivatePeers?: boolean;
  /** Copy new namespaces of met peers too. Default no: strangers could fill the disk. */
  readonly followDiscovered?: boolean;
  /** The only namespaces to copy; all where absent. */
  readonly namespaces?: readonly NamespaceId[];
  /** Copy the super-logs of origins too, so that witnessed checkpoints stay provable. */
  readonly superLogs?: boolean;
  /** Default 10,000. */
  readonly compareIntervalMs?: number;
}

export interface FederationComponents {
  readonly ledger: Ledger;
  /** Small records beside the blocks; the log store has them. */
  readonly records: RecordStore;
  readonly crypto: CryptoProvider;
  /** The peer key, Ed25519; the log key may serve. */
  readonly signer: Signer;
  readonly transport: PeerTransport;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly onLie?: (lie: ReportedLie) => void;
}

export interface FederationStatus {
  readonly id: NodeId;
  readonly url: string | undefined;
  readonly peers: readonly {
    readonly url: string;
    readonly id: NodeId | undefined;
    readonly roles: readonly string[];
    readonly isStatic: boolean;
    readonly failures: number;
    readonly pausedUntilMs: number;
    readonly problem: string | undefined;
    readonly lies: number;
  }[];
  readonly lies: readonly ReportedLie[];
  /** Logs that wait for a pull or are pulled. */
  readonly pulling: number;
  /** Hashes of blocks that are not asked for again for now. */
  readonly refused: number;
  /** Announcements and pushes sent since the start. */
  readonly callsSent: number;
  readonly forksWaiting: number;
  /** Origin lines of logs that have signed two trees. */
  readonly twoHeadedLogs: readonly string[];
  readonly origins: readonly { readonly origin: string; readonly logs: number }[];
}

export interface Federation {
  readonly id: NodeId;
  readonly routes: readonly Route[];
  /** @param url address of this node where the configuration names none */
  start(url?: string): Promise<void>;
  stop(): Promise<void>;
  status(): FederationStatus;
  /** One round of discovery and comparison with all peers, now. */
  synchronize(): Promise<void>;
}

const HOPS_DEFAULT = 8;

/** Roles that copy logs of others. */
const FOLLOWING_ROLES = ['relay', 'archive'] as const;

/** Announce, relay, peers and mirrors of one node; see the README of this package. */
export function createFederation(
  config: FederationConfig,
  components: FederationComponents,
): Federation {
  const parts = createParts(config, components);
  const { address, book, discovery, announcer, origins, forks, held, lies, relay, id } = parts;
  return {
    id,
    routes: createRoutes(config, components, parts),
    async start(url) {
      if (url !== undefined) address.url ??= normalPeerUrl(url);
      await origins.start(config.originKeys ?? []);
      await held.start();
      await forks.start();
      relay.start();
    },
    stop: () => relay.stop(),
    async synchronize() {
      await discovery.round();
      await relay.compareAll();
    },
    status: () => ({
      id,
      url: address.url,
      peers: book.all().map(({ hello, ...peer }) => ({
        ...peer,
        id: hello?.id,
        roles: hello?.roles ?? [],
      })),
      lies: lies.all(),
      pulling: relay.waiting,
      refused: relay.refusedCount,
      callsSent: announcer.sent,
      forksWaiting: forks.waiting,
      twoHeadedLogs: forks.twoHeaded(),
      origins: origins
        .all()
        .map((origin) => ({ origin: origin.name, logs: origins.logs(origin).length })),
    }),
  };
}

interface Parts {
  readonly id: NodeId;
  readonly address: { url: string | undefined };
  readonly book: PeerBook;
  readonly discovery: Discovery;
  readonly announcer: Announcer;
  readonly origins: Origins;
  readonly forks: ForkKeeper;
  readonly held: HeldTree;
  readonly lies: Lies;
  readonly relay: Relay;
  readonly hopsMax: number;
}

function createParts(config: FederationConfig, components: FederationComponents): Parts {
  const { ledger, records, crypto, signer, clock, scheduler, random } = components;
  const id = nodeId(signer.publicKey, crypto.sha256);
  const book = new PeerBook();
  for (const peer of config.peers ?? []) book.addStatic(normalPeerUrl(peer));
  const address = { url: config.url === undefined ? undefined : normalPeerUrl(config.url) };
  const caller = createPeerCaller(components);
  const shared = { book, caller, clock, random, ledger };
  const discovery = new Discovery({
    ...shared,
    suites: crypto,
    ownUrl: () => address.url,
    isOpen: config.discovery ?? false,
    allowPrivate: config.allowPrivatePeers ?? false,
  });
  const hopsMax = config.maxRelayHops ?? HOPS_DEFAULT;
  const announcer = new Announcer({ ...shared, ownId: id, hopsMax });
  const origins = new Origins(records, crypto);
  const forks = new ForkKeeper({ ledger, records, origins, announcer, crypto });
  const held = new HeldTree(ledger);
  const lies = new Lies(book, clock, components.onLie);
  // Two origins that copy each other's super-logs would make them grow for ever.
  const superLogs = (config.superLogs ?? false) && !config.roles.includes('origin');
  const puller = new LogPuller({ ...shared, origins, forks, superLogs });
  const own = { discovery, announcer, origins, forks, held, lies };
  const options: RelayOptions = {
    follows: FOLLOWING_ROLES.some((role) => config.roles.includes(role)),
    namespaces: config.namespaces,
    followDiscovered: config.followDiscovered ?? false,
    compareIntervalMs: config.compareIntervalMs ?? COMPARE_INTERVAL_MS,
  };
  const relay = new Relay({ ...shared, ...own, puller, scheduler, options });
  return { ...own, id, address, book, relay, hopsMax };
}

function createRoutes(
  config: FederationConfig,
  { ledger, crypto, signer, clock }: FederationComponents,
  { id, address, book, discovery, announcer, origins, forks, held, relay, hopsMax }: Parts,
): Route[] {
  const authorities = (): string[] => [
    ...(address.url === undefined ? [] : [authorityOf(address.url)]),
    ...(config.authorities ?? []),
  ];
  const replays = new ReplayGuard();
  const checking = { suites: crypto, replays, authorities, clock };
  const authentication: AuthenticateParts = {
    ...checking,
    book,
    ownId: id,
    acceptUnsigned: config.acceptUnsignedRelay ?? false,
    hopsMax,
  };
  return [
    ...peerRoutes({
      book,
      discovery,
      signer,
      clock,
      roles: config.roles,
      origin: ledger.origin,
      ownUrl: () => address.url,
      isOpen: config.discovery ?? false,
      verify: (request) =>
        verifyRequest(request, {
          suites: crypto,
          replays,
          nowMs: clock.nowMs(),
          authorities: authorities(),
        }),
    }),
    ...relayRoutes({
      relay,
      forks,
      held,
      ledger,
      announcer,
      book,
      authenticate: (request) => authenticate(request, authentication),
    }),
    ...originRoutes({ ledger, origins, forks, servedNote: (_origin, _log, { note }) => note }),
  ];
}
