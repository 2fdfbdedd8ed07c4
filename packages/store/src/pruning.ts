import { decodePackRow, encodePackRow } from './bundle.ts';
import type { KeyValueEngine, WriteOperation } from './engine.ts';
import { logKey } from './keys.ts';
import { BUNDLE_WIDTH, PRUNE_BUNDLES_PER_STEP } from './limits.ts';
import type { LogReader } from './log-reader.ts';
import { type NamespaceState, namespaceOperations } from './namespace-table.ts';
import { type HotBlock, hotRowBytes, PAYLOAD_PLACE, writeHotRow } from './rows.ts';

/** One commit of pruning, or of bringing payloads back. */
export interface PayloadStep {
  /** Differs from the state before where `payloadsFrom` moves. */
  readonly after: NamespaceState;
  readonly operations: readonly WriteOperation[];
  /** Payloads that this step deletes, or brings back. */
  readonly count: number;
  /** Bundles whose pack changes. */
  readonly bundles: readonly number[];
  readonly changesTail: boolean;
}

/**
 * The next commit on the way to a namespace without payloads below `beforeIndex`; undefined when
 * there is none left. The first step moves `payloadsFrom`, so readers never meet a hole; `prunedTo`
 * follows with the deletions, so a kill in between leaves work and nothing lost track of.
 */
export async function pruneStep(
  engine: KeyValueEngine,
  reader: LogReader,
  state: NamespaceState,
  beforeIndex: number,
): Promise<PayloadStep | undefined> {
  const target = Math.max(state.payloadsFrom, Math.min(beforeIndex, state.size));
  if (state.prunedTo >= target) return undefined;
  const operations: WriteOperation[] = [];
  const bundles: number[] = [];
  const fullEnd = state.size - (state.size % BUNDLE_WIDTH);
  let at = state.prunedTo;
  let pruned = 0;
  while (at < Math.min(target, fullEnd) && bundles.length < PRUNE_BUNDLES_PER_STEP) {
    const bundle = Math.floor(at / BUNDLE_WIDTH);
    const to = Math.min(target, (bundle + 1) * BUNDLE_WIDTH);
    pruned += await prunePack({ engine, number: state.number, bundle, from: at, to }, operations);
    bundles.push(bundle);
    at = to;
  }
  const changesTail = at < target && at >= fullEnd;
  if (changesTail) {
    const tail = await reader.tail(state);
    for (; at < target; at++) {
      const block = tail[at - fullEnd];
      if (block === undefined || block.place === PAYLOAD_PLACE.none) continue;
      pruneHot(state.number, at, block, operations);
      pruned++;
    }
  }
  const after = { ...state, payloadsFrom: target, prunedTo: at };
  operations.push(...namespaceOperations(state, after));
  return { after, operations, count: pruned, bundles, changesTail };
}

interface PackRange {
  readonly engine: KeyValueEngine;
  readonly number: number;
  readonly bundle: number;
  readonly from: number;
  readonly to: number;
}

/** Takes the payloads [from, to) out of one pack. Returns how many there were. */
async function prunePack(range: PackRange, operations: WriteOperation[]): Promise<number> {
  const { engine, number, bundle, from, to } = range;
  const key = logKey(number, bundle);
  const row = await engine.get('packs', key);
  if (row === undefined) return 0;
  const { payloads } = await decodePackRow(row);
  const start = bundle * BUNDLE_WIDTH;
  let pruned = 0;
  for (let index = from; index < to; index++) {
    const payload = payloads[index - start];
    if (payload === 'none') continue;
    pruned++;
    if (payload === 'row') {
      operations.push({ type: 'delete', table: 'payloads', key: logKey(number, index) });
    }
  }
  if (to === start + BUNDLE_WIDTH) {
    operations.push({ type: 'delete', table: 'packs', key });
    return pruned;
  }
  const rest = payloads.map((payload, i) => (start + i < to ? 'none' : payload));
  operations.push({ type: 'put', table: 'packs', key, value: await encodePackRow(rest) });
  return pruned;
}

export function pruneHot(
  number: number,
  index: number,
  block: HotBlock,
  operations: WriteOperation[],
): void {
  const key = logKey(number, index);
  if (block.place === PAYLOAD_PLACE.row)
    operations.push({ type: 'delete', table: 'payloads', key });
  const bare: HotBlock = { entry: block.entry, place: PAYLOAD_PLACE.none, payload: undefined };
  const value = new Uint8Array(hotRowBytes(bare));
  writeHotRow(value, bare);
  operations.push({ type: 'put', table: 'entries', key, value });
}
