import { ALGORITHM, fromHex, type NoteSuites, utf8 } from '@basalt/protocol';
import { type InnerList, parseDictionary } from 'structured-headers';
import type { RouteRequest } from '../routes.ts';
import { checkContentDigest } from './content-digest.ts';
import { PeerError } from './errors.ts';
import { NONCE_CHARACTERS_MAX, SIGNATURE_FIELD_CHARACTERS_MAX, SIGNATURES_MAX } from './limits.ts';
import { type NodeId, nodeId } from './node-id.ts';
import type { ReplayGuard } from './replay-guard.ts';
import { PATH_FIELD, PEER_TAG } from './sign-request.ts';
import { componentNames, normalAuthority, signatureBase } from './signature-base.ts';

export interface VerifyParts {
  readonly suites: NoteSuites;
  readonly replays: ReplayGuard;
  readonly nowMs: number;
  /**
   * Names that this node has. A Host field is the caller's word, so it counts only when it is one
   * of these: else a call to one node could be played to another.
   */
  readonly authorities: readonly string[];
  /** Keys whose calls are taken; without it every key's are. */
  readonly isKnown?: (publicKey: Uint8Array, id: NodeId) => boolean;
}

/** Who made a call. */
export interface Caller {
  readonly id: NodeId;
  /** 32 bytes, Ed25519. */
  readonly publicKey: Uint8Array;
}

/** What of a request the check needs. */
export type PeerCall = Pick<RouteRequest, 'method' | 'target' | 'authority' | 'body' | 'header'>;

/** Whether the request claims to be signed by a peer. */
export function isSigned(request: Pick<RouteRequest, 'header'>): boolean {
  return request.header('signature-input') !== undefined;
}

/**
 * Checks the signature of a peer call (RFC 9421 section 3.2) and that it is fresh.
 *
 * @throws PeerError `signature-missing`, `signature-malformed`, `signature-invalid`,
 *   `digest-mismatch`, `clock-skew`, `unknown-peer`, `replayed`, `too-many-calls`
 */
export function verifyRequest(request: PeerCall, parts: VerifyParts): Caller {
  const { input, signature } = readSignature(request);
  const { createdMs, nonce, keyId } = readParameters(input);
  requireCovered(request, componentNames(input));
  parts.replays.checkTime(createdMs, parts.nowMs);
  const publicKey = readKey(keyId);
  const id = nodeId(publicKey);
  if (parts.isKnown?.(publicKey, id) === false) {
    throw new PeerError('unknown-peer', 'the call is signed by a key that is no peer’s', { id });
  }
  requireOwnAuthority(request.authority, parts.authorities);
  const message = utf8(signatureBase(request, input));
  if (!parts.suites.suite(ALGORITHM.ed25519).verify(signature, message, publicKey)) {
    throw new PeerError('signature-invalid', 'the signature does not hold for this request', {
      id,
    });
  }
  checkContentDigest(request.header('content-digest') ?? '', request.body);
  parts.replays.admit(keyId, nonce, createdMs, parts.nowMs);
  return { id, publicKey };
}

/** The member with our tag: a proxy may have added a signature of its own. */
function readSignature(request: PeerCall): { input: InnerList; signature: Uint8Array } {
  const inputs = request.header('signature-input');
  const values = request.header('signature');
  if (inputs === undefined || values === undefined) {
    throw new PeerError('signature-missing', 'this call has to be signed by a peer (RFC 9421)');
  }
  if (Math.max(inputs.length, values.length) > SIGNATURE_FIELD_CHARACTERS_MAX) {
    malformed('shorter signature fields');
  }
  let found: { input: InnerList; signature: unknown } | undefined;
  try {
    const members = parseDictionary(inputs);
    const signatures = parseDictionary(values);
    if (members.size > SIGNATURES_MAX) malformed(`at most ${SIGNATURES_MAX} signatures`);
    for (const [label, member] of members) {
      if (!isInnerList(member) || member[1].get('tag') !== PEER_TAG) continue;
      found = { input: member, signature: signatures.get(label)?.[0] };
    }
  } catch (error) {
    if (error instanceof PeerError) throw error;
    malformed('structured fields (RFC 9651)');
  }
  if (found === undefined) malformed(`a signature with the tag ${PEER_TAG}`);
  const { input, signature } = found;
  if (!(signature instanceof ArrayBuffer)) malformed('a signature of that label');
  return { input, signature: new Uint8Array(signature) };
}

function isInnerList(member: unknown): member is InnerList {
  return Array.isArray(member) && Array.isArray(member[0]);
}

function readParameters([, parameters]: InnerList): {
  createdMs: number;
  nonce: string;
  keyId: string;
} {
  const created = parameters.get('created');
  const nonce = parameters.get('nonce');
  const keyId = parameters.get('keyid');
  const algorithm = parameters.get('alg');
  if (!Number.isSafeInteger(created)) malformed('a parameter created in whole seconds');
  if (typeof nonce !== 'string' || nonce === '' || nonce.length > NONCE_CHARACTERS_MAX) {
    malformed(`a nonce of 1 to ${NONCE_CHARACTERS_MAX} characters`);
  }
  if (typeof keyId !== 'string') malformed('a keyid');
  if (algorithm !== undefined && algorithm !== 'ed25519') malformed('the algorithm ed25519');
  return { createdMs: (created as number) * 1_000, nonce, keyId };
}

function requireCovered(request: PeerCall, names: readonly string[]): void {
  const needed = ['@method', '@path', '@authority', 'content-digest'];
  if (request.target.includes('?')) needed.push('@query');
  if (request.header(PATH_FIELD) !== undefined) needed.push(PATH_FIELD);
  for (const name of needed) if (!names.includes(name)) malformed(`a signature over ${name}`);
}

function requireOwnAuthority(authority: string, own: readonly string[]): void {
  if (own.some((name) => normalAuthority(name) === normalAuthority(authority))) return;
  throw new PeerError('signature-invalid', 'the call names another node as its target', {
    authority: authority.slice(0, 100),
  });
}

function readKey(keyId: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/.test(keyId)) malformed('a keyid of 64 hex digits, the public key');
  return fromHex(keyId);
}

function malformed(expected: string): never {
  throw new PeerError('signature-malformed', `expected ${expected}`);
}
