/** The synchronous imports of the kernel: state below, precompiles, bounds, tracing. */
import { EvmError } from '../errors.ts';
import type { Precompile } from '../precompiles/types.ts';
import type { Fork, StateReader } from '../types.ts';
import { copyOut, type KernelInstance, writeWord } from './instance.ts';
import type { TraceHost } from './trace-host.ts';

/** What the host works on; `kernel` is set right after instantiation, `state` by each session. */
export interface HostContext {
  readonly fork: Fork;
  readonly precompiles: ReadonlyMap<number, Precompile>;
  kernel: KernelInstance | undefined;
  state: StateReader | undefined;
  tracer: TraceHost | undefined;
  /** The second tier: told of code on which much gas was spent. */
  hot: ((hash: Uint8Array, code: Uint8Array) => void) | undefined;
  /** Versioned sessions: the transaction for which {@link BLOCKED} was thrown. */
  blockedBy: number;
}

/** Thrown through the kernel; made once, for a stack trace costs more than an execution. */
export const BLOCKED: Error = new Error('a lower transaction comes first');

const NO_BYTES = new Uint8Array(0);

/** By the BOUND_* numbers of assembly/kernel/host.ts. */
const BOUNDS = [
  '',
  'accounts',
  'slots',
  'logBytes',
  'journalBytes',
  'codeBytes',
  'new code',
  'frameMemoryBytes',
  'return data',
  'versioned.cells',
  'versioned.blockBytes or versioned.transactions',
];

export function createHost(context: HostContext): WebAssembly.ModuleImports {
  /** Between the two halves of reading code, and of running a precompile. */
  let found: Uint8Array = NO_BYTES;
  return {
    ...createStateImports(context),
    readCode(hash: number): number {
      const { kernel, state } = attached(context);
      found = state.readCode(copyOut(kernel, hash, 32));
      return found.length;
    },
    takeCode(out: number): void {
      attached(context).kernel.bytes.set(found, out);
      found = NO_BYTES;
    },
    precompile(id: number, input: number, length: number, gas: bigint): bigint {
      const { kernel } = attached(context);
      const precompile = context.precompiles.get(id);
      if (precompile === undefined) return -2n;
      // Libraries may refuse views of shared memory.
      const view = kernel.isShared
        ? copyOut(kernel, input, length)
        : kernel.bytes.subarray(input, input + length);
      const left = gas - precompile.gas(view, context.fork);
      if (left < 0n) return -1n;
      const output = precompile.run(view, context.fork);
      if (output === undefined) return -2n;
      found = output;
      return left;
    },
    takeOutput(out: number, room: number): number {
      const { length } = found;
      if (length <= room) attached(context).kernel.bytes.set(found, out);
      found = NO_BYTES;
      return length;
    },
    bound(what: number): void {
      throw new EvmError('memory-bound', `the run needs more ${BOUNDS[what]} than the engine has`);
    },
    blocked(by: number): void {
      context.blockedBy = by;
      throw BLOCKED;
    },
    hot(hash: number, code: number, length: number): void {
      const { kernel } = attached(context);
      context.hot?.(copyOut(kernel, hash, 32), copyOut(kernel, code, length));
    },
    step(frame: number, sp: number, gas: bigint, pc: number): void {
      context.tracer?.step(frame, sp, gas, pc);
    },
    enter(frame: number): void {
      context.tracer?.enter(frame);
    },
    exit(frame: number, halt: number, gasLeft: bigint): void {
      context.tracer?.exit(frame, halt, gasLeft);
    },
    selfDestruct(frame: number, beneficiary: number, balance: number): void {
      context.tracer?.selfDestruct(frame, beneficiary, balance);
    },
  };
}

function createStateImports(context: HostContext): WebAssembly.ModuleImports {
  return {
    readAccount(address: number, out: number): number {
      const { kernel, state } = attached(context);
      const account = state.readAccount(copyOut(kernel, address, 20));
      if (account === undefined) return 0;
      const { nonce, balance, codeHash } = account;
      if (nonce < 0n || nonce >> 64n !== 0n) refuse('a nonce is not of 64 bits');
      if (balance < 0n || balance >> 256n !== 0n) refuse('a balance is not of 256 bits');
      if (codeHash.length !== 32) refuse('a code hash is not of 32 bytes');
      kernel.view.setBigUint64(out, nonce, true);
      writeWord(kernel, out + 8, balance);
      kernel.bytes.set(codeHash, out + 40);
      return 1;
    },
    readStorage(address: number, slot: number, out: number): void {
      const { kernel, state } = attached(context);
      const value = state.readStorage(copyOut(kernel, address, 20), copyOut(kernel, slot, 32));
      if (value.length !== 32) refuse('a storage value is not of 32 bytes');
      kernel.bytes.set(value, out);
    },
    blockHash(number: bigint, out: number): void {
      const { kernel, state } = attached(context);
      const hash = state.blockHash(BigInt.asUintN(64, number));
      if (hash.length !== 32) refuse('a block hash is not of 32 bytes');
      kernel.bytes.set(hash, out);
    },
    hasStorage(address: number): number {
      const { kernel, state } = attached(context);
      return state.hasStorage?.(copyOut(kernel, address, 20)) === true ? 1 : 0;
    },
  };
}

function attached({ kernel, state }: HostContext): { kernel: KernelInstance; state: StateReader } {
  if (kernel === undefined || state === undefined) {
    throw new EvmError('session-closed', 'the kernel asked outside of a session');
  }
  return { kernel, state };
}

function refuse(what: string): never {
  throw new EvmError('bad-request', `the state reader answered wrongly: ${what}`);
}
