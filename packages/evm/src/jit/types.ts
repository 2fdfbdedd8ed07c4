import type { FrameRequest, FrameResult } from '../evm.ts';
import type { AccountChange, Fork, Log } from '../types.ts';

/** Code that got hot. */
export interface CompileJob {
  readonly fork: Fork;
  /** 32 bytes. */
  readonly hash: Uint8Array;
  readonly code: Uint8Array;
  /** The engine's memory is a shared one. */
  readonly isShared: boolean;
}

export interface CompiledCode {
  readonly module: WebAssembly.Module;
  /** Length of the module as bytes, for the bound of the cache. */
  readonly bytes: number;
}

/**
 * Makes code of a job: at once, or in the background. undefined: there is none for this code. What
 * it throws, or rejects with, counts as none too.
 */
export type Compile = (
  job: CompileJob,
) => CompiledCode | undefined | Promise<CompiledCode | undefined>;

export interface TierOptions {
  /** Gas spent on a code in the interpreter that makes it hot; 0: at its first frame. */
  readonly hotGas?: bigint;
  /** A worker thread of this process where absent. */
  readonly compile?: Compile;
  /** One run in so many that used generated code is checked; 0: none. */
  readonly sampleEvery?: number;
  /** Frames of a code just installed whose runs are all checked. */
  readonly sampleFirst?: number;
  /** Generated codes kept. */
  readonly modulesMax?: number;
  /** Bytes of WASM kept. */
  readonly moduleBytesMax?: number;
  /** Told of every difference found, after the generated code was put out of use. */
  readonly onDifference?: (difference: TierDifference) => void;
}

/** What a run left, as far as the two tiers must agree. */
export interface RunOutcome {
  readonly result: FrameResult;
  readonly logs: readonly Log[];
  readonly changes: readonly AccountChange[];
}

/** Generated code did not do what the interpreter does. */
export interface TierDifference {
  readonly fork: Fork;
  /** Hashes of the codes that were put out of use. */
  readonly codeHashes: readonly Uint8Array[];
  readonly request: FrameRequest;
  /** undefined: the generated code trapped. */
  readonly tiered: RunOutcome | undefined;
  readonly interpreted: RunOutcome;
}

export interface TierStatus {
  /** Generated codes in use. */
  readonly installed: number;
  /** Bytes of their WASM. */
  readonly bytes: number;
  /** Codes that wait to be generated. */
  readonly pending: number;
  /** Codes that have no generated code any more because it differed. */
  readonly disabled: number;
  /** Codes dropped to make room. */
  readonly evicted: number;
  /** Runs that used generated code, and those of them that were run twice. */
  readonly runs: number;
  readonly sampled: number;
  readonly differences: number;
  /** Resolves once nothing is pending. */
  settled(): Promise<void>;
}
