/**
 * The generated codes of one engine: their place in the kernel's table of functions, their tables
 * of jump targets behind the kernel's regions, and the bound on all of it. Least recently used go
 * first.
 */
import type { KernelInstance } from '../kernel/instance.ts';
import { IMPORTS } from './runtime.ts';
import { findTargets } from './targets.ts';
import type { CompiledCode } from './types.ts';

/** Place in the host's scratch for a hash, behind those of the session. */
const HASH_WORD = 128;

export interface StoredCode {
  readonly hash: Uint8Array;
  readonly entry: number;
  readonly bytes: number;
  /** Where its table of targets lies, and its length. */
  readonly targets: number;
  readonly targetBytes: number;
}

export interface StoreBounds {
  readonly modulesMax: number;
  readonly moduleBytesMax: number;
  readonly targetBytes: number;
}

export class CodeStore {
  readonly #kernel: KernelInstance;
  readonly #bounds: StoreBounds;
  readonly #imports: WebAssembly.ModuleImports;
  readonly #codes = new Map<string, StoredCode>();
  readonly #freeEntries: number[] = [];
  #bytes = 0;
  evicted = 0;

  constructor(kernel: KernelInstance, bounds: StoreBounds) {
    this.#kernel = kernel;
    this.#bounds = bounds;
    const all = kernel.exports as unknown as Record<string, WebAssembly.ExportValue>;
    this.#imports = Object.fromEntries(
      IMPORTS.map(([name]): [string, WebAssembly.ExportValue] => {
        const found = all[name];
        if (found === undefined) throw new Error(`the kernel does not export ${name}`);
        return [name, found];
      }),
    );
  }

  get count(): number {
    return this.#codes.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Tells the kernel again of a code whose record it dropped.
   *
   * @returns false when there is no such code
   */
  restore(key: string): boolean {
    const stored = this.#codes.get(key);
    if (stored === undefined) return false;
    this.#kernel.exports.installNative(this.#writeHash(stored.hash), stored.entry);
    return true;
  }

  all(): StoredCode[] {
    return [...this.#codes.values()];
  }

  /** The codes that ran in the kernel's present run. */
  usedNow(): StoredCode[] {
    const { exports } = this.#kernel;
    const run = exports.presentRun();
    return [...this.#codes.values()].filter(({ hash }) => this.#lastRun(hash) === run);
  }

  /**
   * Puts generated code to use. Safe while frames are open: it drops nothing that the present run
   * has used, and leaves the code out where nothing else can go.
   *
   * @returns false when there is no room
   */
  install(key: string, hash: Uint8Array, code: Uint8Array, compiled: CompiledCode): boolean {
    this.remove(key);
    const { modulesMax, moduleBytesMax, targetBytes } = this.#bounds;
    const slots = findTargets(code).slots;
    const size = (slots.length * 2 + 7) & ~7;
    if (compiled.bytes > moduleBytesMax || size > targetBytes) return false;
    let at = this.#findRoom(size);
    while (
      at < 0 ||
      this.#codes.size >= modulesMax ||
      this.#bytes + compiled.bytes > moduleBytesMax
    ) {
      if (!this.#evictOne()) return false;
      at = this.#findRoom(size);
    }
    const { exports, memory, bytes } = this.#kernel;
    bytes.set(new Uint8Array(slots.buffer), at);
    const { enter } = new WebAssembly.Instance(compiled.module, {
      kernel: this.#imports,
      env: { memory, targets: at, environment: this.#kernel.at.environment },
    }).exports;
    const entry = this.#freeEntries.pop() ?? exports.table.grow(1);
    exports.table.set(entry, enter);
    exports.installNative(this.#writeHash(hash), entry);
    const stored = { hash, entry, bytes: compiled.bytes, targets: at, targetBytes: size };
    this.#codes.set(key, stored);
    this.#bytes += compiled.bytes;
    return true;
  }

  /** Puts code out of use; its hash is not told to be hot again. */
  remove(key: string): void {
    const stored = this.#codes.get(key);
    if (stored === undefined) return;
    this.#drop(key, stored);
    this.#kernel.exports.installNative(this.#writeHash(stored.hash), 0);
  }

  /** The hash may be told to be hot again. */
  forget(hash: Uint8Array): void {
    this.#kernel.exports.forgetNative(this.#writeHash(hash));
  }

  #drop(key: string, stored: StoredCode): void {
    this.#codes.delete(key);
    this.#bytes -= stored.bytes;
    this.#kernel.exports.table.set(stored.entry, null);
    this.#freeEntries.push(stored.entry);
  }

  #evictOne(): boolean {
    const { exports } = this.#kernel;
    const run = exports.presentRun();
    let oldest: [string, StoredCode] | undefined;
    let oldestAge = 0;
    for (const each of this.#codes) {
      // Runs are counted in 32 bits and may wrap.
      const age = (run - this.#lastRun(each[1].hash)) >>> 0;
      if (age > oldestAge) [oldest, oldestAge] = [each, age];
    }
    if (oldest === undefined) return false;
    const [key, stored] = oldest;
    this.#drop(key, stored);
    this.forget(stored.hash);
    this.evicted++;
    return true;
  }

  #lastRun(hash: Uint8Array): number {
    return this.#kernel.exports.lastNativeRun(this.#writeHash(hash)) >>> 0;
  }

  #writeHash(hash: Uint8Array): number {
    const at = this.#kernel.at.scratch + HASH_WORD;
    this.#kernel.bytes.set(hash, at);
    return at;
  }

  /** First gap between the tables of targets that is large enough; -1: none. */
  #findRoom(size: number): number {
    const start = this.#kernel.at.extra;
    const taken = [...this.#codes.values()].sort((a, b) => a.targets - b.targets);
    let at = start;
    for (const { targets, targetBytes } of taken) {
      if (targets - at >= size) return at;
      at = targets + targetBytes;
    }
    return at + size <= start + this.#bounds.targetBytes ? at : -1;
  }
}
