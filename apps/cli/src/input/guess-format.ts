import { extname } from 'node:path';
import { looksLikeText } from './content-type.ts';

export const FORMATS = ['ndjson', 'csv', 'lines', 'file', 'binary', 'git-log'] as const;

export type Format = (typeof FORMATS)[number];

const BY_EXTENSION: Readonly<Record<string, Format>> = {
  '.csv': 'csv',
  '.jsonl': 'ndjson',
  '.log': 'lines',
  '.ndjson': 'ndjson',
  '.tsv': 'csv',
};

/**
 * The format of a file: by its extension; a `.json` that holds one value per line is NDJSON;
 * anything else is one block as a whole.
 *
 * @param start its first bytes
 */
export function guessFileFormat(name: string, start: Uint8Array): Format {
  const extension = extname(name).toLowerCase();
  const known = BY_EXTENSION[extension];
  if (known !== undefined) return known;
  return extension === '.json' && looksLikeNdjson(start, 2) ? 'ndjson' : 'file';
}

/** The format of standard input by its first piece: JSON lines, text lines, or bytes. */
export function guessStreamFormat(start: Uint8Array): Format {
  if (looksLikeNdjson(start, 1)) return 'ndjson';
  return looksLikeText(start) ? 'lines' : 'binary';
}

/**
 * True where the first `lines` lines that are not empty are JSON, the first an object or array.
 * The last line of the piece may be cut off.
 */
function looksLikeNdjson(start: Uint8Array, lines: number): boolean {
  const first = start.find((byte) => byte > 0x20);
  if (first !== 0x7b && first !== 0x5b) return false; // { [
  const found = new TextDecoder().decode(start).split('\n');
  const last = found.pop() ?? '';
  const whole = found.filter((line) => line.trim() !== '');
  if (whole.length >= lines) return whole.slice(0, lines).every(isJson);
  if (lines === 1) return true; // one line longer than the piece, or without a line feed
  return whole.length + 1 >= lines && [...whole, last].every(isJson);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
