import type { Clock, HashFunction } from '@basalt/protocol';
import { toHex } from '@basalt/protocol';
import { ByteLru } from './byte-lru.ts';
import { DISK_ENTRIES_MAX, DISK_PAUSE_MS, DISK_QUEUE_MAX } from './limits.ts';
import { overheadBytes, parseStored, type StoredResponse } from './stored.ts';

/**
 * Files of the cache. A body is named by its SHA-256, a record by its key; each appears whole or
 * not at all. Nothing is synced: a body that a power cut tore fails its hash when it is read.
 */
export interface CacheFiles {
  /** What is there at start; what a crash left half done is removed. */
  load(): Promise<{
    readonly records: ReadonlyMap<string, unknown>;
    readonly bodies: Iterable<string>;
  }>;
  readBody(hash: string): Promise<Uint8Array | undefined>;
  writeBody(hash: string, body: Uint8Array): Promise<void>;
  removeBody(hash: string): Promise<void>;
  writeRecord(key: string, record: StoredResponse): Promise<void>;
  removeRecord(key: string): Promise<void>;
}

interface Held {
  readonly hash: string;
  /** False until the files are whole. */
  isWritten: boolean;
}

export interface DiskTierParts {
  readonly files: CacheFiles;
  readonly hash: HashFunction;
  readonly clock: Clock;
  readonly bytesMax: number;
  /** An entry left the disk, for room or because its body was damaged. */
  readonly onGone: (key: string) => void;
}

/** Answers on disk: bounded in bytes and entries, least recently used first to go. */
export class DiskTier {
  readonly #parts: DiskTierParts;
  readonly #held: ByteLru<Held>;
  /** Records that name a body: equal bodies of several addresses are one file. */
  readonly #references = new Map<string, number>();
  /** All changes of files, one after the other. */
  #queue: Promise<void> = Promise.resolve();
  #waiting = 0;
  #pausedUntilMs = -Infinity;
  errors = 0;
  damaged = 0;

  constructor(parts: DiskTierParts) {
    this.#parts = parts;
    this.#held = new ByteLru(parts.bytesMax, DISK_ENTRIES_MAX);
  }

  get bytes(): number {
    return this.#held.bytes;
  }

  /** A write failed lately, and nothing is written for a while. */
  get isPaused(): boolean {
    return this.#parts.clock.nowMs() < this.#pausedUntilMs;
  }

  get count(): number {
    return this.#held.count;
  }

  /** Rebuilds the index; records without a body and bodies without a record are removed. */
  async load(keyOf: (stored: StoredResponse) => string): Promise<StoredResponse[]> {
    const { files } = this.#parts;
    const { records, bodies } = await files.load();
    const there = new Set(bodies);
    const found: StoredResponse[] = [];
    for (const [key, record] of records) {
      const stored = parseStored(record);
      if (stored !== undefined && keyOf(stored) === key && there.has(stored.bodyHash)) {
        found.push(stored);
      } else {
        await files.removeRecord(key).catch(() => this.#count());
      }
    }
    found.sort((a, b) => a.confirmedMs - b.confirmedMs);
    const kept = new Map(found.map((stored) => [keyOf(stored), stored]));
    for (const [key, stored] of kept) {
      this.#refer(stored.bodyHash);
      const held: Held = { hash: stored.bodyHash, isWritten: true };
      for (const [gone, old] of this.#held.set(key, held, weightOf(stored))) {
        kept.delete(gone);
        this.#remove(gone, old);
      }
    }
    for (const hash of there) {
      if (!this.#references.has(hash)) await files.removeBody(hash).catch(() => this.#count());
    }
    await this.#queue;
    return [...kept.values()];
  }

  /** Whether the disk has this very body under the key. */
  has(key: string, hash: string): boolean {
    const held = this.#held.get(key);
    return held?.isWritten === true && held.hash === hash;
  }

  /** The body, checked against its name. */
  async read(key: string): Promise<Uint8Array | undefined> {
    const held = this.#held.get(key);
    if (held?.isWritten !== true) return undefined;
    const { files, hash, onGone } = this.#parts;
    const body = await files.readBody(held.hash).catch(() => undefined);
    if (body !== undefined && toHex(hash(body)) === held.hash) return body;
    // Removed meanwhile by an eviction: nothing is damaged then.
    if (this.#held.get(key) === held) {
      this.damaged++;
      this.remove(key);
      onGone(key);
    }
    return undefined;
  }

  /**
   * Puts an answer on disk some time later.
   *
   * @returns false where it is left out: the disk is busy or failed lately, or it is too large
   */
  admit(key: string, stored: StoredResponse, body: Uint8Array): boolean {
    const { clock, onGone, bytesMax } = this.#parts;
    const weight = weightOf(stored);
    if (this.#held.get(key)?.hash === stored.bodyHash) return true;
    if (weight > bytesMax || this.#waiting >= DISK_QUEUE_MAX) return false;
    if (clock.nowMs() < this.#pausedUntilMs) return false;
    this.remove(key);
    const held: Held = { hash: stored.bodyHash, isWritten: false };
    this.#refer(stored.bodyHash);
    for (const [gone, old] of this.#held.set(key, held, weight)) {
      this.#remove(gone, old);
      onGone(gone);
    }
    this.#run(() => this.#write(key, held, stored, body));
    return true;
  }

  remove(key: string): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    this.#held.delete(key);
    this.#remove(key, held);
  }

  /** When all that waits is done. */
  idle(): Promise<void> {
    return this.#queue;
  }

  async #write(key: string, held: Held, stored: StoredResponse, body: Uint8Array): Promise<void> {
    const { files, clock, onGone } = this.#parts;
    if (this.#held.get(key) !== held) return;
    try {
      await files.writeBody(held.hash, body);
      await files.writeRecord(key, stored);
      held.isWritten = true;
    } catch {
      this.#count();
      this.#pausedUntilMs = clock.nowMs() + DISK_PAUSE_MS;
      if (this.#held.get(key) !== held) return;
      this.remove(key);
      onGone(key);
    }
  }

  #remove(key: string, held: Held): void {
    const { files } = this.#parts;
    const left = (this.#references.get(held.hash) ?? 1) - 1;
    if (left > 0) this.#references.set(held.hash, left);
    else this.#references.delete(held.hash);
    this.#run(async () => {
      // Both may be in use again: a later admission waits behind this in the queue and writes anew.
      await files.removeRecord(key);
      if (!this.#references.has(held.hash)) await files.removeBody(held.hash);
    });
  }

  #refer(hash: string): void {
    this.#references.set(hash, (this.#references.get(hash) ?? 0) + 1);
  }

  #run(task: () => Promise<void>): void {
    this.#waiting++;
    this.#queue = this.#queue
      .then(task)
      .catch(() => this.#count())
      .finally(() => {
        this.#waiting--;
      });
  }

  #count(): void {
    this.errors++;
  }
}

function weightOf(stored: StoredResponse): number {
  return stored.bodyBytes + overheadBytes(stored);
}
