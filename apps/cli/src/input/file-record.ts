import { concatBytes, fromUtf8, utf8 } from '@basalt/protocol';
import { FILE_HEADER_BYTES_MAX } from '../limits.ts';

/**
 * A file as one record: one line of JSON, LF, the file's bytes.
 *
 *     {"name":"docs/plan.pdf","type":"application/pdf","size":48211}\n%PDF-1.7 ...
 *
 * The line holds only what a copy of the file gives again (name, content type, size), so that
 * `basalt verify --record <copy>` can build the same payload. That is why it has no modification
 * time: a copy has another one; when the file was recorded is the block's timestamp. A file too
 * large for one block is cut: its records carry `part` (from 0) and `parts`.
 */
export interface FileHeader {
  /** Path inside the folder that was given, with `/`; the bare name of a file given by itself. */
  readonly name: string;
  readonly type: string;
  /** Bytes of the whole file. */
  readonly size: number;
  readonly part?: number;
  readonly parts?: number;
}

export interface FileRecord {
  readonly header: FileHeader;
  readonly content: Uint8Array;
}

export function encodeFileRecord(header: FileHeader, content: Uint8Array): Uint8Array {
  const { name, type, size, part, parts } = header;
  const line = JSON.stringify({
    name,
    type,
    size,
    ...(part === undefined ? {} : { part, parts }),
  });
  return concatBytes(utf8(`${line}\n`), content);
}

/** The two halves of a file record, or undefined where the payload is something else. */
export function decodeFileRecord(payload: Uint8Array): FileRecord | undefined {
  if (payload[0] !== 0x7b) return undefined; // {
  const end = payload.subarray(0, FILE_HEADER_BYTES_MAX).indexOf(0x0a);
  if (end === -1) return undefined;
  try {
    const header: unknown = JSON.parse(fromUtf8(payload.subarray(0, end)));
    if (!isFileHeader(header)) return undefined;
    const content = payload.subarray(end + 1);
    const whole = header.part === undefined;
    if (whole ? content.length !== header.size : content.length > header.size) return undefined;
    return { header, content };
  } catch {
    return undefined;
  }
}

function isFileHeader(value: unknown): value is FileHeader {
  if (typeof value !== 'object' || value === null) return false;
  const { name, type, size } = value as Record<string, unknown>;
  return typeof name === 'string' && typeof type === 'string' && Number.isSafeInteger(size);
}
