import type { ExceptionalHalt } from '../types.ts';
import type { Tracer, TraceStep } from './types.ts';

/** What a step came to, told once it is known. */
export interface StepOutcome {
  /** Gas the opcode took, gas handed on to a frame it opened included. */
  readonly cost: bigint;
  /** Why it failed its frame; undefined when it did not. */
  readonly halt: ExceptionalHalt | undefined;
  /** The step that follows in the same frame, when that came next; values read on demand. */
  readonly next: TraceStep | undefined;
}

interface Pending<T> {
  readonly recorded: T;
  readonly gas: bigint;
}

/**
 * A tracer that tells each step together with its cost. The cost is what the opcode really took, so
 * a step is told when the next thing happens: the next opcode, a frame it opens or the end of its
 * frame. Steps are told in the order in which they ran. An opcode that fails its frame took all
 * that was left. A call refused for depth or balance shows no gas handed on.
 *
 * @param record keeps what is wanted of a step; its values can be read only now
 */
export function createCostTracer<T>(
  record: (step: TraceStep) => T,
  tell: (recorded: T, outcome: StepOutcome) => void,
): Required<Tracer> {
  /** By depth: one a frame at most; those of callers were told when they called. */
  const pending = new Map<number, Pending<T>>();
  const settle = (
    depth: number,
    gasLeft: bigint,
    halt: ExceptionalHalt | undefined,
    next: TraceStep | undefined,
  ): void => {
    const step = pending.get(depth);
    if (step === undefined) return;
    pending.delete(depth);
    tell(step.recorded, { cost: step.gas - gasLeft, halt, next });
  };
  return {
    onStep(step) {
      settle(step.depth, step.gas, undefined, step);
      pending.set(step.depth, { recorded: record(step), gas: step.gas });
    },
    onEnter({ kind, depth, callerGas }) {
      if (kind !== 'SELFDESTRUCT') settle(depth - 1, callerGas, undefined, undefined);
    },
    onExit({ depth, gasLeft, halt }) {
      settle(depth, gasLeft, halt, undefined);
    },
  };
}
