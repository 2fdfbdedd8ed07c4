import { bytesToHex } from '@noble/hashes/utils.js';
import type { Tracer, TraceStep } from './types.ts';

export interface Eip3155Options {
  /** Shows memory at every step, as hexadecimal digits; off unless said, as lines get long. */
  readonly withMemory?: boolean;
}

/** A step whose cost is not known yet. */
interface Pending {
  readonly gas: bigint;
  readonly before: string;
  readonly after: string;
}

/**
 * Tells a run as EIP-3155 says: a line of JSON for every opcode. The cost of an opcode is what it
 * really took, so a line is written when the next thing happens: the next opcode, a frame it opens
 * (gas handed on counts as its cost) or the end of its frame. An opcode that fails its frame took
 * all that was left. A call refused for depth or balance shows no gas handed on.
 *
 * @param write takes a line without its end
 */
export function createEip3155Tracer(
  write: (line: string) => void,
  options: Eip3155Options = {},
): Tracer {
  const { withMemory = false } = options;
  /** By depth: at most one a frame, and only the deepest is not written yet. */
  const pending = new Map<number, Pending>();
  const settle = (depth: number, gasLeft: bigint, error?: string): void => {
    const step = pending.get(depth);
    if (step === undefined) return;
    pending.delete(depth);
    const cost = `0x${(step.gas - gasLeft).toString(16)}`;
    const reason = error === undefined ? '' : `,"error":${JSON.stringify(error)}`;
    write(`${step.before}"gasCost":"${cost}",${step.after}${reason}}`);
  };
  return {
    onStep(step) {
      settle(step.depth, step.gas);
      pending.set(step.depth, describe(step, withMemory));
    },
    onEnter({ kind, depth, callerGas }) {
      if (kind !== 'SELFDESTRUCT') settle(depth - 1, callerGas);
    },
    onExit({ depth, gasLeft, halt }) {
      settle(depth, gasLeft, halt);
    },
  };
}

function describe(step: TraceStep, withMemory: boolean): Pending {
  const { pc, opcode, opcodeName, gas, depth, refund, memorySize } = step;
  const stack = step.stack().map((item) => `"0x${item.toString(16)}"`);
  const memory = withMemory ? `"memory":"0x${bytesToHex(step.memory())}",` : '';
  return {
    gas,
    before: `{"pc":${pc},"op":${opcode},"gas":"0x${gas.toString(16)}",`,
    after:
      `${memory}"memSize":${memorySize},"stack":[${stack.join(',')}],"depth":${depth},` +
      `"returnData":"0x${bytesToHex(step.returnData())}","refund":"0x${refund.toString(16)}",` +
      `"opName":"${opcodeName}"`,
  };
}
