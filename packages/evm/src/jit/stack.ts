/**
 * The EVM stack as a function sees it while it is written: which value each slot should hold, and
 * which value lies in the slot in memory. Items move without a single instruction; `flush` writes
 * what differs. Slot numbers count from {@link BIAS_SLOTS} slots below the stack that the function
 * began with.
 */
import { BASE, BIAS_SLOTS, type Emitter, STACK } from './emitter.ts';
import * as W from './wasm.ts';

/** Slots of one function: those below, and as many as it may push. */
export const SLOTS_MAX = 512;
const UNKNOWN = -1;

export class VirtualStack {
  readonly #e: Emitter;
  /** Value that each slot should hold, from `lowest` to `height`. */
  readonly #wanted = new Int32Array(SLOTS_MAX + 32);
  /** Value that lies in memory. */
  readonly #stored = new Int32Array(SLOTS_MAX + 32);
  #lowest = BIAS_SLOTS;
  height: number = BIAS_SLOTS;

  constructor(emitter: Emitter) {
    this.#e = emitter;
  }

  reset(): void {
    this.#lowest = BIAS_SLOTS;
    this.height = BIAS_SLOTS;
    this.#stored.fill(UNKNOWN, BIAS_SLOTS);
  }

  /** Makes the top `count` items known. */
  need(count: number): void {
    const lowest = this.height - count;
    while (this.#lowest > lowest) {
      const slot = --this.#lowest;
      const value = this.#e.slotValue(slot);
      this.#wanted[slot] = value;
      this.#stored[slot] = value;
    }
  }

  /** The item so many below the top; it may be unread. */
  peek(depth: number): number {
    return this.#wanted[this.height - 1 - depth] as number;
  }

  /** Takes the top item, read. */
  pop(): number {
    this.height--;
    return this.#e.read(this.#wanted[this.height] as number);
  }

  drop(count: number): void {
    this.height -= count;
  }

  push(value: number): void {
    this.#wanted[this.height++] = value;
  }

  swap(depth: number): void {
    const top = this.height - 1;
    const wanted = this.#wanted;
    const value = wanted[top] as number;
    wanted[top] = wanted[top - depth] as number;
    wanted[top - depth] = value;
  }

  /** Writes every item to its slot. */
  flush(): void {
    for (let slot = this.#lowest; slot < this.height; slot++) this.#write(slot);
  }

  /** Writes the top `count` items, which a function of the runtime is going to read. */
  flushTop(count: number): void {
    for (let slot = this.height - count; slot < this.height; slot++) this.#write(slot);
  }

  /**
   * A function of the runtime takes the top `taken` items, whose slots it may write over, and
   * leaves `left` in their place. To be called before the call is written.
   */
  replace(taken: number, left: number): void {
    const bottom = this.height - taken;
    const end = bottom + Math.max(taken, left);
    this.height = bottom;
    for (let slot = bottom; slot < end; slot++) this.#giveUp(slot);
  }

  /** The result that a function of the runtime left in the slot above the top. */
  pushStored(): void {
    const slot = this.height;
    const value = this.#e.slotValue(slot);
    this.#stored[slot] = value;
    this.push(value);
  }

  /** The stack pointer, as an operand on the WASM machine's stack. */
  pointer(): void {
    const { w } = this.#e;
    if (this.height === BIAS_SLOTS) {
      w.u8x2(W.LOCAL_GET, STACK);
      return;
    }
    w.u8x2(W.LOCAL_GET, BASE);
    w.u8(W.I32_CONST);
    w.signed(this.height * 32);
    w.u8(W.I32_ADD);
  }

  #write(slot: number): void {
    const value = this.#wanted[slot] as number;
    if (this.#stored[slot] === value) return;
    this.#giveUp(slot);
    const e = this.#e;
    e.read(value);
    const { w } = e;
    for (let i = 0; i < 4; i++) {
      w.u8x2(W.LOCAL_GET, BASE);
      e.get(e.limb(value, i));
      w.u8x2(W.I64_STORE, 3);
      w.unsigned((slot + 1) * 32 + i * 8);
    }
    this.#stored[slot] = value;
  }

  /** What lies in the slot is going to be lost: reads it first if any item still needs it. */
  #giveUp(slot: number): void {
    const value = this.#stored[slot] as number;
    this.#stored[slot] = UNKNOWN;
    if (value === UNKNOWN || this.#e.home(value) !== slot) return;
    for (let at = this.#lowest; at < this.height; at++) {
      if (this.#wanted[at] !== value) continue;
      this.#e.read(value);
      return;
    }
  }
}
