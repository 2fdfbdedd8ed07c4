import { hash as nodeHash } from 'node:crypto';
import {
  ALGORITHM,
  type BlockHash,
  blockHash,
  encodeEntry,
  encodeHeader,
  HASH_KIND,
  hashPayload,
  type KeyId,
  leafHash,
  type NamespaceId,
  nobleProvider,
  TileBuilder,
} from '@basalt/protocol';
import type { NamespaceAppend, StoredBlock } from '../../src/index.ts';

export const sha256 = (data: Uint8Array): Uint8Array =>
  new Uint8Array(nodeHash('sha256', data, 'buffer'));

/** Repeatable bytes: SHA-256 of a seed and a counter, for tests and benchmarks. */
export function seededBytes(seed: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let offset = 0, part = 0; offset < length; offset += 32, part++) {
    const digest = nodeHash('sha256', `${seed}/${part}`, 'buffer');
    bytes.set(digest.subarray(0, Math.min(32, length - offset)), offset);
  }
  return bytes;
}

export function testNamespace(number: number): NamespaceId {
  return `00000000-0000-8000-8000-${number.toString(16).padStart(12, '0')}` as NamespaceId;
}

/** A block as the store sees it; signatures are filler, since the store does not look at them. */
export interface ChainBlock extends StoredBlock {
  readonly index: number;
  readonly payload: Uint8Array;
}

/**
 * Makes valid appends of one namespace: real headers, hashes, tiles and edge. It is also the model
 * that stores are compared with.
 */
export class TestChain {
  readonly namespace: NamespaceId;
  readonly blocks: ChainBlock[] = [];
  readonly tiles: Map<string, Uint8Array> = new Map();
  edge: Uint8Array = new Uint8Array(0);
  #tree: TileBuilder = new TileBuilder(undefined, sha256);

  constructor(number = 1) {
    this.namespace = testNamespace(number);
  }

  get size(): number {
    return this.blocks.length;
  }

  get head(): BlockHash | undefined {
    return this.blocks.at(-1)?.blockHash;
  }

  /** The next blocks, one per payload, and moves on. */
  append(payloads: readonly Uint8Array[], state?: Uint8Array): NamespaceAppend {
    const expectedSize = this.size;
    const expectedHead = this.head;
    const added = payloads.map((payload) => this.#block(payload));
    const fullTiles = this.#tree.takeFullTiles();
    for (const tile of fullTiles) this.tiles.set(`${tile.level}/${tile.index}`, tile.bytes);
    const edge = fullTiles.length > 0 ? this.#tree.encodeEdge() : undefined;
    if (edge !== undefined) this.edge = edge;
    return {
      namespace: this.namespace,
      expectedSize,
      expectedHead,
      blocks: added,
      fullTiles,
      edge,
      state,
    };
  }

  /** The next `count` blocks with payloads of `length` seeded random bytes. */
  grow(count: number, length = 256): NamespaceAppend {
    const first = this.size;
    return this.append(
      Array.from({ length: count }, (_, i) =>
        seededBytes(`${this.namespace}/${first + i}`, length),
      ),
    );
  }

  #block(payload: Uint8Array): ChainBlock {
    const index = this.size;
    const headerBytes = encodeHeader({
      version: 2,
      namespace: this.namespace,
      index,
      timestampMs: 1_760_000_000_000 + index * 7,
      previous: this.head ?? (new Uint8Array(32) as BlockHash),
      payloadHash: hashPayload(payload, HASH_KIND.sha256, { ...nobleProvider, sha256 }),
      payloadType: 1,
      payloadLength: payload.length,
      algorithm: ALGORITHM.ed25519,
      payloadHashKind: HASH_KIND.sha256,
      keyId: seededBytes(`key/${this.namespace}`, 32) as KeyId,
    });
    const entry = encodeEntry(headerBytes, seededBytes(`signature/${this.namespace}/${index}`, 64));
    this.#tree.append(leafHash(entry, sha256));
    const block = { index, entry, payload, blockHash: blockHash(headerBytes, undefined, sha256) };
    this.blocks.push(block);
    return block;
  }
}
