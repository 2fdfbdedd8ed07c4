import type { Entry } from './entry.ts';
import { BLOB_PRICE_BUMP_PERCENT, PRICE_BUMP_PERCENT } from './limits.ts';
import { refuse } from './refuse.ts';

/**
 * A transaction takes the place of another with its nonce when it pays more in both fees: a tenth,
 * or double where blobs are involved, and then for blob gas too.
 *
 * @throws ExecutionError `replacement-underpriced`
 */
export function assertReplaces(entry: Entry, old: Entry): void {
  const one = entry.transaction.fields;
  const other = old.transaction.fields;
  const bump = one.type === 3 || other.type === 3 ? BLOB_PRICE_BUMP_PERCENT : PRICE_BUMP_PERCENT;
  assertBumped('maximum fee', entry.feeCap, old.feeCap, bump);
  assertBumped('priority fee', entry.tipCap, old.tipCap, bump);
  if (one.type === 3 && other.type === 3) {
    assertBumped('blob fee', one.maxFeePerBlobGas, other.maxFeePerBlobGas, bump);
  }
}

function assertBumped(what: string, fee: bigint, old: bigint, bumpPercent: bigint): void {
  if (fee > old && fee * 100n >= old * (100n + bumpPercent)) return;
  const message = `${what} ${fee} replaces ${old}: ${bumpPercent} % more is asked`;
  throw refuse('replacement-underpriced', message);
}
