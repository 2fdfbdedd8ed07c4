import { toHex } from '@basalt/protocol';
import { GatewayError } from '../errors.ts';

/**
 * Lets each signed offer through once: its hash is remembered while its time lies within the skew
 * of this clock. When the memory is full, new offers are refused, because forgetting one would let
 * it in again; whoever is refused works without a session.
 */
export class OfferGuard {
  readonly #skewMs: number;
  readonly #offersMax: number;
  /** Hash -> when it may be forgotten; in order of arrival. */
  readonly #seen = new Map<string, number>();

  constructor(skewMs: number, offersMax: number) {
    this.#skewMs = skewMs;
    this.#offersMax = offersMax;
  }

  get size(): number {
    return this.#seen.size;
  }

  /** @throws GatewayError `clock-skew`, `handshake-replayed`, `overloaded` */
  admit(hash: Uint8Array, timestampMs: number, nowMs: number): void {
    const offMs = timestampMs - nowMs;
    if (Math.abs(offMs) > this.#skewMs) {
      const side = offMs > 0 ? 'ahead of' : 'behind';
      const seconds = Math.round(Math.abs(offMs) / 1_000);
      throw new GatewayError(
        'clock-skew',
        `the offer is dated ${seconds} s ${side} this node’s clock, at most ` +
          `${this.#skewMs / 1_000} s are taken`,
        { offMs, skewMs: this.#skewMs },
      );
    }
    this.#forget(nowMs);
    const name = toHex(hash);
    if (this.#seen.has(name)) {
      throw new GatewayError('handshake-replayed', 'this very offer was made before');
    }
    if (this.#seen.size >= this.#offersMax) {
      throw new GatewayError('overloaded', 'too many handshakes, go on without one');
    }
    // An offer dated ahead stays fresh until its own time plus the skew.
    this.#seen.set(name, Math.max(timestampMs, nowMs) + this.#skewMs);
  }

  /** Arrival is not quite the order of expiry: a late entry waits for the one before it. */
  #forget(nowMs: number): void {
    for (const [name, untilMs] of this.#seen) {
      if (untilMs >= nowMs) return;
      this.#seen.delete(name);
    }
  }
}
