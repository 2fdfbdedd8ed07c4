import { FILTER_SALT_BYTES, HashFilter } from './filter.ts';
import type { HashIndex } from './hash-index.ts';
import { FILTER_KEYS_MIN, INDEX_PARTITIONS } from './limits.ts';

export interface FilterKeeperOptions {
  readonly index: HashIndex;
  /** Random bytes for the salt of a filter. */
  readonly randomBytes: (length: number) => Uint8Array;
  /** Lets others run between two slices of a scan. */
  readonly pause: () => Promise<void>;
}

/** Room for growth, so that a filter is not rebuilt at once; costs up to a quarter more memory. */
const HEADROOM = 1.25;

/**
 * Keeps a filter over all hashes of the index: built at opening slice by slice, rebuilt larger when
 * it is full. While it is not there, `has` says "perhaps" and look-ups go to the disk.
 */
export class FilterKeeper {
  readonly #options: FilterKeeperOptions;
  /** Answers questions; undefined until the first one is built. */
  #ready: HashFilter | undefined;
  /** Takes in new keys beside its scan of the old ones. */
  #building: HashFilter | undefined;
  #build: Promise<void> | undefined;
  #stopped = false;

  constructor(options: FilterKeeperOptions) {
    this.#options = options;
  }

  get bytes(): number {
    return this.#ready?.bytes ?? 0;
  }

  /** False: certainly not in the store. */
  has(hash: Uint8Array): boolean {
    return this.#ready?.has(hash) ?? true;
  }

  /** Before the commit that makes it findable: a key too many is harmless, one too few is not. */
  add(hash: Uint8Array): void {
    this.#ready?.add(hash);
    this.#building?.add(hash);
  }

  /** Builds the first filter, or a larger one when it is full. */
  keepUp(keys: number): void {
    if (this.#build !== undefined || this.#stopped) return;
    if (this.#ready !== undefined && this.#ready.keys <= this.#ready.capacity) return;
    this.#build = this.#run(keys).finally(() => {
      this.#build = undefined;
    });
    // A failed scan leaves things as they were; the next commit tries again, reads tell the error.
    this.#build.catch(() => undefined);
  }

  /** Resolves when no build runs; rejects when the one that ran failed. */
  async idle(): Promise<void> {
    await this.#build;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#build?.catch(() => undefined);
  }

  async #run(keys: number): Promise<void> {
    const capacity = Math.ceil(Math.max(keys, FILTER_KEYS_MIN) * HEADROOM);
    const filter = new HashFilter(capacity, this.#options.randomBytes(FILTER_SALT_BYTES));
    this.#building = filter;
    try {
      for (let slice = 0; slice < INDEX_PARTITIONS; slice++) {
        if (this.#stopped) return;
        await this.#options.index.scanSlice(slice, (prefix) => filter.add(prefix));
        await this.#options.pause();
      }
      this.#ready = filter;
    } finally {
      this.#building = undefined;
    }
  }
}
