/**
 * The function being written: its locals, constants, and the 256-bit values made of them.
 *
 * An operand is a number that stands for 64 bits: from 0 on a local of the function, below 0 a
 * constant. Operations on constants are done here, and with what is known of a local's width much
 * else falls away too. A value is four operands, least first; or it lies unread in its stack slot.
 */
import { ByteWriter } from './byte-writer.ts';
import * as W from './wasm.ts';

export const ZERO = -1;
export const ONE = -2;
/** All bits set. */
export const ONES = -3;

/** Parameters of every function of a block. */
export const FRAME = 0;
export const STACK = 1;
export const GAS = 2;
/** Stack pointer less {@link BIAS_SLOTS} slots, so that every offset from it is positive. */
export const BASE = 3;
/** Bytes on the frame's stack when the function began. */
export const DEPTH = 4;
export const MEMORY = 5;
export const MEMORY_SIZE = 6;
export const ADDRESS = 7;
export const VECTOR = 8;
export const FIRST_FREE = 9;

/** Slots below the stack pointer that a function can reach. */
export const BIAS_SLOTS = 128;
const VALUES_MAX = 16_384;
const LOCALS_MAX = 65_536;

export class Emitter {
  readonly w: ByteWriter;
  /** Next local that is not in use. */
  locals: number = FIRST_FREE;
  /** Most bits that a local can have set. */
  readonly #bits = new Uint8Array(LOCALS_MAX);
  #low = new Int32Array(1024);
  #high = new Int32Array(1024);
  #constants = 3;
  readonly #limbs = new Int32Array(VALUES_MAX * 4);
  /** Slot that an unread value lies in; -1: its operands are known. */
  readonly #home = new Int32Array(VALUES_MAX);
  values: number = 0;

  constructor(capacity: number) {
    this.w = new ByteWriter(capacity);
    this.#low.set([0, 1, -1]);
    this.#high.set([0, 0, -1]);
  }

  /** Forgets all: a new function begins. */
  reset(firstLocal: number): void {
    this.locals = firstLocal;
    this.#constants = 3;
    this.values = 0;
    this.#bits.fill(64, 0, firstLocal);
  }

  // ---- operands ----

  constant(low: number, high: number): number {
    if (high === 0) {
      if (low === 0) return ZERO;
      if (low === 1) return ONE;
    } else if (high === -1 && low === -1) return ONES;
    if (this.#constants === this.#low.length) this.#growConstants();
    const index = this.#constants++;
    this.#low[index] = low;
    this.#high[index] = high;
    return -1 - index;
  }

  #growConstants(): void {
    const size = this.#low.length * 2;
    const [low, high] = [new Int32Array(size), new Int32Array(size)];
    low.set(this.#low);
    high.set(this.#high);
    this.#low = low;
    this.#high = high;
  }

  low(constant: number): number {
    return this.#low[-1 - constant] as number;
  }

  high(constant: number): number {
    return this.#high[-1 - constant] as number;
  }

  /** Unsigned value of a constant. */
  toBigInt(constant: number): bigint {
    const high = BigInt(this.high(constant) >>> 0);
    return (high << 32n) | BigInt(this.low(constant) >>> 0);
  }

  fromBigInt(value: bigint): number {
    const low = Number(BigInt.asIntN(32, value));
    return this.constant(low, Number(BigInt.asIntN(32, value >> 32n)));
  }

  /** Number of bits that an operand can have. */
  width(operand: number): number {
    if (operand >= 0) return this.#bits[operand] as number;
    const high = this.high(operand);
    return high === 0 ? 32 - Math.clz32(this.low(operand)) : 64 - Math.clz32(high);
  }

  /** Puts an operand on the stack of the WASM machine. */
  get(operand: number): void {
    const { w } = this;
    if (operand >= 0) {
      w.u8(W.LOCAL_GET);
      w.unsigned(operand);
    } else {
      w.u8(W.I64_CONST);
      w.signed64(this.low(operand), this.high(operand));
    }
  }

  /** Takes the top of the WASM machine's stack into a new local. */
  take(bits: number): number {
    const local = this.locals++;
    this.#bits[local] = bits;
    this.w.u8(W.LOCAL_SET);
    this.w.unsigned(local);
    return local;
  }

  /** A local that several paths set by `assign`. */
  newLocal(bits: number): number {
    const local = this.locals++;
    this.#bits[local] = bits;
    return local;
  }

  assign(local: number): void {
    this.w.u8(W.LOCAL_SET);
    this.w.unsigned(local);
  }

  // ---- values ----

  value(l0: number, l1: number, l2: number, l3: number): number {
    const id = this.values++;
    const at = id << 2;
    const limbs = this.#limbs;
    limbs[at] = l0;
    limbs[at + 1] = l1;
    limbs[at + 2] = l2;
    limbs[at + 3] = l3;
    this.#home[id] = -1;
    return id;
  }

  /** A value that lies in a slot and was not read yet. */
  slotValue(slot: number): number {
    const id = this.values++;
    this.#home[id] = slot;
    return id;
  }

  home(value: number): number {
    return this.#home[value] as number;
  }

  limb(value: number, index: number): number {
    return this.#limbs[(value << 2) + index] as number;
  }

  /** Reads the value from its slot if that was not done. */
  read(value: number): number {
    const slot = this.home(value);
    if (slot < 0) return value;
    this.#home[value] = -1;
    for (let i = 0; i < 4; i++) {
      this.load(BASE, (slot + 1) * 32 + i * 8);
      this.#limbs[(value << 2) + i] = this.take(64);
    }
    return value;
  }

  isConstant(value: number): boolean {
    if (this.home(value) >= 0) return false;
    const at = value << 2;
    const l = this.#limbs;
    return (
      ((l[at] as number) & (l[at + 1] as number) & (l[at + 2] as number) & (l[at + 3] as number)) <
      0
    );
  }

  /** A constant below 2^31; -1 for anything else. */
  smallConstant(value: number): number {
    if (!this.isConstant(value)) return -1;
    const upper = this.limb(value, 1) & this.limb(value, 2) & this.limb(value, 3);
    // ZERO is -1: all bits, so only three of them give it.
    if (upper !== ZERO) return -1;
    const low = this.limb(value, 0);
    return this.high(low) === 0 && this.low(low) >= 0 ? this.low(low) : -1;
  }

  wordOf(value: number): bigint {
    let word = 0n;
    for (let i = 3; i >= 0; i--) word = (word << 64n) | this.toBigInt(this.limb(value, i));
    return word;
  }

  fromWord(word: bigint): number {
    return this.value(
      this.fromBigInt(word),
      this.fromBigInt(word >> 64n),
      this.fromBigInt(word >> 128n),
      this.fromBigInt(word >> 192n),
    );
  }

  // ---- memory ----

  /** Reads 64 bits at a local's address and an offset. */
  load(local: number, offset: number): void {
    const { w } = this;
    w.u8x2(W.LOCAL_GET, local);
    w.u8x2(W.I64_LOAD, 3);
    w.unsigned(offset);
  }

  load32(local: number, offset: number): void {
    const { w } = this;
    w.u8x2(W.LOCAL_GET, local);
    w.u8x2(W.I32_LOAD, 2);
    w.unsigned(offset);
  }
}
