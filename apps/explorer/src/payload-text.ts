/** Decides how the bytes of a payload can be read by people. Pure; no DOM. */

export type PayloadText =
  | { readonly kind: 'empty' }
  | { readonly kind: 'json'; readonly value: unknown; readonly text: string }
  | { readonly kind: 'csv'; readonly fields: readonly string[] }
  | { readonly kind: 'text'; readonly text: string; readonly cut: boolean }
  | { readonly kind: 'binary'; readonly lines: readonly HexLine[]; readonly cut: boolean };

export interface HexLine {
  readonly offset: string;
  readonly hex: string;
  readonly text: string;
}

/** Bytes shown as text: some screens of it; the rest is a download. */
const TEXT_BYTES_MAX = 16 * 1024;
/** Bytes shown as hex: 32 lines. */
const HEX_BYTES_MAX = 512;
/** Larger JSON is shown as text: pretty-printing it would freeze a phone. */
const JSON_BYTES_MAX = 64 * 1024;

/** Reads a payload as JSON, one CSV line, text or, where it is none of these, hex. */
export function readPayload(payload: Uint8Array): PayloadText {
  if (payload.length === 0) return { kind: 'empty' };
  const text = decodeText(payload);
  if (text === undefined) return readBinary(payload);
  const json = payload.length <= JSON_BYTES_MAX ? readJson(text) : undefined;
  if (json !== undefined) return json;
  const fields = readCsvLine(text);
  if (fields !== undefined) return { kind: 'csv', fields };
  const cut = text.length > TEXT_BYTES_MAX;
  return { kind: 'text', text: cut ? text.slice(0, TEXT_BYTES_MAX) : text, cut };
}

/** One line for a list, at most `length` characters. */
export function previewPayload(payload: Uint8Array, length = 120): string {
  const read = readPayload(payload.length > 4_096 ? payload.subarray(0, 4_096) : payload);
  switch (read.kind) {
    case 'empty':
      return 'no payload';
    case 'binary':
      return read.lines[0]?.hex ?? '';
    case 'json':
      return cutAt(previewJson(read.value), length);
    case 'csv':
      return cutAt(read.fields.join(' \u00b7 '), length);
    case 'text':
      return cutAt(read.text.replace(/\s+/g, ' ').trim(), length);
    default:
      return read satisfies never;
  }
}

function decodeText(payload: Uint8Array): string | undefined {
  let text: string | undefined;
  // A payload cut for a preview may end inside a character: up to three bytes may be missing.
  for (let cut = 0; cut < 4 && text === undefined; cut++) {
    try {
      const part = payload.subarray(0, payload.length - cut);
      text = new TextDecoder('utf-8', { fatal: true }).decode(part);
    } catch {
      if (payload.length < 4_096) return undefined;
    }
  }
  // Control characters other than tab, line feed and carriage return speak for binary data.
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text === undefined || /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(text)
    ? undefined
    : text;
}

function readJson(text: string): PayloadText | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return { kind: 'json', value, text: JSON.stringify(value, undefined, 2) };
  } catch {
    return undefined;
  }
}

/** One line with at least three fields, RFC 4180 quotes. */
function readCsvLine(text: string): string[] | undefined {
  const line = text.replace(/\r?\n$/, '');
  if (line.includes('\n') || line.length > 2_000 || line.split(',').length < 3) return undefined;
  const fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  for (;;) {
    const match = field.exec(line);
    if (match === null) return undefined;
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === '') break;
  }
  // Prose has commas too, followed by a blank.
  return fields.slice(1).every((value) => value.startsWith(' ')) ? undefined : fields;
}

function readBinary(payload: Uint8Array): PayloadText {
  const lines: HexLine[] = [];
  const shown = Math.min(payload.length, HEX_BYTES_MAX);
  for (let offset = 0; offset < shown; offset += 16) {
    const bytes = [...payload.subarray(offset, Math.min(offset + 16, shown))];
    lines.push({
      offset: offset.toString(16).padStart(6, '0'),
      hex: bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' '),
      text: bytes
        .map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : '\u00b7'))
        .join(''),
    });
  }
  return { kind: 'binary', lines, cut: payload.length > shown };
}

function previewJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.length}] ${JSON.stringify(value).slice(1, 200)}`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  // The row has a time already.
  const isTime = (item: unknown): boolean =>
    typeof item === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z?$/.test(item);
  return Object.entries(value)
    .filter(([, item]) => !isTime(item))
    .map(([key, item]) => `${key} ${typeof item === 'string' ? item : JSON.stringify(item)}`)
    .join(' \u00b7 ');
}

function cutAt(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}\u2026`;
}
