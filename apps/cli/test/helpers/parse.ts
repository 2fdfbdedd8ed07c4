import type { RecordParser } from '../../src/input/parser.ts';

/** What a parser makes of these pieces, and the end. */
export function parsePieces(parser: RecordParser, ...pieces: Uint8Array[]): Uint8Array[] {
  const records: Uint8Array[] = [];
  for (const piece of pieces) parser.push(piece, records);
  parser.end(records);
  return records;
}

/** What one piece completes; the input goes on. */
export function pushPiece(parser: RecordParser, piece: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = [];
  parser.push(piece, records);
  return records;
}
