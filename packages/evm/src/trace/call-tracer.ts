import { bytesToHex } from '@noble/hashes/utils.js';
import { traceError } from './errors.ts';
import type { FrameKind, TraceEnter, TraceExit, Tracer } from './types.ts';

/** A frame as geth's callTracer shows it: hexadecimal throughout, absent fields left out. */
export interface CallFrame {
  readonly type: FrameKind;
  readonly from: string;
  to: string;
  /** Absent for STATICCALL. */
  readonly value?: string;
  gas: string;
  gasUsed: string;
  readonly input: string;
  output?: string;
  error?: string;
  /** Text of a Solidity `Error(string)`. */
  revertReason?: string;
  calls?: CallFrame[];
}

export interface CallTracer extends Tracer {
  /**
   * The outermost frame with all below it; undefined before one was entered. Gas is that of the
   * frame: whoever traces a transaction puts its gas limit and gas used there.
   */
  result(): CallFrame | undefined;
}

export interface CallTracerOptions {
  /** Shows the outermost frame alone. */
  readonly onlyTopCall?: boolean;
}

/** Selector of `Error(string)`. */
const ERROR_SELECTOR = '08c379a0';

/** The tree of calls of a run (geth's callTracer). */
export function createCallTracer({ onlyTopCall = false }: CallTracerOptions = {}): CallTracer {
  const open: CallFrame[] = [];
  let outermost: CallFrame | undefined;
  return {
    onEnter(frame) {
      const made = describe(frame);
      const parent = open.at(-1);
      if (parent === undefined) outermost = made;
      else if (!onlyTopCall) {
        parent.calls ??= [];
        parent.calls.push(made);
      }
      open.push(made);
    },
    onExit(exit) {
      const frame = open.pop();
      if (frame !== undefined) close(frame, exit);
    },
    result: () => outermost,
  };
}

function describe({ kind, from, to, value, gas, input }: TraceEnter): CallFrame {
  return {
    type: kind,
    from: hex(from),
    to: hex(to),
    ...(kind === 'STATICCALL' ? {} : { value: `0x${value.toString(16)}` }),
    gas: `0x${gas.toString(16)}`,
    gasUsed: '0x0',
    input: hex(input),
  };
}

function close(frame: CallFrame, { gasUsed, output, halt }: TraceExit): void {
  frame.gasUsed = `0x${gasUsed.toString(16)}`;
  if (output.length > 0) frame.output = hex(output);
  if (halt === undefined) return;
  frame.error = traceError(halt);
  const reason = halt === 'revert' ? revertReason(output) : undefined;
  if (reason !== undefined) frame.revertReason = reason;
}

/** Offset, length and text of the ABI's `Error(string)`; undefined for anything else. */
function revertReason(output: Uint8Array): string | undefined {
  if (output.length < 68 || bytesToHex(output.subarray(0, 4)) !== ERROR_SELECTOR) return undefined;
  const length = Number(BigInt(hex(output.subarray(36, 68))));
  const text = output.subarray(68, 68 + length);
  return text.length === length ? new TextDecoder().decode(text) : undefined;
}

function hex(bytes: Uint8Array): string {
  return `0x${bytesToHex(bytes)}`;
}
