import { decodePackRow, encodePackRow } from './bundle.ts';
import type { KeyValueEngine, WriteOperation } from './engine.ts';
import { logKey } from './keys.ts';
import { BUNDLE_WIDTH, PRUNE_BUNDLES_PER_STEP } from './limits.ts';
import type { LogReader } from './log-reader.ts';
import type { NamespaceState } from './namespace-table.ts';
import { type PayloadStep, pruneHot } from './pruning.ts';
import { PAYLOAD_PLACE } from './rows.ts';

export interface DropStep extends PayloadStep {
  /** How many of the sorted indexes have been dealt with. */
  readonly done: number;
}

/**
 * The next commit on the way to a namespace without the payloads of `sorted`, of which `from` are
 * done; undefined when there is none left. The place of a payload says `none` in the same commit
 * that deletes its bytes, so no reader is ever sent to what is gone.
 */
export async function dropStep(
  { engine, reader }: { readonly engine: KeyValueEngine; readonly reader: LogReader },
  state: NamespaceState,
  sorted: readonly number[],
  from: number,
): Promise<DropStep | undefined> {
  const operations: WriteOperation[] = [];
  const bundles: number[] = [];
  const fullEnd = state.size - (state.size % BUNDLE_WIDTH);
  let done = from;
  let pruned = 0;
  let changesTail = false;
  while (done < sorted.length && bundles.length < PRUNE_BUNDLES_PER_STEP) {
    const index = sorted[done] as number;
    if (index >= state.size) done = sorted.length;
    else if (index < state.payloadsFrom) done++;
    else if (index >= fullEnd) {
      const rest = sorted.slice(done).filter((each) => each < state.size);
      pruned += await dropHot(reader, state, rest, operations);
      changesTail = true;
      done = sorted.length;
    } else {
      const bundle = Math.floor(index / BUNDLE_WIDTH);
      const end = (bundle + 1) * BUNDLE_WIDTH;
      const within: number[] = [];
      for (; done < sorted.length && (sorted[done] as number) < end; done++) {
        within.push(sorted[done] as number);
      }
      const dropped = await dropPacked(engine, state.number, bundle, within, operations);
      if (dropped > 0) bundles.push(bundle);
      pruned += dropped;
    }
  }
  if (operations.length === 0) return undefined;
  return { after: state, operations, count: pruned, bundles, changesTail, done };
}

/** Takes payloads out of one pack. Returns how many there were. */
async function dropPacked(
  engine: KeyValueEngine,
  number: number,
  bundle: number,
  indexes: readonly number[],
  operations: WriteOperation[],
): Promise<number> {
  const key = logKey(number, bundle);
  const row = await engine.get('packs', key);
  if (row === undefined) return 0;
  const payloads = [...(await decodePackRow(row)).payloads];
  let dropped = 0;
  for (const index of indexes) {
    const payload = payloads[index % BUNDLE_WIDTH];
    if (payload === 'none') continue;
    if (payload === 'row') {
      operations.push({ type: 'delete', table: 'payloads', key: logKey(number, index) });
    }
    payloads[index % BUNDLE_WIDTH] = 'none';
    dropped++;
  }
  if (dropped > 0) {
    operations.push({ type: 'put', table: 'packs', key, value: await encodePackRow(payloads) });
  }
  return dropped;
}

async function dropHot(
  reader: LogReader,
  state: NamespaceState,
  indexes: readonly number[],
  operations: WriteOperation[],
): Promise<number> {
  const tail = await reader.tail(state);
  let dropped = 0;
  for (const index of indexes) {
    const block = tail[index % BUNDLE_WIDTH];
    if (block === undefined || block.place === PAYLOAD_PLACE.none) continue;
    pruneHot(state.number, index, block, operations);
    dropped++;
  }
  return dropped;
}
