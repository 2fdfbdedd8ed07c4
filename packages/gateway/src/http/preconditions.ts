import { matchesStrongly, matchesWeakly, parseEntityTags } from './entity-tag.ts';

/** What the preconditions of a GET or HEAD ask for: the answer, 304, or 412. */
export type PreconditionResult = 'proceed' | 'not-modified' | 'failed';

/**
 * RFC 9110 section 13.2.2 for resources with strong entity tags and without Last-Modified, so the
 * date conditions are ignored as the section says. `etags` are the tags of all codings: whichever
 * form the client holds counts.
 */
export function evaluatePreconditions(
  ifMatch: string | undefined,
  ifNoneMatch: string | undefined,
  etags: readonly string[],
): PreconditionResult {
  if (ifMatch !== undefined) {
    const list = parseEntityTags(ifMatch);
    if (list === undefined || !etags.some((etag) => matchesStrongly(list, etag))) return 'failed';
  }
  if (ifNoneMatch !== undefined) {
    const list = parseEntityTags(ifNoneMatch);
    if (list !== undefined && etags.some((etag) => matchesWeakly(list, etag))) {
      return 'not-modified';
    }
  }
  return 'proceed';
}
