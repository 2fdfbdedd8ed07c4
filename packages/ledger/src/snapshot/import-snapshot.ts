import {
  type Block,
  type BlockHash,
  type BuiltTile,
  blockHash,
  bundleOfChunk,
  type CryptoProvider,
  decodeSnapshotManifest,
  type Entry,
  encodeBlock,
  encodeSnapshotManifest,
  equalBytes,
  leafHash,
  type NamespaceId,
  openSnapshotChunk,
  ProtocolError,
  type SnapshotManifest,
  snapshotChunkCount,
  TILE_WIDTH,
  TileBuilder,
} from '@basalt/protocol';
import { type LogStore, type NamedRecord, type StoredBlock } from '@basalt/store';
import { encodeChainState, encodeIndex, recordName } from '../chain-codec.ts';
import { applyBlock, type ChainState, emptyChain } from '../chain-state.ts';
import { keyBlockName } from '../draft.ts';
import { LedgerError } from '../errors.ts';
import type { SubmittedItem } from '../jobs.ts';
import { loadLane } from '../lane.ts';
import { SIZE_RECORD_BLOCKS } from '../limits.ts';
import type { BatchVerifier } from '../types.ts';
import { verifyAhead } from '../verification.ts';
import { chainBefore, readKeyBlocks } from './begin-chain.ts';

export interface SnapshotImportComponents {
  /** No ledger may be open over it meanwhile: it would not see what is imported. */
  readonly store: LogStore;
  readonly crypto: CryptoProvider;
  readonly verifier: BatchVerifier;
}

export interface SnapshotImportOptions {
  /** Address that has what is older, told to whoever asks for it; "" for none. */
  readonly source?: string;
}

/** A snapshot on its way into a store. Chunks come in the order of their numbers. */
export interface SnapshotImport {
  readonly manifest: SnapshotManifest;
  /** Number of the chunk that is needed next; undefined when the namespace is whole. */
  nextChunk(): number | undefined;
  /**
   * Takes the next chunk in. Once a bundle's promise resolves it is durable, its signatures and its
   * place in the chain verified; a refused chunk leaves everything as it was, so another copy of it
   * may be offered.
   *
   * @throws ProtocolError the codes of `openSnapshotChunk` and of the rules of the chain;
   *   `inconsistent-checkpoint` when the last one leads to another head than the snapshot names;
   *   StoreError
   */
  add(bytes: Uint8Array): Promise<void>;
}

/** The manifest of a snapshot that a store has not got whole yet. */
export async function unfinishedSnapshot(
  store: LogStore,
  namespace: NamespaceId,
): Promise<SnapshotManifest | undefined> {
  const bytes = await store.record(recordName.snapshot(namespace));
  return bytes === undefined ? undefined : decodeSnapshotManifest(bytes);
}

/**
 * Begins to import a snapshot, or goes on with the same one. The caller has shown that a signed
 * checkpoint names the snapshot's root. The store itself is the journal: each bundle is one commit,
 * after which the namespace is a valid beginning of the whole one.
 *
 * After a StoreError begin anew with this function: what the store has is then read again.
 *
 * @throws LedgerError `out-of-range` when the namespace is here already, or in part from another
 *   snapshot
 */
export async function importSnapshot(
  components: SnapshotImportComponents,
  manifest: SnapshotManifest,
  options: SnapshotImportOptions = {},
): Promise<SnapshotImport> {
  const { store } = components;
  const { namespace } = manifest.snapshot;
  const head = await store.head(namespace);
  const unfinished = await store.record(recordName.snapshot(namespace));
  const own = encodeSnapshotManifest(manifest);
  if (unfinished !== undefined && !equalBytes(unfinished, own)) {
    throw alreadyHere(namespace, 'another snapshot of it was begun: finish that one');
  }
  if (head !== undefined && unfinished === undefined) {
    throw alreadyHere(namespace, `it is here already, with ${head.size} blocks`);
  }
  const running = new RunningImport(components, manifest, options.source ?? '');
  if (head !== undefined) await running.resume();
  return running;
}

class RunningImport implements SnapshotImport {
  readonly manifest: SnapshotManifest;
  readonly #components: SnapshotImportComponents;
  readonly #source: string;
  /** By index. */
  #keyBlocks = new Map<number, Block>();
  /** Full tiles below the beginning that prove key blocks, by place; written with the first one. */
  readonly #tiles = new Map<string, BuiltTile>();
  #chain: ChainState | undefined;
  #tree: TileBuilder;
  #next = 0;

  constructor(components: SnapshotImportComponents, manifest: SnapshotManifest, source: string) {
    this.manifest = manifest;
    this.#components = components;
    this.#source = source;
    this.#tree = this.#treeAtBegin();
  }

  nextChunk(): number | undefined {
    return this.#next < snapshotChunkCount(this.manifest) ? this.#next : undefined;
  }

  /** Goes on after the last bundle that was committed: a ledger adds nothing meanwhile. */
  async resume(): Promise<void> {
    const { store, crypto } = this.#components;
    const { snapshot, from, keyBlocks } = this.manifest;
    const lane = await loadLane(snapshot.namespace, store, crypto, 0);
    this.#chain = lane.chain;
    this.#tree = lane.tree;
    this.#keyBlocks = await readKeyBlocks(store, snapshot.namespace);
    this.#next = keyBlocks.length + Math.floor((lane.size - from) / TILE_WIDTH);
  }

  async add(bytes: Uint8Array): Promise<void> {
    const number = this.#next;
    const { crypto } = this.#components;
    const chunk = openSnapshotChunk(this.manifest, number, bytes, crypto);
    if (chunk.kind === 'bundle') {
      await this.#addBundle(chunk.entries);
    } else {
      this.#keyBlocks.set(chunk.block.entry.header.index, chunk.block);
      for (const tile of chunk.tiles) this.#tiles.set(`${tile.level}/${tile.index}`, tile);
    }
    this.#next = number + 1;
  }

  async #addBundle(entries: readonly Entry[]): Promise<void> {
    const { store, crypto } = this.#components;
    const before = this.#chain;
    const chain = before ?? this.#chainAtBegin(entries[0] as Entry);
    const items = await this.#verifiedItems(chain, entries);
    const undo = this.#tree.snapshot();
    const isFirst = before === undefined;
    const records: NamedRecord[] = isFirst ? this.#firstRecords() : [];
    const blocks: StoredBlock[] = [];
    let after = chain;
    try {
      for (const { block, hash, check } of items) {
        after = applyBlock(after, block, hash, check, crypto);
        this.#tree.append(leafHash(block.entry.bytes, crypto.sha256));
        blocks.push({ entry: block.entry.bytes, blockHash: hash, payload: block.payload });
        const size = after.tip?.size ?? 0;
        if (size % SIZE_RECORD_BLOCKS === 0) records.push(this.#sizeRecord(size, after));
      }
      records.push(...this.#lastRecords(after));
      const fullTiles = this.#tree.takeFullTiles();
      const { from, edge } = this.manifest;
      await store.append(
        {
          namespace: after.namespace,
          expectedSize: (isFirst ? from : before.tip?.size) ?? 0,
          expectedHead: before?.tip?.headHash,
          ...(isFirst && from > 0 ? { begin: { index: from, edge, source: this.#source } } : {}),
          blocks,
          fullTiles: isFirst ? [...this.#tiles.values(), ...fullTiles] : fullTiles,
          edge: this.#tree.encodeEdge(),
          state: encodeChainState(after),
        },
        records,
      );
    } catch (error) {
      this.#tree.restore(undo);
      throw error;
    }
    this.#chain = after;
  }

  /** Blocks of the bundle that are not here yet, their signatures checked as one batch. */
  async #verifiedItems(chain: ChainState, entries: readonly Entry[]): Promise<SubmittedItem[]> {
    const { crypto, verifier } = this.#components;
    const size = chain.tip?.size ?? 0;
    const items: SubmittedItem[] = [];
    for (const entry of entries) {
      if (entry.header.index < size) continue;
      const block = { entry, payload: this.#payloadOf(entry) };
      const hash: BlockHash = blockHash(entry, block.payload, crypto.sha256);
      items.push({ block, hash, check: { kind: 'unchecked' } });
    }
    await verifyAhead(chain.keys, size, items, verifier);
    return items;
  }

  #payloadOf(entry: Entry): Uint8Array | undefined {
    const { index, payloadLength } = entry.header;
    const keyBlock = this.#keyBlocks.get(index);
    if (keyBlock === undefined) return payloadLength === 0 ? new Uint8Array(0) : undefined;
    if (equalBytes(keyBlock.entry.bytes, entry.bytes)) return keyBlock.payload;
    throw new ProtocolError('invalid-proof', 'expected the key block that the tree holds', {
      index,
    });
  }

  #treeAtBegin(): TileBuilder {
    const { from: size, edge } = this.manifest;
    const { sha256 } = this.#components.crypto;
    return new TileBuilder({ size, leaves: new Uint8Array(0), edge }, sha256);
  }

  #chainAtBegin(first: Entry): ChainState {
    const { from, olderSizeBytes, snapshot } = this.manifest;
    if (from === 0) return emptyChain(snapshot.namespace);
    const older = [...this.#keyBlocks.values()].filter(({ entry }) => entry.header.index < from);
    return chainBefore(first, older, olderSizeBytes, this.#components.crypto);
  }

  #firstRecords(): NamedRecord[] {
    const { snapshot, from, olderSizeBytes } = this.manifest;
    const { namespace } = snapshot;
    const records = [...this.#keyBlocks].map(([index, block]) => ({
      name: keyBlockName(namespace, index),
      value: encodeBlock(block),
    }));
    if (from > 0) {
      const value = encodeIndex(olderSizeBytes);
      records.push({ name: recordName.size(namespace, from), value });
    }
    const value = encodeSnapshotManifest(this.manifest);
    return [...records, { name: recordName.snapshot(namespace), value }];
  }

  #sizeRecord(size: number, chain: ChainState): NamedRecord {
    const name = recordName.size(chain.namespace, size);
    return { name, value: encodeIndex(chain.totalSizeBytes) };
  }

  /** With the last bundle the mark of an unfinished import goes. @throws ProtocolError */
  #lastRecords(chain: ChainState): NamedRecord[] {
    const { snapshot, keyBlocks } = this.manifest;
    const { tip, namespace, totalSizeBytes } = chain;
    if (tip === undefined || bundleOfChunk(this.manifest, this.#next + 1) !== undefined) return [];
    const isSame =
      tip.size === snapshot.height &&
      tip.timestampMs === snapshot.createdMs &&
      equalBytes(tip.headHash, snapshot.headHash) &&
      equalBytes(this.#tree.root(), snapshot.root) &&
      totalSizeBytes === snapshot.totalSizeBytes &&
      chain.keyBlocks.length === keyBlocks.length;
    if (isSame) return [{ name: recordName.snapshot(namespace), value: undefined }];
    throw new ProtocolError(
      'inconsistent-checkpoint',
      'the blocks lead to another head, sum of bytes or list of keys than the snapshot names',
      { expected: snapshot.height, found: tip.size },
    );
  }
}

function alreadyHere(namespace: NamespaceId, why: string): LedgerError {
  return new LedgerError('out-of-range', `${namespace} cannot begin at a snapshot: ${why}`, {
    namespace,
  });
}
