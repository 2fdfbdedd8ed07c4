/** Where a jump may go, and which function of the generated code is there. */
import { SLOT_START } from './runtime.ts';

const JUMPDEST = 0x5b;
const PUSH1 = 0x60;
const PUSH32 = 0x7f;

export interface Targets {
  /** By code offset: slot of the JUMPDEST there in the module's table; 0: no target. */
  readonly slots: Uint16Array<ArrayBuffer>;
  /** Number of slots given out, from 0. */
  readonly count: number;
}

/** Slot 1 is code offset 0; the JUMPDESTs behind it follow in order. Push data is none. */
export function findTargets(code: Uint8Array): Targets {
  const slots = new Uint16Array(code.length);
  let count = SLOT_START + 1;
  for (let pc = 0; pc < code.length; pc++) {
    const op = code[pc] as number;
    if (op === JUMPDEST) slots[pc] = pc === 0 ? SLOT_START : count++;
    else if (op >= PUSH1 && op <= PUSH32) pc += op - PUSH1 + 1;
  }
  return { slots, count };
}
