import { type Random, type Signer, toBase64, toHex, utf8 } from '@basalt/protocol';
import { type InnerList, serializeDictionary } from 'structured-headers';
import { contentDigest } from './content-digest.ts';
import { NONCE_BYTES } from './limits.ts';
import { type SignedRequest, signatureBase } from './signature-base.ts';

/** In `tag`, so that the signature can mean nothing but a call between nodes. */
export const PEER_TAG = 'basalt-peer';

/** Field of the path, see `path-list.ts`. */
export const PATH_FIELD = 'basalt-path';

/** Label of our member in the signature fields. */
const LABEL = 'basalt';

export interface SigningParts {
  readonly signer: Signer;
  readonly random: Random;
  readonly nowMs: number;
}

export interface UnsignedRequest {
  readonly method: 'GET' | 'POST';
  readonly target: string;
  readonly authority: string;
  /** Names in lower case. */
  readonly fields: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * The request's fields with `content-digest`, `signature-input` and `signature` (RFC 9421, Ed25519
 * by section 3.3.6). Covers @method, @path, @authority, content-digest, the query and the path
 * where there are any; parameters created (seconds), nonce, keyid (hex of the public key), tag.
 */
export function signRequest(
  request: UnsignedRequest,
  { signer, random, nowMs }: SigningParts,
): Record<string, string> {
  const fields: Record<string, string> = {
    ...request.fields,
    'content-digest': contentDigest(request.body),
  };
  const names = ['@method', '@path', '@authority', 'content-digest'];
  if (request.target.includes('?')) names.push('@query');
  if (fields[PATH_FIELD] !== undefined) names.push(PATH_FIELD);
  const input: InnerList = [
    names.map((name) => [name, new Map()]),
    new Map<string, string | number>([
      ['created', Math.floor(nowMs / 1_000)],
      ['nonce', toBase64(random.bytes(NONCE_BYTES))],
      ['keyid', toHex(signer.publicKey)],
      ['alg', 'ed25519'],
      ['tag', PEER_TAG],
    ]),
  ];
  const signed: SignedRequest = { ...request, header: (name) => fields[name] };
  const signature = signer.sign(utf8(signatureBase(signed, input)));
  return {
    ...fields,
    'signature-input': serializeDictionary(new Map([[LABEL, input]])),
    signature: serializeDictionary(new Map([[LABEL, [signature, new Map()]]])),
  };
}
