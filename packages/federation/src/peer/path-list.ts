import { parseList, serializeList, Token } from 'structured-headers';
import { PeerError } from './errors.ts';
import { PATH_NODES_MAX } from './limits.ts';
import { isNodeId, type NodeId } from './node-id.ts';

/**
 * The nodes through which a call has come, the first one first: a structured list of node ids in
 * the field `Basalt-Path`, in the style of CDN-Loop (RFC 8586). A node that finds itself in it
 * drops the call; who passes it on adds itself; its length counts the hops.
 */
export type PathList = readonly NodeId[];

export function formatPath(path: PathList): string {
  return serializeList(path.map((id) => [new Token(id), new Map()]));
}

/** @param value undefined: the field is absent. @throws PeerError `bad-request` */
export function parsePath(value: string | undefined): PathList {
  if (value === undefined || value.trim() === '') return [];
  // 33 characters each, and a comma with its space.
  if (value.length > PATH_NODES_MAX * 35) refuse();
  let tokens: string[];
  try {
    tokens = parseList(value).map(([item]) => (item instanceof Token ? item.toString() : ''));
  } catch {
    return refuse();
  }
  if (tokens.length > PATH_NODES_MAX || !tokens.every(isNodeId)) refuse();
  return tokens;
}

function refuse(): never {
  throw new PeerError('bad-request', `expected a path of at most ${PATH_NODES_MAX} node ids`);
}
