/**
 * The EVM as a library: exact, synchronous, over any state a caller can read. One kernel in
 * WebAssembly (`assembly/`) runs the code; this package gives it a fork, a state and precompiles.
 *
 * Specifications: the Ethereum execution specifications, Frontier to Osaka, with the EIPs that
 * `forks.ts` and `opcodes.ts` name at each figure; EIP-3155 for traces.
 *
 * Invariants:
 * - Gas, output, logs and changes are those of the fork to the unit; a fork is data, not code.
 * - A call is synchronous and reads the state only through {@link StateReader}; it changes nothing
 *   by itself: changes come back in the result.
 * - An engine is bounded: memory does not grow after it was made, and a run that needs more ends
 *   with `EvmError` `memory-bound`, never with a wrong result.
 * - A host that throws ends the call, is thrown on, and leaves the engine usable.
 *
 * @example
 * const evm = await createEvm({ fork: 'osaka' });
 * const state = createMemoryState();
 * const contract = new Uint8Array(20).fill(1);
 * // PUSH1 2, PUSH1 3, ADD, PUSH0, MSTORE, PUSH1 32, PUSH0, RETURN
 * const code = [0x60, 2, 0x60, 3, 0x01, 0x5f, 0x52, 0x60, 32, 0x5f, 0xf3];
 * state.setCode(contract, Uint8Array.from(code));
 * const result = evm.call(state, { to: contract, gasLimit: 100_000n });
 * result.output[31]; // 5
 *
 * Limits: `limits.ts`; the memory map is in docs/evm-memory.md. One engine serves one thread and
 * one call at a time. Values of gas above 2^63 - 1 are refused.
 *
 * @module
 */

export {
  describeRun,
  formatRun,
  RUN_ADDRESS,
  RUN_CALLER,
  type RunCodeRequest,
  runCode,
} from './cli-support/run-code.ts';
export { type RunTestsOptions, runTestsCommand } from './cli-support/run-tests-shell.ts';
export { createEvm } from './create-evm.ts';
export { EvmError, type EvmErrorCode } from './errors.ts';
export type {
  AccountHandle,
  Evm,
  EvmOptions,
  FrameAccounts,
  FrameRequest,
  FrameResult,
  MemorySizes,
  Session,
  SessionResult,
  TransactionContext,
} from './evm.ts';
export { FORK_RULES, type ForkRules, GAS_PER_BLOB, type StorageGas } from './forks.ts';
export { compileInBackground } from './jit/background-shell.ts';
export { compileNow } from './jit/compile.ts';
export { type GenerateOptions, generateModule } from './jit/generate.ts';
export type {
  Compile,
  CompiledCode,
  CompileJob,
  RunOutcome,
  TierDifference,
  TierOptions,
  TierStatus,
} from './jit/types.ts';
export { keccak256, keccak256Into } from './keccak-shell.ts';
export { DEFAULT_MEMORY } from './limits.ts';
export {
  findOpcode,
  isAtLeast,
  OPCODES,
  type OpcodeRow,
  opcodeName,
  staticGas,
} from './opcodes.ts';
export { planSharedMemory, type SharedMemoryOptions } from './parallel/plan.ts';
export type {
  Incarnation,
  SharedMemoryPlan,
  VersionedEngine,
  VersionedMemory,
  VersionedMemorySizes,
  VersionedResult,
} from './parallel/types.ts';
export { versionedEngine } from './parallel/versioned-engine.ts';
export { createVersionedMemory } from './parallel/versioned-memory.ts';
export { precompilesOf } from './precompiles/index.ts';
export { loadRecover, recoverPortable } from './precompiles/recover.ts';
export type { Precompile, Recover } from './precompiles/types.ts';
export {
  type AccountDump,
  createMemoryState,
  EMPTY_CODE_HASH,
  type MemoryState,
} from './state/memory-state.ts';
export { stateRoot } from './state/trie-root.ts';
export {
  runStateTests,
  type StateTestOptions,
  type StateTestOutcome,
  type StateTestSummary,
} from './state-test/state-tests-shell.ts';
export {
  type CallFrame,
  type CallTracer,
  type CallTracerOptions,
  createCallTracer,
} from './trace/call-tracer.ts';
export { createEip3155Tracer, type Eip3155Options } from './trace/eip3155.ts';
export { traceError } from './trace/errors.ts';
export {
  createStructLogger,
  type StructLog,
  type StructLogger,
  type StructLoggerOptions,
} from './trace/struct-logger.ts';
export type { FrameKind, TraceEnter, TraceExit, Tracer, TraceStep } from './trace/types.ts';
export {
  applyAuthorizations,
  isDelegation,
  recoverAuthority,
  type SignedAuthorization,
} from './transaction/authorization.ts';
export { blobBaseFee, blobBaseFeeAt } from './transaction/blob-fee.ts';
export { type Fees, feesOf } from './transaction/fees.ts';
export { type IntrinsicGas, intrinsicGas } from './transaction/intrinsic-gas.ts';
export { type TransactOptions, transact } from './transaction/transact.ts';
export type {
  AccessListTransaction,
  Authorization,
  BlobTransaction,
  FeeMarketTransaction,
  IncludedTransaction,
  LegacyTransaction,
  RefusedTransaction,
  SetCodeTransaction,
  Transaction,
  TransactionError,
  TransactionErrorCode,
  TransactionResult,
} from './transaction/types.ts';
export {
  type BlockSpace,
  costMaxOf,
  findBlockError,
  findSenderError,
  findStatelessError,
} from './transaction/validate.ts';
export {
  type AccessListEntry,
  type Account,
  type AccountChange,
  type BlockEnvironment,
  type CallRequest,
  type CallResult,
  type ExceptionalHalt,
  FORKS,
  type Fork,
  type Log,
  type ReadSet,
  type StateReader,
} from './types.ts';
