/** Bytes of a WASM module as they are made, with the numbers of its format (LEB128). */

/** What `reserve` makes room for: more than one EVM opcode ever becomes. */
const MARGIN = 131_072;

export class ByteWriter {
  bytes: Uint8Array<ArrayBuffer>;
  length = 0;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity + MARGIN);
  }

  /** Room for one more opcode; the other methods do not look. */
  reserve(): void {
    if (this.bytes.length - this.length >= MARGIN) return;
    const larger = new Uint8Array(this.bytes.length * 2 + MARGIN);
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  u8(value: number): void {
    this.bytes[this.length++] = value;
  }

  u8x2(first: number, second: number): void {
    this.bytes[this.length++] = first;
    this.bytes[this.length++] = second;
  }

  append(bytes: ArrayLike<number>): void {
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Unsigned, below 2^32. */
  unsigned(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.bytes[this.length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.bytes[this.length++] = rest;
  }

  /** Signed, of 32 bits. */
  signed(value: number): void {
    let rest = value;
    while (rest < -64 || rest > 63) {
      this.bytes[this.length++] = (rest & 127) | 128;
      rest >>= 7;
    }
    this.bytes[this.length++] = rest & 127;
  }

  /** Signed, of 64 bits as two halves of 32. */
  signed64(low: number, high: number): void {
    if (high === low >> 31) {
      this.signed(low);
      return;
    }
    let lo = low;
    let hi = high;
    while (true) {
      const byte = lo & 127;
      lo = (lo >>> 7) | (hi << 25);
      hi >>= 7;
      const isLast = byte < 64 ? lo === 0 && hi === 0 : lo === -1 && hi === -1;
      this.bytes[this.length++] = isLast ? byte : byte | 128;
      if (isLast) return;
    }
  }

  /** Leaves room for a number that `patch` writes later; returns where. */
  hole(size: number): number {
    const at = this.length;
    this.length += size;
    return at;
  }

  /** A non-negative number below 2^(7 size - 1), right as a signed and as an unsigned one. */
  patch(at: number, size: number, value: number): void {
    let rest = value;
    for (let i = 0; i < size - 1; i++) {
      this.bytes[at + i] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.bytes[at + size - 1] = rest;
  }
}
