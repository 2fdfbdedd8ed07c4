import { ExecutionError } from '../errors.ts';
import { RLP_INTEGER_BYTES_MAX } from './limits.ts';

/** First byte of an item (Yellow Paper, appendix B). */
const STRING_OFFSET = 0x80;
const LONG_STRING_OFFSET = 0xb7;
const LIST_OFFSET = 0xc0;
const LONG_LIST_OFFSET = 0xf7;
/** A longer string or list has a length of its own. */
const SHORT_LENGTH_MAX = 55;
/** Bytes of a number that is exact as a double. */
const SAFE_BYTES_MAX = 6;

/** RLP that is not what its place asks for, or not in its one canonical form. */
export function malformedRlp(offset: number, message: string): ExecutionError {
  return new ExecutionError('malformed-rlp', `RLP at byte ${offset}: ${message}`, { offset });
}

/**
 * Reads RLP of a known shape (Yellow Paper, appendix B) item by item: one cursor over one buffer,
 * no copies, byte strings are views of it. Strict: one encoding for each value, so lengths are
 * minimal, single bytes below 0x80 stand for themselves, integers have no leading zeros, items end
 * inside their list. Every method throws ExecutionError `malformed-rlp` with the offset of the
 * item that is wrong.
 *
 * @example
 * const reader = new RlpReader(bytes);
 * const outer = reader.enterList();
 * const nonce = reader.readInteger(8);
 * const to = reader.readFixed(20);
 * reader.leaveList(outer); // nothing may be left in the list
 * reader.finish(); // nor behind it
 */
export class RlpReader {
  readonly bytes: Uint8Array;
  /** Offset of the next item. */
  position: number;
  /** End of the innermost list that was entered, or of the buffer. */
  limit: number;
  /** Of the item that `#header` looked at. */
  #start = 0;
  #end = 0;
  #isList = false;

  constructor(bytes: Uint8Array, position = 0, limit: number = bytes.length) {
    this.bytes = bytes;
    this.position = position;
    this.limit = limit;
  }

  /** Is nothing left in this list? */
  get isAtEnd(): boolean {
    return this.position >= this.limit;
  }

  /** Is the next item a list? */
  get isList(): boolean {
    return this.position < this.limit && (this.bytes[this.position] ?? 0) >= LIST_OFFSET;
  }

  /** @returns what {@link leaveList} takes: the end of the list around this one */
  enterList(): number {
    this.#header();
    if (!this.#isList) throw malformedRlp(this.position, 'expected a list, found a byte string');
    const outer = this.limit;
    this.position = this.#start;
    this.limit = this.#end;
    return outer;
  }

  leaveList(outer: number): void {
    if (this.position !== this.limit) throw malformedRlp(this.position, 'list has too many items');
    this.limit = outer;
  }

  /** After the last item. */
  finish(): void {
    if (this.position !== this.limit) {
      throw malformedRlp(this.position, `${this.limit - this.position} bytes too many`);
    }
  }

  /** A byte string of any length; a view. */
  readBytes(): Uint8Array {
    this.#string();
    this.position = this.#end;
    return this.bytes.subarray(this.#start, this.#end);
  }

  /** A byte string of one length; a view. */
  readFixed(length: number): Uint8Array {
    this.#string();
    if (this.#end - this.#start !== length) throw this.#wrongLength(`${length} bytes`);
    this.position = this.#end;
    return this.bytes.subarray(this.#start, this.#end);
  }

  /** A byte string of one length, or the empty one: undefined. */
  readOptional(length: number): Uint8Array | undefined {
    this.#string();
    const found = this.#end - this.#start;
    if (found !== 0 && found !== length) throw this.#wrongLength(`${length} bytes or none`);
    this.position = this.#end;
    return found === 0 ? undefined : this.bytes.subarray(this.#start, this.#end);
  }

  /** An unsigned integer of at most `bytesMax` bytes, 32 where absent. */
  readInteger(bytesMax: number = RLP_INTEGER_BYTES_MAX): bigint {
    this.#integer(bytesMax);
    this.position = this.#end;
    return toBigInt(this.bytes, this.#start, this.#end);
  }

  /** An unsigned integer of at most 6 bytes. */
  readNumber(bytesMax: number = SAFE_BYTES_MAX): number {
    this.#integer(Math.min(bytesMax, SAFE_BYTES_MAX));
    this.position = this.#end;
    return toNumber(this.bytes, this.#start, this.#end);
  }

  /** The next item with its header, whatever it is and holds; a view. */
  readRaw(): Uint8Array {
    const from = this.position;
    this.#header();
    this.position = this.#end;
    return this.bytes.subarray(from, this.#end);
  }

  /** Items left in this list, found by stepping over them. */
  countItems(): number {
    const from = this.position;
    let count = 0;
    for (; this.position < this.limit; count++) this.skip();
    this.position = from;
    return count;
  }

  /** Steps over the next item; what is inside of a list is not looked at. */
  skip(): void {
    this.#header();
    this.position = this.#end;
  }

  #wrongLength(expected: string): ExecutionError {
    const found = this.#end - this.#start;
    return malformedRlp(this.position, `expected ${expected}, found ${found}`);
  }

  #integer(bytesMax: number): void {
    this.#string();
    if (this.#end - this.#start > bytesMax) {
      throw this.#wrongLength(`an integer of at most ${bytesMax} bytes`);
    }
    if (this.#end > this.#start && this.bytes[this.#start] === 0) {
      throw malformedRlp(this.position, 'integer with a leading zero');
    }
  }

  #string(): void {
    this.#header();
    if (this.#isList) throw malformedRlp(this.position, 'expected a byte string, found a list');
  }

  /** Finds payload and kind of the item at the cursor, which stays. */
  #header(): void {
    const { bytes, position, limit } = this;
    if (position >= limit) throw malformedRlp(position, 'expected an item, found the end');
    const first = bytes[position] ?? 0;
    this.#isList = first >= LIST_OFFSET;
    if (first < STRING_OFFSET) {
      this.#start = position;
      this.#end = position + 1;
      return;
    }
    const isLong = first > LONG_LIST_OFFSET || (first > LONG_STRING_OFFSET && first < LIST_OFFSET);
    if (isLong) {
      this.#longHeader(first - (this.#isList ? LONG_LIST_OFFSET : LONG_STRING_OFFSET));
    } else {
      this.#start = position + 1;
      this.#end = this.#start + first - (this.#isList ? LIST_OFFSET : STRING_OFFSET);
    }
    if (this.#end > limit) throw malformedRlp(position, 'item ends outside of its list');
    if (first === STRING_OFFSET + 1 && (bytes[this.#start] ?? 0) < STRING_OFFSET) {
      throw malformedRlp(position, 'a byte below 0x80 stands for itself');
    }
  }

  #longHeader(lengthBytes: number): void {
    const { bytes, position, limit } = this;
    const start = position + 1 + lengthBytes;
    if (start > limit) throw malformedRlp(position, 'length ends outside of its list');
    if (bytes[position + 1] === 0) throw malformedRlp(position, 'length with a leading zero');
    if (lengthBytes > SAFE_BYTES_MAX) throw malformedRlp(position, 'item ends outside of its list');
    const length = toNumber(bytes, position + 1, start);
    if (length <= SHORT_LENGTH_MAX) throw malformedRlp(position, 'length is not in its short form');
    this.#start = start;
    this.#end = start + length;
  }
}

/** Big-endian, at most 6 bytes. */
function toNumber(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let index = start; index < end; index++) value = value * 256 + (bytes[index] ?? 0);
  return value;
}

const word = new Uint8Array(32);
const limbs = new DataView(word.buffer);

/** Big-endian, at most 32 bytes. Few parts: each step from one bigint to the next makes another. */
function toBigInt(bytes: Uint8Array, start: number, end: number): bigint {
  if (end - start <= SAFE_BYTES_MAX) return BigInt(toNumber(bytes, start, end));
  const from = word.length - (end - start);
  for (let index = 0; index < from; index++) word[index] = 0;
  for (let index = from; index < word.length; index++) {
    word[index] = bytes[start + index - from] as number;
  }
  const low = limbs.getBigUint64(24);
  if (from >= 24) return low;
  const lower = (limbs.getBigUint64(16) << 64n) | low;
  if (from >= 16) return lower;
  return (((limbs.getBigUint64(0) << 64n) | limbs.getBigUint64(8)) << 128n) | lower;
}
