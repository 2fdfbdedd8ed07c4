import {
  type BlockHash,
  type CryptoProvider,
  type Hash32,
  leafHash,
  type NamespaceId,
  TILE_WIDTH,
  TileBuilder,
} from '@basalt/protocol';
import type { FullTile, LogStore } from '@basalt/store';
import { decodeChainState, decodeFrozen, recordName } from './chain-codec.ts';
import { type ChainState, emptyChain } from './chain-state.ts';
import { Draft } from './draft.ts';

export interface TreeHead {
  readonly size: number;
  readonly root: Hash32;
}

/**
 * The newest state of one namespace in memory: what the next block is checked against and the right
 * edge of its tree. Owned by the pipeline, which has at most one draft open per lane.
 */
export class Lane {
  readonly namespace: NamespaceId;
  /** Committed: on disk. */
  chain: ChainState;
  readonly tree: TileBuilder;
  /** Size of the newest published checkpoint; written by the checkpointer. */
  checkpointSize: number;
  /**
   * A snapshot of it is being imported: what is here is older than what its writer has signed, so
   * nothing is taken and nothing is signed for it.
   */
  readonly isUnfinished: boolean;
  #draft: Draft | undefined;
  /** Committed head, worked out when asked for: a root costs about log2(size) hashes. */
  #head: TreeHead | undefined;

  constructor(
    chain: ChainState,
    tree: TileBuilder,
    checkpointSize: number,
    isUnfinished: boolean = false,
  ) {
    this.namespace = chain.namespace;
    this.isUnfinished = isUnfinished;
    this.chain = chain;
    this.tree = tree;
    this.checkpointSize = checkpointSize;
  }

  get size(): number {
    return this.chain.tip?.size ?? 0;
  }

  get headHash(): BlockHash | undefined {
    return this.chain.tip?.headHash;
  }

  get draft(): Draft | undefined {
    return this.#draft;
  }

  /** Size and root of what is committed, also while a draft is open. */
  head(): TreeHead {
    this.#head ??= { size: this.size, root: this.tree.root() };
    return this.#head;
  }

  open(crypto: CryptoProvider): Draft {
    this.head();
    this.#draft = new Draft(this.chain, this.tree, crypto);
    return this.#draft;
  }

  /** The store has the draft. */
  commit(draft: Draft): void {
    this.chain = draft.chain;
    this.#draft = undefined;
    if (draft.blocks.length > 0) this.#head = undefined;
  }

  /** The draft is empty or the store refused it: as if it had never been. */
  abandon(draft: Draft): void {
    draft.undo();
    this.#draft = undefined;
  }

  /** A tile that the open draft has filled up and the store does not have yet. */
  draftTile(level: number, index: number): FullTile | undefined {
    return this.#draft?.fullTiles.find((tile) => tile.level === level && tile.index === index);
  }
}

/** Reads the lane of a namespace from the store; a namespace that is not there is empty. */
export async function loadLane(
  namespace: NamespaceId,
  store: LogStore,
  crypto: CryptoProvider,
  checkpointSize: number,
): Promise<Lane> {
  const head = await store.head(namespace);
  if (head === undefined || head.headHash === undefined) {
    return new Lane(emptyChain(namespace), new TileBuilder(undefined, crypto.sha256), 0);
  }
  const from = head.size - (head.size % TILE_WIDTH);
  const entries = await store.entries(namespace, from, head.size - from);
  const leaves = new Uint8Array(32 * entries.length);
  entries.forEach((entry, i) => {
    leaves.set(leafHash(entry, crypto.sha256), 32 * i);
  });
  const tree = new TileBuilder({ size: head.size, leaves, edge: head.edge }, crypto.sha256);
  const frozen = await store.record(recordName.frozen(namespace));
  const chain = {
    ...decodeChainState(namespace, head.size, head.headHash, head.state),
    frozen: frozen === undefined ? undefined : decodeFrozen(frozen),
  };
  const unfinished = await store.record(recordName.snapshot(namespace));
  return new Lane(chain, tree, checkpointSize, unfinished !== undefined);
}
