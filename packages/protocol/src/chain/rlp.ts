import { ProtocolError } from '../errors.ts';

/** A string of bytes or a list of items (Yellow Paper, appendix B). Byte fields are views. */
export type RlpItem = Uint8Array | readonly RlpItem[];

/** Headers, receipts and trie nodes are at most four deep; more is no such thing. */
const DEPTH_MAX = 8;

/**
 * One item in its only encoding, nothing after it.
 *
 * @throws ProtocolError `malformed`: cut short, a longer form than needed, too deep, or trailing
 */
export function decodeRlp(bytes: Uint8Array): RlpItem {
  const { item, end } = readItem(bytes, 0, bytes.length, 0);
  if (end !== bytes.length) throw malformed('nothing after an RLP item', end);
  return item;
}

/**
 * Encodings of the items of a list, without looking into them; the list is all of `bytes`.
 *
 * @throws ProtocolError `malformed`
 */
export function sliceRlpList(bytes: Uint8Array): Uint8Array[] {
  const first = bytes[0];
  if (first === undefined || first < 0xc0) throw malformed('an RLP list', 0);
  const { from, end } = readLength(bytes, 0, bytes.length, first - 0xc0);
  if (end !== bytes.length) throw malformed('nothing after an RLP list', end);
  const slices: Uint8Array[] = [];
  for (let at = from; at < end; ) {
    const next = endOfItem(bytes, at, end);
    slices.push(bytes.subarray(at, next));
    at = next;
  }
  return slices;
}

/** @throws ProtocolError `malformed` unless it is a string of bytes of that length */
export function rlpBytes(item: RlpItem | undefined, length?: number): Uint8Array {
  if (!(item instanceof Uint8Array) || (length !== undefined && item.length !== length)) {
    throw malformed(`an RLP string${length === undefined ? '' : ` of ${length} bytes`}`, 0);
  }
  return item;
}

/** @throws ProtocolError `malformed` unless it is a list */
export function rlpList(item: RlpItem | undefined): readonly RlpItem[] {
  if (item === undefined || item instanceof Uint8Array) throw malformed('an RLP list', 0);
  return item;
}

/** @throws ProtocolError `malformed` unless it is an integer below 2^256 without leading zeros */
export function rlpInteger(item: RlpItem | undefined): bigint {
  const bytes = rlpBytes(item);
  if (bytes.length > 32 || bytes[0] === 0) throw malformed('an RLP integer', 0);
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

/** Encoding of a whole number, as keys of the tries of a block have it. */
export function encodeRlpIndex(index: number): Uint8Array {
  if (index === 0) return Uint8Array.of(0x80);
  if (index < 0x80) return Uint8Array.of(index);
  const bytes: number[] = [];
  for (let rest = index; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.of(0x80 + bytes.length, ...bytes);
}

interface Read {
  readonly item: RlpItem;
  readonly end: number;
}

function readItem(bytes: Uint8Array, start: number, limit: number, depth: number): Read {
  if (depth > DEPTH_MAX) throw malformed(`RLP of at most ${DEPTH_MAX} levels`, start);
  const first = bytes[start];
  if (first === undefined || start >= limit) throw malformed('another RLP item', start);
  if (first < 0x80) return { item: bytes.subarray(start, start + 1), end: start + 1 };
  const isList = first >= 0xc0;
  const { from, end } = readLength(bytes, start, limit, first - (isList ? 0xc0 : 0x80));
  if (!isList) {
    if (end - from === 1 && (bytes[from] ?? 0) < 0x80) throw malformed('the short form', start);
    return { item: bytes.subarray(from, end), end };
  }
  const items: RlpItem[] = [];
  for (let at = from; at < end; ) {
    const read = readItem(bytes, at, end, depth + 1);
    items.push(read.item);
    at = read.end;
  }
  return { item: items, end };
}

function endOfItem(bytes: Uint8Array, start: number, limit: number): number {
  const first = bytes[start] ?? 0;
  if (first < 0x80) return start + 1;
  return readLength(bytes, start, limit, first - (first >= 0xc0 ? 0xc0 : 0x80)).end;
}

/** `code`: 0 to 55 is the length; above, the number of bytes that hold it, plus 55. */
function readLength(
  bytes: Uint8Array,
  start: number,
  limit: number,
  code: number,
): { from: number; end: number } {
  const lengthBytes = Math.max(0, code - 55);
  const from = start + 1 + lengthBytes;
  let length = code;
  if (lengthBytes > 0) {
    // 2^32 bytes are beyond every bound; so is a length that starts beyond the end.
    if (lengthBytes > 4 || from > limit) throw malformed('a shorter RLP item', start);
    length = 0;
    for (let at = start + 1; at < from; at++) length = length * 256 + (bytes[at] ?? 0);
    if (bytes[start + 1] === 0 || length < 56) throw malformed('the short form', start);
  }
  if (length > limit - from) throw malformed('all of an RLP item', start);
  return { from, end: from + length };
}

function malformed(expected: string, offset: number): ProtocolError {
  return new ProtocolError('malformed', `expected ${expected}`, { offset });
}
