/**
 * Writes the functions. A function begins where code is entered from elsewhere: at the start, at
 * every JUMPDEST, behind calls, and where an earlier function grew too long. It runs on over
 * conditional jumps that are not taken, and over jumps to known targets while it is short.
 *
 * It consists of segments. A segment is what runs in one go once it is begun: from the function's
 * start, or a conditional jump not taken, to the next jump that may go elsewhere, or end. Its head
 * takes the gas of the whole segment and looks at the stack for all of it. If either refuses, the
 * stack is in memory there and the interpreter goes on opcode by opcode: a frame that cannot pay
 * for a segment fails within it in any case, and only there matters at which opcode.
 */
import { FRAME_STACK_EMPTY } from '../kernel/layout.ts';
import { BASE, BIAS_SLOTS, DEPTH, type Emitter, FIRST_FREE, FRAME, GAS, STACK } from './emitter.ts';
import { writeEnd, writeJump, writeJumpIf } from './flow.ts';
import * as limits from './limits.ts';
import { MemoryAccess } from './memory-access.ts';
import type { OpcodeFacts } from './opcode-facts.ts';
import { writeOpcode } from './opcodes.ts';
import { functionOf, IMPORT_LEAVE, SLOT_START } from './runtime.ts';
import { SLOTS_MAX, VirtualStack } from './stack.ts';
import type { Targets } from './targets.ts';
import * as W from './wasm.ts';
import { multiplyInline } from './words.ts';

const GAS_BYTES = 5;
const STACK_BYTES = 3;
const SIZE_BYTES = 5;
const STACK_ITEMS_MAX = 1024;
const JUMPDEST = 0x5b;
/** A number of items that no stack has. */
const IMPOSSIBLE_ITEMS = 0xfff;

export class FunctionGenerator {
  readonly e: Emitter;
  readonly code: Uint8Array;
  readonly facts: OpcodeFacts;
  readonly targets: Targets;
  readonly stack: VirtualStack;
  readonly memory: MemoryAccess;
  /** Code offset of the function in each slot, from slot 1. */
  readonly #heads: number[];
  /** Slots of functions that begin elsewhere than at a JUMPDEST, by code offset. */
  readonly #extraSlots = new Map<number, number>();
  /** Function in which a code offset was last gone through, so that none is twice in one. */
  readonly #seen: Int32Array;
  readonly #followBytesMax: number;
  #function = 0;
  #opcodes = 0;
  /** Next opcode. */
  pc = 0;
  /** False once the function has ended. */
  isOpen = false;

  // The segment: gas so far, and stack slots used.
  #gas = 0;
  #lowest = BIAS_SLOTS;
  #highest = BIAS_SLOTS;
  /** Slots that the function's earlier heads have looked at. */
  #checkedLowest = BIAS_SLOTS;
  #checkedHighest = BIAS_SLOTS;
  #headAt = 0;
  #headFirst = 0;
  #headSecond = 0;
  /** Numbers to fill in when the segment's gas is known: where, and the gas before. */
  readonly #waiting: number[] = [];

  constructor(emitter: Emitter, code: Uint8Array, facts: OpcodeFacts, targets: Targets) {
    this.e = emitter;
    this.code = code;
    this.facts = facts;
    this.targets = targets;
    this.stack = new VirtualStack(emitter);
    this.memory = new MemoryAccess(emitter);
    this.#heads = [0, 0];
    this.#followBytesMax = code.length * limits.FOLLOW_BYTES_FACTOR + limits.MODULE_BYTES_EXTRA;
    this.#seen = new Int32Array(code.length + 1);
    for (let pc = 1; pc < code.length; pc++) if (targets.slots[pc] !== 0) this.#heads.push(pc);
  }

  /** Number of block functions. */
  get count(): number {
    return this.#heads.length - 1;
  }

  /** @returns false when it became too much */
  writeAll(): boolean {
    const { w } = this.e;
    const bytesMax = this.code.length * limits.MODULE_BYTES_FACTOR + limits.MODULE_BYTES_EXTRA;
    this.#writeEnter();
    this.#writeInvalid();
    this.#writeMultiply();
    for (let slot = SLOT_START; slot < this.#heads.length; slot++) {
      this.#writeFunction(slot);
      if (w.length > bytesMax) return false;
    }
    return true;
  }

  /** Slot of the function that begins at a code offset; makes one where there is none. */
  slotAt(pc: number): number {
    if (pc === 0) return SLOT_START;
    const target = pc < this.code.length ? (this.targets.slots[pc] as number) : 0;
    if (target !== 0) return target;
    const known = this.#extraSlots.get(pc);
    if (known !== undefined) return known;
    const slot = this.#heads.push(pc) - 1;
    this.#extraSlots.set(pc, slot);
    return slot;
  }

  // ---- functions ----

  #writeFunction(slot: number): void {
    const { e, stack } = this;
    const { w } = e;
    w.reserve();
    e.reset(FIRST_FREE);
    stack.reset();
    this.memory.reset();
    const sizeAt = w.hole(SIZE_BYTES);
    const start = w.length;
    w.append([3, 5, W.I32, 1, W.V128]);
    const localsAt = w.hole(STACK_BYTES);
    w.u8(W.I64);
    this.#writePrologue();
    this.#function++;
    this.#opcodes = 0;
    this.#checkedLowest = BIAS_SLOTS;
    this.#checkedHighest = BIAS_SLOTS;
    this.pc = this.#heads[slot] as number;
    this.isOpen = true;
    this.#openSegment();
    while (this.isOpen) this.#writeNext();
    w.u8(W.END);
    w.patch(localsAt, STACK_BYTES, e.locals - FIRST_FREE);
    w.patch(sizeAt, SIZE_BYTES, w.length - start);
  }

  #writePrologue(): void {
    const { w } = this.e;
    w.append([W.LOCAL_GET, STACK, W.I32_CONST]);
    w.signed(BIAS_SLOTS * 32);
    w.append([W.I32_SUB, W.LOCAL_SET, BASE, W.LOCAL_GET, STACK]);
    this.e.load32(FRAME, FRAME_STACK_EMPTY);
    w.append([W.I32_SUB, W.LOCAL_SET, DEPTH]);
  }

  #writeNext(): void {
    const { code, facts, stack } = this;
    this.e.w.reserve();
    const { pc } = this;
    const op = pc < code.length ? (code[pc] as number) : 0;
    if (this.#mustPart(op)) {
      this.leaveFor(pc);
      return;
    }
    this.#opcodes++;
    if (op === JUMPDEST) this.#seen[pc] = this.#function;
    this.#gas += facts.gas[op] as number;
    const pops = facts.pops[op] as number;
    stack.need(pops);
    const after = stack.height - pops + (facts.pushes[op] as number);
    if (stack.height - pops < this.#lowest) this.#lowest = stack.height - pops;
    if (after > this.#highest) this.#highest = after;
    this.pc = pc + 1;
    if (op === 0x56) writeJump(this);
    else if (op === 0x57) writeJumpIf(this);
    else if (facts.exists[op] === 0 || !writeOpcode(this, op)) writeEnd(this, op);
  }

  /** The function is full, or comes by the start of another one and is not short any more. */
  #mustPart(op: number): boolean {
    if (this.#opcodes === 0) return false;
    if (op === JUMPDEST && !this.mayFollow(this.pc)) return true;
    const { height } = this.stack;
    if (height < 20 || height > SLOTS_MAX - 4) return true;
    return (
      this.#opcodes >= limits.FUNCTION_OPCODES_MAX || this.e.locals >= limits.FUNCTION_LOCALS_MAX
    );
  }

  /** True when this function may go on at a JUMPDEST instead of leaving for its function. */
  mayFollow(target: number): boolean {
    if (this.e.w.length > this.#followBytesMax) return false;
    return this.#opcodes < limits.FOLLOW_OPCODES_MAX && this.#seen[target] !== this.#function;
  }

  // ---- segments ----

  /** Begins a segment at `pc`; the whole stack is in memory. */
  #openSegment(): void {
    const { w } = this.e;
    this.#gas = 0;
    this.#lowest = this.stack.height;
    this.#highest = this.stack.height;
    w.append([W.LOCAL_GET, GAS, W.I64_CONST]);
    this.#headAt = w.hole(GAS_BYTES);
    w.append([W.I64_SUB, W.LOCAL_TEE, GAS, W.I64_CONST, 0, W.I64_LT_S]);
    this.#headFirst = w.length;
    w.append([W.LOCAL_GET, DEPTH, W.I32_CONST]);
    w.hole(STACK_BYTES);
    w.append([W.I32_SUB, W.I32_CONST]);
    w.hole(STACK_BYTES);
    w.append([W.I32_GT_U, W.I32_OR]);
    this.#headSecond = w.length;
    w.append([W.IF, W.NO_RESULT, W.LOCAL_GET, FRAME]);
    this.stack.pointer();
    w.append([W.LOCAL_GET, GAS, W.I64_CONST]);
    this.#waiting.push(w.hole(GAS_BYTES), 0);
    w.u8x2(W.I64_ADD, W.I32_CONST);
    w.signed(this.pc);
    w.u8x2(W.RETURN_CALL, IMPORT_LEAVE);
    w.u8(W.END);
  }

  /** The gas of the segment is known now. */
  closeSegment(): void {
    const { w } = this.e;
    w.patch(this.#headAt, GAS_BYTES, this.#gas);
    const waiting = this.#waiting;
    for (let i = 0; i < waiting.length; i += 2) {
      w.patch(waiting[i] as number, GAS_BYTES, this.#gas - (waiting[i + 1] as number));
    }
    waiting.length = 0;
    const isChecked = this.#lowest >= this.#checkedLowest && this.#highest <= this.#checkedHighest;
    if (isChecked) {
      w.bytes.fill(W.NOP, this.#headFirst, this.#headSecond);
      return;
    }
    let below = BIAS_SLOTS - Math.min(this.#lowest, BIAS_SLOTS);
    let room = STACK_ITEMS_MAX - (Math.max(this.#highest, BIAS_SLOTS) - BIAS_SLOTS) - below;
    if (room < 0) [below, room] = [IMPOSSIBLE_ITEMS, 0];
    w.patch(this.#headFirst + 3, STACK_BYTES, below * 32);
    w.patch(this.#headFirst + 3 + STACK_BYTES + 2, STACK_BYTES, room * 32);
    this.#checkedLowest = Math.min(this.#checkedLowest, this.#lowest);
    this.#checkedHighest = Math.max(this.#checkedHighest, this.#highest);
  }

  /** Leaves room for what the segment charges for the opcodes behind the present one. */
  waitForGas(): void {
    this.#waiting.push(this.e.w.hole(GAS_BYTES), this.#gas);
  }

  /** Goes on behind a conditional jump that was not taken; the stack is in memory. */
  goOn(): void {
    this.closeSegment();
    const isFull = this.#opcodes >= limits.FUNCTION_OPCODES_MAX - 1;
    const isStart = this.code[this.pc] === JUMPDEST && !this.mayFollow(this.pc);
    if (isFull || isStart) {
      this.isOpen = false;
      this.tailCall(this.slotAt(this.pc));
      return;
    }
    this.#openSegment();
  }

  /** Ends the function with a tail call to the one at a code offset. */
  leaveFor(pc: number): void {
    this.stack.flush();
    this.closeSegment();
    this.isOpen = false;
    this.tailCall(this.slotAt(pc));
  }

  tailCall(slot: number): void {
    const { w } = this.e;
    w.u8x2(W.LOCAL_GET, FRAME);
    this.stack.pointer();
    w.u8x2(W.LOCAL_GET, GAS);
    w.u8(W.RETURN_CALL);
    w.unsigned(functionOf(slot));
  }

  // ---- the three functions before those of the code ----

  #writeEnter(): void {
    const { w } = this.e;
    // frame, sp, gas, and the slot in the frame's first field (FRAME_IP).
    const body = [0, W.LOCAL_GET, 0, W.LOCAL_GET, 1, W.LOCAL_GET, 2, W.LOCAL_GET, 0];
    body.push(W.I32_LOAD, 2, 0, W.RETURN_CALL_INDIRECT, 0, 0, W.END);
    w.unsigned(body.length);
    w.append(body);
  }

  #writeInvalid(): void {
    this.e.w.append([4, 0, W.I32_CONST, 8, W.END]);
  }

  #writeMultiply(): void {
    const { e } = this;
    const { w } = e;
    const sizeAt = w.hole(SIZE_BYTES);
    const start = w.length;
    e.reset(8);
    w.u8(1);
    const localsAt = w.hole(STACK_BYTES);
    w.u8(W.I64);
    const product = multiplyInline(e, e.value(0, 1, 2, 3), e.value(4, 5, 6, 7));
    for (let i = 0; i < 4; i++) e.get(e.limb(product, i));
    w.u8(W.END);
    w.patch(localsAt, STACK_BYTES, e.locals - 8);
    w.patch(sizeAt, SIZE_BYTES, w.length - start);
  }
}
