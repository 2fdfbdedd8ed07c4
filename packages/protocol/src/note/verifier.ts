import { utf8 } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import type { CryptoProvider, PlainAlgorithmId } from '../suite.ts';
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts';
import {
  decodeTimestampedSignature,
  ed25519CosignatureMessage,
  mlDsa44CosignatureMessage,
} from './cosignature.ts';
import { NOTE_KEY_TYPE, type NoteKey, noteKeyAlgorithm } from './note-key.ts';
import { type NoteSignature, parseNote, type SignedNote } from './signed-note.ts';

/** All that checking notes needs of cryptography. */
export type NoteSuites = Pick<CryptoProvider, 'suite'>;

/** One plain signature check, for those who check elsewhere (WebCrypto, a worker, a batch). */
export interface SignatureCheck {
  readonly algorithm: PlainAlgorithmId;
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  /** When a cosigner signed, seconds since the Unix epoch; undefined for a plain signature. */
  readonly timeSeconds: number | undefined;
}

/** A signature that was checked. */
export interface VerifiedSignature {
  readonly key: NoteKey;
  readonly line: NoteSignature;
  readonly timeSeconds: number | undefined;
}

/** A note with at least one good signature of a known key and no bad one. */
export interface VerifiedNote {
  readonly note: SignedNote;
  /** In the order of the lines; those of unknown keys are left out. */
  readonly verified: readonly VerifiedSignature[];
}

/** A checkpoint signed by its log. */
export interface OpenedCheckpoint extends VerifiedNote {
  readonly checkpoint: Checkpoint;
}

/**
 * The check behind one signature line of a known key.
 *
 * @throws ProtocolError `invalid-note`, `malformed` when the line cannot be a signature of that key
 */
export function signatureCheck(text: string, line: NoteSignature, key: NoteKey): SignatureCheck {
  const shared = { algorithm: noteKeyAlgorithm(key.type), publicKey: key.publicKey };
  if (key.type === NOTE_KEY_TYPE.ed25519) {
    const { signature } = line;
    return { ...shared, message: utf8(text), signature, timeSeconds: undefined };
  }
  const { timeSeconds, signature } = decodeTimestampedSignature(line.signature);
  const message =
    key.type === NOTE_KEY_TYPE.cosignatureEd25519
      ? ed25519CosignatureMessage(text, timeSeconds)
      : mlDsa44CosignatureMessage(text, timeSeconds, key.name);
  return { ...shared, message, signature, timeSeconds };
}

/** Whether `line` claims to be by `key`: name AND id must match (c2sp.org/signed-note). */
export function isSignedBy(line: NoteSignature, key: NoteKey): boolean {
  return line.name === key.name && line.id === key.id;
}

/**
 * Checks every line of a known key; lines of unknown keys are ignored.
 *
 * @throws ProtocolError `invalid-note` when the note cannot be read, `invalid-signature` when a
 *   line of a known key fails (the whole note is refused then) or there is no line of a known key
 */
export function verifyNote(
  note: string | Uint8Array | SignedNote,
  keys: readonly NoteKey[],
  suites: NoteSuites,
): VerifiedNote {
  const signed = typeof note === 'string' || note instanceof Uint8Array ? parseNote(note) : note;
  const verified: VerifiedSignature[] = [];
  for (const line of signed.signatures) {
    for (const key of keys) {
      if (!isSignedBy(line, key)) continue;
      verified.push({ key, line, timeSeconds: verifyLine(signed.text, line, key, suites) });
    }
  }
  if (verified.length === 0) refuse('expected a signature of a known key');
  return { note: signed, verified };
}

/**
 * Opens a checkpoint that a log has signed.
 *
 * @param logKeys keys of which at least one must have signed
 * @param options.origin the origin line that is expected; without it any is taken
 * @param options.witnesses more known keys: their lines are checked and told, none is demanded
 * @throws ProtocolError `invalid-note`, `invalid-signature` as {@link verifyNote}
 */
export function openCheckpoint(
  note: string | Uint8Array | SignedNote,
  logKeys: readonly NoteKey[],
  suites: NoteSuites,
  options: { readonly origin?: string; readonly witnesses?: readonly NoteKey[] } = {},
): OpenedCheckpoint {
  const opened = verifyNote(note, [...logKeys, ...(options.witnesses ?? [])], suites);
  if (!opened.verified.some(({ key }) => logKeys.includes(key))) {
    refuse('expected a signature of the log');
  }
  const checkpoint = parseCheckpoint(opened.note.text);
  if (options.origin !== undefined && checkpoint.origin !== options.origin) {
    throw new ProtocolError('invalid-note', 'expected a checkpoint of another log', {
      expected: options.origin,
      found: checkpoint.origin,
    });
  }
  return { ...opened, checkpoint };
}

/** Checks one line of a known key and gives its time. @throws ProtocolError `invalid-signature` */
function verifyLine(
  text: string,
  line: NoteSignature,
  key: NoteKey,
  suites: NoteSuites,
): number | undefined {
  let check: SignatureCheck;
  try {
    check = signatureCheck(text, line, key);
  } catch {
    return refuse(`expected a signature that ${key.name} could have made`);
  }
  const suite = suites.suite(check.algorithm);
  if (!suite.verify(check.signature, check.message, check.publicKey)) {
    refuse(`expected a good signature of ${key.name}`);
  }
  return check.timeSeconds;
}

function refuse(message: string): never {
  throw new ProtocolError('invalid-signature', message);
}
