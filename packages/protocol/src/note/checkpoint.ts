import type { Hash32 } from '../brands.ts';
import { equalBytes, fromBase64, toBase64 } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { EMPTY_ROOT, HASH_BYTES } from '../tree/hash.ts';
import { isCount } from '../tree/nodes.ts';
import { isNoteText } from './signed-note.ts';

/** What a log says about itself: its size and the root over all its entries. */
export interface Checkpoint {
  /** Name of the log, one line, e.g. `example.com/ns/6f1c...`. */
  readonly origin: string;
  /** Number of entries, below 2^53. */
  readonly size: number;
  /** 32 bytes; the hash of nothing at size 0. */
  readonly root: Hash32;
}

/**
 * The note text of a checkpoint (c2sp.org/tlog-checkpoint): three lines, no extension lines.
 *
 * @throws ProtocolError `invalid-note`
 */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  const { origin, size, root } = checkpoint;
  if (origin === '' || origin.includes('\n') || !isNoteText(`${origin}\n`)) {
    refuse('expected an origin of one line');
  }
  if (!isCount(size)) refuse('expected a size from 0 to 2^53 - 1');
  checkRoot(size, root);
  return `${origin}\n${size}\n${toBase64(root)}\n`;
}

/**
 * Reads a note text as a checkpoint. Extension lines are refused: ML-DSA-44 cosignatures do not
 * cover them, so what they say would hang on who signed.
 *
 * @throws ProtocolError `invalid-note`
 */
export function parseCheckpoint(text: string): Checkpoint {
  if (!isNoteText(text)) refuse('expected lines that end with a newline');
  const [origin, digits, encoded, ...rest] = text.slice(0, -1).split('\n');
  if (origin === undefined || digits === undefined || encoded === undefined || rest.length > 0) {
    refuse('expected three lines: origin, size and root');
  }
  if (origin === '') refuse('expected an origin');
  const size = parseDecimal(digits);
  if (size === undefined) refuse('expected a decimal size below 2^53 without leading zeroes');
  const root = parseHashLine(encoded);
  if (root === undefined) refuse('expected a root of 32 bytes in canonical base64');
  checkRoot(size, root);
  return { origin, size, root };
}

/** A decimal number below 2^53 without leading zeroes, or undefined. */
export function parseDecimal(text: string): number | undefined {
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(text)) return undefined;
  const value = Number(text);
  return isCount(value) ? value : undefined;
}

/** 32 bytes in canonical base64, or undefined. */
export function parseHashLine(text: string): Hash32 | undefined {
  if (text.length !== 44) return undefined;
  try {
    const bytes = fromBase64(text);
    return bytes.length === HASH_BYTES ? (bytes as Hash32) : undefined;
  } catch {
    return undefined;
  }
}

function checkRoot(size: number, root: Uint8Array): void {
  if (root.length !== HASH_BYTES) refuse('expected a root of 32 bytes');
  if ((size === 0) !== equalBytes(root, EMPTY_ROOT)) {
    refuse('the hash of nothing is the root of size 0 and of no other size');
  }
}

function refuse(message: string): never {
  throw new ProtocolError('invalid-note', message);
}
