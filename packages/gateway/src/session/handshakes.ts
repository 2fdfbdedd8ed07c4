import { randomBytes } from 'node:crypto';
import {
  type Clock,
  type CryptoProvider,
  openOffer,
  ProtocolError,
  SESSION_TOKEN_BYTES,
  signAnswer,
} from '@basalt/protocol';
import type { Counter, MetricsRegistry } from '@basalt/telemetry';
import { GatewayError } from '../errors.ts';
import { HANDSHAKE_SKEW_MS, HANDSHAKES_SEEN_MAX } from '../limits.ts';
import type { GatewaySettings } from '../options.ts';
import { OfferGuard } from './offer-guard.ts';
import { nodePreferences } from './preferences.ts';
import { type Session, SessionTable } from './session-table.ts';

export interface HandshakeComponents {
  readonly settings: GatewaySettings;
  readonly crypto: CryptoProvider;
  readonly clock: Clock;
  readonly metrics: MetricsRegistry;
}

/** The server's side of handshakes, and the sessions that came of them. */
export class Handshakes {
  readonly #settings: GatewaySettings;
  readonly #crypto: CryptoProvider;
  readonly #clock: Clock;
  readonly #sessions: SessionTable;
  readonly #guard: OfferGuard;
  readonly #counted: Counter;

  constructor({ settings, crypto, clock, metrics }: HandshakeComponents) {
    this.#settings = settings;
    this.#crypto = crypto;
    this.#clock = clock;
    this.#sessions = new SessionTable(settings.sessionsMax);
    this.#guard = new OfferGuard(HANDSHAKE_SKEW_MS, HANDSHAKES_SEEN_MAX);
    this.#counted = metrics.counter({
      name: 'basalt_http_handshakes_total',
      help: 'Handshakes by how they ended: ok, or the code of the refusal.',
      labels: ['result'],
    });
  }

  get sessionCount(): number {
    return this.#sessions.size;
  }

  /** Is there a key to sign answers with? */
  get isOffered(): boolean {
    return this.#settings.node?.signer !== undefined;
  }

  /**
   * The signed answer to a signed offer.
   *
   * @throws GatewayError `not-found` (this node has no key), `clock-skew`, `handshake-replayed`,
   *   `overloaded`; ProtocolError `malformed`, `invalid-handshake`, `no-common-capability`
   */
  answer(bytes: Uint8Array): Uint8Array {
    try {
      const answered = this.#answer(bytes);
      this.#counted.add(1, { result: 'ok' });
      return answered;
    } catch (error) {
      const isOurs = error instanceof GatewayError || error instanceof ProtocolError;
      if (isOurs) this.#counted.add(1, { result: error.code });
      throw error;
    }
  }

  #answer(bytes: Uint8Array): Uint8Array {
    const signer = this.#settings.node?.signer;
    if (signer === undefined) throw new GatewayError('not-found', 'this node makes no handshakes');
    const offer = openOffer(bytes, this.#crypto);
    const createdMs = this.#clock.nowMs();
    // After the signature, or strangers could fill the memory with what they never signed.
    this.#guard.admit(offer.hash, offer.offer.timestampMs, createdMs);
    const token = randomBytes(SESSION_TOKEN_BYTES);
    const expiresMs = createdMs + this.#settings.sessionMs;
    const preferences = nodePreferences(this.#settings);
    const made = signAnswer({ token, createdMs, expiresMs, preferences }, offer, signer);
    this.#sessions.add(token, { negotiated: made.answer.negotiated, expiresMs });
    return made.bytes;
  }

  /** The session of a field value, 64 hexadecimal digits. @throws GatewayError `session-refused` */
  find(value: string): Session {
    const session = /^[0-9a-f]{64}$/.test(value)
      ? this.#sessions.find(Buffer.from(value, 'hex'), this.#clock.nowMs())
      : undefined;
    if (session !== undefined) return session;
    throw new GatewayError('session-refused', 'this session is over or not known here', {}, [
      'Cache-Control',
      'no-store',
    ]);
  }
}
