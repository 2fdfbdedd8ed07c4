import type { PoolLimits } from './limits.ts';
import { refuse } from './refuse.ts';

/**
 * Comes before anything reads the bytes.
 *
 * @throws ExecutionError `oversize`
 */
export function checkSize(raw: Uint8Array, limits: PoolLimits): void {
  const bound = raw[0] === 3 ? limits.blobTransactionBytes : limits.transactionBytes;
  if (raw.length > bound) throw refuse('oversize', `${raw.length} bytes, at most ${bound}`);
}
