import type { Database } from 'lmdb';
import type { Row } from '../engine.ts';
import { ownBytes } from '../own-bytes.ts';

export interface RowBounds {
  /** Inclusive. */
  readonly from: Uint8Array | undefined;
  /** Exclusive. */
  readonly to: Uint8Array | undefined;
  /** From the upper bound down. */
  readonly reverse: boolean;
  readonly limit: number;
}

/** Copies of the rows within the bounds. Throws what lmdb-js throws. */
export function scanRows(
  database: Database<Uint8Array, Uint8Array>,
  { from, to, reverse, limit }: RowBounds,
): Row[] {
  // lmdb-js starts at `start` in the direction of the walk; ours is always [from, to).
  const [start, end] = reverse ? [to, from] : [from, to];
  const rows = database.getRange({
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
    ...(reverse ? { reverse: true, exclusiveStart: true, inclusiveEnd: true } : {}),
    limit,
  });
  const copied: Row[] = [];
  for (const { key, value } of rows) copied.push({ key: ownBytes(key), value: ownBytes(value) });
  return copied;
}

/** The least key above another. */
export function keyAfter(key: Uint8Array): Uint8Array {
  const after = new Uint8Array(key.length + 1);
  after.set(key);
  return after;
}
