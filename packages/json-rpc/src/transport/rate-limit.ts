import { isIPv6 } from 'node:net';
import { LOOPBACK_RATE_FACTOR, RATE_ADDRESSES_MAX } from '../limits.ts';
import type { Clock } from '../services.ts';
import { isLoopback } from './access.ts';

interface Bucket {
  tokens: number;
  filledMs: number;
}

/** A bucket of tokens for each address: calls take some, and they come back with time. */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #burst: number;
  /** The address that was quiet longest first; at most RATE_ADDRESSES_MAX. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock, perSecond: number, burst: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#burst = burst;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Takes so many tokens, or takes none and answers false. */
  take(address: string, weight: number): boolean {
    const bucket = this.#bucket(address);
    const nowMs = this.#clock.nowMs();
    // A clock that steps back gives nothing and takes nothing.
    const elapsedMs = Math.max(0, nowMs - bucket.filledMs);
    const factor = isLoopback(address) ? LOOPBACK_RATE_FACTOR : 1;
    const refilled = bucket.tokens + (elapsedMs * this.#perSecond * factor) / 1_000;
    bucket.tokens = Math.min(this.#burst * factor, refilled);
    bucket.filledMs = nowMs;
    if (bucket.tokens < weight) return false;
    bucket.tokens -= weight;
    return true;
  }

  #bucket(address: string): Bucket {
    const key = keyOf(address);
    const known = this.#buckets.get(key);
    this.#buckets.delete(key);
    const tokens = this.#burst * (isLoopback(address) ? LOOPBACK_RATE_FACTOR : 1);
    const bucket = known ?? { tokens, filledMs: this.#clock.nowMs() };
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > RATE_ADDRESSES_MAX) {
      for (const oldest of this.#buckets.keys()) {
        this.#buckets.delete(oldest);
        break;
      }
    }
    return bucket;
  }
}

/** One customer of an IPv6 network has a /64 of addresses: they share a bucket. */
function keyOf(address: string): string {
  if (address.startsWith('::ffff:')) return address.slice(7);
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? [];
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - groups.length - after.length;
  return [...groups, ...Array.from({ length: zeros }, () => '0'), ...after].slice(0, 4).join(':');
}
