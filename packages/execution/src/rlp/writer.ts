const STRING_OFFSET = 0x80;
const LIST_OFFSET = 0xc0;
const SHORT_LENGTH_MAX = 55;
const INITIAL_BYTES = 512;
const SAFE_MAX = 2n ** 48n;
const CHUNK_BITS = 48n;
const CHUNK_MASK = SAFE_MAX - 1n;
const CHUNK_BYTES = 6;

/**
 * Writes RLP (Yellow Paper, appendix B) into one growing buffer. A list is opened, filled and
 * closed; closing moves what it holds when its header takes more than the one byte kept for it.
 *
 * @example
 * const writer = new RlpWriter();
 * const list = writer.openList();
 * writer.writeInteger(7n);
 * writer.writeBytes(address);
 * writer.closeList(list);
 * writer.toBytes();
 */
export class RlpWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacityBytes: number = INITIAL_BYTES) {
    this.#bytes = new Uint8Array(capacityBytes);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** Forgets what was written and keeps the buffer. */
  reset(): void {
    this.#length = 0;
  }

  /** @returns what {@link closeList} takes */
  openList(): number {
    this.#reserve(1);
    this.#length += 1;
    return this.#length;
  }

  closeList(start: number): void {
    const payload = this.#length - start;
    if (payload <= SHORT_LENGTH_MAX) {
      this.#bytes[start - 1] = LIST_OFFSET + payload;
      return;
    }
    const lengthBytes = countBytes(payload);
    this.#reserve(lengthBytes);
    this.#bytes.copyWithin(start + lengthBytes, start, this.#length);
    this.#bytes[start - 1] = LIST_OFFSET + SHORT_LENGTH_MAX + lengthBytes;
    writeNumberAt(this.#bytes, start, payload, lengthBytes);
    this.#length += lengthBytes;
  }

  writeBytes(bytes: Uint8Array): void {
    const { length } = bytes;
    this.#reserve(length + 1 + CHUNK_BYTES);
    const first = bytes[0] ?? 0;
    if (length !== 1 || first >= STRING_OFFSET) this.#header(length);
    if (length === 1) this.#bytes[this.#length] = first;
    else this.#bytes.set(bytes, this.#length);
    this.#length += length;
  }

  /** undefined is the empty string. */
  writeOptional(bytes: Uint8Array | undefined): void {
    if (bytes === undefined) this.writeNumber(0);
    else this.writeBytes(bytes);
  }

  /** Big-endian without leading zeros; 0 is the empty string. */
  writeInteger(value: bigint): void {
    if (value < 0n) throw new RangeError('RLP has no negative integers');
    if (value < SAFE_MAX) {
      this.writeNumber(Number(value));
      return;
    }
    const chunks: number[] = [];
    let rest = value;
    for (; rest >= SAFE_MAX; rest >>= CHUNK_BITS) chunks.push(Number(rest & CHUNK_MASK));
    const top = Number(rest);
    const topBytes = countBytes(top);
    const length = topBytes + chunks.length * CHUNK_BYTES;
    this.#reserve(length + 1 + CHUNK_BYTES);
    this.#header(length);
    writeNumberAt(this.#bytes, this.#length, top, topBytes);
    let position = this.#length + topBytes;
    for (let index = chunks.length - 1; index >= 0; index--) {
      writeNumberAt(this.#bytes, position, chunks[index] ?? 0, CHUNK_BYTES);
      position += CHUNK_BYTES;
    }
    this.#length = position;
  }

  /** A safe, non-negative integer. */
  writeNumber(value: number): void {
    this.#reserve(1 + CHUNK_BYTES + 2);
    if (value < STRING_OFFSET) {
      this.#bytes[this.#length++] = value === 0 ? STRING_OFFSET : value;
      return;
    }
    const length = countBytes(value);
    this.#bytes[this.#length] = STRING_OFFSET + length;
    writeNumberAt(this.#bytes, this.#length + 1, value, length);
    this.#length += 1 + length;
  }

  /** An item, or anything else, that is encoded already. */
  writeRaw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** A copy of its own. */
  toBytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** A view that the next write may change. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #header(length: number): void {
    if (length <= SHORT_LENGTH_MAX) {
      this.#bytes[this.#length++] = STRING_OFFSET + length;
      return;
    }
    const lengthBytes = countBytes(length);
    this.#bytes[this.#length] = STRING_OFFSET + SHORT_LENGTH_MAX + lengthBytes;
    writeNumberAt(this.#bytes, this.#length + 1, length, lengthBytes);
    this.#length += 1 + lengthBytes;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

function countBytes(value: number): number {
  let count = 1;
  for (let rest = value; rest >= 256; rest = Math.floor(rest / 256)) count++;
  return count;
}

function writeNumberAt(bytes: Uint8Array, offset: number, value: number, length: number): void {
  let rest = value;
  for (let index = offset + length - 1; index >= offset; index--) {
    const next = Math.floor(rest / 256);
    bytes[index] = rest - next * 256;
    rest = next;
  }
}
