import { hotPlace, packPlaces, payloadRow } from './block-rows.ts';
import { decodePackRow, encodePackRow, type PackedPayload } from './bundle.ts';
import type { KeyValueEngine, WriteOperation } from './engine.ts';
import { logKey } from './keys.ts';
import { BUNDLE_WIDTH } from './limits.ts';
import type { LogReader } from './log-reader.ts';
import { type NamespaceState, namespaceOperations } from './namespace-table.ts';
import type { PayloadStep } from './pruning.ts';
import { hotRowBytes, PAYLOAD_PLACE, writeHotRow } from './rows.ts';

/** Payloads that come back: those of the blocks from `from` on; undefined leaves one as it is. */
export interface ReturnedPayloads {
  readonly from: number;
  readonly payloads: readonly (Uint8Array | undefined)[];
}

export interface RestoreStep extends PayloadStep {
  /** What is left to do ends here. */
  readonly end: number;
}

/**
 * The next commit of bringing payloads back, undefined when there is none left: the newest bundle
 * first, so that `payloadsFrom` moves down over what is there and readers never meet a hole. The
 * payloads of `[from, end)` are still to come.
 */
export async function restoreStep(
  { engine, reader }: { readonly engine: KeyValueEngine; readonly reader: LogReader },
  state: NamespaceState,
  { from, payloads }: ReturnedPayloads,
  end: number,
): Promise<RestoreStep | undefined> {
  if (end <= from) return undefined;
  const fullEnd = state.size - (state.size % BUNDLE_WIDTH);
  const bundle = Math.floor((end - 1) / BUNDLE_WIDTH);
  const start = Math.max(from, bundle * BUNDLE_WIDTH);
  const operations: WriteOperation[] = [];
  const part = { from: start, payloads: payloads.slice(start - from, end - from) };
  const isHot = start >= fullEnd;
  const count = isHot
    ? await restoreHot(reader, state, part, operations)
    : await restorePacked(engine, state, part, operations);
  const to = Math.min(state.payloadsFrom, start);
  const after = { ...state, payloadsFrom: to, prunedTo: to };
  operations.push(...namespaceOperations(state, after));
  const bundles = isHot ? [] : [bundle];
  return { after, operations, count, bundles, changesTail: isHot, end: start };
}

async function restorePacked(
  engine: KeyValueEngine,
  { number, payloadsFrom }: NamespaceState,
  { from, payloads }: ReturnedPayloads,
  operations: WriteOperation[],
): Promise<number> {
  const bundle = Math.floor(from / BUNDLE_WIDTH);
  const key = logKey(number, bundle);
  const row = await engine.get('packs', key);
  const places: PackedPayload[] =
    row === undefined
      ? Array.from({ length: BUNDLE_WIDTH }, () => 'none')
      : [...(await decodePackRow(row)).payloads];
  const returned = new Map<number, Uint8Array>();
  for (const [i, payload] of payloads.entries()) {
    const place = (from + i) % BUNDLE_WIDTH;
    const isHere = from + i >= payloadsFrom && places[place] !== 'none';
    if (payload !== undefined && !isHere) returned.set(place, payload);
  }
  const packed = packPlaces(places, returned);
  for (const [place, payload] of returned) {
    if (packed[place] !== 'row') continue;
    operations.push(await payloadRow(number, bundle * BUNDLE_WIDTH + place, payload));
  }
  operations.push({ type: 'put', table: 'packs', key, value: await encodePackRow(packed) });
  return returned.size;
}

async function restoreHot(
  reader: LogReader,
  state: NamespaceState,
  { from, payloads }: ReturnedPayloads,
  operations: WriteOperation[],
): Promise<number> {
  const tail = await reader.tail(state);
  let count = 0;
  for (const [i, payload] of payloads.entries()) {
    const index = from + i;
    const block = tail[index % BUNDLE_WIDTH];
    if (payload === undefined || block === undefined) continue;
    if (block.place !== PAYLOAD_PLACE.none) continue;
    const place = hotPlace(payload);
    const inline = place === PAYLOAD_PLACE.inline ? payload : undefined;
    const whole = { entry: block.entry, place, payload: inline };
    const value = new Uint8Array(hotRowBytes(whole));
    writeHotRow(value, whole);
    operations.push({ type: 'put', table: 'entries', key: logKey(state.number, index), value });
    if (inline === undefined) operations.push(await payloadRow(state.number, index, payload));
    count++;
  }
  return count;
}
