import type { ExceptionalHalt } from '../types.ts';

export type FrameKind =
  | 'CALL'
  | 'CALLCODE'
  | 'DELEGATECALL'
  | 'STATICCALL'
  | 'CREATE'
  | 'CREATE2'
  | 'SELFDESTRUCT';

/** The machine before one opcode runs. Values are read on demand, only inside the callback. */
export interface TraceStep {
  readonly pc: number;
  readonly opcode: number;
  readonly opcodeName: string;
  readonly gas: bigint;
  /** 1 for the outermost frame. */
  readonly depth: number;
  readonly refund: bigint;
  readonly memorySize: number;
  readonly address: Uint8Array;
  /** Bottom first. */
  stack(): bigint[];
  /** A copy. */
  memory(): Uint8Array;
  returnData(): Uint8Array;
}

export interface TraceEnter {
  readonly kind: FrameKind;
  readonly depth: number;
  readonly from: Uint8Array;
  readonly to: Uint8Array;
  readonly value: bigint;
  readonly gas: bigint;
  /** What the caller has left while this frame runs; 0 for the outermost frame. */
  readonly callerGas: bigint;
  readonly input: Uint8Array;
}

export interface TraceExit {
  readonly depth: number;
  readonly gasUsed: bigint;
  readonly gasLeft: bigint;
  readonly output: Uint8Array;
  readonly halt: ExceptionalHalt | undefined;
}

/** What follows a run. A callback that throws ends the run; the instance stays usable. */
export interface Tracer {
  onStep?(step: TraceStep): void;
  onEnter?(frame: TraceEnter): void;
  onExit?(frame: TraceExit): void;
}
