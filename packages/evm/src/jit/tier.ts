/**
 * The second tier of one engine: has hot code generated, puts it to use between runs, runs samples
 * again in the interpreter, and puts out of use what differs.
 */
import type { FrameRequest, FrameResult } from '../evm.ts';
import type { KernelInstance } from '../kernel/instance.ts';
import type { Fork } from '../types.ts';
import { CodeStore, type StoredCode } from './code-store.ts';
import { isSameOutcome } from './compare.ts';
import * as limits from './limits.ts';
import type {
  Compile,
  CompiledCode,
  RunOutcome,
  TierDifference,
  TierOptions,
  TierStatus,
} from './types.ts';

/** What the tier needs of the session whose frame it runs. */
export interface Runner {
  /** Runs the request once, from the state that `rewind` restores. */
  once(): FrameResult;
  rewind(): void;
  outcome(result: FrameResult): RunOutcome;
}

export class Tier implements TierStatus {
  readonly #kernel: KernelInstance;
  readonly #fork: Fork;
  readonly #compile: Compile;
  readonly #store: CodeStore;
  readonly #sampleEvery: number;
  readonly #onDifference: (difference: TierDifference) => void;
  readonly #tenancy: { readonly isOver: boolean };
  readonly #pending = new Map<string, Promise<void>>();
  readonly #disabled = new Set<string>();
  runs = 0;
  sampled = 0;
  differences = 0;

  /** @param tenancy once it is over nothing may be written to the memory */
  constructor(
    kernel: KernelInstance,
    fork: Fork,
    compile: Compile,
    options: TierOptions,
    tenancy: { readonly isOver: boolean },
  ) {
    this.#tenancy = tenancy;
    this.#kernel = kernel;
    this.#fork = fork;
    this.#compile = compile;
    this.#store = new CodeStore(kernel, {
      modulesMax: options.modulesMax ?? limits.MODULES_MAX_DEFAULT,
      moduleBytesMax: options.moduleBytesMax ?? limits.MODULE_BYTES_MAX_DEFAULT,
      targetBytes: limits.TARGET_BYTES,
    });
    this.#sampleEvery = options.sampleEvery ?? limits.SAMPLE_EVERY_DEFAULT;
    this.#onDifference = options.onDifference ?? ((): void => {});
    const fresh = options.sampleFirst ?? limits.SAMPLE_FIRST_DEFAULT;
    kernel.exports.setTiering(options.hotGas ?? limits.HOT_GAS_DEFAULT, fresh);
  }

  get installed(): number {
    return this.#store.count;
  }
  get bytes(): number {
    return this.#store.bytes;
  }
  get pending(): number {
    return this.#pending.size;
  }
  get disabled(): number {
    return this.#disabled.size;
  }
  get evicted(): number {
    return this.#store.evicted;
  }

  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending.values());
  }

  /** The kernel opens a frame of code on which much gas was spent. */
  hot(hash: Uint8Array, code: Uint8Array): void {
    const key = keyOf(hash);
    if (this.#disabled.has(key) || this.#pending.has(key) || this.#store.restore(key)) return;
    if (code.length > limits.CODE_BYTES_MAX) return;
    if (this.#pending.size >= limits.PENDING_MAX) {
      this.#store.forget(hash);
      return;
    }
    const job = { fork: this.#fork, hash, code, isShared: this.#kernel.isShared };
    let made: ReturnType<Compile>;
    try {
      made = this.#compile(job);
    } catch {
      return;
    }
    if (!(made instanceof Promise)) {
      this.#install(key, hash, code, made);
      return;
    }
    const done = made.then(
      (compiled) => this.#install(key, hash, code, compiled),
      () => {},
    );
    this.#pending.set(
      key,
      done.finally(() => this.#pending.delete(key)),
    );
  }

  #install(key: string, hash: Uint8Array, code: Uint8Array, made: CompiledCode | undefined): void {
    if (made === undefined || this.#disabled.has(key) || this.#tenancy.isOver) return;
    try {
      if (!this.#store.install(key, hash, code, made)) this.#store.forget(hash);
    } catch {
      // A module that cannot be instantiated, for want of memory say, is none.
    }
  }

  /** Runs a request, and a sample of them twice. The interpreter's result counts. */
  run(request: FrameRequest, runner: Runner): FrameResult {
    const { exports } = this.#kernel;
    exports.enableNative(1, 0);
    let result: FrameResult | undefined;
    try {
      result = runner.once();
    } catch (error) {
      const isTrap = error instanceof WebAssembly.RuntimeError && exports.nativeFrames() > 0;
      if (!isTrap) throw error;
    }
    if (exports.nativeFrames() === 0 && result !== undefined) return result;
    this.runs++;
    if (result !== undefined && !this.#isDue(exports.freshNativeFrames() > 0)) return result;
    return this.#check(request, runner, result);
  }

  #isDue(isFresh: boolean): boolean {
    return isFresh || (this.#sampleEvery > 0 && this.runs % this.#sampleEvery === 0);
  }

  #check(request: FrameRequest, runner: Runner, first: FrameResult | undefined): FrameResult {
    this.sampled++;
    const used = this.#store.usedNow();
    const tiered = first === undefined ? undefined : runner.outcome(first);
    const interpret = (): RunOutcome => {
      runner.rewind();
      this.#kernel.exports.enableNative(0, 0);
      return runner.outcome(runner.once());
    };
    const interpreted = interpret();
    if (tiered !== undefined && isSameOutcome(tiered, interpreted)) return interpreted.result;
    this.differences++;
    const guilty = this.#findGuilty(runner, used, interpreted);
    for (const { hash } of guilty) this.#disable(hash);
    const again = interpret();
    const codeHashes = guilty.map(({ hash }) => hash);
    this.#onDifference({ fork: this.#fork, codeHashes, request, tiered, interpreted });
    return again.result;
  }

  /** Those of the codes that make the difference alone; all of them where none is found so. */
  #findGuilty(
    runner: Runner,
    used: readonly StoredCode[],
    interpreted: RunOutcome,
  ): readonly StoredCode[] {
    // The kernel drops a record only under pressure; then nobody knows which it was.
    if (used.length === 0) return this.#store.all();
    if (used.length === 1 || used.length > limits.SUSPECTS_MAX) return used;
    const guilty = used.filter(({ entry }) => {
      runner.rewind();
      this.#kernel.exports.enableNative(1, entry);
      try {
        return !isSameOutcome(runner.outcome(runner.once()), interpreted);
      } catch {
        return true;
      }
    });
    return guilty.length === 0 ? used : guilty;
  }

  #disable(hash: Uint8Array): void {
    const key = keyOf(hash);
    this.#store.remove(key);
    this.#disabled.add(key);
    if (this.#disabled.size <= limits.DISABLED_MAX) return;
    const [oldest] = this.#disabled;
    if (oldest !== undefined) this.#disabled.delete(oldest);
  }
}

function keyOf(hash: Uint8Array): string {
  return String.fromCharCode(...hash);
}
