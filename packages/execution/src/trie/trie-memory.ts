import { assert } from '@basalt/protocol';
import { BRANCH_BYTES_MAX, HASH_BYTES } from './limits.ts';
import { loadTrieKernel, type TrieKernel } from './load-kernel-shell.ts';

/** Branches lie from here on; below are the kernel's own things. */
const FIRST = 8_192;
const PAGE_BYTES = 65_536;
const PAGES_MAX = 65_536;
/** Bytes that one permutation of the hash takes in: slots come in multiples of it. */
const CLASS_BYTES = 136;
const CLASSES: number = Math.ceil(BRANCH_BYTES_MAX / CLASS_BYTES);

/**
 * Memories that were closed, to be used again: each takes 10 GB of address space, and making
 * hundreds of them, as tests do, makes the collector look for old ones again and again.
 */
const idle: TrieKernel[] = [];
const IDLE_MAX = 4;

/**
 * Encodings of branches in one linear memory, hashed where they lie. Kept by hand and not by the
 * garbage collector, for which half a kilobyte outside of its heap for each branch is the most
 * expensive thing there is: a batch on a million leaves spent three quarters of its time there.
 */
export class TrieMemory {
  readonly #kernel: TrieKernel;
  /** Slots that are free, by class. */
  readonly #free: number[][] = Array.from({ length: CLASSES }, () => []);
  #end = FIRST;
  #usedBytes = 0;
  #branches = 0;
  /** The whole memory; another array after an `allocate` that let it grow. */
  bytes: Uint8Array;

  /** Room for a branch and a reference behind it, for whoever is at work. */
  readonly scratch: number;

  constructor() {
    this.#kernel = idle.pop() ?? loadTrieKernel();
    this.bytes = new Uint8Array(this.#kernel.memory.buffer);
    this.scratch = this.#end;
    this.#end += (CLASSES + 1) * CLASS_BYTES;
  }

  /** Bytes in slots that are not free. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Slots that are not free. */
  get branches(): number {
    return this.#branches;
  }

  /** Address of a slot for so many bytes; their content is undefined. */
  allocate(length: number): number {
    assert(length > 0 && length <= BRANCH_BYTES_MAX, 'a branch has a bounded length');
    const size = Math.ceil(length / CLASS_BYTES);
    this.#usedBytes += size * CLASS_BYTES;
    this.#branches++;
    const free = this.#free[size - 1]?.pop();
    if (free !== undefined) return free;
    const at = this.#end;
    this.#end += size * CLASS_BYTES;
    if (this.#end > this.bytes.length) this.#grow();
    return at;
  }

  free(at: number, length: number): void {
    assert(at >= FIRST && at + length <= this.#end, 'what is freed was allocated');
    const size = Math.ceil(length / CLASS_BYTES);
    this.#usedBytes -= size * CLASS_BYTES;
    this.#branches--;
    this.#free[size - 1]?.push(at);
  }

  /** keccak-256 of what lies there, a copy. */
  hash(at: number, length: number): Uint8Array {
    this.#kernel.hash(at, length, this.scratch);
    return this.bytes.slice(this.scratch, this.scratch + HASH_BYTES);
  }

  copy(to: number, from: number, length: number): void {
    this.#kernel.copy(to, from, length);
  }

  /**
   * What stands for a branch in its parent, written to `output`: itself where it is shorter than a
   * hash.
   *
   * @returns bytes written, at most 33
   */
  writeReference(at: number, length: number, output: number): number {
    if (length < HASH_BYTES) {
      this.#kernel.copy(output, at, length);
      return length;
    }
    this.bytes[output] = 0x80 + HASH_BYTES;
    this.#kernel.hash(at, length, output + 1);
    return 1 + HASH_BYTES;
  }

  /** Nothing in it is needed any more; no method may be called after. */
  close(): void {
    if (idle.length < IDLE_MAX) idle.push(this.#kernel);
    this.bytes = new Uint8Array(0);
  }

  #grow(): void {
    const { memory } = this.#kernel;
    const pages = memory.buffer.byteLength / PAGE_BYTES;
    // A quarter more, so that growing is rare and not much lies idle.
    const wanted = Math.min(PAGES_MAX - pages, Math.max(4, pages >>> 2));
    assert(wanted > 0, 'tries fit into 4 GiB: trieBytes bounds them');
    memory.grow(wanted);
    this.bytes = new Uint8Array(memory.buffer);
  }
}
