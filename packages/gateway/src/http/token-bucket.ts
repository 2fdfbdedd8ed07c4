import { isIPv6, SocketAddress } from 'node:net';
import type { Clock } from '@basalt/protocol';

export interface RateLimit {
  readonly perSecond: number;
  /** Tokens of a full bucket. */
  readonly burst: number;
}

/** The tokens of one address. */
export class TokenBucket {
  readonly limit: RateLimit;
  #tokens: number;
  #filledMs: number;

  constructor(limit: RateLimit, nowMs: number) {
    this.limit = limit;
    this.#tokens = limit.burst;
    this.#filledMs = nowMs;
  }

  /** Takes `cost` tokens, or takes none and answers false. */
  take(cost: number, clock: Clock): boolean {
    if (this.#tokens < cost) this.#fill(clock.nowMs());
    if (this.#tokens < cost) return false;
    this.#tokens -= cost;
    return true;
  }

  /** For work that was done before its cost was known: what is missing is owed, up to a burst. */
  owe(cost: number, clock: Clock): void {
    if (this.#tokens < cost) this.#fill(clock.nowMs());
    this.#tokens = Math.max(-this.limit.burst, this.#tokens - cost);
  }

  /** Whole seconds, at least 1, until `cost` tokens are there. */
  secondsUntil(cost: number, clock: Clock): number {
    this.#fill(clock.nowMs());
    const missing = Math.min(cost, this.limit.burst) - this.#tokens;
    return Math.max(1, Math.ceil(missing / this.limit.perSecond));
  }

  /**
   * Called only when tokens are short, which saves the sum at most requests. The price: an address
   * that rested may spend up to twice the burst before it meets its rate.
   */
  #fill(nowMs: number): void {
    // A clock that steps back gives nothing and takes nothing.
    const elapsedMs = Math.max(0, nowMs - this.#filledMs);
    this.#tokens = Math.min(
      this.limit.burst,
      this.#tokens + (elapsedMs * this.limit.perSecond) / 1_000,
    );
    this.#filledMs = nowMs;
  }
}

/** Buckets by address, bounded; the address that was quiet longest is forgotten first. */
export class AddressBuckets {
  readonly #loopback: RateLimit;
  readonly #remote: RateLimit;
  readonly #proxies: ReadonlySet<string>;
  readonly #addressesMax: number;
  /** In order of last use. */
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(options: {
    readonly loopback: RateLimit;
    readonly remote: RateLimit;
    readonly addressesMax: number;
    /** Of `proxyKeys`; their rate is that of this machine. */
    readonly proxies?: ReadonlySet<string>;
  }) {
    this.#loopback = options.loopback;
    this.#remote = options.remote;
    this.#addressesMax = options.addressesMax;
    this.#proxies = options.proxies ?? new Set();
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** The bucket of an address; a connection asks once and holds on to it. */
  bucket(address: string, nowMs: number): TokenBucket {
    const key = addressKey(address);
    const known = this.#buckets.get(key);
    if (known !== undefined) {
      this.#buckets.delete(key);
      this.#buckets.set(key, known);
      return known;
    }
    if (this.#buckets.size >= this.#addressesMax) {
      for (const oldest of this.#buckets.keys()) {
        this.#buckets.delete(oldest);
        break;
      }
    }
    const isMany = isForMany(address, this.#proxies);
    const bucket = new TokenBucket(isMany ? this.#loopback : this.#remote, nowMs);
    this.#buckets.set(key, bucket);
    return bucket;
  }
}

/** True for 127.0.0.0/8, ::1 and the names that mean them. */
export function isLoopback(host: string): boolean {
  const address = host.startsWith('::ffff:') ? host.slice(7) : host;
  return address === '::1' || address === 'localhost' || /^127(?:\.\d{1,3}){3}$/.test(address);
}

/** Whether many may read through an address: this machine's, or one of `proxyKeys`. */
export function isForMany(address: string, proxies: ReadonlySet<string>): boolean {
  return isLoopback(address) || proxies.has(addressKey(address));
}

/** IP addresses, however they are spelt, as limits count them: of IPv6 the whole /64. */
export function proxyKeys(addresses: readonly string[]): ReadonlySet<string> {
  const spelt = (address: string): string =>
    new SocketAddress({ address, family: isIPv6(address) ? 'ipv6' : 'ipv4' }).address;
  return new Set(addresses.map((address) => addressKey(spelt(address))));
}

/** One customer of an IPv6 network has a /64 of addresses: they share a bucket. */
export function addressKey(address: string): string {
  if (address.startsWith('::ffff:')) return address.slice(7);
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? [];
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - groups.length - after.length;
  return [...groups, ...Array.from({ length: zeros }, () => '0'), ...after].slice(0, 4).join(':');
}
