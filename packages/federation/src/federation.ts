import { assert, formatVerifierKey } from '@basalt/protocol';
import type {
  Federation,
  FederationComponents,
  FederationConfig,
  FederationStatus,
} from './federation-types.ts';
import { auditMirror } from './mirror/audit.ts';
import { createBlockSource } from './mirror/block-source.ts';
import { type BlockSource, Mirror } from './mirror/mirror.ts';
import { pushToMirror } from './mirror/mirror-client.ts';
import { mirrorRoutes } from './mirror/mirror-routes.ts';
import { type AuthenticateParts, authenticate } from './peer/authenticate.ts';
import { Discovery } from './peer/discovery.ts';
import { INTRODUCTIONS_MAX, PEERS_MAX } from './peer/limits.ts';
import { type NodeId, nodeId } from './peer/node-id.ts';
import { type Peer, PeerBook } from './peer/peer-book.ts';
import { createPeerCaller, type PeerCaller } from './peer/peer-caller.ts';
import { peerRoutes } from './peer/peer-routes.ts';
import { authorityOf, normalPeerUrl } from './peer/peer-url.ts';
import { ReplayGuard } from './peer/replay-guard.ts';
import { verifyRequest } from './peer/verify-request.ts';
import { Announcer } from './relay/announcer.ts';
import { followEvents } from './relay/follow-events.ts';
import { ForkKeeper } from './relay/fork-keeper.ts';
import { HeldTree } from './relay/held-tree.ts';
import { Lie } from './relay/lie.ts';
import { Lies } from './relay/lies.ts';
import { COMPARE_INTERVAL_MS } from './relay/limits.ts';
import { LogPuller } from './relay/log-puller.ts';
import { originRoutes } from './relay/origin-routes.ts';
import { Origins } from './relay/origins.ts';
import { Relay, type RelayOptions } from './relay/relay.ts';
import { relayRoutes } from './relay/relay-routes.ts';
import type { Route } from './routes.ts';

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
  const { caller } = parts;
  const { ledger, crypto, random } = components;
  let background: ReturnType<typeof startBackground> | undefined;
  return {
    id,
    routes: createRoutes(config, components, parts),
    mirrorKey: parts.mirror === undefined ? undefined : formatVerifierKey(parts.mirror.key),
    async start(url) {
      if (url !== undefined) address.url ??= normalPeerUrl(url);
      await origins.start(config.originKeys ?? [], ledger.verifierKey('super'));
      await held.start();
      await forks.start();
      relay.start();
      background = startBackground(config, components, parts);
    },
    async stop() {
      await background?.stop();
      await relay.stop();
    },
    pushToMirror: (target, namespace) =>
      pushToMirror({ ledger, caller, suites: crypto }, target, namespace),
    async audit(request) {
      try {
        return await auditMirror({ caller, suites: crypto, random }, request);
      } catch (error) {
        if (error instanceof Lie) lies.report(error);
        throw error;
      }
    },
    catchUp: () => relay.catchUp,
    async synchronize() {
      await discovery.round();
      await relay.compareAll();
    },
    status: () => ({
      id,
      url: address.url,
      peers: book.all().map(peerStatus),
      lies: lies.all(),
      pulling: relay.waiting,
      refused: relay.refusedCount,
      callsSent: announcer.sent,
      forksWaiting: forks.waiting,
      problem: relay.problem,
      twoHeadedLogs: forks.twoHeaded(),
      origins: origins
        .all()
        .filter(({ name }) => name !== ledger.origin)
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
  readonly caller: PeerCaller;
  readonly mirror: Mirror | undefined;
}

function createParts(config: FederationConfig, components: FederationComponents): Parts {
  const { ledger, records, crypto, signer, clock, scheduler, random } = components;
  const id = nodeId(signer.publicKey, crypto.sha256);
  const book = new PeerBook(PEERS_MAX, components);
  for (const peer of config.peers ?? []) book.addStatic(normalPeerUrl(peer));
  const address = { url: config.url === undefined ? undefined : normalPeerUrl(config.url) };
  const onRoundTrip = (url: string, seconds: number): void => book.measured(url, seconds);
  const caller = createPeerCaller({ ...components, onRoundTrip });
  const shared = { book, caller, clock, random, ledger };
  const follows = FOLLOWING_ROLES.some((role) => config.roles.includes(role));
  const discovery = new Discovery({
    ...shared,
    suites: crypto,
    ownUrl: () => address.url,
    isOpen: config.discovery ?? false,
    allowPrivate: config.allowPrivatePeers ?? false,
    onlyGreets: !follows,
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
    follows,
    namespaces: config.namespaces,
    followDiscovered: config.followDiscovered ?? false,
    compareIntervalMs: config.compareIntervalMs ?? COMPARE_INTERVAL_MS,
  };
  const { onProblem } = components;
  const told = onProblem === undefined ? {} : { onProblem };
  const relay = new Relay({ ...shared, ...own, ...told, puller, scheduler, options });
  const blocks = createBlockSource({ ...shared, lies });
  const mirror = createMirror(config, components, { ...own, blocks });
  return { ...own, id, address, book, relay, hopsMax, caller, mirror };
}

function peerStatus(peer: Peer): FederationStatus['peers'][number] {
  const { url, isStatic, hello, failures, pausedUntilMs, lies, rttSeconds } = peer;
  const { id, roles = [] } = hello ?? {};
  const problem = peer.problem ?? clockProblem(peer.clockOffSeconds);
  return { url, id, roles, isStatic, failures, pausedUntilMs, problem, lies, rttSeconds };
}

/** In the words of who reads a status: either clock may be the one that is wrong. */
function clockProblem(seconds: number | undefined): string | undefined {
  if (seconds === undefined) return undefined;
  const side = seconds > 0 ? 'ahead of' : 'behind';
  return (
    `its clock is ${Math.abs(seconds)} s ${side} this node’s: one of the two is wrong, this ` +
    'node’s if several peers differ alike; it is read all the same, signed calls are refused'
  );
}

function createMirror(
  { mirrorName }: FederationConfig,
  { ledger, records, clock, mirrorSigner }: FederationComponents,
  { origins, forks, blocks }: Pick<Parts, 'origins' | 'forks'> & { readonly blocks: BlockSource },
): Mirror | undefined {
  if (mirrorName === undefined) return undefined;
  assert(mirrorSigner !== undefined, 'a mirror has a key of its own');
  const own = { name: mirrorName, signer: mirrorSigner, blocks };
  return new Mirror({ ledger, records, clock, origins, forks, ...own });
}

/** Event streams of configured peers. */
function startBackground(
  config: FederationConfig,
  { clock, scheduler, events }: FederationComponents,
  { book, relay }: Parts,
): { stop(): Promise<void> } {
  const ending = new AbortController();
  const urls = (config.peers ?? []).map(normalPeerUrl);
  const want = relay.want.bind(relay);
  const following =
    events === undefined
      ? Promise.resolve()
      : followEvents({ book, clock, scheduler, events, want }, urls, ending.signal);
  return {
    stop() {
      ending.abort();
      return following;
    },
  };
}

function createRoutes(
  config: FederationConfig,
  { ledger, crypto, signer, clock }: FederationComponents,
  parts: Parts,
): Route[] {
  const { id, address, book, discovery, announcer, origins, forks, held, relay, hopsMax } = parts;
  const authorities = (): string[] => [
    ...(address.url === undefined ? [] : [authorityOf(address.url)]),
    ...(config.authorities ?? []),
  ];
  const replays = new ReplayGuard();
  // Strangers introduce themselves with keys that cost nothing: a memory of their own, or they
  // could fill the one of the peers and keep them out.
  const introductions = new ReplayGuard({ noncesMax: INTRODUCTIONS_MAX });
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
          replays: introductions,
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
    ...originRoutes({ ledger, origins, forks }),
    ...(parts.mirror === undefined
      ? []
      : mirrorRoutes({
          mirror: parts.mirror,
          ledger,
          origins,
          keepsPayloads: config.keepsPayloads ?? true,
        })),
  ];
}
