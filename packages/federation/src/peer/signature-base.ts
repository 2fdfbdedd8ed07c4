import { type InnerList, type Item, serializeInnerList, serializeItem } from 'structured-headers';
import { PeerError } from './errors.ts';
import { COMPONENTS_MAX } from './limits.ts';

/** The parts of a request that a signature can cover. */
export interface SignedRequest {
  readonly method: string;
  /** Path with its query, as it is sent. */
  readonly target: string;
  /** Host, in lower case, without the scheme's own port. */
  readonly authority: string;
  /** Field names in lower case. */
  header(name: string): string | undefined;
}

/**
 * The signature base of RFC 9421 section 2.5 for a request: one line per covered component, then
 * the parameters. Derived components: `@method`, `@path`, `@query`, `@authority`; others, and
 * parameters of components (`sf`, `bs`, `key`, `req`, `tr`), are refused: peers use none.
 *
 * @throws PeerError `signature-malformed`
 */
export function signatureBase(request: SignedRequest, input: InnerList): string {
  const [components] = input;
  if (components.length > COMPONENTS_MAX) refuse(`at most ${COMPONENTS_MAX} components`);
  const seen = new Set<string>();
  const lines = components.map((component) => {
    const name = componentName(component);
    if (seen.has(name)) refuse('each component once');
    seen.add(name);
    return `${serializeItem(name)}: ${componentValue(request, name)}`;
  });
  return [...lines, `"@signature-params": ${serializeInnerList(input)}`].join('\n');
}

/** Names of the covered components. @throws PeerError `signature-malformed` */
export function componentNames(input: InnerList): string[] {
  return input[0].map(componentName);
}

/** Host in lower case without a port that HTTP or HTTPS has by itself (RFC 9421 section 2.2.3). */
export function normalAuthority(authority: string): string {
  return authority
    .trim()
    .toLowerCase()
    .replace(/:(?:80|443)$/, '');
}

function componentName([value, parameters]: Item): string {
  if (typeof value !== 'string') refuse('component names in quotes');
  if (parameters.size > 0) refuse('components without parameters');
  return value;
}

function componentValue(request: SignedRequest, name: string): string {
  const mark = request.target.indexOf('?');
  switch (name) {
    case '@method':
      return request.method;
    case '@authority':
      return normalAuthority(request.authority);
    case '@path':
      return mark < 0 ? request.target : request.target.slice(0, mark);
    case '@query':
      return mark < 0 ? '?' : request.target.slice(mark);
    default:
      return fieldValue(request, name);
  }
}

function fieldValue(request: SignedRequest, name: string): string {
  if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) refuse('names of fields in lower case');
  const value = request.header(name);
  if (value === undefined) refuse(`a field ${name} in the request`);
  // RFC 9421 section 2.1: obsolete folding and outer white space are gone, values are one line.
  return value.trim().replaceAll(/\s*\r?\n\s*/g, ' ');
}

function refuse(expected: string): never {
  throw new PeerError('signature-malformed', `expected ${expected} in a signature`);
}
