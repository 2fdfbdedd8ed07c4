import type { Log, TraceStep } from '@basalt/evm';
import { toWord } from '../params/hex.ts';

const LOG0 = 0xa0;
const LOG4 = 0xa4;

/**
 * What a step is about to log; undefined for other opcodes, and for one that will fail its frame
 * for gas or for items that are not there.
 */
export function readLog(step: TraceStep): Log | undefined {
  if (step.opcode < LOG0 || step.opcode > LOG4) return undefined;
  const count = step.opcode - LOG0;
  const stack = step.stack();
  if (stack.length < 2 + count) return undefined;
  const offset = stack.at(-1) ?? 0n;
  const size = stack.at(-2) ?? 0n;
  // A byte of data costs 8 gas: more than the gas left buys can not be logged.
  if (size * 8n > step.gas) return undefined;
  const data = new Uint8Array(Number(size));
  const memory = step.memory();
  if (size > 0n && offset < BigInt(memory.length)) {
    const start = Number(offset);
    data.set(memory.subarray(start, start + data.length));
  }
  const topics = Array.from({ length: count }, (_, at) => toWord(stack.at(-3 - at) ?? 0n));
  return { address: step.address, topics, data };
}
