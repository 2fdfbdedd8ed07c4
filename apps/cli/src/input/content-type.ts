import { isUtf8 } from 'node:buffer';
import { extname } from 'node:path';

/** By extension, so that a copy of a file gives the same type; the common ones, IANA's names. */
const TYPES: Readonly<Record<string, string>> = {
  '.avif': 'image/avif',
  '.bin': 'application/octet-stream',
  '.bz2': 'application/x-bzip2',
  '.c': 'text/x-c',
  '.css': 'text/css',
  '.csv': 'text/csv',
  '.doc': 'application/msword',
  '.docx': 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  '.eml': 'message/rfc822',
  '.gif': 'image/gif',
  '.gz': 'application/gzip',
  '.htm': 'text/html',
  '.html': 'text/html',
  '.ics': 'text/calendar',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.jsonl': 'application/x-ndjson',
  '.log': 'text/plain',
  '.md': 'text/markdown',
  '.mjs': 'text/javascript',
  '.mov': 'video/quicktime',
  '.mp3': 'audio/mpeg',
  '.mp4': 'video/mp4',
  '.ndjson': 'application/x-ndjson',
  '.odt': 'application/vnd.oasis.opendocument.text',
  '.ogg': 'audio/ogg',
  '.parquet': 'application/vnd.apache.parquet',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.pptx': 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  '.rs': 'text/x-rust',
  '.rtf': 'application/rtf',
  '.sh': 'application/x-sh',
  '.sqlite': 'application/vnd.sqlite3',
  '.svg': 'image/svg+xml',
  '.tar': 'application/x-tar',
  '.tif': 'image/tiff',
  '.tiff': 'image/tiff',
  '.toml': 'application/toml',
  '.ts': 'text/x-typescript',
  '.tsv': 'text/tab-separated-values',
  '.txt': 'text/plain',
  '.wasm': 'application/wasm',
  '.wav': 'audio/wav',
  '.webm': 'video/webm',
  '.webp': 'image/webp',
  '.xlsx': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  '.xml': 'application/xml',
  '.yaml': 'application/yaml',
  '.yml': 'application/yaml',
  '.zip': 'application/zip',
  '.zst': 'application/zstd',
};

/**
 * The content type of a file by its extension; where that says nothing, text or bytes.
 *
 * @param start the first bytes of the file (all of it, or `GUESS_BYTES`)
 */
export function contentType(name: string, start: Uint8Array): string {
  const known = TYPES[extname(name).toLowerCase()];
  return known ?? (looksLikeText(start) ? 'text/plain' : 'application/octet-stream');
}

/** UTF-8 without NUL; a character that the end of the piece cuts off is forgiven. */
export function looksLikeText(start: Uint8Array): boolean {
  if (start.includes(0)) return false;
  for (let cut = 0; cut < 4 && cut <= start.length; cut++) {
    if (isUtf8(start.subarray(0, start.length - cut))) return true;
  }
  return false;
}
