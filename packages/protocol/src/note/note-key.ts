import { concatBytes, dataView, fromBase64, toBase64, utf8 } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { PUBLIC_KEY_BYTES_MAX } from '../limits.ts';
import { ALGORITHM, type HashFunction, type PlainAlgorithmId } from '../suite.ts';
import { sha256 } from '../tree/hash.ts';
import { isKeyName } from './signed-note.ts';

/**
 * Signature types of notes that are understood here (c2sp.org/signed-note, signature types;
 * c2sp.org/tlog-cosignature).
 */
export const NOTE_KEY_TYPE = {
  /** Ed25519 over the note text. */
  ed25519: 0x01,
  /** Ed25519 over a time and the note text. */
  cosignatureEd25519: 0x04,
  /** ML-DSA-44 over a structure of name, time, origin, size and root. */
  cosignatureMlDsa44: 0x06,
} as const;

export type NoteKeyType = (typeof NOTE_KEY_TYPE)[keyof typeof NOTE_KEY_TYPE];

/** A public key that signs notes. Name and id together tell which lines are its own. */
export interface NoteKey {
  readonly name: string;
  /** u32 */
  readonly id: number;
  readonly type: NoteKeyType;
  /** 32 bytes for Ed25519, 1,312 for ML-DSA-44. */
  readonly publicKey: Uint8Array;
}

/** Vkey text of an ML-DSA-44 key under a name of 255 characters stays below this. */
const VKEY_CHARACTERS_MAX: number = 1024 + 2 * PUBLIC_KEY_BYTES_MAX;

/** The signature algorithm behind a note key type. */
export function noteKeyAlgorithm(type: NoteKeyType): PlainAlgorithmId {
  return type === NOTE_KEY_TYPE.cosignatureMlDsa44 ? ALGORITHM.mlDsa44 : ALGORITHM.ed25519;
}

/**
 * A note key with its id: the first four bytes of SHA-256(name, newline, type, public key).
 *
 * @throws ProtocolError `invalid-note` on a name that notes do not allow (for ML-DSA-44 also one of
 *   more than 255 bytes) or a key of the wrong length
 */
export function createNoteKey(
  name: string,
  type: NoteKeyType,
  publicKey: Uint8Array,
  hash: HashFunction = sha256,
): NoteKey {
  if (!isKeyName(name)) refuse('expected a key name without white space and plus signs');
  const mlDsa = type === NOTE_KEY_TYPE.cosignatureMlDsa44;
  if (mlDsa && utf8(name).length > 255) refuse('expected a name of at most 255 bytes');
  const expected = mlDsa ? 1312 : 32;
  if (publicKey.length !== expected) refuse(`expected a public key of ${expected} bytes`);
  const digest = hash(concatBytes(utf8(`${name}\n`), Uint8Array.of(type), publicKey));
  return { name, id: dataView(digest).getUint32(0), type, publicKey };
}

/**
 * Reads a verifier key, `<name>+<8 hex digits>+<base64 of type and key>` (c2sp.org/signed-note,
 * verifier keys).
 *
 * @throws ProtocolError `invalid-note` on any other form or when the id does not belong to the key,
 *   `unknown-algorithm` on a signature type other than 0x01, 0x04 and 0x06
 */
export function parseVerifierKey(vkey: string, hash: HashFunction = sha256): NoteKey {
  if (vkey.length > VKEY_CHARACTERS_MAX) refuse('expected a shorter verifier key');
  const match = /^([^+]+)\+([0-9a-fA-F]{8})\+([A-Za-z0-9+/=]+)$/.exec(vkey);
  if (match === null) refuse('expected a verifier key of name, id and base64');
  const [, name, id, encoded] = match as unknown as [string, string, string, string];
  const bytes = decodeBase64(encoded);
  const type = bytes[0];
  if (!isNoteKeyType(type)) {
    throw new ProtocolError('unknown-algorithm', 'expected a key of type 1, 4 or 6', { type });
  }
  const key = createNoteKey(name, type, bytes.slice(1), hash);
  if (key.id !== Number.parseInt(id, 16)) refuse('expected an id that belongs to name and key');
  return key;
}

/** The verifier key as text; {@link parseVerifierKey} reads it back. */
export function formatVerifierKey(key: NoteKey): string {
  const id = key.id.toString(16).padStart(8, '0');
  return `${key.name}+${id}+${toBase64(concatBytes(Uint8Array.of(key.type), key.publicKey))}`;
}

function isNoteKeyType(type: number | undefined): type is NoteKeyType {
  return type === 0x01 || type === 0x04 || type === 0x06;
}

function decodeBase64(text: string): Uint8Array {
  try {
    return fromBase64(text);
  } catch {
    return refuse('expected a verifier key in canonical base64');
  }
}

function refuse(message: string): never {
  throw new ProtocolError('invalid-note', message);
}
