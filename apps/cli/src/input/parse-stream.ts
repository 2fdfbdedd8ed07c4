import type { RecordParser } from './parser.ts';

/**
 * Runs a parser over pieces as they come. Nothing is read ahead: the next piece is asked for when
 * the records of this one are taken, so memory is one piece and one record.
 */
export async function* parseStream(
  pieces: AsyncIterable<Uint8Array>,
  parser: RecordParser,
  onBytes: (count: number) => void,
): AsyncGenerator<readonly Uint8Array[], void, undefined> {
  for await (const piece of pieces) {
    onBytes(piece.length);
    const records = parser.push(piece);
    if (records.length > 0) yield records;
  }
  const last = parser.end();
  if (last.length > 0) yield last;
}
