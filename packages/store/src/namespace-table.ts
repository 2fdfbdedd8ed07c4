import { type BlockHash, type NamespaceId, namespaceBytes, namespaceId } from '@basalt/protocol';
import { ByteCache } from './cache.ts';
import type { KeyValueEngine, WriteOperation } from './engine.ts';
import {
  NAMESPACE_BY_NUMBER,
  NAMESPACE_PART,
  namespaceIdKey,
  namespacePartKey,
  readU32,
  writeU32,
} from './keys.ts';
import { NAMESPACE_CACHE_MAX } from './limits.ts';
import type { NamespaceBegin } from './log-store.ts';
import {
  corruptRow,
  decodeBeginRow,
  decodeHeadRow,
  encodeBeginRow,
  encodeHeadRow,
  type HeadRow,
} from './rows.ts';

/** Everything that the store keeps about one namespace, as of the last commit. Immutable. */
export interface NamespaceState extends HeadRow {
  readonly number: number;
  readonly state: Uint8Array;
  readonly edge: Uint8Array;
  /** Undefined: from the first block on. */
  readonly begin: NamespaceBegin | undefined;
}

/** First index that is stored. */
export function beginIndex(state: NamespaceState): number {
  return state.begin?.index ?? 0;
}

/** Blocks that are stored. */
export function countBlocks(states: Iterable<NamespaceState>): number {
  let blocks = 0;
  for (const state of states) blocks += state.size - beginIndex(state);
  return blocks;
}

const EMPTY = new Uint8Array(0);

/** A namespace that the next commit creates. */
export function newNamespace(
  id: NamespaceId,
  number: number,
  begin?: NamespaceBegin,
): NamespaceState {
  const headHash: BlockHash | undefined = undefined;
  const size = begin?.index ?? 0;
  return {
    id,
    number,
    size,
    headHash,
    payloadsFrom: size,
    prunedTo: size,
    state: EMPTY,
    edge: begin?.edge ?? EMPTY,
    begin,
  };
}

/** The rows of a namespace that differ from what is stored (`before` undefined: nothing is). */
export function namespaceOperations(
  before: NamespaceState | undefined,
  after: NamespaceState,
): WriteOperation[] {
  const { number } = after;
  const put = (key: Uint8Array, value: Uint8Array): WriteOperation => ({
    type: 'put',
    table: 'namespaces',
    key,
    value,
  });
  const operations = [put(namespacePartKey(number, NAMESPACE_PART.head), encodeHeadRow(after))];
  if (before?.edge !== after.edge) {
    operations.push(put(namespacePartKey(number, NAMESPACE_PART.edge), prefixed(after.edge)));
  }
  if (before?.state !== after.state) {
    operations.push(put(namespacePartKey(number, NAMESPACE_PART.state), prefixed(after.state)));
  }
  if (before?.begin !== after.begin && after.begin !== undefined) {
    const key = namespacePartKey(number, NAMESPACE_PART.begin);
    operations.push(put(key, encodeBeginRow(after.begin)));
  }
  if (before === undefined) {
    const numberBytes = new Uint8Array(4);
    writeU32(numberBytes, 0, number);
    operations.push(put(namespaceIdKey(namespaceBytes(after.id)), numberBytes));
  }
  return operations;
}

/** Reads namespaces and keeps the ones in use. The writer alone calls `set` and `clear`. */
export class NamespaceTable {
  readonly #engine: KeyValueEngine;
  readonly #states = new ByteCache<NamespaceId, NamespaceState>(NAMESPACE_CACHE_MAX);
  readonly #ids = new ByteCache<number, NamespaceId>(NAMESPACE_CACHE_MAX);
  /** Counts changes, so that a read that was overtaken by one does not put back what is old. */
  #changes = 0;

  constructor(engine: KeyValueEngine) {
    this.#engine = engine;
  }

  /** As of the last applied commit. */
  async get(id: NamespaceId): Promise<NamespaceState | undefined> {
    const cached = this.#states.get(id);
    if (cached !== undefined) return cached;
    const changes = this.#changes;
    const row = await this.#engine.get('namespaces', namespaceIdKey(namespaceBytes(id)));
    if (row === undefined) return undefined;
    const state = await this.#read(readU32(row, 0));
    if (state === undefined || state.id !== id) {
      throw corruptRow('namespaces', `the number of ${id} leads to no namespace`);
    }
    return this.#keep(state, changes);
  }

  async byNumber(number: number): Promise<NamespaceState | undefined> {
    const id = this.#ids.get(number);
    if (id !== undefined) return this.get(id);
    const changes = this.#changes;
    const state = await this.#read(number);
    return state === undefined ? undefined : this.#keep(state, changes);
  }

  /** In order of creation. */
  async *all(): AsyncIterable<NamespaceState> {
    const bounds = {
      from: Uint8Array.of(NAMESPACE_BY_NUMBER),
      to: Uint8Array.of(NAMESPACE_BY_NUMBER + 1),
    };
    for await (const { key, value } of this.#engine.range('namespaces', bounds)) {
      if (key[5] !== NAMESPACE_PART.head) continue;
      const id = namespaceId(value.subarray(0, 16));
      const state = this.#states.get(id) ?? (await this.#read(readU32(key, 1)));
      if (state !== undefined) yield state;
    }
  }

  /** After a commit. */
  set(state: NamespaceState): void {
    this.#changes++;
    this.#states.set(state.id, state, 1);
    this.#ids.set(state.number, state.id, 1);
  }

  /** After a commit whose outcome is unknown. */
  clear(): void {
    this.#changes++;
    this.#states.clear();
    this.#ids.clear();
  }

  #keep(state: NamespaceState, changes: number): NamespaceState {
    if (changes !== this.#changes) return this.#states.get(state.id) ?? state;
    this.#states.set(state.id, state, 1);
    this.#ids.set(state.number, state.id, 1);
    return state;
  }

  async #read(number: number): Promise<NamespaceState | undefined> {
    const [head, edge, state, begin] = await Promise.all([
      this.#engine.get('namespaces', namespacePartKey(number, NAMESPACE_PART.head)),
      this.#engine.get('namespaces', namespacePartKey(number, NAMESPACE_PART.edge)),
      this.#engine.get('namespaces', namespacePartKey(number, NAMESPACE_PART.state)),
      this.#engine.get('namespaces', namespacePartKey(number, NAMESPACE_PART.begin)),
    ]);
    if (head === undefined) return undefined;
    if (edge === undefined || state === undefined || head.length < 16) {
      throw corruptRow('namespaces', `rows of namespace number ${number} are missing`);
    }
    return {
      ...decodeHeadRow(head, namespaceId(head.subarray(0, 16))),
      number,
      edge: edge.subarray(1),
      state: state.subarray(1),
      begin: begin === undefined ? undefined : decodeBeginRow(begin),
    };
  }
}

/** One byte in front, since not every engine stores empty values. */
function prefixed(bytes: Uint8Array): Uint8Array {
  const value = new Uint8Array(1 + bytes.length);
  value.set(bytes, 1);
  return value;
}
