import type { OrderedTables } from '@basalt/store';
import { BlockDiff, findInDiff, type ReadChunk, readDiff } from './block-diff.ts';
import { bytesOfKey } from './byte-key.ts';
import { RECENT_CHANGES_MAX } from './limits.ts';
import { historyKey } from './tables.ts';

/**
 * What blocks changed, newest in memory. The value at a block is what the next block that changed
 * it found; a walk from there to the head, so reading near the head is cheap and far from it costs
 * up to two look-ups a block.
 */
export class History {
  readonly #read: ReadChunk;
  /** By number, ascending; at least all that the engine does not have yet. */
  readonly #recent = new Map<number, { readonly diff: BlockDiff; readonly sequence: number }>();
  #recentChanges = 0;

  constructor(engine: OrderedTables) {
    this.#read = (number, chunk) => engine.get('history', historyKey(number, chunk));
  }

  /** @param sequence of the commit that brings it to the engine */
  add(number: number, diff: BlockDiff, sequence: number): void {
    this.#recent.set(number, { diff, sequence });
    this.#recentChanges += diff.size;
  }

  /** The engine has commits up to `durable`: forgets the oldest of them beyond the bound. */
  settle(durable: number): void {
    for (const [number, { diff, sequence }] of this.#recent) {
      if (this.#recentChanges <= RECENT_CHANGES_MAX || sequence > durable) return;
      this.#drop(number, diff);
    }
  }

  /** Blocks above are undone. */
  rewind(to: number): void {
    for (const [number, { diff }] of this.#recent) if (number > to) this.#drop(number, diff);
  }

  /** Blocks up to this one left the window. */
  prune(upTo: number): void {
    for (const [number, { diff }] of this.#recent) {
      if (number > upTo) return;
      this.#drop(number, diff);
    }
  }

  /** The account as it was after block `at`; undefined: as it is at `head`. */
  account(at: number, head: number, key: string): Uint8Array | undefined {
    let hash: Uint8Array | undefined;
    for (let number = at + 1; number <= head; number++) {
      const recent = this.#recent.get(number)?.diff;
      if (recent === undefined) hash ??= bytesOfKey(key);
      const found =
        recent === undefined
          ? findInDiff(this.#read, number, hash as Uint8Array, undefined)
          : recent.accounts.get(key);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The slot as it was after block `at`; undefined: as it is at `head`. */
  slot(at: number, head: number, owner: string, slot: string): Uint8Array | undefined {
    let hashes: readonly [Uint8Array, Uint8Array] | undefined;
    for (let number = at + 1; number <= head; number++) {
      const recent = this.#recent.get(number)?.diff;
      if (recent === undefined) hashes ??= [bytesOfKey(owner), bytesOfKey(slot)];
      const found =
        recent === undefined
          ? findInDiff(this.#read, number, ...(hashes as readonly [Uint8Array, Uint8Array]))
          : recent.slots.get(owner)?.get(slot);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Everything that leads from `head` back to `at`. */
  backTo(at: number, head: number): BlockDiff {
    const merged = new BlockDiff();
    for (let number = head; number > at; number--) {
      merged.mergeOlder(this.#recent.get(number)?.diff ?? readDiff(this.#read, number));
    }
    return merged;
  }

  #drop(number: number, diff: BlockDiff): void {
    this.#recent.delete(number);
    this.#recentChanges -= diff.size;
  }
}
