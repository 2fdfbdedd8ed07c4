import {
  type Checkpoint,
  decodeTimestampedSignature,
  formatNote,
  fromUtf8,
  isSignedBy,
  type NoteKey,
  parseCheckpoint,
  parseNote,
  type SignedNote,
  toHex,
  utf8,
} from '@basalt/protocol';
import { WitnessError } from './errors.ts';

/**
 * What a witness remembers of one log: the newest checkpoint that it cosigned, with the log's
 * signature and its own. The record is the note itself, so whoever reads the store can check it.
 */
export interface WitnessedCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly note: SignedNote;
  /** Newest time in the witness's own lines, seconds. */
  readonly timeSeconds: number;
}

/** Lower-case hex of SHA-256 of the origin: how monitors ask for a log. */
export function originHash(origin: string, sha256: (data: Uint8Array) => Uint8Array): string {
  return toHex(sha256(utf8(origin)));
}

export const witnessRecord = {
  newest: (hash: string): string => `witness/newest/${hash}`,
  /** The first checkpoint that contradicted the one that was cosigned. */
  conflict: (hash: string): string => `witness/conflict/${hash}`,
} as const;

export function encodeState(note: SignedNote): Uint8Array {
  return utf8(formatNote(note));
}

/** @throws WitnessError `state-damaged`: never taken for a log that was not seen yet */
export function decodeState(
  bytes: Uint8Array,
  origin: string,
  ownKeys: readonly NoteKey[],
): WitnessedCheckpoint {
  try {
    const note = parseNote(fromUtf8(bytes));
    const checkpoint = parseCheckpoint(note.text);
    if (checkpoint.origin !== origin) throw new Error('the record is of another origin');
    const times = note.signatures
      .filter((line) => ownKeys.some((key) => isSignedBy(line, key)))
      .map((line) => decodeTimestampedSignature(line.signature).timeSeconds);
    return { checkpoint, note, timeSeconds: Math.max(0, ...times) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new WitnessError('state-damaged', `what was cosigned last cannot be read: ${reason}`, {
      origin,
    });
  }
}
