import {
  ALGORITHM,
  type CryptoProvider,
  createSigner,
  HANDSHAKE_BYTES_MAX,
  type HandshakeAnswer,
  openAnswer,
  PAYLOAD_BYTES_MAX,
  type Preferences,
  type SignedOffer,
  type Signer,
  signOffer,
  toHex,
} from '@basalt/protocol';
import { ClientError, refusal, refuseUnless } from '../errors.ts';
import {
  BATCH_BLOCKS_MAX,
  HANDSHAKE_PAUSE_MS,
  HANDSHAKE_SERVERS_MAX,
  PAGE_ROWS_MAX,
} from '../limits.ts';
import type { ClientContext } from '../options.ts';
import type { Transport } from '../transport.ts';
import { type NegotiatedSession, SessionCache } from './session-cache.ts';
import { withSessions } from './session-transport.ts';

const HANDSHAKE_TYPE = 'application/x-basalt-handshake';

/** What this client reads and writes; the order is the liking. */
const PREFERENCES: Preferences = {
  blockVersions: [2, 1],
  algorithms: Object.values(ALGORITHM),
  mediaTypes: [
    'application/x-olocus-block',
    'application/x-basalt-blocks',
    'application/x-basalt-header',
    'application/json',
    'text/event-stream',
  ],
  codings: ['zstd', 'br', 'gzip', 'identity'],
  consistency: ['durable', 'immediate', 'eventual'],
  limits: {
    payloadBytesMax: PAYLOAD_BYTES_MAX,
    batchBlocksMax: BATCH_BLOCKS_MAX,
    pageRowsMax: PAGE_ROWS_MAX,
    questionItemsMax: BATCH_BLOCKS_MAX,
  },
};

export interface HandshakeOptions {
  /** In place of the client's own; what is missing stays. */
  readonly preferences?: Partial<Preferences>;
  /** Signs the offers; a key made for these handshakes where absent. */
  readonly signer?: Signer;
  /** Servers whose sessions are kept; default 64. */
  readonly serversMax?: number;
}

/** The parts of a client that a handshake needs. */
export type HandshakeContext = Pick<
  ClientContext,
  'transport' | 'storage' | 'provider' | 'clock' | 'random'
>;

/** Handshakes and their sessions; may be shared by clients of many nodes. */
export interface Handshakes {
  /** Sessions held. */
  readonly size: number;
  /**
   * The session with the server of this client, made where there is none; undefined where the
   * server makes none (an older version, no key, too busy, clocks too far apart).
   *
   * @throws ClientError kind `refused`: `handshake-downgrade` (an offer was altered or stripped on
   *   its way), `invalid-handshake`, `server-key-changed`
   */
  open(context: HandshakeContext): Promise<NegotiatedSession | undefined>;
  /** Forgets a session that its server has refused. */
  drop(session: NegotiatedSession): void;
  /** The client's transport, with the session in each request. */
  wrap(context: HandshakeContext): Transport;
}

/**
 * Makes handshakes when they are needed and keeps what comes of them: one for each server key, in a
 * bounded memory. The key of a server is kept in the client's storage at first use; another one, or
 * a server that no longer knows of handshakes, is refused, because both are what somebody in
 * between would do.
 */
export function createHandshakes(options: HandshakeOptions = {}): Handshakes {
  return new CachedHandshakes(options);
}

class CachedHandshakes implements Handshakes {
  readonly #preferences: Preferences;
  readonly #cache: SessionCache;
  readonly #serversMax: number;
  #signer: Signer | undefined;
  /** Address -> key in hex. Bounded like the cache. */
  readonly #keys = new Map<string, string>();
  /** Address -> when to ask again. Bounded like the cache. */
  readonly #pausedUntilMs = new Map<string, number>();
  /** Address -> handshake under way: concurrent calls share one. */
  readonly #running = new Map<string, Promise<NegotiatedSession | undefined>>();

  constructor(options: HandshakeOptions) {
    this.#preferences = { ...PREFERENCES, ...options.preferences };
    this.#serversMax = options.serversMax ?? HANDSHAKE_SERVERS_MAX;
    this.#cache = new SessionCache(this.#serversMax);
    this.#signer = options.signer;
  }

  get size(): number {
    return this.#cache.size;
  }

  async open(context: HandshakeContext): Promise<NegotiatedSession | undefined> {
    const { url } = context.transport;
    const nowMs = context.clock.nowMs();
    const key = this.#keys.get(url);
    const held = key === undefined ? undefined : this.#cache.find(key, nowMs);
    if (held !== undefined) return held;
    if ((this.#pausedUntilMs.get(url) ?? 0) > nowMs) return undefined;
    let running = this.#running.get(url);
    if (running === undefined) {
      running = this.#make(context).finally(() => this.#running.delete(url));
      this.#running.set(url, running);
    }
    return await running;
  }

  drop(session: NegotiatedSession): void {
    this.#cache.drop(session);
  }

  wrap(context: HandshakeContext): Transport {
    return withSessions(this, context);
  }

  async #make(context: HandshakeContext): Promise<NegotiatedSession | undefined> {
    const { clock, random, storage, transport } = context;
    const { url } = transport;
    const place = `server-key/${url}`;
    const known = await storage.read(place);
    const provider = await context.provider(ALGORITHM.ed25519);
    this.#signer ??= makeSigner(random.bytes(32), provider);
    const offer = signOffer(
      { nonce: random.bytes(32), timestampMs: clock.nowMs(), preferences: this.#preferences },
      this.#signer,
      provider.sha256,
    );
    let body: Uint8Array;
    try {
      body = await sendOffer(context, offer);
    } catch (error) {
      if (!(error instanceof ClientError) || error.kind === 'aborted') throw error;
      if (ALTERED.has(error.code)) throw altered(url, error);
      const isUnknown = UNKNOWN.has(Number(error.metadata['status']));
      if (known !== undefined && isUnknown) throw stripped(url, known);
      this.#remember(this.#pausedUntilMs, url, clock.nowMs() + HANDSHAKE_PAUSE_MS);
      return undefined;
    }
    const answer = await openReply(body, offer, context);
    const serverKey = toHex(answer.key.publicKey);
    if (known !== undefined && known !== serverKey) throw keyChanged(url, known, serverKey);
    if (known === undefined) await storage.write(place, serverKey);
    this.#remember(this.#keys, url, serverKey);
    return this.#cache.add(answer, clock.nowMs());
  }

  #remember<Value>(map: Map<string, Value>, url: string, value: Value): void {
    map.delete(url);
    map.set(url, value);
    const oldest = map.keys().next();
    if (map.size > this.#serversMax && !oldest.done) map.delete(oldest.value);
  }
}

function makeSigner(seed: Uint8Array, provider: CryptoProvider): Signer {
  return createSigner(provider.suite(ALGORITHM.ed25519).keyPairFromSeed(seed), provider);
}

/** Once: a server that is busy is asked again later, and meanwhile there is no session. */
async function sendOffer({ transport }: HandshakeContext, offer: SignedOffer): Promise<Uint8Array> {
  const reply = await transport.request('/handshake', {
    method: 'POST',
    headers: { 'content-type': HANDSHAKE_TYPE, accept: HANDSHAKE_TYPE },
    body: offer.bytes,
    bytesMax: HANDSHAKE_BYTES_MAX,
    retries: 0,
  });
  return reply.body;
}

async function openReply(
  body: Uint8Array,
  offer: SignedOffer,
  context: HandshakeContext,
): Promise<HandshakeAnswer> {
  const provider = await context.provider(ALGORITHM.ed25519);
  return refuseUnless(() => openAnswer(body, offer, provider));
}

/** What a server says of an offer that is not as its maker signed it. */
const ALTERED: ReadonlySet<string> = /* @__PURE__ */ new Set([
  'invalid-handshake',
  'malformed',
  'unknown-algorithm',
]);

/** Statuses of a server that has no handshakes at all. */
const UNKNOWN: ReadonlySet<number> = /* @__PURE__ */ new Set([404, 405, 501]);

function altered(url: string, cause: ClientError): ClientError {
  return new ClientError(
    'refused',
    'handshake-downgrade',
    `the offer did not reach ${url} as it was sent: ${cause.message}`,
    { url },
    { cause },
  );
}

const FORGET = 'if its operator says so, forget what was kept of this address and start again';

function stripped(url: string, known: string): ClientError {
  return refusal(
    'handshake-downgrade',
    `${url} made handshakes before and says now that it knows none: it went back to an older ` +
      `version, or somebody in between strips them; ${FORGET}`,
    { url, known },
  );
}

function keyChanged(url: string, known: string, found: string): ClientError {
  return refusal(
    'server-key-changed',
    `${url} signs handshakes with another key than at first use; ${FORGET}`,
    { url, known, found },
  );
}
