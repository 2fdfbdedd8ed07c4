import { isUtf8 } from 'node:buffer';
import { PAYLOAD_TYPE, payloadTypeName } from '@basalt/protocol';
import { decodeFileRecord } from '../input/file-record.ts';
import { formatBytes } from './numbers.ts';
import { printable } from './terminal.ts';

/** Bytes of a payload that a preview looks at. */
const PREVIEW_BYTES = 512;

/** One line about a payload: text as text, a file by its name, the rest as hex. */
export function previewPayload(payloadType: number, payload: Uint8Array | undefined): string {
  if (payload === undefined) return '(pruned)';
  if (payloadType !== PAYLOAD_TYPE.opaque) return `(${payloadTypeName(payloadType)})`;
  if (payload.length === 0) return '(empty)';
  const file = decodeFileRecord(payload);
  if (file !== undefined) {
    const { name, type, size, part, parts } = file.header;
    const which = part === undefined ? '' : `, part ${part + 1} of ${parts}`;
    return `file ${printable(name)} (${printable(type)}, ${formatBytes(size)}${which})`;
  }
  const start = Buffer.from(payload.subarray(0, PREVIEW_BYTES));
  if (isText(start)) return printable(start.toString()).trim();
  return `0x${start.subarray(0, 32).toString('hex')}${payload.length > 32 ? '…' : ''}`;
}

/** True where the whole payload can be shown on a terminal as it is. */
export function isShowable(payload: Uint8Array): boolean {
  return isUtf8(payload) && payload.every((byte) => byte >= 0x20 || byte === 0x0a || byte === 0x09);
}

function isText(start: Buffer): boolean {
  for (let cut = 0; cut < 4; cut++) {
    if (isUtf8(start.subarray(0, start.length - cut))) return !start.includes(0);
  }
  return false;
}
