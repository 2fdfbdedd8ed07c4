import {
  createEvm,
  type Evm,
  type Fork,
  loadRecover,
  type Precompile,
  precompilesOf,
  type Tracer,
} from '@basalt/evm';
import type { StateView } from '@basalt/execution';
import { serverError } from '../errors.ts';
import { ENGINES_MAX } from '../limits.ts';
import { outputBytes } from './precompile-output.ts';
import { trampolineGas } from './trampoline.ts';

/** A look at the clock costs about as much as so many steps. */
const STEPS_BETWEEN_LOOKS = 256;

/** Milliseconds that this thread has computed: a busy machine takes nothing from a request. */
export type CpuClock = () => number;

export const threadCpuMs: CpuClock = () => {
  const { system, user } = process.threadCpuUsage();
  return (system + user) / 1_000;
};

/** Which precompiled contracts an engine has, where they are not those of its fork. */
export interface PrecompileSet {
  /** Numbers of addresses that are ordinary accounts now. */
  readonly removed: ReadonlySet<number>;
  /** Contracts by the hidden number under which the engine has them. */
  readonly hidden: ReadonlyMap<number, number>;
}

/**
 * Engines for calls, one a fork, apart from those that make blocks. An engine is synchronous and
 * has one open session, so nothing may wait between the beginning and the end of a run.
 */
export class Engines {
  readonly #cpuMs: CpuClock;
  readonly #hashSeed: bigint;
  /** By fork and precompiles, the least recently used first; at most ENGINES_MAX. */
  readonly #engines = new Map<string, Promise<Evm>>();
  /** Of the run that is on: when it has to end, by the thread's own time. */
  #endMs = Number.POSITIVE_INFINITY;
  #timeoutMs = 0;

  constructor(hashSeed: bigint, cpuMs: CpuClock = threadCpuMs) {
    this.#cpuMs = cpuMs;
    this.#hashSeed = hashSeed;
  }

  get(fork: Fork, precompiles?: PrecompileSet): Promise<Evm> {
    const key = keyOf(fork, precompiles);
    const known = this.#engines.get(key);
    this.#engines.delete(key);
    const engine = known ?? this.#create(fork, precompiles);
    this.#engines.set(key, engine);
    for (const oldest of this.#engines.keys()) {
      if (this.#engines.size <= ENGINES_MAX) break;
      this.#engines.delete(oldest);
    }
    return engine;
  }

  /**
   * Runs synchronous work on engines with a bound in time: gas bounds the interpreter, but what a
   * precompiled contract in JavaScript takes can be a hundred times what its gas promises.
   *
   * @throws RpcError when the time was used up
   */
  run<T>(deadline: Deadline, work: () => T): T {
    const startMs = this.#cpuMs();
    this.#endMs = startMs + deadline.leftMs;
    this.#timeoutMs = deadline.timeoutMs;
    try {
      this.#assertTime();
      return work();
    } finally {
      deadline.leftMs -= this.#cpuMs() - startMs;
      this.#endMs = Number.POSITIVE_INFINITY;
    }
  }

  /** The same tracer, which ends its run when the time is used up. */
  timed(tracer: Tracer): Tracer {
    let steps = 0;
    return {
      ...tracer,
      onStep: (step) => {
        if (++steps % STEPS_BETWEEN_LOOKS === 0) this.#assertTime();
        tracer.onStep?.(step);
      },
    };
  }

  /**
   * The same state, which ends the run that reads it when the time is used up: gas promises nothing
   * of how long a slot takes that was last written a hundred thousand blocks later.
   */
  timedState(state: StateView): StateView {
    return {
      number: state.number,
      readAccount: (address) => {
        this.#assertTime();
        return state.readAccount(address);
      },
      readStorage: (address, slot) => {
        this.#assertTime();
        return state.readStorage(address, slot);
      },
      readCode: (codeHash) => state.readCode(codeHash),
      hasStorage: (address) => {
        this.#assertTime();
        return state.hasStorage(address);
      },
    };
  }

  deadline(timeoutMs: number): Deadline {
    return { leftMs: timeoutMs, timeoutMs };
  }

  async #create(fork: Fork, set: PrecompileSet | undefined): Promise<Evm> {
    const all = precompilesOf(fork, await loadRecover());
    const precompiles = set === undefined ? all : rearrange(all, set);
    const timed = precompiles.map((each) => ({
      ...each,
      gas: (input: Uint8Array, at: Fork) => each.gas(input, at),
      run: (input: Uint8Array, at: Fork) => {
        this.#assertTime();
        return each.run(input, at);
      },
    }));
    return createEvm({ fork, precompiles: timed, hashSeed: this.#hashSeed });
  }

  #assertTime(): void {
    if (this.#cpuMs() <= this.#endMs) return;
    throw serverError(`execution aborted (timeout = ${this.#timeoutMs / 1_000}s)`);
  }
}

/** What a request may still compute on engines. */
export interface Deadline {
  leftMs: number;
  readonly timeoutMs: number;
}

function rearrange(all: readonly Precompile[], { removed, hidden }: PrecompileSet): Precompile[] {
  const kept = all.filter(({ address }) => !removed.has(address));
  for (const [address, original] of hidden) {
    const moved = all.find((each) => each.address === original);
    if (moved !== undefined) {
      kept.push({
        ...moved,
        address,
        // What the code at the new address costs is taken off; it may come to less than nothing.
        gas: (input, fork) =>
          moved.gas(input, fork) - trampolineGas(input.length, outputBytes(moved, input, fork)),
        run: (input, fork) => moved.run(input, fork),
      });
    }
  }
  return kept;
}

function keyOf(fork: Fork, set: PrecompileSet | undefined): string {
  if (set === undefined) return fork;
  return `${fork} without ${[...set.removed].join()} with ${[...set.hidden].join(';')}`;
}
