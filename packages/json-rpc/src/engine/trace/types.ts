import type { AccountChange, ReadSet, Tracer } from '@basalt/evm';
import type { View } from '../../views/transaction.ts';
import type { Overlay } from '../overlay.ts';

/** What one traced transaction or call came to. */
export interface TracedRun {
  readonly gasLimit: bigint;
  readonly gasUsed: bigint;
  readonly halt: string | undefined;
  readonly output: Uint8Array;
  readonly changes: readonly AccountChange[];
  readonly reads: ReadSet;
  /** State that it found; what it changes is not yet in there. */
  readonly before: Overlay;
}

/** A tracer for one run, and the view of what it saw. */
export interface Traced {
  /** undefined: what the run comes to is enough, it need not be followed. */
  readonly tracer: Tracer | undefined;
  view(run: TracedRun): View;
}
