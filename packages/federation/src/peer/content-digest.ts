import { equalBytes, type HashFunction, sha256 } from '@basalt/protocol';
import { parseDictionary, serializeDictionary } from 'structured-headers';
import { PeerError } from './errors.ts';
import { SIGNATURE_FIELD_CHARACTERS_MAX } from './limits.ts';

/** Value of `Content-Digest` (RFC 9530 section 2) with SHA-256 of the body. */
export function contentDigest(body: Uint8Array, hash: HashFunction = sha256): string {
  return serializeDictionary(new Map([['sha-256', [hash(body), new Map()]]]));
}

/**
 * Checks the body against the `sha-256` member; members of other algorithms are ignored.
 * @throws PeerError `signature-malformed`, `digest-mismatch`
 */
export function checkContentDigest(
  value: string,
  body: Uint8Array,
  hash: HashFunction = sha256,
): void {
  const told = readDigest(value);
  if (!equalBytes(told, hash(body))) {
    throw new PeerError('digest-mismatch', 'the body is not the one that Content-Digest names');
  }
}

function readDigest(value: string): Uint8Array {
  if (value.length > SIGNATURE_FIELD_CHARACTERS_MAX) refuse();
  let member: unknown;
  try {
    member = parseDictionary(value).get('sha-256')?.[0];
  } catch {
    refuse();
  }
  if (!(member instanceof ArrayBuffer)) refuse();
  return new Uint8Array(member);
}

function refuse(): never {
  throw new PeerError('signature-malformed', 'expected a Content-Digest with a sha-256 member');
}
