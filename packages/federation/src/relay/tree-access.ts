import {
  HASH_BYTES,
  type Hash32,
  type HashReader,
  inclusionProof,
  RangeBuilder,
  subtreeConsistencyProof,
  tileHashReader,
  treeRoot,
} from '@basalt/protocol';

/** Hashes of one tile, at least `width` times 32 bytes. Rejects where there is none. */
export type TileSource = (level: number, index: number, width: number) => Promise<Uint8Array>;

/**
 * Runs a calculation over the nodes of a tree of `size` leaves, twice: the first time to learn
 * which tiles it reads (their hashes are zeroes then), the second time with the tiles loaded.
 */
export async function overTiles<Result>(
  size: number,
  source: TileSource,
  run: (read: HashReader) => Result,
): Promise<Result> {
  const wanted = new Map<string, readonly [number, number, number]>();
  run(
    tileHashReader(size, (level, index, width) => {
      wanted.set(`${level}/${index}`, [level, index, width]);
      return new Uint8Array(width * HASH_BYTES);
    }),
  );
  const loaded = new Map<string, Uint8Array>();
  await Promise.all(
    Array.from(wanted, async ([key, [level, index, width]]) => {
      loaded.set(key, await source(level, index, width));
    }),
  );
  return run(tileHashReader(size, (level, index) => loaded.get(`${level}/${index}`) as Uint8Array));
}

/** Root over the first `size` leaves. */
export function rootOver(size: number, source: TileSource): Promise<Hash32> {
  return overTiles(size, source, (read) => treeRoot(size, read));
}

/** Proof that [start, end) is a sub-tree of the tree of `size` leaves. */
export function subtreeProofOver(
  range: { readonly start: number; readonly end: number; readonly size: number },
  source: TileSource,
): Promise<Hash32[]> {
  const { start, end, size } = range;
  return overTiles(size, source, (read) => subtreeConsistencyProof(start, end, size, read));
}

export function inclusionOver(index: number, size: number, source: TileSource): Promise<Hash32[]> {
  return overTiles(size, source, (read) => inclusionProof(index, size, read));
}

/** Root of a sub-tree out of its leaf hashes, 32 bytes each. */
export function rootOfLeaves(hashes: readonly Uint8Array[]): Hash32 {
  const builder = new RangeBuilder();
  for (const hash of hashes) builder.append(hash);
  return builder.root();
}
