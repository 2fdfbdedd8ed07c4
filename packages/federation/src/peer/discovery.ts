import { type Clock, fromUtf8, type NoteSuites, type Random, toHex } from '@basalt/protocol';
import { PeerError } from './errors.ts';
import { type Hello, readHello } from './hello.ts';
import { arrayMember, asObject, jsonObject, textMember } from './json-body.ts';
import {
  GREET_AGAIN_MS,
  NONCE_BYTES,
  PEERS_TOLD_MAX,
  PROBES_PER_ROUND,
  URL_CHARACTERS_MAX,
} from './limits.ts';
import type { Peer, PeerBook } from './peer-book.ts';
import { type PeerCaller, requireOk } from './peer-caller.ts';
import { normalPeerUrl, refusePrivateUrl } from './peer-url.ts';
import type { TransportReply } from './transport.ts';

/** Addresses heard of and not tried yet. */
const HEARD_MAX = 256;

export interface DiscoveryParts {
  readonly book: PeerBook;
  readonly caller: PeerCaller;
  readonly suites: NoteSuites;
  readonly clock: Clock;
  readonly random: Random;
  /** This node's own address, so that it does not call itself. */
  readonly ownUrl: () => string | undefined;
  /** May peers beside the configured ones be met. */
  readonly isOpen: boolean;
  readonly allowPrivate: boolean;
  /** Nothing is read from peers: who answers a greeting is well. */
  readonly onlyGreets: boolean;
}

/**
 * Finds peers from the configured list on, without DNS: asks each for the peers that it knows, and
 * believes an address only after it has answered a nonce with a hello signed by its own key.
 */
export class Discovery {
  readonly #parts: DiscoveryParts;
  readonly #heard = new Set<string>();

  constructor(parts: DiscoveryParts) {
    this.#parts = parts;
  }

  /** Remembers an address that somebody told; what cannot be tried is dropped. */
  hear(text: string): void {
    const { book, ownUrl, isOpen, allowPrivate } = this.#parts;
    if (!isOpen || this.#heard.size >= HEARD_MAX) return;
    try {
      const url = normalPeerUrl(text);
      if (!allowPrivate) refusePrivateUrl(url);
      if (url !== ownUrl() && book.get(url)?.hello === undefined) this.#heard.add(url);
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
    }
  }

  /** One round: greets who was not greeted lately, asks who they know, tries a few of those. */
  async round(): Promise<void> {
    const { book, clock, isOpen } = this.#parts;
    const usable = book.usable(clock.nowMs());
    await Promise.all(usable.map((peer) => this.#visit(peer)));
    if (!isOpen) return;
    const tried = [...this.#heard].slice(0, PROBES_PER_ROUND);
    for (const url of tried) this.#heard.delete(url);
    await Promise.all(tried.map((url) => this.greet(url).catch(ignorePeerError)));
  }

  /**
   * Asks the node at `url` who it is.
   * @throws PeerError `unreachable`, `not-found`, `refused`, `bad-answer`, `hello-invalid`,
   *   `too-many-calls` (no room for more peers)
   */
  async greet(url: string): Promise<Hello> {
    const { book, caller, suites, clock, random } = this.#parts;
    const nonce = toHex(random.bytes(NONCE_BYTES));
    const target = `/peers/hello?nonce=${nonce}`;
    const reply = await caller.read({ url, target, accept: 'text/plain' });
    // A node that speaks no federation dates its answers all the same.
    if (reply.status === 404) this.#readDate(url, reply);
    requireOk(reply, url);
    const isConfigured = book.get(url)?.isStatic === true;
    const asked = { url, nonce, isConfigured };
    const hello = readHello(fromUtf8(reply.body), asked, suites);
    if (!book.meet(hello, clock.nowMs()))
      throw new PeerError('too-many-calls', 'no room for more peers');
    return hello;
  }

  /** Not of an answer that a cache has kept: its date says when that was made. */
  #readDate(url: string, reply: TransportReply): void {
    const { book, clock } = this.#parts;
    const timeMs = Date.parse(reply.header('date') ?? '');
    if (reply.header('age') === undefined && !Number.isNaN(timeMs)) {
      book.toldTime(url, timeMs, clock.nowMs());
    }
  }

  async #visit(peer: Peer): Promise<void> {
    const { book, clock, onlyGreets } = this.#parts;
    try {
      if (this.#isGreetingDue(peer)) {
        await this.greet(peer.url);
        await this.#introduce(peer);
        if (onlyGreets) book.worked(peer.url);
      }
      if (this.#parts.isOpen) await this.#askWhoItKnows(peer.url);
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      // A node that speaks no federation can be read all the same.
      if (error.code !== 'not-found') book.failed(peer.url, error.message, clock.nowMs());
      else if (onlyGreets) book.worked(peer.url);
    }
  }

  /** Clocks are looked at again now and then, and each round while they are off. */
  #isGreetingDue({ hello, greetedMs, clockOffSeconds, failures }: Peer): boolean {
    if (hello === undefined || clockOffSeconds !== undefined) return true;
    // Either way: this clock may have been set.
    const passedMs = Math.abs(this.#parts.clock.nowMs() - greetedMs);
    return passedMs >= GREET_AGAIN_MS || (this.#parts.onlyGreets && failures > 0);
  }

  /**
   * Tells a peer our address when it was met, or when its clock agrees with ours again; it greets
   * us back before it believes it.
   */
  async #introduce({ url, hello, clockOffSeconds }: Peer): Promise<void> {
    const own = this.#parts.ownUrl();
    const isMet = hello !== undefined && clockOffSeconds === undefined;
    // A signed call that is dated off is refused; reading needs no clock.
    const isOff = this.#parts.book.get(url)?.clockOffSeconds !== undefined;
    if (own === undefined || isMet || isOff) return;
    const body = new TextEncoder().encode(JSON.stringify({ url: own }));
    // A peer that meets nobody new says so; that is no failure of it.
    await this.#parts.caller.send({ url, method: 'POST', target: '/peers', body });
  }

  async #askWhoItKnows(url: string): Promise<void> {
    const reply = requireOk(await this.#parts.caller.read({ url, target: '/peers' }), url);
    const list = arrayMember(
      jsonObject(reply.body, 'bad-answer'),
      'peers',
      PEERS_TOLD_MAX,
      'bad-answer',
    );
    for (const item of list) {
      this.hear(textMember(asObject(item, 'bad-answer'), 'url', URL_CHARACTERS_MAX, 'bad-answer'));
    }
  }
}

function ignorePeerError(error: unknown): void {
  if (!(error instanceof PeerError)) throw error;
}
