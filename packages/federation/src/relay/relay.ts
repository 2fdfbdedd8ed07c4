import { type Ledger, LedgerError, type LedgerEvent } from '@basalt/ledger';
import {
  type BlockHash,
  type Clock,
  decodeEntry,
  type NamespaceId,
  type Random,
  type Scheduler,
  toHex,
} from '@basalt/protocol';
import type { Discovery } from '../peer/discovery.ts';
import { PeerError } from '../peer/errors.ts';
import type { NodeId } from '../peer/node-id.ts';
import type { PathList } from '../peer/path-list.ts';
import type { Peer, PeerBook } from '../peer/peer-book.ts';
import type { PeerCaller } from '../peer/peer-caller.ts';
import { type Announcement, blockHashOf, encodeAnnouncement } from './announce.ts';
import type { Announcer } from './announcer.ts';
import { compareTrees } from './compare.ts';
import { compareLists } from './compare-lists.ts';
import { ExpiringMap } from './expiring-map.ts';
import { ForkExchange } from './fork-exchange.ts';
import type { ForkKeeper } from './fork-keeper.ts';
import type { HeldTree } from './held-tree.ts';
import { Lie } from './lie.ts';
import type { Lies } from './lies.ts';
import {
  LOGS_TOLD_AT_ONCE,
  PROBLEM_QUIET_MS,
  REFUSED_MAX,
  REFUSED_MS,
  SEEN_MAX,
  SEEN_MS,
  TELLERS_MAX,
} from './limits.ts';
import { type LogPuller, type PulledLog, StoppedPull } from './log-puller.ts';
import { NewestQueue } from './newest-queue.ts';
import { isOtherHistory } from './own-log.ts';
import { PullQueue, type PullWish } from './pull-queue.ts';

export interface RelayParts {
  readonly ledger: Ledger;
  readonly book: PeerBook;
  readonly caller: PeerCaller;
  readonly discovery: Discovery;
  readonly announcer: Announcer;
  readonly puller: LogPuller;
  readonly held: HeldTree;
  readonly forks: ForkKeeper;
  readonly lies: Lies;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly options: RelayOptions;
  readonly onProblem?: (error: unknown) => void;
}

export interface RelayOptions {
  /** Whether this node copies logs of others; an origin alone only announces. */
  readonly follows: boolean;
  /** Logs that are copied; undefined: all of configured peers, and of others those held already. */
  readonly namespaces: readonly NamespaceId[] | undefined;
  readonly followDiscovered: boolean;
  readonly compareIntervalMs: number;
}

/** What a node did with an announcement. */
export type AnnounceStatus = 'known' | 'refused' | 'fetching' | 'unwanted' | 'loop';

/**
 * Keeps the own copies of logs up to date with those of the peers, and the peers with ours: what is
 * announced is fetched, what was missed is found by comparing super-trees.
 */
export class Relay {
  readonly #parts: RelayParts;
  readonly #queue: PullQueue;
  readonly #forks: ForkExchange;
  /** Hash of an announced block -> ids of nodes that have it. */
  readonly #seen = new ExpiringMap<Set<NodeId>>(SEEN_MAX, SEEN_MS);
  /** Hash of a refused block -> why. */
  readonly #refused = new ExpiringMap<string>(REFUSED_MAX, REFUSED_MS);
  /** Hash of a block that came from others -> its way here. */
  readonly #paths = new ExpiringMap<PathList>(SEEN_MAX, SEEN_MS);
  readonly #stop = new AbortController();
  /** Log -> size to tell of. */
  readonly #announcing: NewestQueue<NamespaceId, number>;
  #cancelTimer: (() => void) | undefined;
  #problem: string | undefined;
  #metMs = 0;
  #listening: Promise<void> | undefined;
  #round: Promise<void> | undefined;
  #hasCompared = false;

  constructor(parts: RelayParts) {
    this.#parts = parts;
    this.#forks = new ForkExchange(parts);
    this.#queue = new PullQueue((wish) => this.#pull(wish));
    this.#announcing = new NewestQueue(LOGS_TOLD_AT_ONCE, (namespace, size) =>
      this.#announce(namespace, size).catch((error: unknown) => this.#meet(error)),
    );
  }

  /** What went wrong last that is no peer's fault, e.g. a store that cannot be read. */
  get problem(): string | undefined {
    return this.#problem;
  }

  get waiting(): number {
    return this.#queue.waiting + this.#queue.running;
  }

  /**
   * What a copy still has to do before it answers for the present: the first comparison with its
   * peers, and the pulls that come of it. It ends also where no peer answers: what is held is
   * served. Undefined: nothing, or this node copies nothing.
   */
  get catchUp(): string | undefined {
    if (!this.#parts.options.follows || this.#hasCompared) return undefined;
    const { waiting } = this;
    return waiting === 0 ? 'peers are asked what they have' : `${waiting} logs are fetched`;
  }

  get refusedCount(): number {
    return this.#refused.size;
  }

  /** Listens to the ledger and compares with all peers, now and then again and again. */
  start(): void {
    this.#listening = this.#listen();
    this.#schedule(0);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#cancelTimer?.();
    await this.#queue.close();
    await this.#announcing.close();
    await this.#round;
    await this.#listening;
  }

  /** A peer says that a block exists. @param url where to fetch it, if the caller is a peer */
  async announced(
    announcement: Announcement,
    from: { readonly id: NodeId | undefined; readonly url: string | undefined },
    path: PathList,
  ): Promise<AnnounceStatus> {
    const { clock, ledger, held } = this.#parts;
    const { hash, namespace } = announcement;
    if (from.id !== undefined) this.#tellers(hash).add(from.id);
    const nowMs = clock.nowMs();
    if (this.#refused.has(hash, nowMs)) return 'refused';
    if ((await ledger.locate(blockHashOf(announcement))) !== undefined) return 'known';
    if (this.#paths.has(hash, nowMs)) return 'known';
    const urls = from.url === undefined ? this.#sources(namespace) : [from.url];
    const allowed = urls.filter((url) => this.#mayPull(url, namespace));
    if (allowed.length === 0 || namespace === held.ownSuper) return 'unwanted';
    this.#paths.set(hash, path, nowMs);
    const isQueued = allowed
      .map((url) => this.#queue.want({ namespace, url, announced: announcement, path }))
      .includes(true);
    if (!isQueued) this.#paths.delete(hash);
    return isQueued ? 'fetching' : 'unwanted';
  }

  /** Somebody has more of a log; ask there. */
  want(namespace: NamespaceId, url: string): void {
    if (!this.#mayPull(url, namespace)) return;
    this.#queue.want({ namespace, url, announced: undefined, path: [] });
  }

  /** Blocks that were pushed here have come by this way; the nodes on it need not be told. */
  cameBy(hash: BlockHash, path: PathList): void {
    this.#paths.set(toHex(hash), path, this.#parts.clock.nowMs());
    const tellers = this.#tellers(toHex(hash));
    // Bounded, or a peer could make it grow by telling of ever other ways.
    for (const id of path) if (tellers.size < TELLERS_MAX) tellers.add(id);
  }

  /** A block that the ledger refused is not asked for again for a while. */
  refuse(hash: Uint8Array, why: string): void {
    this.#refused.set(toHex(hash), why, this.#parts.clock.nowMs());
  }

  isRefused(hash: Uint8Array): boolean {
    return this.#refused.has(toHex(hash), this.#parts.clock.nowMs());
  }

  /** Compares with every usable peer and waits for what was found missing. */
  async compareAll(): Promise<void> {
    const { book, clock, options } = this.#parts;
    if (!options.follows) return;
    const peers = book.usable(clock.nowMs());
    await Promise.all(peers.map((peer) => this.#compare(peer)));
    await this.#queue.idle();
  }

  /** Waits for pulls that are under way. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  async #listen(): Promise<void> {
    const { ledger } = this.#parts;
    for await (const event of ledger.subscribe({ signal: this.#stop.signal })) {
      try {
        await this.#take(event);
      } catch (error) {
        this.#meet(error);
      }
    }
  }

  async #take(event: LedgerEvent): Promise<void> {
    const { held, forks } = this.#parts;
    if (event.kind === 'fork') await forks.found(event.namespace);
    if (event.kind === 'lagged') await held.start();
    if (event.kind !== 'checkpoint' || event.namespace === held.ownSuper) return;
    await held.update(event.namespace);
    await forks.grown(event.namespace);
    // Not awaited: a slow peer must not keep forks waiting.
    this.#announcing.set(event.namespace, event.size);
  }

  async #announce(namespace: NamespaceId, size: number): Promise<void> {
    const { ledger, announcer } = this.#parts;
    const block = await ledger.blockAt(namespace, size - 1);
    if (block === undefined || this.#stop.signal.aborted) return;
    const { header } = decodeEntry(block.entry);
    const hash = toHex(block.blockHash);
    const announcement: Announcement = {
      namespace,
      index: size - 1,
      hash,
      sizeBytes: header.payloadLength,
      timestampMs: header.timestampMs,
    };
    const tellers = this.#tellers(hash);
    const told = await announcer.tell({
      target: '/announce',
      mediaType: 'application/json',
      body: encodeAnnouncement(announcement),
      path: this.#paths.get(hash, this.#parts.clock.nowMs()) ?? [],
      except: tellers,
    });
    for (const id of told) if (tellers.size < TELLERS_MAX) tellers.add(id);
  }

  #schedule(delayMs: number): void {
    if (this.#stop.signal.aborted) return;
    this.#cancelTimer = this.#parts.scheduler.after(delayMs, () => {
      this.#round = this.#runRound().finally(() => this.#schedule(this.#nextDelay()));
    });
  }

  /** Between 75 % and 125 % of the interval, so that nodes do not fall into step. */
  #nextDelay(): number {
    const { random, options } = this.#parts;
    const share = (random.bytes(1)[0] ?? 0) / 255;
    return Math.round(options.compareIntervalMs * (0.75 + share / 2));
  }

  async #runRound(): Promise<void> {
    try {
      await this.#parts.discovery.round();
      await this.compareAll();
    } catch (error) {
      this.#meet(error);
    }
    this.#hasCompared = true;
  }

  async #compare(peer: Peer): Promise<void> {
    const { book, puller } = this.#parts;
    const { url, failures } = peer;
    await this.#guard(url, async () => {
      for (const namespace of await this.#longerAt(url)) this.want(namespace, url);
      const superLog = await puller.superLogOf(url);
      if (superLog !== undefined) this.want(superLog, url);
      await this.#queue.idle();
      await this.#forks.with(url);
      await puller.exchangeNotes(url);
      // All was answered; what a pull has met meanwhile stays.
      if (book.get(url)?.failures === failures) book.worked(url);
    });
  }

  /** Logs of which the node has more than is here, or something else. */
  async #longerAt(url: string): Promise<NamespaceId[]> {
    const { caller, held, ledger } = this.#parts;
    try {
      const { differences } = await compareTrees(held, caller, url);
      const wanted: NamespaceId[] = [];
      for (const { namespace, theirs, ours } of differences) {
        if (this.isRefused(theirs.headHash)) continue;
        const isShorter = theirs.size < (ours?.size ?? 0);
        if (!isShorter || (await isOtherHistory(ledger, namespace, theirs))) wanted.push(namespace);
      }
      return wanted;
    } catch (error) {
      if (!(error instanceof PeerError) || error.code !== 'not-found') throw error;
      return compareLists(held, caller, url);
    }
  }

  async #pull(wish: PullWish): Promise<boolean> {
    const { namespace, url, announced } = wish;
    const { book, clock, puller } = this.#parts;
    if ((book.get(url)?.pausedUntilMs ?? 0) > clock.nowMs()) return false;
    const done = await this.#guard(url, async () => {
      const log = await puller.pull(url, namespace, announced);
      this.#remember(log, wish);
      book.worked(url);
      return announced === undefined || log.size > announced.index;
    });
    // An announced block that was not got may be fetched at its next announcement.
    if (done !== true && announced !== undefined) this.#paths.delete(announced.hash);
    return done === true;
  }

  /** The head that others will be told of has come by the way of the wish. */
  #remember({ headHash }: PulledLog, { path, url }: PullWish): void {
    if (headHash === undefined) return;
    const id = this.#parts.book.get(url)?.hello?.id;
    const way = path.length > 0 || id === undefined ? path : [id];
    this.cameBy(headHash, way);
  }

  /** Runs a conversation with a node and draws the consequences of what comes of it. */
  async #guard<Result>(url: string, run: () => Promise<Result>): Promise<Result | undefined> {
    const { book, clock, lies } = this.#parts;
    try {
      return await run();
    } catch (error) {
      if (error instanceof Lie) lies.report(error);
      else if (error instanceof StoppedPull) this.#stopped(error);
      else if (!(error instanceof PeerError)) this.#meet(error);
      // What a node does not have (pruned payloads, a route) is no failure of it.
      else if (error.code !== 'not-found') book.failed(url, error.message, clock.nowMs());
      return undefined;
    }
  }

  #stopped({ hashes, isPassing, url, message }: StoppedPull): void {
    if (isPassing) return;
    for (const hash of hashes) this.refuse(hash, message);
    this.#parts.book.failed(url, message, this.#parts.clock.nowMs());
  }

  /** Not a peer's fault. While a node stops, what is under way meets a closed ledger. */
  #meet(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    if (error instanceof LedgerError && error.code === 'closed') return;
    const nowMs = this.#parts.clock.nowMs();
    const problem = error instanceof Error ? error.message : String(error);
    const isSame = problem === this.#problem && nowMs - this.#metMs < PROBLEM_QUIET_MS;
    this.#problem = problem;
    this.#metMs = nowMs;
    if (!isSame) this.#parts.onProblem?.(error);
  }

  #tellers(hash: string): Set<NodeId> {
    const nowMs = this.#parts.clock.nowMs();
    const known = this.#seen.get(hash, nowMs);
    if (known !== undefined) return known;
    const tellers = new Set<NodeId>();
    this.#seen.set(hash, tellers, nowMs);
    return tellers;
  }

  /** Peers to ask about a log when the caller cannot be asked. */
  #sources(namespace: NamespaceId): string[] {
    const { book, clock } = this.#parts;
    return book
      .nearest(clock.nowMs())
      .map(({ url }) => url)
      .filter((url) => this.#mayPull(url, namespace));
  }

  /** What strangers offer could be without end: new logs come from configured peers only. */
  #mayPull(url: string, namespace: NamespaceId): boolean {
    const { options, book, held } = this.#parts;
    if (!options.follows || namespace === held.ownSuper) return false;
    if (options.namespaces !== undefined) return options.namespaces.includes(namespace);
    if (held.value(namespace) !== undefined || options.followDiscovered) return true;
    return book.get(url)?.isStatic === true;
  }
}
