import type { Hash32 } from '../brands.ts';
import { PROOF_HASHES_MAX } from '../limits.ts';
import { parseHashLine } from './checkpoint.ts';

/**
 * Splits a text of lines, an empty line and a rest: the shape that tlog-proof and tlog-witness
 * share.
 *
 * @returns undefined when there is no empty line
 */
export function splitAtEmptyLine(text: string): { lines: string[]; rest: string } | undefined {
  const end = text.indexOf('\n\n');
  if (end < 0) return undefined;
  return { lines: text.slice(0, end).split('\n'), rest: text.slice(end + 2) };
}

/** At most 63 lines of one hash each, or undefined. */
export function parseProofLines(lines: readonly string[]): Hash32[] | undefined {
  if (lines.length > PROOF_HASHES_MAX) return undefined;
  const hashes: Hash32[] = [];
  for (const line of lines) {
    const hash = parseHashLine(line);
    if (hash === undefined) return undefined;
    hashes.push(hash);
  }
  return hashes;
}
