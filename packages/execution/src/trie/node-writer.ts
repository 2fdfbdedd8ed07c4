import { keccak256Into } from '@basalt/evm';
import { HASH_BYTES } from './limits.ts';
import { nibbleAt } from './nibbles.ts';

/** Room to begin with: more than a branch or the leaf of an account takes. */
const ROOM = 1024;
/** Hex-prefix flag of a leaf (Yellow Paper, appendix C). */
const LEAF_FLAG = 0x20;
const ODD_FLAG = 0x10;

/**
 * Writes one node at a time into one buffer, from the back to the front, so that a list's header
 * is written when its length is known. Nothing is allocated for a node.
 */
export class NodeWriter {
  #buffer = new Uint8Array(ROOM);
  #start: number = ROOM;
  /** Views of the buffer's end by length: making one costs more than writing a leaf. */
  readonly #views: (Uint8Array | undefined)[] = [];

  /** Makes room for a node of about `bytes` and begins it. */
  begin(bytes: number): void {
    if (bytes > this.#buffer.length) {
      this.#buffer = new Uint8Array(2 * bytes);
      this.#views.length = 0;
    }
    this.#start = this.#buffer.length;
  }

  get length(): number {
    return this.#buffer.length - this.#start;
  }

  /** The node; a view that lasts until the next is begun. */
  get bytes(): Uint8Array {
    const { length } = this;
    if (length > ROOM) return this.#buffer.subarray(this.#start);
    const known = this.#views[length];
    if (known !== undefined) return known;
    const view = this.#buffer.subarray(this.#start);
    this.#views[length] = view;
    return view;
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#start -= bytes.length;
    if (bytes.length > 64) {
      this.#buffer.set(bytes, this.#start);
      return;
    }
    for (let index = 0; index < bytes.length; index++) {
      this.#buffer[this.#start + index] = bytes[index] as number;
    }
  }

  /** A short part of a buffer as it is. */
  part(bytes: Uint8Array, from: number, length: number): void {
    this.#start -= length;
    for (let index = 0; index < length; index++) {
      this.#buffer[this.#start + index] = bytes[from + index] as number;
    }
  }

  byte(value: number): void {
    this.#start -= 1;
    this.#buffer[this.#start] = value;
  }

  /** A byte string with its header. */
  string(bytes: Uint8Array): void {
    this.raw(bytes);
    if (bytes.length !== 1 || (bytes[0] as number) >= 0x80) this.#header(bytes.length, 0x80);
  }

  /** The header of a list over everything written so far. */
  list(): void {
    this.#header(this.length, 0xc0);
  }

  /** Digits `from` to `to` of a key, hex-prefix encoded, as a byte string. */
  path(key: Uint8Array, from: number, to: number, isLeaf: boolean): void {
    const flag = isLeaf ? LEAF_FLAG : 0;
    let at = to;
    for (; at - from >= 2; at -= 2) {
      this.byte((nibbleAt(key, at - 2) << 4) | nibbleAt(key, at - 1));
    }
    this.byte(at > from ? flag | ODD_FLAG | nibbleAt(key, from) : flag);
    const length = ((to - from) >>> 1) + 1;
    if (length > 1) this.#header(length, 0x80);
  }

  /**
   * What stands for the node in its parent: itself where it is shorter than a hash, else the hash
   * as a byte string. Written to `target` at `offset`.
   *
   * @returns bytes written, at most 33
   */
  reference(target: Uint8Array, offset: number): number {
    const { length } = this;
    if (length >= HASH_BYTES) {
      target[offset] = 0x80 + HASH_BYTES;
      keccak256Into(this.bytes, target, offset + 1);
      return 1 + HASH_BYTES;
    }
    for (let index = 0; index < length; index++) {
      target[offset + index] = this.#buffer[this.#start + index] as number;
    }
    return length;
  }

  #header(length: number, short: number): void {
    if (length < 56) {
      this.byte(short + length);
      return;
    }
    let sizeOfLength = 0;
    for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) {
      this.byte(rest & 0xff);
      sizeOfLength++;
    }
    this.byte(short + 55 + sizeOfLength);
  }
}
