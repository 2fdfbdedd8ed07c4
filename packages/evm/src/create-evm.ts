import { EvmError } from './errors.ts';
import type {
  Evm,
  EvmOptions,
  FrameRequest,
  MemorySizes,
  Session,
  TransactionContext,
} from './evm.ts';
import { FORK_RULES } from './forks.ts';
import { TARGET_BYTES } from './jit/limits.ts';
import { Tier } from './jit/tier.ts';
import type { Compile } from './jit/types.ts';
import { configure } from './kernel/configure.ts';
import { DEFAULT_BLOCK, writeBlock, writeTransaction } from './kernel/environment.ts';
import { createHost, type HostContext } from './kernel/host.ts';
import { instantiate } from './kernel/instance.ts';
import { assertTenant, type EngineParts, keepParts, moveIn } from './kernel/parts.ts';
import { KernelSession } from './kernel/session.ts';
import { DEFAULT_MEMORY } from './limits.ts';
import { precompilesOf } from './precompiles/index.ts';
import { loadRecover } from './precompiles/recover.ts';
import type { Tracer } from './trace/types.ts';
import type { BlockEnvironment, CallRequest, CallResult, Fork, StateReader } from './types.ts';

const NO_ADDRESS = new Uint8Array(20);

/**
 * Makes an engine for one fork on this thread: an instance of the kernel with a memory of its own.
 *
 * @throws EvmError `kernel-missing` when the kernel was not built, `bad-request` for sizes that do
 *   not fit
 */
export async function createEvm(options: EvmOptions): Promise<Evm> {
  const { fork } = options;
  const precompiles = options.precompiles ?? precompilesOf(fork, await loadRecover());
  const context: HostContext = {
    fork,
    precompiles: new Map(precompiles.map((each) => [each.address, each])),
    kernel: undefined,
    state: undefined,
    tracer: undefined,
    hot: undefined,
    blockedBy: 0,
  };
  const { hashSeed: seed, kernelModule: module } = options;
  const { sizes, sharedMemory, base } = placeOf(options);
  const isTiered = options.engine === 'tiered';
  const extraBytes = isTiered ? TARGET_BYTES : 0;
  const tenancy = sharedMemory === undefined ? { isOver: false } : moveIn(sharedMemory, base ?? 0);
  const kernel = instantiate(
    { sizes, sharedMemory, base, seed, module, extraBytes },
    createHost(context),
  );
  context.kernel = kernel;
  const addresses = precompiles.map(({ address }) => address);
  configure(kernel, FORK_RULES[fork], addresses);
  const { shared } = options;
  if (shared !== undefined) {
    // An engine of another fork may have been here before.
    kernel.exports.forgetTables();
    kernel.exports.attach(shared.plan.versionedAt, shared.engine);
  }
  const rules = FORK_RULES[fork];
  const parts = { context, kernel, rules, tenancy, isShared: shared !== undefined };
  if (!isTiered) return createFrom({ ...parts, tier: undefined });
  const compile = options.tier?.compile ?? (await loadBackground());
  const tier = new Tier(kernel, fork, compile, options.tier ?? {}, tenancy);
  context.hot = (hash, code) => tier.hot(hash, code);
  return createFrom({ ...parts, tier });
}

function createFrom(given: Omit<EngineParts, 'session' | 'block'>): Evm {
  const parts = { ...given, session: undefined, block: undefined };
  const evm = new KernelEvm(parts);
  keepParts(evm, parts);
  return evm;
}

function placeOf(options: EvmOptions): {
  readonly sizes: MemorySizes;
  readonly sharedMemory: WebAssembly.Memory | undefined;
  readonly base: number | undefined;
} {
  const { shared } = options;
  if (shared === undefined) {
    const sizes = { ...DEFAULT_MEMORY, ...options.memory };
    return { sizes, sharedMemory: options.sharedMemory, base: undefined };
  }
  const base = shared.plan.engines[shared.engine];
  if (base === undefined || options.memory !== undefined || options.sharedMemory !== undefined) {
    throw new EvmError('bad-request', 'the plan has no such engine, or sizes are given beside it');
  }
  return { sizes: shared.plan.engineSizes, sharedMemory: shared.plan.memory, base };
}

/** Only here is there need of threads. */
async function loadBackground(): Promise<Compile> {
  const { compileInBackground } = await import('./jit/background-shell.ts');
  return compileInBackground;
}

class KernelEvm implements Evm {
  readonly fork: Fork;
  readonly tier: Tier | undefined;
  readonly #parts: EngineParts;

  constructor(parts: EngineParts) {
    this.fork = parts.rules.fork;
    this.tier = parts.tier;
    this.#parts = parts;
  }

  call(state: StateReader, request: CallRequest): CallResult {
    return this.#call(state, request, undefined);
  }

  trace(state: StateReader, request: CallRequest, tracer: Tracer): CallResult {
    return this.#call(state, request, tracer);
  }

  begin(
    state: StateReader,
    block: Partial<BlockEnvironment>,
    transaction: TransactionContext,
  ): Session {
    return this.#begin(state, block, transaction);
  }

  #begin(
    state: StateReader,
    block: Partial<BlockEnvironment>,
    transaction: TransactionContext,
  ): KernelSession {
    const parts = this.#parts;
    const { context, kernel, rules, tier } = parts;
    assertTenant(parts);
    parts.session?.close();
    kernel.exports.reset();
    parts.block = writeBlock(kernel, rules, { ...DEFAULT_BLOCK, ...block }, parts.block);
    writeTransaction(kernel, transaction);
    context.state = state;
    const session = new KernelSession(context, kernel, rules, tier);
    parts.session = session;
    return session;
  }

  #call(state: StateReader, request: CallRequest, tracer: Tracer | undefined): CallResult {
    const from = request.from ?? NO_ADDRESS;
    const session = this.#begin(state, request.block ?? {}, {
      origin: request.origin ?? from,
      gasPrice: request.gasPrice ?? 0n,
      blobHashes: request.blobHashes ?? [],
    });
    session.warm(from);
    if (request.to !== undefined) session.warm(request.to);
    if (this.#parts.rules.warmsCoinbase) {
      session.warm(request.block?.coinbase ?? DEFAULT_BLOCK.coinbase);
    }
    for (const { address, slots } of request.accessList ?? []) session.warm(address, slots);
    const frame: FrameRequest = {
      from,
      to: request.to,
      data: request.data ?? NO_ADDRESS.subarray(0, 0),
      value: request.value ?? 0n,
      gasLimit: request.gasLimit,
      isStatic: request.isStatic ?? false,
      ...this.#nonceFor(session, request, from),
      ...(request.code === undefined ? {} : { code: request.code }),
    };
    const result = tracer === undefined ? session.run(frame) : session.trace(frame, tracer);
    const rest = session.finish();
    return {
      halt: result.halt,
      gasUsed: request.gasLimit - result.gasLeft,
      gasRefund: result.gasRefund,
      output: result.output,
      created: result.created,
      get logs() {
        return rest.logs;
      },
      get changes() {
        return rest.changes;
      },
      get reads() {
        return rest.reads;
      },
    };
  }

  /** A creation takes the sender's nonce, which goes up before the init code runs. */
  #nonceFor(session: Session, request: CallRequest, from: Uint8Array): { nonce?: bigint } {
    if (request.to !== undefined) return {};
    const nonce = session.getAccount(from)?.nonce ?? 0n;
    session.setNonce(from, nonce + 1n);
    return { nonce };
  }
}
