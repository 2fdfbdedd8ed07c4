import { dataView, readU64, writeU64 } from './bytes.ts';
import { ProtocolError } from './errors.ts';

const U32 = 2 ** 32;

/**
 * Big-endian i64 as a number.
 * @throws ProtocolError `malformed` outside of -(2^53 - 1) .. 2^53 - 1
 */
export function readI64(view: DataView, offset: number): number {
  const value = view.getInt32(offset) * U32 + view.getUint32(offset + 4);
  if (!Number.isSafeInteger(value)) {
    throw new ProtocolError('malformed', 'expected an integer between -2^53 and 2^53', { offset });
  }
  return value;
}

/** Big-endian i64; `value` is a safe integer. */
export function writeI64(view: DataView, offset: number, value: number): void {
  const high = Math.floor(value / U32);
  view.setInt32(offset, high);
  view.setUint32(offset + 4, value - high * U32);
}

/**
 * Reads fields one after the other; anything cut short is `malformed`. Byte fields are views.
 * Lengths are checked before anything is made of them.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  #offset = 0;

  /** `what` names the thing in errors, e.g. `a genesis payload`. */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#view = dataView(bytes);
    this.#what = what;
  }

  get offset(): number {
    return this.#offset;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  u64(): number {
    return readU64(this.#view, this.#take(8));
  }

  i64(): number {
    return readI64(this.#view, this.#take(8));
  }

  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** @throws ProtocolError `malformed` unless everything was read. */
  end(): void {
    if (this.#offset !== this.#bytes.length) {
      throw new ProtocolError('malformed', `expected nothing after ${this.#what}`, {
        trailing: this.#bytes.length - this.#offset,
      });
    }
  }

  #take(length: number): number {
    const start = this.#offset;
    if (length > this.#bytes.length - start) {
      throw new ProtocolError('malformed', `expected all of ${this.#what}`, {
        offset: start,
        expected: length,
        found: this.#bytes.length - start,
      });
    }
    this.#offset = start + length;
    return start;
  }
}

/** Collects fields and joins them once. */
export class ByteWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  u8(value: number): this {
    return this.bytes(Uint8Array.of(value));
  }

  u16(value: number): this {
    return this.bytes(Uint8Array.of(value >>> 8, value));
  }

  u32(value: number): this {
    return this.bytes(Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value));
  }

  u64(value: number): this {
    const bytes = new Uint8Array(8);
    writeU64(dataView(bytes), 0, value);
    return this.bytes(bytes);
  }

  i64(value: number): this {
    const bytes = new Uint8Array(8);
    writeI64(dataView(bytes), 0, value);
    return this.bytes(bytes);
  }

  bytes(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return this;
  }

  done(): Uint8Array {
    const whole = new Uint8Array(this.#length);
    let offset = 0;
    for (const part of this.#parts) {
      whole.set(part, offset);
      offset += part.length;
    }
    return whole;
  }
}
