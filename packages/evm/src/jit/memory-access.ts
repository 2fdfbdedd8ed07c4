/** MLOAD, MSTORE, MSTORE8 and MSIZE: in place while the offset lies in memory that is there. */
import { FRAME_MEMORY, FRAME_MEMORY_SIZE } from '../kernel/layout.ts';
import { ADDRESS, type Emitter, FRAME, GAS, MEMORY, MEMORY_SIZE, VECTOR, ZERO } from './emitter.ts';
import { keepGas } from './flow.ts';
import * as L from './limbs.ts';
import { IMPORT_TOUCH } from './runtime.ts';
import * as W from './wasm.ts';
import { upperBits } from './words.ts';

const REVERSE = [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0];

/** Where 32 bytes lie: at a local's address and an offset. */
interface Place {
  readonly local: number;
  readonly offset: number;
}

export class MemoryAccess {
  readonly #e: Emitter;
  #hasStart = false;
  #hasSize = false;
  /** Known to reach this far. */
  #reached = 0;

  constructor(emitter: Emitter) {
    this.#e = emitter;
  }

  reset(): void {
    this.#hasStart = false;
    this.#hasSize = false;
    this.#reached = 0;
  }

  /** The kernel may have made memory larger. */
  forgetSize(): void {
    this.#hasSize = false;
  }

  /** MSIZE as an operand. */
  size(): number {
    this.#readSize();
    this.#e.w.u8x2(W.LOCAL_GET, MEMORY_SIZE);
    this.#e.w.u8(W.I64_EXTEND_I32_U);
    return this.#e.take(32);
  }

  /** MLOAD: a new value. */
  load(offset: number): number {
    const place = this.#touch(offset, 32);
    const [l3, l2] = this.#loadHalf(place, 0);
    const [l1, l0] = this.#loadHalf(place, 16);
    return this.#e.value(l0, l1, l2, l3);
  }

  store(offset: number, value: number): void {
    const place = this.#touch(offset, 32);
    const e = this.#e;
    this.#storeHalf(place, 0, e.limb(value, 2), e.limb(value, 3));
    this.#storeHalf(place, 16, e.limb(value, 0), e.limb(value, 1));
  }

  storeByte(offset: number, value: number): void {
    const place = this.#touch(offset, 1);
    const { w } = this.#e;
    w.u8x2(W.LOCAL_GET, place.local);
    this.#e.get(this.#e.limb(value, 0));
    w.u8x2(W.I64_STORE8, 0);
    w.unsigned(place.offset);
  }

  #readSize(): void {
    if (this.#hasSize) return;
    this.#hasSize = true;
    this.#e.load32(FRAME, FRAME_MEMORY_SIZE);
    this.#e.assign(MEMORY_SIZE);
  }

  /** Makes memory hold `size` bytes at the offset. */
  #touch(offset: number, size: number): Place {
    const e = this.#e;
    const { w } = e;
    const known = e.smallConstant(offset);
    if (!this.#hasStart) {
      this.#hasStart = true;
      e.load32(FRAME, FRAME_MEMORY);
      e.assign(MEMORY);
    }
    if (known >= 0 && known < 2 ** 30) {
      const end = known + size;
      if (end > this.#reached) {
        this.#readSize();
        w.u8x2(W.LOCAL_GET, MEMORY_SIZE);
        w.u8(W.I32_CONST);
        w.signed(end);
        w.u8(W.I32_LT_U);
        this.#grow(e.limb(offset, 0), ZERO, size);
        this.#reached = end;
      }
      return { local: MEMORY, offset: known };
    }
    this.#readSize();
    const low = e.limb(offset, 0);
    const upper = upperBits(e, offset);
    const beyond = L.or(e, upper, L.shiftRight(e, low, 32));
    e.get(low);
    e.get(e.constant(size, 0));
    w.u8x2(W.I64_ADD, W.LOCAL_GET);
    w.u8x2(MEMORY_SIZE, W.I64_EXTEND_I32_U);
    w.u8(W.I64_GT_U);
    if (beyond !== ZERO) {
      e.get(beyond);
      w.append([W.I64_CONST, 0, W.I64_NE, W.I32_OR]);
    }
    this.#grow(low, upper, size);
    w.u8x2(W.LOCAL_GET, MEMORY);
    e.get(low);
    w.append([W.I32_WRAP_I64, W.I32_ADD, W.LOCAL_SET, ADDRESS]);
    return { local: ADDRESS, offset: 0 };
  }

  /** Calls the kernel when the condition on the WASM machine's stack holds. */
  #grow(low: number, upper: number, size: number): void {
    const e = this.#e;
    const { w } = e;
    w.append([W.IF, W.NO_RESULT, W.LOCAL_GET, FRAME, W.LOCAL_GET, GAS]);
    e.get(low);
    e.get(upper);
    e.get(e.constant(size, 0));
    w.u8x2(W.CALL, IMPORT_TOUCH);
    keepGas(e);
    e.load32(FRAME, FRAME_MEMORY_SIZE);
    e.assign(MEMORY_SIZE);
    w.u8(W.END);
  }

  /** 16 bytes, the most significant first, as two operands: upper, lower. */
  #loadHalf(place: Place, at: number): [number, number] {
    const { w } = this.#e;
    w.u8x2(W.LOCAL_GET, place.local);
    w.append([W.SIMD, W.V128_LOAD, 0]);
    w.unsigned(place.offset + at);
    w.append([W.LOCAL_TEE, VECTOR, W.LOCAL_GET, VECTOR, W.SIMD, W.I8X16_SHUFFLE]);
    w.append(REVERSE);
    w.append([W.LOCAL_TEE, VECTOR, W.SIMD, W.I64X2_EXTRACT_LANE, 1]);
    const upper = this.#e.take(64);
    w.append([W.LOCAL_GET, VECTOR, W.SIMD, W.I64X2_EXTRACT_LANE, 0]);
    return [upper, this.#e.take(64)];
  }

  #storeHalf(place: Place, at: number, lower: number, upper: number): void {
    const e = this.#e;
    const { w } = e;
    if (lower === upper && (lower === ZERO || lower === -3)) {
      // The same in any order.
      for (const more of [0, 8]) {
        w.u8x2(W.LOCAL_GET, place.local);
        e.get(lower);
        w.u8x2(W.I64_STORE, 0);
        w.unsigned(place.offset + at + more);
      }
      return;
    }
    w.u8x2(W.LOCAL_GET, place.local);
    e.get(lower);
    w.u8x2(W.SIMD, W.I64X2_SPLAT);
    e.get(upper);
    w.append([W.SIMD, W.I64X2_REPLACE_LANE, 1, W.LOCAL_TEE, VECTOR, W.LOCAL_GET, VECTOR]);
    w.append([W.SIMD, W.I8X16_SHUFFLE]);
    w.append(REVERSE);
    w.append([W.SIMD, W.V128_STORE, 0]);
    w.unsigned(place.offset + at);
  }
}
