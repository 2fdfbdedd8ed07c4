import { concatBytes, fromBase64, fromUtf8, toBase64, utf8 } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX } from '../limits.ts';

/** One signature line of a note: who signed by which key, and what the key made. */
export interface NoteSignature {
  /** Key name: not empty, no white space, no plus sign. */
  readonly name: string;
  /** Key id, u32. */
  readonly id: number;
  /** The bytes after the key id, at least one. */
  readonly signature: Uint8Array;
}

/** A note as read: nothing about it is verified yet. */
export interface SignedNote {
  /** Ends with a newline; this is what is signed. */
  readonly text: string;
  /** In the order of the lines, at least one. */
  readonly signatures: readonly NoteSignature[];
}

const LINE_START = '— ';

/**
 * Reads a signed note (c2sp.org/signed-note, format). The text is everything before the last empty
 * line. Stricter than the Go implementation in one point: base64 must be canonical.
 *
 * @throws ProtocolError `invalid-note`
 */
export function parseNote(note: string | Uint8Array): SignedNote {
  const text = noteText(note);
  const split = text.lastIndexOf('\n\n');
  if (split < 0) refuse('expected an empty line before the signatures');
  return {
    text: text.slice(0, split + 1),
    signatures: parseSignatureLines(text.slice(split + 2)),
  };
}

/**
 * Reads one or more signature lines, each with its newline: the end of a note, or the body of a
 * witness's reply (c2sp.org/tlog-witness).
 *
 * @throws ProtocolError `invalid-note`
 */
export function parseSignatureLines(lines: string): NoteSignature[] {
  if (!lines.endsWith('\n')) refuse('expected signature lines that end with a newline');
  const list = lines.slice(0, -1).split('\n', NOTE_SIGNATURES_MAX + 1);
  if (list.length > NOTE_SIGNATURES_MAX) {
    refuse(`expected at most ${NOTE_SIGNATURES_MAX} signatures`);
  }
  return list.map(parseSignatureLine);
}

/** The note as text; {@link parseNote} reads it back. */
export function formatNote(note: SignedNote): string {
  return `${note.text}\n${note.signatures.map(formatSignatureLine).join('')}`;
}

/** `— <name> <base64 of key id and signature>` and a newline. */
export function formatSignatureLine(signature: NoteSignature): string {
  const { name, id } = signature;
  const idBytes = Uint8Array.of(id >>> 24, (id >>> 16) & 0xff, (id >>> 8) & 0xff, id & 0xff);
  return `${LINE_START}${name} ${toBase64(concatBytes(idBytes, signature.signature))}\n`;
}

/**
 * The note with more signatures; a line that is already there is not repeated.
 *
 * @throws ProtocolError `invalid-note` with more than 64 lines
 */
export function addSignatures(note: SignedNote, added: readonly NoteSignature[]): SignedNote {
  const signatures = [...note.signatures];
  const lines = new Set(signatures.map(formatSignatureLine));
  for (const signature of added) {
    const line = formatSignatureLine(signature);
    if (lines.has(line)) continue;
    lines.add(line);
    signatures.push(signature);
  }
  if (signatures.length > NOTE_SIGNATURES_MAX) {
    refuse(`expected at most ${NOTE_SIGNATURES_MAX} signatures`);
  }
  return { text: note.text, signatures };
}

/** Whether `name` can be a key name: not empty, well-formed, without white space and plus signs. */
export function isKeyName(name: string): boolean {
  return (
    name !== '' && name.isWellFormed() && !/[\p{White_Space}+]/u.test(name) && !hasControls(name)
  );
}

/**
 * Whether `text` can be signed: well-formed, ends with a newline, no control characters but it.
 * A text that holds an empty line is fine; the signatures start after the last one.
 */
export function isNoteText(text: string): boolean {
  return text.endsWith('\n') && text.isWellFormed() && !hasControls(text);
}

function parseSignatureLine(line: string): NoteSignature {
  const [name, encoded, ...rest] = line.slice(LINE_START.length).split(' ');
  if (!line.startsWith(LINE_START) || name === undefined || encoded === undefined) {
    refuse('expected signature lines of em dash, name and base64');
  }
  if (rest.length > 0 || !isKeyName(name)) {
    refuse('expected a key name without white space and plus signs');
  }
  const bytes = decodeBase64(encoded);
  if (bytes.length < 5) refuse('expected a signature of a key id and at least one byte');
  const [a, b, c, d] = bytes as Uint8Array & [number, number, number, number];
  return { name, id: ((a << 24) | (b << 16) | (c << 8) | d) >>> 0, signature: bytes.subarray(4) };
}

function decodeBase64(text: string): Uint8Array {
  try {
    return fromBase64(text);
  } catch {
    return refuse('expected signatures in canonical base64');
  }
}

function noteText(note: string | Uint8Array): string {
  // A character takes at least one byte, so the length in characters bounds the work first.
  if (
    note.length > NOTE_BYTES_MAX ||
    (typeof note === 'string' && byteLength(note) > NOTE_BYTES_MAX)
  ) {
    refuse(`expected a note of at most ${NOTE_BYTES_MAX} bytes`);
  }
  const text = typeof note === 'string' ? note : decodeUtf8(note);
  if (!text.isWellFormed()) refuse('expected valid UTF-8');
  if (hasControls(text)) refuse('expected no control characters but newline');
  return text;
}

function byteLength(text: string): number {
  return utf8(text).length;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch {
    return refuse('expected valid UTF-8');
  }
}

function hasControls(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 && unit !== 0x0a) return true;
  }
  return false;
}

function refuse(message: string): never {
  throw new ProtocolError('invalid-note', message);
}
