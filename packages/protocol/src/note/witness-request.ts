import type { Hash32 } from '../brands.ts';
import { fromUtf8, toBase64 } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { NOTE_BYTES_MAX, PROOF_HASHES_MAX } from '../limits.ts';
import { parseDecimal } from './checkpoint.ts';
import { parseProofLines, splitAtEmptyLine } from './proof-lines.ts';
import { formatNote, parseNote, type SignedNote } from './signed-note.ts';

/** The old size line, 63 lines of 44 characters and the note. */
const REQUEST_CHARACTERS_MAX: number = NOTE_BYTES_MAX + (PROOF_HASHES_MAX + 1) * 45;

/** Body of `POST <prefix>/add-checkpoint` (c2sp.org/tlog-witness). */
export interface AddCheckpointRequest {
  /** Size of the checkpoint that the witness cosigned last, 0 for none. */
  readonly oldSize: number;
  /** Consistency proof from it to the new one; empty from 0. */
  readonly proof: readonly Hash32[];
  readonly note: SignedNote;
}

export function formatAddCheckpoint(request: AddCheckpointRequest): string {
  const lines = [`old ${request.oldSize}`, ...request.proof.map(toBase64)];
  return `${lines.join('\n')}\n\n${formatNote(request.note)}`;
}

/** @throws ProtocolError `malformed`, `invalid-note` (in the checkpoint) */
export function parseAddCheckpoint(body: string | Uint8Array): AddCheckpointRequest {
  if (body.length > REQUEST_CHARACTERS_MAX) refuse('expected a shorter request');
  const text = typeof body === 'string' ? body : fromUtf8(body);
  const parts = splitAtEmptyLine(text);
  if (parts === undefined) refuse('expected an empty line before the checkpoint');
  const [old = '', ...lines] = parts.lines;
  const oldSize = old.startsWith('old ') ? parseDecimal(old.slice(4)) : undefined;
  if (oldSize === undefined) refuse('expected the line of the old size');
  const proof = parseProofLines(lines);
  if (proof === undefined) refuse('expected at most 63 lines of one hash each');
  return { oldSize, proof, note: parseNote(parts.rest) };
}

function refuse(message: string): never {
  throw new ProtocolError('malformed', message);
}
