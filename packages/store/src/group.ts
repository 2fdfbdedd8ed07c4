import { assert, ENTRY_BYTES_MAX, equalBytes, PAYLOAD_BYTES_MAX, utf8 } from '@basalt/protocol';
import type { WriteOperation } from './engine.ts';
import { StoreError } from './errors.ts';
import type { IndexedHash } from './hash-index.ts';
import {
  BEGIN_SOURCE_BYTES_MAX,
  BLOCKS_MAX,
  BUNDLE_WIDTH,
  NAMESPACES_MAX,
  RECORD_NAME_BYTES_MAX,
} from './limits.ts';
import type {
  FullTile,
  NamedRecord,
  NamespaceAppend,
  NamespaceBegin,
  StoredBlock,
} from './log-store.ts';
import { type NamespaceState, namespaceOperations, newNamespace } from './namespace-table.ts';
import { ownBytes } from './own-bytes.ts';
import type { Counters } from './rows.ts';

/** What one call asked for: all of it or nothing. */
export interface GroupRequest {
  readonly appends: readonly NamespaceAppend[];
  readonly records: readonly NamedRecord[];
}

/** What the group adds to one namespace. */
export interface NamespaceDraft {
  /** As stored; undefined when the group creates it. */
  readonly before: NamespaceState | undefined;
  after: NamespaceState;
  readonly blocks: StoredBlock[];
  readonly tiles: FullTile[];
}

/**
 * A group in the making. Requests are checked one after the other against the store and against
 * what the group already holds, so a request that is out of date fails alone.
 */
export class GroupDraft {
  readonly namespaces: Map<string, NamespaceDraft> = new Map();
  readonly hashes: IndexedHash[] = [];
  readonly #records = new Map<string, NamedRecord>();
  readonly #before: Counters;
  #created = 0;

  constructor(counters: Counters) {
    this.#before = counters;
  }

  get isEmpty(): boolean {
    return this.namespaces.size === 0 && this.#records.size === 0;
  }

  counters(): Counters {
    return {
      commits: this.#before.commits + 1,
      namespaces: this.#before.namespaces + this.#created,
      blocks: this.#before.blocks + this.hashes.length,
    };
  }

  /**
   * Takes a request in. `stored` tells the stored state of each of its namespaces.
   * @throws StoreError `conflict`, and the group is as before
   */
  add(request: GroupRequest, stored: ReadonlyMap<string, NamespaceState | undefined>): void {
    checkConditions(request.appends, (id) => this.namespaces.get(id)?.after ?? stored.get(id));
    for (const append of request.appends) {
      const draft = this.#draft(append, stored.get(append.namespace));
      const { number, size } = draft.after;
      append.blocks.forEach((block, i) => {
        this.hashes.push({ hash: block.blockHash, place: { number, index: size + i } });
      });
      for (const block of append.blocks) draft.blocks.push(block);
      const last = append.blocks.at(-1);
      draft.tiles.push(...append.fullTiles);
      draft.after = {
        ...draft.after,
        size: size + append.blocks.length,
        headHash: last === undefined ? draft.after.headHash : ownBytes(last.blockHash),
        edge: append.edge === undefined ? draft.after.edge : ownBytes(append.edge),
        state: append.state === undefined ? draft.after.state : ownBytes(append.state),
      };
    }
    for (const record of request.records) this.#records.set(record.name, record);
  }

  /** Rows of records and of namespaces; those of blocks are `blockOperations`. */
  operations(): WriteOperation[] {
    const operations: WriteOperation[] = [];
    for (const { name, value } of this.#records.values()) {
      const key = utf8(name);
      operations.push(
        value === undefined
          ? { type: 'delete', table: 'records', key }
          : { type: 'put', table: 'records', key, value: recordValue(value) },
      );
    }
    for (const { before, after } of this.namespaces.values()) {
      operations.push(...namespaceOperations(before, after));
    }
    return operations;
  }

  #draft(append: NamespaceAppend, stored: NamespaceState | undefined): NamespaceDraft {
    const open = this.namespaces.get(append.namespace);
    if (open !== undefined) return open;
    let after = stored;
    if (after === undefined) {
      const number = this.#before.namespaces + this.#created;
      assert(number < NAMESPACES_MAX, 'a store holds fewer than 2^32 namespaces');
      after = newNamespace(append.namespace, number, ownBegin(append.begin));
      this.#created++;
    }
    const draft: NamespaceDraft = { before: stored, after, blocks: [], tiles: [] };
    this.namespaces.set(append.namespace, draft);
    return draft;
  }
}

function ownBegin(begin: NamespaceBegin | undefined): NamespaceBegin | undefined {
  return begin === undefined ? undefined : { ...begin, edge: ownBytes(begin.edge) };
}

/** One byte in front, since not every engine stores empty values. */
function recordValue(value: Uint8Array): Uint8Array {
  const row = new Uint8Array(1 + value.length);
  row.set(value, 1);
  return row;
}

/** Compare-and-swap of size and head, over all appends of one request in their order. */
function checkConditions(
  appends: readonly NamespaceAppend[],
  present: (id: string) => NamespaceState | undefined,
): void {
  const moved = new Map<string, { size: number; headHash: Uint8Array | undefined }>();
  for (const append of appends) {
    const known = moved.get(append.namespace) ?? present(append.namespace);
    if (known !== undefined && append.begin !== undefined) throw alreadyThere(append);
    const head = known ?? { size: append.begin?.index ?? 0, headHash: undefined };
    const expected = append.expectedHead;
    const sameHead =
      head.headHash === undefined || expected === undefined
        ? head.headHash === expected
        : equalBytes(head.headHash, expected);
    if (head.size !== append.expectedSize || !sameHead) {
      const found = head.size === append.expectedSize ? 'another head' : `size ${head.size}`;
      throw new StoreError(
        'conflict',
        `the head of ${append.namespace} moved: expected size ${append.expectedSize}, ` +
          `found ${found}; read the head and append to it`,
        {
          namespace: append.namespace,
          expectedSize: append.expectedSize,
          size: head.size,
        },
      );
    }
    moved.set(append.namespace, {
      size: head.size + append.blocks.length,
      headHash: append.blocks.at(-1)?.blockHash ?? head.headHash,
    });
  }
}

function alreadyThere({ namespace }: NamespaceAppend): StoreError {
  return new StoreError('conflict', `${namespace} is here already: it cannot begin elsewhere`, {
    namespace,
  });
}

/** The shapes that a caller must keep: mistakes here are not input. */
export function assertRequest(request: GroupRequest): void {
  for (const { blocks, fullTiles, expectedSize, begin } of request.appends) {
    if (begin !== undefined) {
      const { index, source } = begin;
      assert(index > 0 && index % BUNDLE_WIDTH === 0, 'a namespace begins at a bundle border');
      assert(expectedSize === index && blocks.length > 0, 'it begins with its first blocks');
      assert(utf8(source).length <= BEGIN_SOURCE_BYTES_MAX, 'a source has at most 2,048 bytes');
    }
    assert(expectedSize + blocks.length <= BLOCKS_MAX, 'a namespace holds fewer than 2^40 blocks');
    for (const { entry, blockHash, payload } of blocks) {
      assert(blockHash.length === 32, 'a block hash has 32 bytes');
      assert(entry.length > 0 && entry.length <= ENTRY_BYTES_MAX, 'an entry has 1 to 8,338 bytes');
      assert((payload?.length ?? 0) <= PAYLOAD_BYTES_MAX, 'a payload has at most 16 MiB');
    }
    for (const { bytes } of fullTiles) assert(bytes.length === 8192, 'a tile has 8,192 bytes');
  }
  for (const { name } of request.records) {
    const { length } = utf8(name);
    assert(length >= 1 && length <= RECORD_NAME_BYTES_MAX, 'a record name has 1 to 512 bytes');
  }
}

/** Bytes that a request brings into a group. */
export function requestBytes(request: GroupRequest): number {
  let bytes = 0;
  for (const { blocks, fullTiles } of request.appends) {
    for (const { entry, payload } of blocks) bytes += entry.length + (payload?.length ?? 0);
    bytes += fullTiles.length * 8192;
  }
  for (const { value } of request.records) bytes += value?.length ?? 0;
  return bytes;
}
