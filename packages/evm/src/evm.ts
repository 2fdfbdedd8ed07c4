/**
 * The engine's face. An engine belongs to one fork and one thread, runs one call at a time and is
 * synchronous throughout.
 */
import type { TierOptions, TierStatus } from './jit/types.ts';
import type { SharedMemoryPlan } from './parallel/types.ts';
import type { Precompile } from './precompiles/types.ts';
import type { Tracer } from './trace/types.ts';
import type {
  Account,
  AccountChange,
  BlockEnvironment,
  CallRequest,
  CallResult,
  ExceptionalHalt,
  Fork,
  Log,
  ReadSet,
  StateReader,
} from './types.ts';

export interface EvmOptions {
  readonly fork: Fork;
  /**
   * `tiered`: code that gets hot runs as generated WASM. `interpreter`, also where absent: no code
   * is generated.
   */
  readonly engine?: 'interpreter' | 'tiered';
  /** How the second tier works; only with the engine `tiered`. */
  readonly tier?: TierOptions;
  /** Sizes of the kernel's regions; see docs/evm-memory.md. */
  readonly memory?: Partial<MemorySizes>;
  /** A shared memory, large enough for the sizes; private memory is made where absent. */
  readonly sharedMemory?: WebAssembly.Memory;
  /** One of several engines in one memory, in the place that the plan has for it. */
  readonly shared?: { readonly plan: SharedMemoryPlan; readonly engine: number };
  /**
   * Mixed into the positions of the kernel's tables; results do not depend on it. Give a random one
   * where strangers choose what runs, so that they cannot aim at slow tables.
   */
  readonly hashSeed?: bigint;
  /** A kernel to run in place of the built one, made by assembly/compile.mjs. */
  readonly kernelModule?: WebAssembly.Module;
  /** Contracts built into the engine; those of the fork where absent. */
  readonly precompiles?: readonly Precompile[];
}

/** Bounds of one instance. What needs more ends with an {@link EvmError} `memory-bound`. */
export interface MemorySizes {
  /** EVM memory of all open frames, call data of the outermost call included. */
  readonly frameMemoryBytes: number;
  /** Translated code, kept over calls. */
  readonly codeBytes: number;
  /** Accounts that one transaction may touch. */
  readonly accounts: number;
  /** Storage slots that one transaction may touch, persistent and transient together. */
  readonly slots: number;
  /** Log records of one transaction. */
  readonly logBytes: number;
  /** Undo records of one transaction. */
  readonly journalBytes: number;
}

/** What holds for a whole transaction. */
export interface TransactionContext {
  readonly origin: Uint8Array;
  readonly gasPrice: bigint;
  readonly blobHashes?: readonly Uint8Array[];
}

export interface FrameRequest {
  readonly from: Uint8Array;
  /** undefined creates a contract from `data`. */
  readonly to: Uint8Array | undefined;
  /** Creations: nonce that the address is made of; the sender's present one where absent. */
  readonly nonce?: bigint;
  readonly data?: Uint8Array;
  /** Moved from `from` to the callee, which must be able to pay. */
  readonly value?: bigint;
  readonly gasLimit: bigint;
  /** Runs this instead of the code of `to`. */
  readonly code?: Uint8Array;
  readonly isStatic?: boolean;
}

export interface FrameResult {
  readonly halt: ExceptionalHalt | undefined;
  readonly gasLeft: bigint;
  /** Refund counter of the session so far, before any cap; never negative. */
  readonly gasRefund: bigint;
  readonly output: Uint8Array;
  readonly created: Uint8Array | undefined;
}

declare const isHandle: unique symbol;

/** An account that one session looked up: stands for its address in methods of that session. */
export type AccountHandle = number & { readonly [isHandle]: true };

/** Both ends of a message call, looked up before. */
export interface FrameAccounts {
  readonly from: AccountHandle;
  readonly to: AccountHandle;
}

/** Made of a compact copy when first looked at, so that whoever does not look pays nothing. */
export interface SessionResult {
  readonly logs: readonly Log[];
  readonly changes: readonly AccountChange[];
  readonly reads: ReadSet;
}

/**
 * One journal over the steps of a transaction: charge the sender, warm addresses, apply
 * authorizations, run the outermost frame, refund, finish. An engine has one open session; `begin`
 * closes the one before it. Every method of a closed session throws.
 */
export interface Session {
  /** Looks an address up once, for who names it often. Reads nothing of the account. */
  handle(address: Uint8Array): AccountHandle;
  /** The account as it is now; undefined where none exists. Reads and records the read. */
  getAccount(address: Uint8Array): Account | undefined;
  /** Parts of it, for who needs one only; 0 where none exists. */
  getBalance(address: Uint8Array): bigint;
  getNonce(address: Uint8Array): bigint;
  exists(address: Uint8Array): boolean;
  /** Code of an account as it is now, a delegation (EIP-7702) not followed. */
  getCode(address: Uint8Array): Uint8Array;
  /** Makes the account where it does not exist; touches it. */
  setBalance(address: Uint8Array, balance: bigint): void;
  /** Adds to the balance and touches the account (EIP-161), also with 0. */
  addBalance(account: Uint8Array | AccountHandle, amount: bigint): void;
  /**
   * The same for a balance that nothing in this session looks at afterwards; no run follows, and
   * no `revert`. On a multi-version memory the balance is then not read at all.
   */
  credit(account: Uint8Array | AccountHandle, amount: bigint): void;
  setNonce(address: Uint8Array, nonce: bigint): void;
  /**
   * What a transaction pays in advance: takes `amount` of the balance and raises the nonce. False,
   * and nothing changed, where the nonce is another, the balance below `least` or `amount`, or the
   * account has code, a delegation too.
   */
  charge(account: AccountHandle, nonce: bigint, least: bigint, amount: bigint): boolean;
  /** Sets code; empty code sets the hash of nothing. */
  setCode(address: Uint8Array, code: Uint8Array): void;
  /** Makes an address, and slots of it, warm (EIP-2929). Precompiles are warm by themselves. */
  warm(account: Uint8Array | AccountHandle, slots?: readonly Uint8Array[]): void;
  isWarm(address: Uint8Array): boolean;
  addRefund(gas: bigint): void;
  /** Marks a point; `revert` undoes every change made since. */
  snapshot(): number;
  revert(snapshot: number): void;
  /** @param accounts those of a request that calls, where they are at hand */
  run(request: FrameRequest, accounts?: FrameAccounts): FrameResult;
  trace(request: FrameRequest, tracer: Tracer): FrameResult;
  /** Destroys what is marked, drops empty touched accounts by the fork's rule, ends the session. */
  finish(): SessionResult;
}

export interface Evm {
  readonly fork: Fork;
  /** The second tier; undefined in the engine `interpreter`. */
  readonly tier: TierStatus | undefined;
  /**
   * Runs one message call or creation on a state and gives all that it changes. Changes are those
   * of the call alone: no intrinsic gas, no fee, no nonce of the sender (a creation raises it).
   *
   * @throws EvmError `bad-request` for malformed input, `memory-bound` when an instance bound is
   *   met
   */
  call(state: StateReader, request: CallRequest): CallResult;
  /** The same, telling a tracer every step. */
  trace(state: StateReader, request: CallRequest, tracer: Tracer): CallResult;
  begin(
    state: StateReader,
    block: Partial<BlockEnvironment>,
    transaction: TransactionContext,
  ): Session;
}
