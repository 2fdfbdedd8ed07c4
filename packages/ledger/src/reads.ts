import {
  assert,
  type BlockHash,
  blockHash,
  type CryptoProvider,
  decodeBlock,
  decodeEntry,
  decodeGenesis,
  type Entry,
  type Hash32,
  type NamespaceId,
  type Strategy,
} from '@basalt/protocol';
import { type LogStore, StoreError } from '@basalt/store';
import { decodeChainState, decodeFrozen, decodeIndex, recordName } from './chain-codec.ts';
import type { ChainState } from './chain-state.ts';
import type { Checkpointer, PublishedCheckpoint } from './checkpointer.ts';
import { keyBlockName } from './draft.ts';
import type { Lanes } from './lanes.ts';
import { SIZE_RECORD_BLOCKS } from './limits.ts';
import type { TreeReader } from './tree-reader.ts';
import type { BlockView, NamespaceInfo } from './types.ts';

/** Entries per read where many are walked over. */
const PAGE = 1_024;

/** Reads blocks and heads; everything here is committed. */
export class Reads {
  readonly #store: LogStore;
  readonly #crypto: CryptoProvider;
  readonly #lanes: Lanes;
  readonly #trees: TreeReader;
  readonly #checkpointer: Checkpointer;

  constructor(
    store: LogStore,
    crypto: CryptoProvider,
    lanes: Lanes,
    trees: TreeReader,
    checkpointer: Checkpointer,
  ) {
    this.#store = store;
    this.#crypto = crypto;
    this.#lanes = lanes;
    this.#trees = trees;
    this.#checkpointer = checkpointer;
  }

  async *namespaces(): AsyncGenerator<NamespaceInfo> {
    for await (const head of this.#store.namespaces()) {
      const info = await this.info(head.namespace);
      if (info !== undefined) yield info;
    }
  }

  async info(namespace: NamespaceId): Promise<NamespaceInfo | undefined> {
    const head = await this.#store.head(namespace);
    if (head === undefined || head.headHash === undefined || head.size === 0) return undefined;
    const { size, headHash, payloadsFrom, begin } = head;
    const chain = decodeChainState(namespace, size, headHash, head.state);
    const genesis = chain.genesis.length === 0 ? undefined : decodeGenesis(chain.genesis);
    const frozen = await this.#store.record(recordName.frozen(namespace));
    const checkpoint = await this.#checkpointer.newest(namespace);
    return {
      namespace,
      label: genesis?.label ?? '',
      strategy: genesis?.strategy ?? ownStrategy(chain),
      size,
      headHash,
      timestampMs: chain.tip?.timestampMs ?? 0,
      root: await this.#root(namespace, size, checkpoint),
      frozenAt: frozen === undefined ? undefined : decodeFrozen(frozen).index,
      checkpointSize: checkpoint?.size ?? 0,
      payloadsFrom,
      beginsAt: begin?.index ?? 0,
    };
  }

  /** Most often the checkpoint has it; else the right edge in memory, and tiles at the last. */
  async #root(
    namespace: NamespaceId,
    size: number,
    checkpoint: PublishedCheckpoint | undefined,
  ): Promise<Hash32> {
    if (checkpoint?.size === size) return checkpoint.root;
    const head = (await this.#lanes.get(namespace)).head();
    return head.size === size ? head.root : this.#trees.root(namespace, size);
  }

  async block(hash: BlockHash): Promise<BlockView | undefined> {
    const place = await this.#store.locate(hash);
    return place === undefined ? undefined : this.#view(place.namespace, place.index, hash);
  }

  async blockAt(namespace: NamespaceId, index: number): Promise<BlockView | undefined> {
    return this.#view(namespace, index, undefined);
  }

  async #view(
    namespace: NamespaceId,
    index: number,
    known: BlockHash | undefined,
  ): Promise<BlockView | undefined> {
    const entry = await this.entry(namespace, index);
    if (entry === undefined) return undefined;
    const payload = await this.#payloadOrNothing(namespace, index);
    const hash = known ?? (await this.#hashOf(namespace, index, decodeEntry(entry), payload));
    return { namespace, index, blockHash: hash, entry, payload };
  }

  /** A version 1 hash covers the payload; once that is pruned, the next block knows the hash. */
  async #hashOf(
    namespace: NamespaceId,
    index: number,
    entry: Entry,
    payload: Uint8Array | undefined,
  ): Promise<BlockHash> {
    if (entry.header.version === 2 || payload !== undefined) {
      return blockHash(entry, payload, this.#crypto.sha256);
    }
    const next = await this.#store.entry(namespace, index + 1);
    if (next !== undefined) return decodeEntry(next).header.previous;
    const head = (await this.#store.head(namespace))?.headHash;
    assert(head !== undefined, 'a namespace with blocks has a head');
    return head;
  }

  /**
   * Key blocks are here whole wherever the copy begins.
   * @throws StoreError `pruned`
   */
  async entry(namespace: NamespaceId, index: number): Promise<Uint8Array | undefined> {
    try {
      return await this.#store.entry(namespace, index);
    } catch (error) {
      if (!isPruned(error)) throw error;
      const kept = await this.#store.record(keyBlockName(namespace, index));
      if (kept === undefined) throw error;
      return decodeBlock(kept).entry.bytes;
    }
  }

  /**
   * Key blocks keep theirs when payloads are pruned: without them nobody could tell the writers.
   * @throws StoreError `pruned`
   */
  async payload(namespace: NamespaceId, index: number): Promise<Uint8Array | undefined> {
    try {
      return await this.#store.payload(namespace, index);
    } catch (error) {
      if (!isPruned(error)) throw error;
      const kept = await this.#store.record(keyBlockName(namespace, index));
      if (kept === undefined) throw error;
      return decodeBlock(kept).payload;
    }
  }

  async #payloadOrNothing(namespace: NamespaceId, index: number): Promise<Uint8Array | undefined> {
    try {
      return await this.payload(namespace, index);
    } catch (error) {
      if (isPruned(error)) return undefined;
      throw error;
    }
  }

  /** Bytes of entries and payloads of the first `height` blocks. */
  async sizeBytes(namespace: NamespaceId, height: number): Promise<number> {
    const begin = (await this.#store.head(namespace))?.begin?.index ?? 0;
    let from = Math.max(begin, height - (height % SIZE_RECORD_BLOCKS));
    const record =
      from === 0 ? undefined : await this.#store.record(recordName.size(namespace, from));
    let total = record === undefined ? 0 : decodeIndex(record);
    while (from < height) {
      const page = await this.#store.entries(namespace, from, Math.min(PAGE, height - from));
      if (page.length === 0)
        throw new StoreError('corrupt', 'entries are missing: run basalt fsck');
      for (const bytes of page) total += bytes.length + decodeEntry(bytes).header.payloadLength;
      from += page.length;
    }
    return total;
  }

  async keyBlocks(namespace: NamespaceId): Promise<readonly number[]> {
    return (await this.#lanes.get(namespace)).chain.keyBlocks;
  }
}

function isPruned(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'pruned';
}

/** A version 1 chain has no genesis payload; it belongs to its one writer. */
function ownStrategy(chain: ChainState): Strategy {
  const writer = chain.keys?.periods[0]?.keyId;
  assert(writer !== undefined, 'a chain with blocks has a writer');
  return { kind: 'per-writer', writer };
}
