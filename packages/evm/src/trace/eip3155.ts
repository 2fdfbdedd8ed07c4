import { bytesToHex } from '@noble/hashes/utils.js';
import type { Tracer, TraceStep } from './types.ts';
import { createCostTracer } from './with-costs.ts';

export interface Eip3155Options {
  /** Shows memory at every step, as hexadecimal digits; off unless said, as lines get long. */
  readonly withMemory?: boolean;
}

/** The parts of a line before and after the cost. */
interface Line {
  readonly before: string;
  readonly after: string;
}

/**
 * Tells a run as EIP-3155 says: a line of JSON for every opcode, with the cost as in
 * {@link createCostTracer}.
 *
 * @param write takes a line without its end
 */
export function createEip3155Tracer(
  write: (line: string) => void,
  options: Eip3155Options = {},
): Tracer {
  const { withMemory = false } = options;
  return createCostTracer<Line>(
    (step) => describe(step, withMemory),
    ({ before, after }, { cost, halt }) => {
      const error = halt === undefined ? '' : `,"error":${JSON.stringify(halt)}`;
      write(`${before}"gasCost":"0x${cost.toString(16)}",${after}${error}}`);
    },
  );
}

function describe(step: TraceStep, withMemory: boolean): Line {
  const { pc, opcode, opcodeName, gas, depth, refund, memorySize } = step;
  const stack = step.stack().map((item) => `"0x${item.toString(16)}"`);
  const memory = withMemory ? `"memory":"0x${bytesToHex(step.memory())}",` : '';
  return {
    before: `{"pc":${pc},"op":${opcode},"gas":"0x${gas.toString(16)}",`,
    after:
      `${memory}"memSize":${memorySize},"stack":[${stack.join(',')}],"depth":${depth},` +
      `"returnData":"0x${bytesToHex(step.returnData())}","refund":"0x${refund.toString(16)}",` +
      `"opName":"${opcodeName}"`,
  };
}
