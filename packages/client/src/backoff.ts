import type { Random } from '@basalt/protocol';
import { BACKOFF_MS_FIRST, BACKOFF_MS_MAX, RETRY_AFTER_MS_MAX } from './limits.ts';

/**
 * Pause in milliseconds before retry `attempt` (0 for the first): exponential, with a jitter that
 * takes up to half of it away so that clients which failed together do not come back together.
 *
 * @param unit uniform in [0, 1), from `randomUnit`
 */
export function backoffMs(
  attempt: number,
  unit: number,
  firstMs: number = BACKOFF_MS_FIRST,
  maxMs: number = BACKOFF_MS_MAX,
): number {
  const fullMs = Math.min(maxMs, firstMs * 2 ** attempt);
  return Math.round(fullMs * (1 - unit / 2));
}

/** A number in [0, 1) from four random bytes. */
export function randomUnit(random: Random): number {
  const bytes = random.bytes(4);
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) / 2 ** 32;
}

/**
 * Milliseconds that a `Retry-After` value asks for (RFC 9110 section 10.2.3: seconds or an HTTP
 * date), or undefined where there is none that can be read. Never negative.
 */
export function retryAfterMs(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  const text = value.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const dateMs = Date.parse(text);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}

/**
 * What to do after a failed attempt: the pause in milliseconds, or undefined to give up because the
 * server asks for more patience than `RETRY_AFTER_MS_MAX`.
 */
export function pauseMs(
  attempt: number,
  unit: number,
  askedMs: number | undefined,
): number | undefined {
  if (askedMs !== undefined && askedMs > RETRY_AFTER_MS_MAX) return undefined;
  const ownMs = backoffMs(attempt, unit);
  // What was asked for is a lower bound; the jitter on top keeps a crowd from coming at once.
  return askedMs === undefined ? ownMs : askedMs + Math.round((ownMs * unit) / 2);
}
