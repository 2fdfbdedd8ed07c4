import type { OrderedTables, Row } from '@basalt/store';
import { BlockDiff, findInDiff, type ReadChunk, readDiff } from './block-diff.ts';
import { bytesOfKey } from './byte-key.ts';
import { RECENT_BYTES_MAX } from './limits.ts';
import { historyKey } from './tables.ts';

interface RecentRows {
  /** By chunk. */
  readonly rows: readonly Row[];
  readonly bytes: number;
  /** Of the commit that brings them to the engine. */
  readonly sequence: number;
}

/**
 * What blocks changed, newest in memory. The value at a block is what the next block that changed
 * it found; a walk from there to the head, so reading near the head is cheap and far from it costs
 * up to two look-ups a block.
 */
export class History {
  readonly #read: ReadChunk;
  /** By number, ascending; at least all that the engine does not have yet. */
  readonly #recent = new Map<number, RecentRows>();
  #recentBytes = 0;

  constructor(engine: OrderedTables) {
    this.#read = (number, chunk) =>
      this.#recent.has(number)
        ? this.#recent.get(number)?.rows[chunk]?.value
        : engine.get('history', historyKey(number, chunk));
  }

  add(number: number, rows: readonly Row[], sequence: number): void {
    const bytes = rows.reduce((sum, { value }) => sum + value.length, 0);
    this.#recent.set(number, { rows, bytes, sequence });
    this.#recentBytes += bytes;
  }

  /** Rows of blocks that commits after this one brought. */
  *rowsSince(sequence: number): Iterable<Row> {
    for (const recent of this.#recent.values()) if (recent.sequence > sequence) yield* recent.rows;
  }

  /** The engine has commits up to `durable`: forgets the oldest of them beyond the bound. */
  settle(durable: number): void {
    for (const [number, recent] of this.#recent) {
      if (this.#recentBytes <= RECENT_BYTES_MAX || recent.sequence > durable) return;
      this.#drop(number, recent);
    }
  }

  /** Blocks above are undone. */
  rewind(to: number): void {
    for (const [number, recent] of this.#recent) if (number > to) this.#drop(number, recent);
  }

  /** Blocks up to this one left the window. */
  prune(upTo: number): void {
    for (const [number, recent] of this.#recent) {
      if (number > upTo) return;
      this.#drop(number, recent);
    }
  }

  /** The account as it was after block `at`; undefined: as it is at `head`. */
  account(at: number, head: number, key: string): Uint8Array | undefined {
    const hash = bytesOfKey(key);
    for (let number = at + 1; number <= head; number++) {
      const found = findInDiff(this.#read, number, hash, undefined);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The slot as it was after block `at`; undefined: as it is at `head`. */
  slot(at: number, head: number, owner: string, slot: string): Uint8Array | undefined {
    const ownerHash = bytesOfKey(owner);
    const slotHash = bytesOfKey(slot);
    for (let number = at + 1; number <= head; number++) {
      const found = findInDiff(this.#read, number, ownerHash, slotHash);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Everything that leads from `head` back to `at`. */
  backTo(at: number, head: number): BlockDiff {
    const merged = new BlockDiff();
    for (let number = head; number > at; number--) {
      merged.mergeOlder(readDiff(this.#read, number));
    }
    return merged;
  }

  #drop(number: number, { bytes }: RecentRows): void {
    this.#recent.delete(number);
    this.#recentBytes -= bytes;
  }
}
