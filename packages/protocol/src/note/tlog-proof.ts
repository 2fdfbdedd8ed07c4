import type { Hash32 } from '../brands.ts';
import { fromBase64, fromUtf8, toBase64 } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { NOTE_BYTES_MAX, PROOF_HASHES_MAX } from '../limits.ts';
import type { HashFunction } from '../suite.ts';
import { sha256 } from '../tree/hash.ts';
import { verifyInclusion } from '../tree/verify.ts';
import { parseDecimal } from './checkpoint.ts';
import { parseProofLines, splitAtEmptyLine } from './proof-lines.ts';
import { formatNote, parseNote, type SignedNote } from './signed-note.ts';
import type { OpenedCheckpoint } from './verifier.ts';

const FIRST_LINE = 'c2sp.org/tlog-proof@v1';

/** Extra data is for small things like a path; a note's bound is plenty. */
const EXTRA_BYTES_MAX: number = NOTE_BYTES_MAX;

const TEXT_CHARACTERS_MAX: number =
  NOTE_BYTES_MAX + Math.ceil(EXTRA_BYTES_MAX / 3) * 4 + (PROOF_HASHES_MAX + 3) * 64;

/** A `.tlog-proof` file (c2sp.org/tlog-proof): checkable without a network. */
export interface TlogProof {
  readonly index: number;
  /** Inclusion proof, the leaf's sibling first. */
  readonly proof: readonly Hash32[];
  /** The checkpoint's note with whatever cosignatures it carries. */
  readonly note: SignedNote;
  /** Opaque and NOT authenticated; at least one byte. */
  readonly extra?: Uint8Array;
}

/** The file's text. @throws ProtocolError `malformed` on empty or too much extra data */
export function formatTlogProof(proof: TlogProof): string {
  const { extra } = proof;
  if (extra !== undefined && (extra.length === 0 || extra.length > EXTRA_BYTES_MAX)) {
    refuse(`expected 1 to ${EXTRA_BYTES_MAX} bytes of extra data or none at all`);
  }
  const lines = [
    FIRST_LINE,
    ...(extra === undefined ? [] : [`extra ${toBase64(extra)}`]),
    `index ${proof.index}`,
    ...proof.proof.map(toBase64),
  ];
  return `${lines.join('\n')}\n\n${formatNote(proof.note)}`;
}

/** @throws ProtocolError `malformed`, `invalid-note` (in the checkpoint) */
export function parseTlogProof(file: string | Uint8Array): TlogProof {
  if (file.length > TEXT_CHARACTERS_MAX) refuse('expected a shorter proof');
  const text = typeof file === 'string' ? file : fromUtf8(file);
  const parts = splitAtEmptyLine(text);
  if (parts === undefined) refuse('expected an empty line before the checkpoint');
  const [first, ...lines] = parts.lines;
  if (first !== FIRST_LINE) refuse(`expected the first line ${FIRST_LINE}`);
  const extra = lines[0]?.startsWith('extra ')
    ? fromBase64(lines.shift()?.slice(6) ?? '')
    : undefined;
  if (extra !== undefined && (extra.length === 0 || extra.length > EXTRA_BYTES_MAX)) {
    refuse('expected extra data in its line');
  }
  const indexLine = lines.shift() ?? '';
  const index = indexLine.startsWith('index ') ? parseDecimal(indexLine.slice(6)) : undefined;
  if (index === undefined) refuse('expected the line of the index');
  const proof = parseProofLines(lines);
  if (proof === undefined) refuse('expected at most 63 lines of one hash each');
  return { index, proof, note: parseNote(parts.rest), ...(extra === undefined ? {} : { extra }) };
}

/**
 * Checks that the leaf is in the log.
 *
 * @param leaf 32-byte leaf hash of the entry
 * @param open checks the checkpoint: `openCheckpoint` with the log's keys, or `openByPolicy`
 * @throws ProtocolError `invalid-proof`, and what `open` throws
 *
 * @example
 * verifyTlogProof(parseTlogProof(file), leafHash(entry), (note) => openByPolicy(note, policy,
 * suites));
 */
export function verifyTlogProof<Opened extends OpenedCheckpoint>(
  proof: TlogProof,
  leaf: Uint8Array,
  open: (note: SignedNote) => Opened,
  hash: HashFunction = sha256,
): Opened {
  const opened = open(proof.note);
  const { size, root } = opened.checkpoint;
  verifyInclusion({ leafHash: leaf, index: proof.index, size, root, proof: proof.proof }, hash);
  return opened;
}

function refuse(message: string): never {
  throw new ProtocolError('malformed', message);
}
