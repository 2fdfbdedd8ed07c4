import { checkPayload, decodeEntry, type NamespaceId, type PayloadHashes } from '@basalt/protocol';
import type { LogStore } from '@basalt/store';
import { PAGE_BLOCKS } from './limits.ts';

export interface PayloadRestoreComponents {
  readonly store: LogStore;
  readonly hashes: PayloadHashes;
}

/** Blocks [from, from + wanted.length) of one bundle, some of whose payloads are not here. */
export interface MissingPayloads {
  readonly from: number;
  /** Bytes of each payload that is to be brought; undefined where nothing is. */
  readonly wanted: readonly (number | undefined)[];
}

export interface RestoredPayloads {
  readonly payloads: number;
  readonly bytes: number;
}

/** Brings payloads back that a namespace let go, or never had. */
export interface PayloadRestore {
  /** How many payloads are not here, from an index on. Reads every header. */
  count(downTo?: number): Promise<RestoredPayloads>;
  /** What is not here, newest first, down to an index (that of its bundle's first block). */
  missing(downTo?: number): AsyncIterable<MissingPayloads>;
  /**
   * Takes payloads in: `payloads[i]` is that of block `from + i`, undefined where it is not to be
   * had. All are held against the headers that are here before any is stored.
   *
   * @throws ProtocolError `payload-mismatch`, with the index: the one who sent it lies
   */
  add(
    missing: MissingPayloads,
    payloads: readonly (Uint8Array | undefined)[],
  ): Promise<RestoredPayloads>;
}

const EMPTY = new Uint8Array(0);

/**
 * Newest first, because a store says of everything from one index on that it is there. It can end
 * at any moment and be made anew: what is missing is read from the store.
 */
export function createPayloadRestore(
  { store, hashes }: PayloadRestoreComponents,
  namespace: NamespaceId,
): PayloadRestore {
  /** Ranges of which nothing was to be had; they go in with the first one that brings something. */
  let skipped: { from: number; payloads: (Uint8Array | undefined)[] }[] = [];

  async function* missing(downTo = 0): AsyncGenerator<MissingPayloads> {
    const head = await store.head(namespace);
    if (head === undefined) return;
    const { size, begin } = head;
    const least = Math.max(begin?.index ?? 0, downTo - (downTo % PAGE_BLOCKS));
    for (let end = size; end > least; end -= (end - 1) % PAGE_BLOCKS, end--) {
      const from = Math.max(least, end - 1 - ((end - 1) % PAGE_BLOCKS));
      const held = await store.heldPayloads(namespace, from, end - from);
      if (held.every(Boolean)) continue;
      const entries = await store.entries(namespace, from, end - from);
      const wanted = entries.map((bytes, i) =>
        held[i] === true ? undefined : decodeEntry(bytes).header.payloadLength,
      );
      yield { from, wanted };
    }
  }

  async function count(downTo?: number): Promise<RestoredPayloads> {
    const total = { payloads: 0, bytes: 0 };
    for await (const { wanted } of missing(downTo)) {
      for (const bytes of wanted) {
        if (bytes === undefined || bytes === 0) continue;
        total.payloads++;
        total.bytes += bytes;
      }
    }
    return total;
  }

  async function add(
    { from, wanted }: MissingPayloads,
    payloads: readonly (Uint8Array | undefined)[],
  ): Promise<RestoredPayloads> {
    const entries = await store.entries(namespace, from, wanted.length);
    const total = { payloads: 0, bytes: 0 };
    const taken = wanted.map((length, i) => {
      const payload = length === 0 ? EMPTY : payloads[i];
      if (length === undefined || payload === undefined) return undefined;
      checkPayload(decodeEntry(entries[i] as Uint8Array), payload, hashes);
      if (length > 0) total.payloads++;
      total.bytes += length;
      return payload;
    });
    skipped.push({ from, payloads: taken });
    if (total.payloads === 0) return total;
    for (const part of skipped) await store.restorePayloads(namespace, part.from, part.payloads);
    skipped = [];
    return total;
  }

  return { count, missing, add };
}
