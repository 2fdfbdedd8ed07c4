import { createHash, timingSafeEqual } from 'node:crypto';
import { GatewayError } from './errors.ts';

/**
 * True when `authorization` is `Bearer <token>`. Both sides are hashed first, so the time of the
 * comparison tells neither content nor length.
 */
export function isAdmin(authorization: string | undefined, token: string | undefined): boolean {
  if (token === undefined || authorization === undefined) return false;
  const found = /^bearer +(\S+) *$/i.exec(authorization);
  if (found === null) return false;
  return timingSafeEqual(digest(found[1] as string), digest(token));
}

/** @throws GatewayError `unauthorized` */
export function assertAdmin(authorization: string | undefined, token: string | undefined): void {
  if (isAdmin(authorization, token)) return;
  throw new GatewayError('unauthorized', 'expected Authorization: Bearer with the admin token');
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
