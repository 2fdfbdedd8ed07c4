import { ProtocolError, parseTilePath, TILE_WIDTH } from '@basalt/protocol';
import { BODY_BYTES_MAX, HEAD_BYTES_MAX } from './limits.ts';

/** What an address names, as far as it changes how the answer is kept and checked. */
export type Resource =
  | { readonly kind: 'block' | 'header' | 'payload'; readonly hash: string }
  | TileResource
  /** The newest word of a log: may only go forward. */
  | { readonly kind: 'checkpoint' | 'head' }
  /** Never ends; passed through. */
  | { readonly kind: 'events' }
  | { readonly kind: 'other' };

export interface TileResource {
  readonly kind: 'tile';
  /** `/ns/<uuid>` or `/super`, of a node itself or under one of its mirrors. */
  readonly log: string;
  readonly level: number | 'entries';
  readonly index: number;
  /** 256 for a full tile. */
  readonly width: number;
}

const BLOCK = /^\/blocks\/([0-9a-f]{64})(?:\/(header|payload))?$/;
const OWN_LOG = '/super|/ns/[0-9a-f-]{36}';
const MIRRORED_LOG = `/mirrors/[0-9a-f]{64}(?:${OWN_LOG})|/mirror/[0-9a-f]{64}`;
const LOG = new RegExp(`^(${OWN_LOG}|${MIRRORED_LOG})/(checkpoint$|tile/.+)$`);

const HASH_BYTES = 32;

/** Tells by path and query alone; an address that is not known is `other`. */
export function classify(target: string): Resource {
  const [path = '', query] = target.split('?', 2);
  if (/^\/(?:events|chains\/[^/]+\/events)$/.test(path)) return { kind: 'events' };
  // A query chooses another view of the bytes.
  if (query !== undefined && query !== '') return { kind: 'other' };
  const block = BLOCK.exec(path);
  if (block !== null) {
    const kind = (block[2] ?? 'block') as 'block' | 'header' | 'payload';
    return { kind, hash: block[1] as string };
  }
  if (/^\/chains\/[^/]+\/head$/.test(path)) return { kind: 'head' };
  const log = LOG.exec(path);
  if (log === null) return { kind: 'other' };
  const [, name = '', rest = ''] = log;
  return rest === 'checkpoint' ? { kind: 'checkpoint' } : tile(name, rest);
}

/** What a node tells of itself: through a cache it would be taken for the cache's own. */
const OWN = 'livez|readyz|healthz|status|alerts|control|log-levels|dashboard';
const OPERATORS = new RegExp(`^/(?:${OWN})(?:/|$)|(?:^|/)(?:admin|metrics)(?:/|$)`, 'i');

/**
 * The operator's paths of a node, in every spelling. A cache that runs beside its node reaches them
 * from loopback, where its own clients must not. Health is among them: the cache has its own.
 */
export function isOperatorsPath(target: string): boolean {
  if (!target.startsWith('/')) return true;
  try {
    // In front, so that `//name` is a path and an absolute address is none.
    const { pathname } = new URL(`http://cache.invalid${target}`);
    // Twice coded ones too: what stands behind might decode once more.
    const path = decodeURIComponent(decodeURIComponent(pathname)).replaceAll(/\/+/g, '/');
    return OPERATORS.test(path);
  } catch {
    return true;
  }
}

/** Named by its content: another upstream may have what one has not. */
export function isContentAddressed({ kind }: Resource): boolean {
  return kind === 'block' || kind === 'header' || kind === 'payload' || kind === 'tile';
}

/** Longest body that is read from an upstream. */
export function bodyBytesMax(resource: Resource): number {
  if (resource.kind === 'checkpoint' || resource.kind === 'head') return HEAD_BYTES_MAX;
  const isHashes = resource.kind === 'tile' && resource.level !== 'entries';
  // A hash tile of an older program may be coded; coding never doubles it. Errors are short too.
  return isHashes ? Math.max(2 * TILE_WIDTH * HASH_BYTES, 16_384) : BODY_BYTES_MAX;
}

function tile(log: string, rest: string): Resource {
  try {
    return { kind: 'tile', log, ...parseTilePath(rest) };
  } catch (error) {
    if (error instanceof ProtocolError) return { kind: 'other' };
    throw error;
  }
}
