import { PeerError } from './errors.ts';
import { CLOCK_SKEW_MS, NONCES_MAX, NONCES_PER_PEER_MAX } from './limits.ts';

export interface ReplayLimits {
  readonly skewMs?: number;
  readonly noncesMax?: number;
  readonly noncesPerPeerMax?: number;
}

/**
 * Lets each signed call through once. A call is fresh while its `created` lies within the skew of
 * this clock; its nonce is remembered until it no longer is, so nothing needs to be kept longer.
 * When the memory is full, new calls are refused: forgetting a nonce would let its call in again.
 * Ask it only about signatures that hold, or strangers could fill it.
 */
export class ReplayGuard {
  readonly #skewMs: number;
  readonly #noncesMax: number;
  readonly #perPeerMax: number;
  /** `keyid nonce` -> when it may be forgotten; in order of arrival. */
  readonly #nonces = new Map<string, number>();
  readonly #perPeer = new Map<string, number>();

  constructor(limits: ReplayLimits = {}) {
    this.#skewMs = limits.skewMs ?? CLOCK_SKEW_MS;
    this.#noncesMax = limits.noncesMax ?? NONCES_MAX;
    this.#perPeerMax = limits.noncesPerPeerMax ?? NONCES_PER_PEER_MAX;
  }

  get size(): number {
    return this.#nonces.size;
  }

  /** @throws PeerError `clock-skew`, in words that say how far the clocks are apart */
  checkTime(createdMs: number, nowMs: number): void {
    const offMs = createdMs - nowMs;
    if (Math.abs(offMs) <= this.#skewMs) return;
    const seconds = Math.round(Math.abs(offMs) / 1_000);
    const side = offMs > 0 ? 'ahead of' : 'behind';
    throw new PeerError(
      'clock-skew',
      `the call is dated ${seconds} s ${side} this node’s clock; at most ` +
        `${this.#skewMs / 1_000} s are taken: set the clock of one of the two, or it is a replay`,
      { offSeconds: Math.round(offMs / 1_000), toleranceSeconds: this.#skewMs / 1_000 },
    );
  }

  /** @throws PeerError `replayed`, `too-many-calls` */
  admit(keyId: string, nonce: string, createdMs: number, nowMs: number): void {
    this.checkTime(createdMs, nowMs);
    this.#forget(nowMs);
    const key = `${keyId} ${nonce}`;
    if (this.#nonces.has(key)) {
      throw new PeerError('replayed', 'this very call was made before: its nonce is known');
    }
    const ofPeer = this.#perPeer.get(keyId) ?? 0;
    if (this.#nonces.size >= this.#noncesMax || ofPeer >= this.#perPeerMax) {
      throw new PeerError('too-many-calls', 'too many signed calls within the replay window');
    }
    // A call dated ahead stays fresh until its own time plus the skew.
    this.#nonces.set(key, Math.max(createdMs, nowMs) + this.#skewMs);
    this.#perPeer.set(keyId, ofPeer + 1);
  }

  /** Arrival is not quite the order of expiry: a late entry waits for the one before it. */
  #forget(nowMs: number): void {
    for (const [key, untilMs] of this.#nonces) {
      if (untilMs >= nowMs) return;
      this.#nonces.delete(key);
      const keyId = key.slice(0, key.indexOf(' '));
      const left = (this.#perPeer.get(keyId) ?? 1) - 1;
      if (left === 0) this.#perPeer.delete(keyId);
      else this.#perPeer.set(keyId, left);
    }
  }
}
