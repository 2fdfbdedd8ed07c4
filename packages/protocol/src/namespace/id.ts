import type { NamespaceId } from '../brands.ts';
import { concatBytes, utf8 } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import type { HashFunction } from '../suite.ts';
import { sha256 } from '../tree/hash.ts';

/** A namespace id is a UUID (RFC 9562): 16 bytes on the wire, 36 characters as text. */
export const NAMESPACE_BYTES = 16;

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
);
const CANONICAL = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const GENESIS_TAG = /* @__PURE__ */ utf8('basalt/namespace/v2\n');

/** Text form of 16 bytes. @throws ProtocolError `malformed` for any other length. */
export function namespaceId(bytes: Uint8Array): NamespaceId {
  if (bytes.length !== NAMESPACE_BYTES) {
    throw new ProtocolError('malformed', 'expected a namespace id of 16 bytes', {
      found: bytes.length,
    });
  }
  return namespaceIdAt(bytes, 0);
}

/** Text form of the 16 bytes at `offset`, which the caller has checked to exist. */
export function namespaceIdAt(bytes: Uint8Array, offset: number): NamespaceId {
  let text = '';
  for (let i = 0; i < NAMESPACE_BYTES; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) text += '-';
    text += HEX[bytes[offset + i] as number];
  }
  return text as NamespaceId;
}

/** The 16 bytes of a namespace id. */
export function namespaceBytes(id: NamespaceId): Uint8Array {
  const bytes = new Uint8Array(NAMESPACE_BYTES);
  writeNamespace(bytes, 0, id);
  return bytes;
}

/** A writer writes one namespace for long: reading its text once saves a microsecond a block. */
let lastId: string | undefined;
const lastBytes: Uint8Array = /* @__PURE__ */ new Uint8Array(NAMESPACE_BYTES);

/** Writes the 16 bytes of `id` at `offset`. @throws ProtocolError `malformed` */
export function writeNamespace(target: Uint8Array, offset: number, id: NamespaceId): void {
  if (id !== lastId) {
    const digits = parseNamespaceId(id).replaceAll('-', '');
    for (let i = 0; i < NAMESPACE_BYTES; i++) {
      lastBytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
    }
    lastId = id;
  }
  target.set(lastBytes, offset);
}

/**
 * Only the canonical form: 36 characters, lower case, so that one namespace has one address.
 * @throws ProtocolError `malformed`
 */
export function parseNamespaceId(text: string): NamespaceId {
  if (!CANONICAL.test(text)) {
    throw new ProtocolError('malformed', 'expected a namespace id: a UUID in lower case');
  }
  return text as NamespaceId;
}

/**
 * The id that belongs to a genesis payload: UUIDv8 (RFC 9562 section 5.8) from the first 16 bytes
 * of SHA-256(tag `basalt/namespace/v2\n`, payload). Whoever holds the payload can check the id.
 */
export function deriveNamespaceId(
  genesisPayload: Uint8Array,
  hash: HashFunction = sha256,
): NamespaceId {
  return uuidV8(hash(concatBytes(GENESIS_TAG, genesisPayload)));
}

/**
 * The namespace that takes in the version 1 blocks of one writer: UUIDv8 from the first 16 bytes of
 * SHA-256(public key).
 */
export function v1NamespaceId(publicKey: Uint8Array, hash: HashFunction = sha256): NamespaceId {
  return uuidV8(hash(publicKey));
}

function uuidV8(digest: Uint8Array): NamespaceId {
  const bytes = digest.slice(0, NAMESPACE_BYTES);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return namespaceIdAt(bytes, 0);
}
