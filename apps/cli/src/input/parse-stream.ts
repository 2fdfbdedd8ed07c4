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
    yield* taken((records) => parser.push(piece, records));
  }
  yield* taken((records) => parser.end(records));
}

/** What was read before a fault is handed on before the fault is thrown. */
function* taken(parse: (records: Uint8Array[]) => void): Generator<readonly Uint8Array[]> {
  const records: Uint8Array[] = [];
  try {
    parse(records);
  } catch (error) {
    if (records.length > 0) yield records;
    throw error;
  }
  if (records.length > 0) yield records;
}
