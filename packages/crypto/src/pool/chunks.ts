import { POOL_CHUNK_BLOCKS_MAX, POOL_CHUNK_BLOCKS_MIN, POOL_CHUNK_BYTES_MAX } from '../limits.ts';

export interface ChunkRules<Item> {
  readonly workers: number;
  readonly sizeOf: (item: Item) => number;
}

/**
 * Cuts a list into chunks for the workers: as many as there are workers where that leaves at least
 * 64 items each, never more than 1,024 items or 8 MiB each (one larger item travels alone).
 */
export function cutChunks<Item>(items: readonly Item[], rules: ChunkRules<Item>): Item[][] {
  const even = Math.ceil(items.length / rules.workers);
  const count = Math.min(Math.max(even, POOL_CHUNK_BLOCKS_MIN), POOL_CHUNK_BLOCKS_MAX);
  const chunks: Item[][] = [];
  let chunk: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = rules.sizeOf(item);
    const isFull = chunk.length === count || bytes + size > POOL_CHUNK_BYTES_MAX;
    if (isFull && chunk.length > 0) {
      chunks.push(chunk);
      chunk = [];
      bytes = 0;
    }
    chunk.push(item);
    bytes += size;
  }
  if (chunk.length > 0) chunks.push(chunk);
  return chunks;
}
