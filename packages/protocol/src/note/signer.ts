import { utf8 } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { ALGORITHM, type Signer } from '../suite.ts';
import { type Checkpoint, formatCheckpoint } from './checkpoint.ts';
import {
  ed25519CosignatureMessage,
  encodeTimestampedSignature,
  mlDsa44CosignatureMessage,
} from './cosignature.ts';
import { createNoteKey, NOTE_KEY_TYPE, type NoteKey, noteKeyAlgorithm } from './note-key.ts';
import { addSignatures, isNoteText, type NoteSignature, type SignedNote } from './signed-note.ts';

/** A key that signs notes: its public half and what holds the secret. */
export interface NoteSigner {
  readonly key: NoteKey;
  readonly signer: Signer;
}

/**
 * A log's own signer: Ed25519 over the note text, type 0x01.
 *
 * @param name key name; for a log its origin
 * @throws ProtocolError `invalid-note`, `unknown-algorithm`
 */
export function createNoteSigner(name: string, signer: Signer): NoteSigner {
  if (signer.algorithm !== ALGORITHM.ed25519) {
    throw new ProtocolError('unknown-algorithm', 'expected an Ed25519 key for a note', {
      algorithm: signer.algorithm,
    });
  }
  return { key: createNoteKey(name, NOTE_KEY_TYPE.ed25519, signer.publicKey), signer };
}

/**
 * A cosigner of checkpoints: Ed25519 gives type 0x04, ML-DSA-44 gives type 0x06. The Ed25519
 * message
 * does not hold the name, so one such key must not serve under two names.
 *
 * @throws ProtocolError `invalid-note`, `unknown-algorithm`
 */
export function createCosigner(name: string, signer: Signer): NoteSigner {
  switch (signer.algorithm) {
    case ALGORITHM.ed25519:
      return {
        key: createNoteKey(name, NOTE_KEY_TYPE.cosignatureEd25519, signer.publicKey),
        signer,
      };
    case ALGORITHM.mlDsa44:
      return {
        key: createNoteKey(name, NOTE_KEY_TYPE.cosignatureMlDsa44, signer.publicKey),
        signer,
      };
    default:
      throw new ProtocolError('unknown-algorithm', 'expected Ed25519 or ML-DSA-44 to cosign', {
        algorithm: signer.algorithm,
      });
  }
}

/**
 * One signature line over a note text.
 *
 * @param timeSeconds seconds since the Unix epoch; cosigners need it, plain signers ignore it
 * @throws ProtocolError `invalid-note` when the text cannot be signed
 */
export function signNoteText(text: string, by: NoteSigner, timeSeconds = 0): NoteSignature {
  if (!isNoteText(text)) {
    throw new ProtocolError('invalid-note', 'expected a text of lines without control characters');
  }
  const { key, signer } = by;
  if (signer.algorithm !== noteKeyAlgorithm(key.type)) {
    throw new ProtocolError('unknown-algorithm', 'expected a signer that fits the key');
  }
  const line = { name: key.name, id: key.id };
  if (key.type === NOTE_KEY_TYPE.ed25519) return { ...line, signature: signer.sign(utf8(text)) };
  const message =
    key.type === NOTE_KEY_TYPE.cosignatureEd25519
      ? ed25519CosignatureMessage(text, timeSeconds)
      : mlDsa44CosignatureMessage(text, timeSeconds, key.name);
  const signature = encodeTimestampedSignature({ timeSeconds, signature: signer.sign(message) });
  return { ...line, signature };
}

/**
 * A signed checkpoint: the note that a log publishes. The caller answers for never signing two
 * checkpoints that contradict each other.
 */
export function signCheckpoint(
  checkpoint: Checkpoint,
  by: NoteSigner | readonly NoteSigner[],
  timeSeconds = 0,
): SignedNote {
  const text = formatCheckpoint(checkpoint);
  const signers = 'key' in by ? [by] : by;
  return { text, signatures: signers.map((signer) => signNoteText(text, signer, timeSeconds)) };
}

/** The note with one more cosignature; the caller has checked consistency before. */
export function cosign(note: SignedNote, by: NoteSigner, timeSeconds: number): SignedNote {
  return addSignatures(note, [signNoteText(note.text, by, timeSeconds)]);
}
