/** How a request was answered, in the words of RFC 9211. */
export interface CacheStatus {
  readonly hit: boolean;
  /** Why upstream was asked. */
  readonly fwd?: 'bypass' | 'method' | 'uri-miss' | 'vary-miss' | 'stale' | 'request';
  readonly fwdStatus?: number;
  /** Seconds; below 0 for a stale answer. */
  readonly ttl?: number;
  readonly stored?: boolean;
  /** Waited for a question that another request had asked already. */
  readonly collapsed?: boolean;
  /** A token. */
  readonly detail?: string;
}

/** Items of structured fields (RFC 8941): a token, and what a string may not hold. */
const TOKEN = /^[A-Za-z*][\w!#$%&'*+.^`|~:/-]*$/;
const NOT_STRING = /[^\x20-\x7e]/g;

/** Value of `Cache-Status`, after what caches closer to the origin said. */
export function formatCacheStatus(name: string, status: CacheStatus, before?: string): string {
  const parts = [TOKEN.test(name) ? name : JSON.stringify(name.replaceAll(NOT_STRING, '?'))];
  if (status.hit) parts.push('hit');
  if (status.fwd !== undefined) parts.push(`fwd=${status.fwd}`);
  if (status.fwdStatus !== undefined) parts.push(`fwd-status=${status.fwdStatus}`);
  if (status.ttl !== undefined) parts.push(`ttl=${status.ttl}`);
  if (status.stored === true) parts.push('stored');
  if (status.collapsed === true) parts.push('collapsed');
  if (status.detail !== undefined) parts.push(`detail=${status.detail}`);
  const own = parts.join('; ');
  return before === undefined ? own : `${before}, ${own}`;
}
