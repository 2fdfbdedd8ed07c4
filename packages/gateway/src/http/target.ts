import { GatewayError } from '../errors.ts';
import { TARGET_BYTES_MAX } from '../limits.ts';

/** A request target that is safe to look up. */
export interface Target {
  /** The path as it came, without authority and query; no percent-encoded ASCII letter tricks. */
  readonly path: string;
  /** Without the question mark; empty where there is none. */
  readonly query: string;
}

/** Unreserved characters, sub-delimiters, `:`, `@` and `%`: RFC 3986 section 3.3. */
const PATH = /^(?:\/[A-Za-z0-9\-._~!$&'()*+,;=:@%]*)+$/;
const QUERY = /^[A-Za-z0-9\-._~!$&'()*+,;=:@%/?[\]|"<>^`{}]*$/;

/**
 * Takes a request target apart and refuses what could be read in two ways: dot segments, empty
 * segments, backslashes, control characters, encoded slashes, encoded NUL, overlong UTF-8. There
 * is no file system behind most paths, but proxies and caches in front have opinions.
 *
 * @throws GatewayError `bad-request`, `target-too-long`
 */
export function parseTarget(raw: string): Target {
  if (raw.length > TARGET_BYTES_MAX) {
    throw new GatewayError(
      'target-too-long',
      `expected a request target of at most ${TARGET_BYTES_MAX} bytes`,
    );
  }
  const origin = originForm(raw);
  const mark = origin.indexOf('?');
  const path = mark < 0 ? origin : origin.slice(0, mark);
  const query = mark < 0 ? '' : origin.slice(mark + 1);
  if (!PATH.test(path)) throw refuse('a path of plain characters that starts with a slash');
  if (!QUERY.test(query)) throw refuse('a query of plain or percent-encoded characters');
  if (path !== '/') for (const segment of path.slice(1).split('/')) checkSegment(segment);
  return { path, query };
}

/** Servers must accept the absolute form too (RFC 9112 section 3.2.2). */
function originForm(raw: string): string {
  const absolute = /^https?:\/\/[^/?#]*/i.exec(raw);
  if (absolute === null) return raw;
  const rest = raw.slice(absolute[0].length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

function checkSegment(segment: string): void {
  if (segment === '') throw refuse('no empty path segment');
  const decoded = segment.includes('%') ? decode(segment) : segment;
  if (decoded === '.' || decoded === '..') throw refuse('no dot segment');
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[/\\\u0000-\u001f\u007f]/.test(decoded)) {
    throw refuse('no encoded slash, backslash or control character');
  }
}

function decode(segment: string): string {
  try {
    // Refuses cut escapes, overlong forms and surrogates.
    return decodeURIComponent(segment);
  } catch {
    throw refuse('percent-encoded UTF-8');
  }
}

function refuse(expected: string): GatewayError {
  return new GatewayError('bad-request', `expected ${expected} in the request target`);
}
