import { equalBytes } from '@basalt/protocol';
import type { Hello } from './hello.ts';
import {
  BACKOFF_FIRST_MS,
  BACKOFF_LONGEST_MS,
  CLOCK_MOVED_SECONDS,
  CLOCK_SKEW_MS,
  LIAR_PAUSE_MS,
  PEERS_MAX,
} from './limits.ts';
import type { NodeId } from './node-id.ts';

/** A node that this one talks to. */
export interface Peer {
  readonly url: string;
  /** From the configuration: never dropped. */
  readonly isStatic: boolean;
  /** undefined until its hello was read. */
  readonly hello: Hello | undefined;
  /** When that was. */
  readonly greetedMs: number;
  /** How far its clock is ahead of ours, as last told; undefined: signed calls can be taken. */
  readonly clockOffSeconds: number | undefined;
  /** Failures in a row. */
  readonly failures: number;
  /** Not asked before this time. */
  readonly pausedUntilMs: number;
  /** Why it was put aside last; a lie's reason, or what failed. */
  readonly problem: string | undefined;
  readonly lies: number;
  /** Of calls lately, smoothed, with what the peer needs to begin to answer; undefined: none. */
  readonly rttSeconds: number | undefined;
}

/** Told when what is thought of a peer changes, not of every call. */
export interface PeerWatch {
  /** A peer is put aside, and why; undefined: it works again. */
  readonly onPeerProblem?: (url: string, problem: string | undefined) => void;
  /**
   * The peer's clock is so many seconds ahead of ours (behind: negative), more than signed calls
   * and blocks may be; undefined: no longer.
   */
  readonly onClockOff?: (url: string, seconds: number | undefined) => void;
}

/** Weight of the newest round trip (RFC 6298, section 2.3). */
const RTT_NEWEST = 1 / 8;
/** Longer than any call may take. */
const RTT_UNKNOWN_SECONDS = 3_600;

/**
 * The peers of a node: bounded, with a pause after each failure that doubles, and a long one for
 * those who were caught lying. Owner: one federation; no I/O.
 */
export class PeerBook {
  readonly #peers = new Map<string, Peer>();
  readonly #peersMax: number;
  readonly #watch: PeerWatch;

  constructor(peersMax: number = PEERS_MAX, watch: PeerWatch = {}) {
    this.#peersMax = peersMax;
    this.#watch = watch;
  }

  /** @param url in its normal spelling */
  addStatic(url: string): void {
    this.#set({ ...(this.#peers.get(url) ?? newPeer(url)), isStatic: true });
  }

  /** Takes a checked hello. False: the book is full of peers that are well. */
  meet(hello: Hello, nowMs: number): boolean {
    const known = this.#peers.get(hello.url);
    if (known === undefined && !this.#makeRoom()) return false;
    const clockOffSeconds = clockOff(known?.clockOffSeconds, hello.createdSeconds * 1_000 - nowMs);
    // A key change of a known address is told apart by its id; the newer hello counts.
    this.#set({ ...(known ?? newPeer(hello.url)), hello, greetedMs: nowMs, clockOffSeconds });
    return true;
  }

  /** A peer that gives no hello was heard to say what time it is. */
  toldTime(url: string, timeMs: number, nowMs: number): void {
    const peer = this.#peers.get(url);
    if (peer === undefined) return;
    this.#set({ ...peer, clockOffSeconds: clockOff(peer.clockOffSeconds, timeMs - nowMs) });
  }

  get(url: string): Peer | undefined {
    return this.#peers.get(url);
  }

  byId(id: NodeId): Peer | undefined {
    for (const peer of this.#peers.values()) if (peer.hello?.id === id) return peer;
    return undefined;
  }

  isKnown(publicKey: Uint8Array): boolean {
    for (const { hello } of this.#peers.values()) {
      if (hello !== undefined && equalBytes(hello.publicKey, publicKey)) return true;
    }
    return false;
  }

  all(): Peer[] {
    return [...this.#peers.values()];
  }

  /** Those that may be asked now. */
  usable(nowMs: number): Peer[] {
    return this.all().filter(({ pausedUntilMs }) => pausedUntilMs <= nowMs);
  }

  /** The same, the quickest first; those that were never measured last. */
  nearest(nowMs: number): Peer[] {
    const secondsOf = ({ rttSeconds }: Peer): number => rttSeconds ?? RTT_UNKNOWN_SECONDS;
    return this.usable(nowMs).toSorted((a, b) => secondsOf(a) - secondsOf(b));
  }

  /** A call was answered after so long. */
  measured(url: string, seconds: number): void {
    const peer = this.#peers.get(url);
    if (peer === undefined || !Number.isFinite(seconds) || seconds < 0) return;
    const before = peer.rttSeconds;
    const rttSeconds = before === undefined ? seconds : before + (seconds - before) * RTT_NEWEST;
    this.#set({ ...peer, rttSeconds });
  }

  worked(url: string): void {
    const peer = this.#peers.get(url);
    if (peer === undefined || peer.failures === 0) return;
    this.#set({ ...peer, failures: 0, pausedUntilMs: 0, problem: undefined });
  }

  failed(url: string, problem: string, nowMs: number): void {
    const peer = this.#peers.get(url);
    if (peer === undefined) return;
    const failures = peer.failures + 1;
    const pauseMs = Math.min(BACKOFF_LONGEST_MS, BACKOFF_FIRST_MS * 2 ** (failures - 1));
    const pausedUntilMs = Math.max(peer.pausedUntilMs, nowMs + pauseMs);
    this.#set({ ...peer, failures, problem, pausedUntilMs });
  }

  /** What a liar says is not asked for a long time; its later good answers do not undo that. */
  lied(url: string, reason: string, nowMs: number): void {
    const peer = this.#peers.get(url) ?? newPeer(url);
    const lies = peer.lies + 1;
    const pauseMs = LIAR_PAUSE_MS * 2 ** Math.min(lies - 1, 8);
    const failures = peer.failures + 1;
    this.#set({ ...peer, lies, failures, problem: reason, pausedUntilMs: nowMs + pauseMs });
  }

  #set(peer: Peer): void {
    const { url, problem, clockOffSeconds } = peer;
    const before = this.#peers.get(url);
    this.#peers.set(url, peer);
    const hadProblem = before?.problem !== undefined;
    if (hadProblem !== (problem !== undefined)) this.#watch.onPeerProblem?.(url, problem);
    if (before?.clockOffSeconds !== clockOffSeconds) this.#watch.onClockOff?.(url, clockOffSeconds);
  }

  #makeRoom(): boolean {
    if (this.#peers.size < this.#peersMax) return true;
    const worst = this.all()
      .filter(({ isStatic, failures }) => !isStatic && failures > 0)
      .toSorted((a, b) => b.failures - a.failures)[0];
    return worst !== undefined && this.#peers.delete(worst.url);
  }
}

/** What is to be told of a clock that is off by so much, when that was told `before`. */
function clockOff(before: number | undefined, offMs: number): number | undefined {
  if (Math.abs(offMs) <= CLOCK_SKEW_MS) return undefined;
  const seconds = Math.round(offMs / 1_000);
  const isSame = before !== undefined && Math.abs(seconds - before) < CLOCK_MOVED_SECONDS;
  return isSame ? before : seconds;
}

function newPeer(url: string): Peer {
  return {
    url,
    isStatic: false,
    hello: undefined,
    greetedMs: 0,
    clockOffSeconds: undefined,
    failures: 0,
    pausedUntilMs: 0,
    problem: undefined,
    lies: 0,
    rttSeconds: undefined,
  };
}
