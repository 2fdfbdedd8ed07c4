/** What the workers of a chain's pool are told, and what they send. */
import type {
  BlockEnvironment,
  BlockSpace,
  CompiledCode,
  CompileJob,
  Fork,
  SharedMemoryPlan,
  TierDifference,
  TierOptions,
} from '@basalt/evm';

/** Settings of the second tier that are plain data. */
export type PlainTierOptions = Omit<TierOptions, 'compile' | 'onDifference'>;

export interface ExecutionSetup {
  readonly plan: SharedMemoryPlan;
  readonly engine: 'interpreter' | 'tiered';
  readonly tier: PlainTierOptions;
  readonly hashSeed: bigint;
}

export interface ExecutionPayload {
  readonly fork: Fork;
  readonly environment: BlockEnvironment;
  readonly space: BlockSpace;
  readonly transactions: SharedArrayBuffer;
}

/** Code got hot in a worker; the calling thread has it generated once for all of them. */
export interface CompileMessage {
  readonly kind: 'compile';
  readonly id: number;
  readonly job: CompileJob;
}

export interface CompiledMessage {
  readonly kind: 'compiled';
  readonly id: number;
  readonly compiled: CompiledCode | undefined;
}

export interface DifferenceMessage {
  readonly kind: 'difference';
  readonly difference: TierDifference;
}
