import {
  type Block,
  type BlockHash,
  type CryptoProvider,
  encodeBlock,
  leafHash,
  ProtocolError,
  type TileBuilder,
  type TileBuilderSnapshot,
} from '@basalt/protocol';
import type { FullTile, NamedRecord, NamespaceAppend, StoredBlock } from '@basalt/store';
import { encodeChainState, encodeIndex, recordName } from './chain-codec.ts';
import { applyBlock, type ChainState, type SignatureCheck } from './chain-state.ts';
import { SIZE_RECORD_BLOCKS } from './limits.ts';
import type { BlockEvent, LedgerEvent } from './types.ts';

export interface DraftMark {
  readonly chain: ChainState;
  readonly tree: TileBuilderSnapshot;
  readonly blocks: number;
  readonly records: number;
  readonly fullTiles: number;
}

/**
 * The blocks that one namespace is about to add in one group: applied to a copy of its chain state
 * and to its tree, not yet stored. Either the store takes it whole, or `undo` leaves no trace.
 */
export class Draft {
  chain: ChainState;
  readonly blocks: StoredBlock[] = [];
  readonly records: NamedRecord[] = [];
  readonly events: BlockEvent[] = [];
  /** Told when the proofs are stored: who hears of a fork reads its proof. */
  readonly forks: Extract<LedgerEvent, { kind: 'fork' }>[] = [];
  readonly fullTiles: FullTile[] = [];
  readonly #before: ChainState;
  readonly #tree: TileBuilder;
  readonly #snapshot: TileBuilderSnapshot;
  readonly #crypto: CryptoProvider;

  constructor(chain: ChainState, tree: TileBuilder, crypto: CryptoProvider) {
    this.chain = chain;
    this.#before = chain;
    this.#tree = tree;
    this.#snapshot = tree.snapshot();
    this.#crypto = crypto;
  }

  /** @throws ProtocolError when a rule refuses the block; the draft is then as before */
  add(block: Block, hash: BlockHash, signature: SignatureCheck, nowMs?: number): void {
    if (block.payload === undefined && block.entry.header.payloadLength > 0) {
      throw new ProtocolError('payload-mismatch', 'a block is submitted with its payload', {
        payloadLength: block.entry.header.payloadLength,
      });
    }
    const before = this.chain;
    const next = applyBlock(before, block, hash, signature, this.#crypto, nowMs);
    this.chain = next;
    this.#tree.append(leafHash(block.entry.bytes, this.#crypto.sha256));
    for (const tile of this.#tree.takeFullTiles()) this.fullTiles.push(tile);
    this.blocks.push({
      entry: block.entry.bytes,
      blockHash: hash,
      payload: block.payload ?? new Uint8Array(0),
    });
    if (next.keyBlocks !== before.keyBlocks && next.keyBlocks.length > 0) {
      this.#keepKeyBlock(block);
    }
    if (before.frozen !== undefined && next.frozen === undefined) {
      this.records.push({ name: recordName.frozen(next.namespace), value: undefined });
    }
    if ((next.tip?.size ?? 0) % SIZE_RECORD_BLOCKS === 0) {
      const name = recordName.size(next.namespace, next.tip?.size ?? 0);
      this.records.push({ name, value: encodeIndex(next.totalSizeBytes) });
    }
    this.#note(block, hash);
  }

  /** The block at `index` when it belongs to this draft. */
  blockAt(index: number): StoredBlock | undefined {
    return this.blocks[index - (this.#before.tip?.size ?? 0)];
  }

  /** A point to go back to, so that several blocks are added all or none. */
  mark(): DraftMark {
    return {
      chain: this.chain,
      tree: this.#tree.snapshot(),
      blocks: this.blocks.length,
      records: this.records.length,
      fullTiles: this.fullTiles.length,
    };
  }

  backTo(mark: DraftMark): void {
    this.chain = mark.chain;
    this.#tree.restore(mark.tree);
    this.blocks.length = mark.blocks;
    this.events.length = mark.blocks;
    this.records.length = mark.records;
    this.fullTiles.length = mark.fullTiles;
  }

  toAppend(): NamespaceAppend {
    return {
      namespace: this.chain.namespace,
      expectedSize: this.#before.tip?.size ?? 0,
      expectedHead: this.#before.tip?.headHash,
      blocks: this.blocks,
      fullTiles: this.fullTiles,
      edge: this.fullTiles.length > 0 ? this.#tree.encodeEdge() : undefined,
      state: encodeChainState(this.chain),
    };
  }

  /** Puts the tree back to where it was. */
  undo(): void {
    this.#tree.restore(this.#snapshot);
  }

  /** Key blocks stay readable whole even when payloads are pruned: verifiers need them. */
  #keepKeyBlock(block: Block): void {
    const { namespace, index } = block.entry.header;
    this.records.push({ name: keyBlockName(namespace, index), value: encodeBlock(block) });
  }

  #note(block: Block, blockHash: BlockHash): void {
    const { namespace, index, timestampMs, payloadType, payloadLength } = block.entry.header;
    this.events.push({
      kind: 'block',
      namespace,
      index,
      blockHash,
      timestampMs,
      payloadType,
      payloadLength,
    });
  }
}

/** Record of a key block, in wire form; sixteen hex digits keep them in order. */
export function keyBlockName(namespace: string, index: number): string {
  return `key/${namespace}/${index.toString(16).padStart(16, '0')}`;
}
