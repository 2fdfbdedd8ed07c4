/** Directives of `Cache-Control` (RFC 9111 section 5.2), names in lower case. */
export type Directives = ReadonlyMap<string, string | true>;

const DIRECTIVE = /([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,;]*)))?/g;

export function parseCacheControl(value: string | undefined): Directives {
  const directives = new Map<string, string | true>();
  for (const [, name = '', quoted, token] of (value ?? '').matchAll(DIRECTIVE)) {
    const key = name.toLowerCase();
    // Of two that differ the first counts; section 4.2.1 allows it.
    if (!directives.has(key)) directives.set(key, quoted ?? token ?? true);
  }
  return directives;
}

/** Delta-seconds (RFC 9111 section 1.2.2); what is not in form counts as 0, which is stale. */
export function secondsOf(directives: Directives, name: string): number | undefined {
  const value = directives.get(name);
  if (value === undefined) return undefined;
  if (value === true || !/^\d+$/.test(value)) return 0;
  return Math.min(Number(value), 2 ** 31);
}
