import type { BlockHash, NamespaceId } from '@basalt/protocol';

/** One block as it is stored: what the tree commits to, and the payload beside it. */
export interface StoredBlock {
  /** Tree leaf data: header, length, signature. */
  readonly entry: Uint8Array;
  readonly blockHash: BlockHash;
  /** Absent in header form (payload pruned or never fetched). */
  readonly payload: Uint8Array | undefined;
}

export interface FullTile {
  readonly level: number;
  readonly index: number;
  /** 256 hashes, 8,192 bytes. */
  readonly bytes: Uint8Array;
}

/**
 * Where a namespace begins whose older blocks are not here. It is the border of a bundle, so that
 * bundles and tiles from there on are whole.
 */
export interface NamespaceBegin {
  /** First index that is stored: above 0, a multiple of 256. */
  readonly index: number;
  /** Right edge of the tree of the first `index` leaves (`TileBuilder.encodeEdge`). */
  readonly edge: Uint8Array;
  /** Address of a node that had what is older; empty where nobody is known. */
  readonly source: string;
}

/** What one namespace adds in one group. */
export interface NamespaceAppend {
  readonly namespace: NamespaceId;
  /**
   * Compare-and-swap: the size that the store must have now; 0 creates the namespace. With `begin`
   * it is `begin.index`, and the namespace must not be there.
   */
  readonly expectedSize: number;
  /** Creates a namespace that begins there instead of at 0; at least one block comes with it. */
  readonly begin?: NamespaceBegin;
  /** Block hash of the head that the store must have now; undefined at size 0. */
  readonly expectedHead: BlockHash | undefined;
  readonly blocks: readonly StoredBlock[];
  /** Those that fill up; with `begin` also older ones that are to be kept. */
  readonly fullTiles: readonly FullTile[];
  /**
   * Right edge of the tree above level 0, rewritten when a tile fills up; undefined = unchanged.
   */
  readonly edge: Uint8Array | undefined;
  /** State that the ledger keeps per namespace (key periods and so on); undefined = unchanged. */
  readonly state: Uint8Array | undefined;
}

/** A small named record of the ledger: checkpoints, fork proofs, idempotency keys, super-log. */
export interface NamedRecord {
  readonly name: string;
  /** undefined deletes. */
  readonly value: Uint8Array | undefined;
}

export interface NamespaceHead {
  readonly namespace: NamespaceId;
  readonly size: number;
  readonly headHash: BlockHash | undefined;
  readonly state: Uint8Array;
  readonly edge: Uint8Array;
  /** First index whose payload is still here. */
  readonly payloadsFrom: number;
  /** Undefined where the namespace is here from its first block on. */
  readonly begin: NamespaceBegin | undefined;
}

export interface BlockLocation {
  readonly namespace: NamespaceId;
  readonly index: number;
}

export interface StoreStats {
  readonly namespaces: number;
  readonly blocks: number;
  readonly diskBytes: number;
  /** Memory of the filter behind negative look-ups; 0 until it is built. */
  readonly filterBytes: number;
  /** Memory of decoded bundles, packs and tails. */
  readonly cacheBytes: number;
}

/**
 * The ledger's storage over any engine. Appends that are waiting while a sync runs join the next
 * group; a promise resolves after the sync that covers it (group commit).
 */
export interface LogStore {
  /**
   * Resolves when the blocks are durable. Bytes must not change until it settles. An append that is
   * out of date fails alone; the other members of its group go on.
   *
   * @throws StoreError `conflict` (head moved), `disk-full` (nothing of this append was kept and
   *   the store accepts writes again once there is room), `io` (unknown whether it was kept: read
   *   the head), `closed`
   */
  append(append: NamespaceAppend, records?: readonly NamedRecord[]): Promise<void>;
  /** Several namespaces atomically in one group. */
  appendAll(appends: readonly NamespaceAppend[], records?: readonly NamedRecord[]): Promise<void>;
  putRecords(records: readonly NamedRecord[]): Promise<void>;
  record(name: string): Promise<Uint8Array | undefined>;
  /** Records whose name starts with `prefix`, in byte order. */
  records(prefix: string, limit?: number): AsyncIterable<{ name: string; value: Uint8Array }>;

  head(namespace: NamespaceId): Promise<NamespaceHead | undefined>;
  /** In order of creation. */
  namespaces(): AsyncIterable<NamespaceHead>;
  /** @throws StoreError `pruned` below the beginning of the namespace */
  entry(namespace: NamespaceId, index: number): Promise<Uint8Array | undefined>;
  /**
   * Entries [from, from + count), fewer at the end of the log.
   * @throws StoreError `pruned` where it starts below the beginning of the namespace
   */
  entries(namespace: NamespaceId, from: number, count: number): Promise<Uint8Array[]>;
  /**
   * Full entry bundle as tlog-tiles serves it: 256 times u16 length and entry. Undefined while
   * there are fewer than 256 * (index + 1) blocks.
   * @throws StoreError `pruned` below the beginning of the namespace
   */
  bundle(namespace: NamespaceId, index: number): Promise<Uint8Array | undefined>;
  /**
   * Undefined where there is no such block, where it came in header form and where its payload was
   * dropped. @throws StoreError `pruned` below `payloadsFrom`
   */
  payload(namespace: NamespaceId, index: number): Promise<Uint8Array | undefined>;
  /**
   * Full tiles only; partial ones are computed by the ledger.
   * @throws StoreError `pruned` for one that lies below the beginning and was not kept
   */
  tile(namespace: NamespaceId, level: number, index: number): Promise<Uint8Array | undefined>;
  /** Negative answers come from a filter in memory, without touching the disk. */
  locate(blockHash: BlockHash): Promise<BlockLocation | undefined>;
  /**
   * Deletes payloads below `beforeIndex`; headers, proofs and tiles stay. Returns how many there
   * were. From its first moment on, `payload` tells `pruned` for all of them.
   */
  prunePayloads(namespace: NamespaceId, beforeIndex: number): Promise<number>;
  /**
   * Deletes single payloads; headers, proofs and tiles stay. Afterwards `payload` answers undefined
   * for them, as for a block that came in header form. In steps of bounded size: each is whole or
   * not at all. Indexes without a payload are passed over. Returns how many there were.
   */
  dropPayloads(namespace: NamespaceId, indexes: readonly number[]): Promise<number>;
  /**
   * Brings payloads of the blocks from `from` on back; undefined leaves one as it is. Below
   * `payloadsFrom`, which moves down with them, they have to reach up to it: bring the newest ones
   * first, some at a time. A commit for each 256 blocks, newest first; what was there stays. It is
   * the caller who has held them against the headers. Returns how many came back.
   */
  restorePayloads(
    namespace: NamespaceId,
    from: number,
    payloads: readonly (Uint8Array | undefined)[],
  ): Promise<number>;
  /** For each block of [from, from + count), fewer at the end: whether its payload is here. */
  heldPayloads(namespace: NamespaceId, from: number, count: number): Promise<boolean[]>;
  stats(): Promise<StoreStats>;
  close(): Promise<void>;
}
