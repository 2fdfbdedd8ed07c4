/** Shows the kernel's hooks to a {@link Tracer}: reads frames out of linear memory. */
import { opcodeName } from '../opcodes.ts';
import type { FrameKind, Tracer, TraceStep } from '../trace/types.ts';
import type { Fork } from '../types.ts';
import { haltOf } from './halts.ts';
import { copyOut, type KernelInstance, readWord, readWordAsBytes } from './instance.ts';
import {
  ACCOUNT_ADDRESS,
  FRAME_BYTES,
  FRAME_CALLER,
  FRAME_CODE,
  FRAME_CODE_ACCOUNT,
  FRAME_CODE_LENGTH,
  FRAME_DEPTH,
  FRAME_GAS,
  FRAME_GAS_START,
  FRAME_INPUT,
  FRAME_INPUT_LENGTH,
  FRAME_KIND,
  FRAME_MEMORY,
  FRAME_MEMORY_SIZE,
  FRAME_RESULT,
  FRAME_RESULT_LENGTH,
  FRAME_SELF,
  FRAME_STACK_EMPTY,
  FRAME_VALUE,
} from './layout.ts';

export interface TraceHost {
  step(frame: number, sp: number, gas: bigint, pc: number): void;
  enter(frame: number): void;
  exit(frame: number, halt: number, gasLeft: bigint): void;
  selfDestruct(frame: number, beneficiary: number, balance: number): void;
}

/** By the KIND_* numbers of assembly/kernel/layout.ts. */
const KINDS: readonly FrameKind[] = [
  'CALL',
  'CALLCODE',
  'DELEGATECALL',
  'STATICCALL',
  'CREATE',
  'CREATE2',
  'SELFDESTRUCT',
];

export function createTraceHost(kernel: KernelInstance, fork: Fork, tracer: Tracer): TraceHost {
  const u32 = (at: number): number => kernel.view.getUint32(at, true);
  const depthOf = (frame: number): number => u32(frame + FRAME_DEPTH) + 1;
  return {
    step(frame, sp, gas, pc) {
      // An account without code runs nothing; the kernel's STOP there is no opcode of anybody's.
      if (u32(frame + FRAME_CODE_LENGTH) === 0) return;
      tracer.onStep?.(readStep(kernel, fork, { frame, sp, gas, pc }));
    },
    enter(frame) {
      const kind = KINDS[u32(frame + FRAME_KIND)] ?? 'CALL';
      const isCreation = kind === 'CREATE' || kind === 'CREATE2';
      const input = isCreation ? FRAME_CODE : FRAME_INPUT;
      const length = isCreation ? FRAME_CODE_LENGTH : FRAME_INPUT_LENGTH;
      const shown =
        kind === 'DELEGATECALL' || kind === 'CALLCODE' ? FRAME_CODE_ACCOUNT : FRAME_SELF;
      const from = kind === 'DELEGATECALL' ? FRAME_SELF : FRAME_CALLER;
      tracer.onEnter?.({
        kind,
        depth: depthOf(frame),
        from: addressOf(kernel, u32(frame + from)),
        to: addressOf(kernel, u32(frame + shown)),
        value: readWord(kernel, frame + FRAME_VALUE),
        gas: kernel.view.getBigInt64(frame + FRAME_GAS_START, true),
        callerGas: callerGasOf(kernel, frame),
        input: copyOut(kernel, u32(frame + input), u32(frame + length)),
      });
    },
    exit(frame, halt, gasLeft) {
      const reason = haltOf(halt);
      const hasOutput = reason === undefined || reason === 'revert';
      tracer.onExit?.({
        depth: depthOf(frame),
        gasUsed: kernel.view.getBigInt64(frame + FRAME_GAS_START, true) - gasLeft,
        gasLeft,
        output: hasOutput
          ? copyOut(kernel, u32(frame + FRAME_RESULT), u32(frame + FRAME_RESULT_LENGTH))
          : new Uint8Array(0),
        halt: reason,
      });
    },
    selfDestruct(frame, beneficiary, balance) {
      const depth = depthOf(frame) + 1;
      tracer.onEnter?.({
        kind: 'SELFDESTRUCT',
        depth,
        from: addressOf(kernel, u32(frame + FRAME_SELF)),
        to: addressOf(kernel, beneficiary),
        value: readWord(kernel, balance),
        gas: 0n,
        callerGas: 0n,
        input: new Uint8Array(0),
      });
      tracer.onExit?.({
        depth,
        gasUsed: 0n,
        gasLeft: 0n,
        output: new Uint8Array(0),
        halt: undefined,
      });
    },
  };
}

/** The frame of the caller lies right before; the outermost one has none. */
function callerGasOf(kernel: KernelInstance, frame: number): bigint {
  const isOutermost = kernel.view.getUint32(frame + FRAME_DEPTH, true) === 0;
  return isOutermost ? 0n : kernel.view.getBigInt64(frame - FRAME_BYTES + FRAME_GAS, true);
}

interface Position {
  readonly frame: number;
  readonly sp: number;
  readonly gas: bigint;
  readonly pc: number;
}

function readStep(kernel: KernelInstance, fork: Fork, position: Position): TraceStep {
  const { frame, sp, gas, pc } = position;
  const u32 = (at: number): number => kernel.view.getUint32(at, true);
  const memory = u32(frame + FRAME_MEMORY);
  const memorySize = u32(frame + FRAME_MEMORY_SIZE);
  const isInside = pc < u32(frame + FRAME_CODE_LENGTH);
  const opcode = isInside ? (kernel.bytes[u32(frame + FRAME_CODE) + pc] ?? 0) : 0;
  const empty = u32(frame + FRAME_STACK_EMPTY);
  return {
    pc,
    opcode,
    opcodeName: opcodeName(fork, opcode),
    gas,
    depth: u32(frame + FRAME_DEPTH) + 1,
    refund: kernel.exports.refundCounter(),
    memorySize,
    address: addressOf(kernel, u32(frame + FRAME_SELF)),
    stack() {
      const items: bigint[] = [];
      for (let at = empty + 32; at <= sp; at += 32) items.push(readWord(kernel, at));
      return items;
    },
    memory: () => copyOut(kernel, memory, memorySize),
    returnData: () => copyOut(kernel, kernel.at.returnBuffer, kernel.exports.outputLength()),
  };
}

function addressOf(kernel: KernelInstance, account: number): Uint8Array {
  return readWordAsBytes(kernel, account + ACCOUNT_ADDRESS, 20);
}
