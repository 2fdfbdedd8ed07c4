import { hash as nodeHash, randomBytes } from 'node:crypto';
import { setImmediate as pause } from 'node:timers/promises';
import {
  type BlockHash,
  fromUtf8,
  type HashFunction,
  type NamespaceId,
  TILE_WIDTH,
  utf8,
} from '@basalt/protocol';
import type { KeyValueEngine, WriteOperation } from './engine.ts';
import { StoreError } from './errors.ts';
import { FilterKeeper } from './filter-keeper.ts';
import { HashIndex } from './hash-index.ts';
import { META_COUNTERS, META_FORMAT, prefixEnd } from './keys.ts';
import { BUNDLE_WIDTH, CACHE_BYTES_DEFAULT } from './limits.ts';
import { beforeBegin, LogReader } from './log-reader.ts';
import type {
  BlockLocation,
  LogStore,
  NamedRecord,
  NamespaceAppend,
  NamespaceHead,
  StoreStats,
} from './log-store.ts';
import { LogWriter } from './log-writer.ts';
import { beginIndex, type NamespaceState, NamespaceTable } from './namespace-table.ts';
import { encodeCounters, LAYOUT_VERSION } from './rows.ts';

export interface LogStoreOptions {
  /** Decoded bundles and payload packs kept in memory; default 32 MiB. */
  readonly cacheBytes?: number;
  /** Default: node:crypto's. */
  readonly sha256?: HashFunction;
  /** Random bytes for the salt of the filter. Default: node:crypto's. */
  readonly randomBytes?: (length: number) => Uint8Array;
}

/** A log store that shows what it lies on: for fsck and tools, which read rows. */
export interface EngineLogStore extends LogStore {
  readonly engine: KeyValueEngine;
  /** Resolves when the filter for negative look-ups covers all that was there before the call. */
  filterReady(): Promise<void>;
}

/**
 * Opens the log that lies in `engine`, or begins one in an empty engine. The store owns the engine:
 * nobody else writes to it, and `close` closes it.
 *
 * @throws StoreError `unknown-format`, `corrupt`, `io`
 */
export async function createLogStore(
  engine: KeyValueEngine,
  options: LogStoreOptions = {},
): Promise<EngineLogStore> {
  await prepareFormat(engine);
  const parts = createParts(engine, options);
  await parts.writer.load();
  return new StoreOverEngine(engine, parts);
}

interface Parts {
  readonly namespaces: NamespaceTable;
  readonly index: HashIndex;
  readonly filter: FilterKeeper;
  readonly reader: LogReader;
  readonly writer: LogWriter;
}

function createParts(engine: KeyValueEngine, options: LogStoreOptions): Parts {
  const settled = (): Promise<void> => writer.settled();
  const namespaces = new NamespaceTable(engine);
  const index = new HashIndex(engine, settled);
  const filter = new FilterKeeper({
    index,
    randomBytes: options.randomBytes ?? randomBytes,
    pause,
  });
  const reader = new LogReader({
    engine,
    namespaces,
    cacheBytes: options.cacheBytes ?? CACHE_BYTES_DEFAULT,
    sha256: options.sha256 ?? ((data) => nodeHash('sha256', data, 'buffer')),
    settled,
  });
  const writer = new LogWriter({ engine, namespaces, index, filter, reader });
  return { namespaces, index, filter, reader, writer };
}

async function prepareFormat(engine: KeyValueEngine): Promise<void> {
  const found = await engine.get('meta', META_FORMAT);
  if (found !== undefined) {
    if (found.length === 1 && found[0] === LAYOUT_VERSION) return;
    throw new StoreError(
      'unknown-format',
      `this store has layout ${found[0]}, this program knows ${LAYOUT_VERSION}: use the version ` +
        'of basalt that wrote it, or export there and import here',
      { found: found[0], expected: LAYOUT_VERSION },
    );
  }
  const operations: WriteOperation[] = [
    { type: 'put', table: 'meta', key: META_FORMAT, value: Uint8Array.of(LAYOUT_VERSION) },
    {
      type: 'put',
      table: 'meta',
      key: META_COUNTERS,
      value: encodeCounters({ commits: 0, namespaces: 0, blocks: 0 }),
    },
  ];
  await engine.commit(operations, [{ table: 'meta', key: META_FORMAT, value: undefined }]);
}

class StoreOverEngine implements EngineLogStore {
  readonly engine: KeyValueEngine;
  readonly #parts: Parts;

  constructor(engine: KeyValueEngine, parts: Parts) {
    this.engine = engine;
    this.#parts = parts;
  }

  async append(append: NamespaceAppend, records: readonly NamedRecord[] = []): Promise<void> {
    return this.#parts.writer.write({ appends: [append], records });
  }

  async appendAll(
    appends: readonly NamespaceAppend[],
    records: readonly NamedRecord[] = [],
  ): Promise<void> {
    return this.#parts.writer.write({ appends, records });
  }

  async putRecords(records: readonly NamedRecord[]): Promise<void> {
    return this.#parts.writer.write({ appends: [], records });
  }

  async record(name: string): Promise<Uint8Array | undefined> {
    return (await this.engine.get('records', utf8(name)))?.subarray(1);
  }

  async *records(
    prefix: string,
    limit?: number,
  ): AsyncIterable<{ name: string; value: Uint8Array }> {
    const from = utf8(prefix);
    const to = prefixEnd(from);
    const bounds = {
      ...(from.length === 0 ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(limit === undefined ? {} : { limit }),
    };
    for await (const { key, value } of this.engine.range('records', bounds)) {
      yield { name: fromUtf8(key), value: value.subarray(1) };
    }
  }

  async head(namespace: NamespaceId): Promise<NamespaceHead | undefined> {
    const state = await this.#parts.namespaces.get(namespace);
    return state === undefined ? undefined : toHead(state);
  }

  async *namespaces(): AsyncIterable<NamespaceHead> {
    for await (const state of this.#parts.namespaces.all()) yield toHead(state);
  }

  async entry(namespace: NamespaceId, index: number): Promise<Uint8Array | undefined> {
    const state = await this.#stateWith(namespace, index);
    if (state === undefined) return undefined;
    requireStored(state, index);
    return this.#parts.reader.entry(state, index);
  }

  async entries(namespace: NamespaceId, from: number, count: number): Promise<Uint8Array[]> {
    const state = await this.#stateWith(namespace, from);
    if (state === undefined) return [];
    requireStored(state, from);
    return this.#parts.reader.entries(state, from, Math.min(state.size, from + count));
  }

  async bundle(namespace: NamespaceId, index: number): Promise<Uint8Array | undefined> {
    const state = await this.#stateWith(namespace, (index + 1) * BUNDLE_WIDTH - 1);
    if (state === undefined || index < 0) return undefined;
    requireStored(state, index * BUNDLE_WIDTH);
    return (await this.#parts.reader.bundle(state, index)).raw.slice();
  }

  async payload(namespace: NamespaceId, index: number): Promise<Uint8Array | undefined> {
    const state = await this.#stateWith(namespace, index);
    return state === undefined ? undefined : this.#parts.reader.payload(state, index);
  }

  async tile(
    namespace: NamespaceId,
    level: number,
    index: number,
  ): Promise<Uint8Array | undefined> {
    const state = await this.#parts.namespaces.get(namespace);
    if (state === undefined || !isIndex(index) || !isIndex(level) || level > 0xff) return undefined;
    const tile = await this.#parts.reader.tile(state, level, index);
    const isOlder = (index + 1) * TILE_WIDTH ** (level + 1) <= beginIndex(state);
    if (tile === undefined && isOlder) throw beforeBegin(state, `tile ${level}/${index}`);
    return tile;
  }

  async locate(hash: BlockHash): Promise<BlockLocation | undefined> {
    const { filter, index, reader } = this.#parts;
    if (hash.length !== 32 || !filter.has(hash)) return undefined;
    return reader.locate(hash, index);
  }

  async prunePayloads(namespace: NamespaceId, beforeIndex: number): Promise<number> {
    return this.#parts.writer.prune(namespace, beforeIndex);
  }

  async dropPayloads(namespace: NamespaceId, indexes: readonly number[]): Promise<number> {
    return this.#parts.writer.drop(namespace, indexes);
  }

  async restorePayloads(
    namespace: NamespaceId,
    from: number,
    payloads: readonly (Uint8Array | undefined)[],
  ): Promise<number> {
    return this.#parts.writer.restore(namespace, { from, payloads });
  }

  async heldPayloads(namespace: NamespaceId, from: number, count: number): Promise<boolean[]> {
    const state = await this.#stateWith(namespace, from);
    if (state === undefined) return [];
    return this.#parts.reader.held(state, from, Math.min(state.size, from + count));
  }

  async stats(): Promise<StoreStats> {
    const { writer, filter, reader } = this.#parts;
    return {
      namespaces: writer.counters.namespaces,
      blocks: writer.counters.blocks,
      diskBytes: await this.engine.sizeBytes(),
      filterBytes: filter.bytes,
      cacheBytes: reader.cachedBytes,
    };
  }

  filterReady(): Promise<void> {
    return this.#parts.filter.idle();
  }

  async close(): Promise<void> {
    await this.#parts.writer.close();
    await this.#parts.filter.stop();
    await this.engine.close();
  }

  /** The namespace, if it has a block at `index`. */
  async #stateWith(namespace: NamespaceId, index: number): Promise<NamespaceState | undefined> {
    const state = await this.#parts.namespaces.get(namespace);
    return state !== undefined && isIndex(index) && index < state.size ? state : undefined;
  }
}

/** @throws StoreError `pruned` below the beginning of the namespace */
function requireStored(state: NamespaceState, index: number): void {
  if (index < beginIndex(state)) throw beforeBegin(state, `block ${index}`);
}

function isIndex(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function toHead(state: NamespaceState): NamespaceHead {
  return {
    namespace: state.id,
    size: state.size,
    headHash: state.headHash?.slice() as BlockHash | undefined,
    state: state.state.slice(),
    edge: state.edge.slice(),
    payloadsFrom: state.payloadsFrom,
    begin: state.begin && { ...state.begin, edge: state.begin.edge.slice() },
  };
}
