import {
  concatBytes,
  dataView,
  fromUtf8,
  HASH_BYTES,
  type Hash32,
  PROOF_HASHES_MAX,
  ProtocolError,
  readU64,
  TILE_WIDTH,
  utf8,
  writeU64,
} from '@basalt/protocol';
import { PeerError } from '../peer/errors.ts';
import { ORIGIN_CHARACTERS_MAX, TICKET_BYTES_MAX } from './limits.ts';

/** What comes before the packages of `add-entries` (c2sp.org/tlog-mirror). */
export interface AddEntriesHead {
  /** Origin line of the log. */
  readonly origin: string;
  readonly uploadStart: number;
  readonly uploadEnd: number;
  readonly ticket: Uint8Array;
}

/** Entries [start, end) and the proof that the sub-tree [aligned start, end) is in the log. */
export interface EntryPackage {
  readonly start: number;
  readonly end: number;
  readonly entries: readonly Uint8Array[];
  readonly proof: readonly Hash32[];
}

export interface PackageRange {
  /** Multiple of 256; start of the sub-tree. */
  readonly aligned: number;
  readonly start: number;
  readonly end: number;
}

/** The canonical sequence of packages for an upload. */
export function* packageRanges(uploadStart: number, uploadEnd: number): Generator<PackageRange> {
  const first = uploadStart - (uploadStart % TILE_WIDTH);
  for (let aligned = first; aligned < uploadEnd; aligned += TILE_WIDTH) {
    yield {
      aligned,
      start: Math.max(uploadStart, aligned),
      end: Math.min(uploadEnd, aligned + TILE_WIDTH),
    };
  }
}

export function encodeAddEntriesHead(head: AddEntriesHead): Uint8Array {
  const origin = utf8(head.origin);
  const sizes = new Uint8Array(16);
  writeU64(dataView(sizes), 0, head.uploadStart);
  writeU64(dataView(sizes), 8, head.uploadEnd);
  return concatBytes(u16(origin.length), origin, sizes, u16(head.ticket.length), head.ticket);
}

/** Each entry with its u16 length, u8 number of hashes, the hashes. */
export function encodePackage(
  entries: readonly Uint8Array[],
  proof: readonly Hash32[],
): Uint8Array {
  const parts = entries.flatMap((entry) => [u16(entry.length), entry]);
  return concatBytes(...parts, Uint8Array.of(proof.length), ...proof);
}

/**
 * The head, and where the packages start.
 * @throws PeerError `bad-request`
 */
export function decodeAddEntriesHead(body: Uint8Array): { head: AddEntriesHead; offset: number } {
  const reader = new Cursor(body);
  try {
    const origin = reader.text(reader.u16(ORIGIN_CHARACTERS_MAX));
    const [uploadStart, uploadEnd] = [reader.u64(), reader.u64()];
    const ticket = reader.bytes(reader.u16(TICKET_BYTES_MAX));
    if (uploadStart > uploadEnd) refuse('expected an upload that starts before it ends');
    return { head: { origin, uploadStart, uploadEnd, ticket }, offset: reader.offset };
  } catch (error) {
    if (error instanceof CutShort) return refuse('expected origin, start, end and ticket');
    throw error;
  }
}

/**
 * The package at `offset`, or undefined where the body ends inside it: partial bytes are discarded.
 * @throws PeerError `bad-request` on more than 63 hashes
 */
export function decodePackage(
  body: Uint8Array,
  offset: number,
  { start, end }: PackageRange,
): { package: EntryPackage; offset: number } | undefined {
  const reader = new Cursor(body, offset);
  try {
    const entries: Uint8Array[] = [];
    for (let index = start; index < end; index++) entries.push(reader.bytes(reader.u16(0xffff)));
    const count = reader.u8();
    if (count > PROOF_HASHES_MAX) refuse(`expected at most ${PROOF_HASHES_MAX} hashes`);
    const proof: Hash32[] = [];
    for (let i = 0; i < count; i++) proof.push(reader.bytes(HASH_BYTES) as Hash32);
    return { package: { start, end, entries, proof }, offset: reader.offset };
  } catch (error) {
    if (error instanceof CutShort) return undefined;
    throw error;
  }
}

/** Three lines of `text/x.tlog.mirror-info`. */
export interface MirrorInfo {
  /** Of a valid pending checkpoint. */
  readonly treeSize: number;
  readonly nextEntry: number;
  /** Base64. */
  readonly ticket: string;
}

export const MIRROR_INFO_TYPE = 'text/x.tlog.mirror-info';

export function formatMirrorInfo({ treeSize, nextEntry, ticket }: MirrorInfo): string {
  return `${treeSize}\n${nextEntry}\n${ticket}\n`;
}

/** @throws PeerError `bad-answer` */
export function parseMirrorInfo(text: string): MirrorInfo {
  const match = /^(\d{1,16})\n(\d{1,16})\n([A-Za-z0-9+/=]{0,8192})\n$/.exec(text);
  const [treeSize, nextEntry] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || !Number.isSafeInteger(treeSize) || !Number.isSafeInteger(nextEntry)) {
    throw new PeerError('bad-answer', 'expected three lines: size, next entry, ticket');
  }
  return { treeSize, nextEntry, ticket: match[3] ?? '' };
}

class CutShort extends Error {}

/** Reads big-endian values; throws {@link CutShort} where the bytes end. */
class Cursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  offset: number;

  constructor(bytes: Uint8Array, offset = 0) {
    this.#bytes = bytes;
    this.#view = dataView(bytes);
    this.offset = offset;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(max: number): number {
    const value = this.#view.getUint16(this.#take(2));
    if (value > max) refuse(`expected a length of at most ${max}`);
    return value;
  }

  u64(): number {
    try {
      return readU64(this.#view, this.#take(8));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return refuse('expected sizes below 2^53');
    }
  }

  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  text(length: number): string {
    try {
      return fromUtf8(this.bytes(length));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return refuse('expected an origin in UTF-8');
    }
  }

  #take(length: number): number {
    const start = this.offset;
    if (start + length > this.#bytes.length) throw new CutShort();
    this.offset += length;
    return start;
  }
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value & 0xff);
}

function refuse(message: string): never {
  throw new PeerError('bad-request', message);
}
