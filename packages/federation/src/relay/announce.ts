import {
  type BlockHash,
  fromHex,
  HASH_BYTES,
  type NamespaceId,
  ProtocolError,
  parseNamespaceId,
  utf8,
} from '@basalt/protocol';
import { PeerError } from '../peer/errors.ts';
import { countMember, hexMember, jsonObject, textMember } from '../peer/json-body.ts';

/** That a block exists, without the block (the seed's `BlockAnnounce`; the call is signed). */
export interface Announcement {
  readonly namespace: NamespaceId;
  readonly index: number;
  /** Hex of the block's hash. */
  readonly hash: string;
  /** Bytes of its payload. */
  readonly sizeBytes: number;
  /** Of the block, milliseconds since the Unix epoch. */
  readonly timestampMs: number;
}

/** JSON with exactly these members. */
export function encodeAnnouncement(announcement: Announcement): Uint8Array {
  const { namespace, index, hash, sizeBytes, timestampMs } = announcement;
  return utf8(JSON.stringify({ namespace, index, hash, sizeBytes, timestampMs }));
}

/** @throws PeerError `bad-request` */
export function decodeAnnouncement(bytes: Uint8Array): Announcement {
  const object = jsonObject(bytes);
  return {
    namespace: readNamespace(textMember(object, 'namespace', 36)),
    index: countMember(object, 'index'),
    hash: hexMember(object, 'hash', HASH_BYTES),
    sizeBytes: countMember(object, 'sizeBytes'),
    timestampMs: countMember(object, 'timestampMs'),
  };
}

export function blockHashOf({ hash }: Announcement): BlockHash {
  return fromHex(hash) as BlockHash;
}

function readNamespace(text: string): NamespaceId {
  try {
    return parseNamespaceId(text);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new PeerError('bad-request', 'expected namespace: a UUID', {}, { cause: error });
  }
}
