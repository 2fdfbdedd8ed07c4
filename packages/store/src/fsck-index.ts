import { type FsckContext, type FsckEvent, finding } from './fsck-types.ts';
import type { IndexedPlace } from './hash-run.ts';
import { INDEX_PARTITIONS } from './limits.ts';
import { beginIndex, countBlocks } from './namespace-table.ts';

interface FoundRecord {
  readonly prefix: Uint8Array;
  readonly place: IndexedPlace;
}

/** Slices that are compared together, in the order of the log: each bundle is read 16 times. */
const SLICES_AT_ONCE: number = INDEX_PARTITIONS / 16;

/**
 * The other direction: every record of the index leads to a block whose hash begins so. The walk
 * along the namespaces has shown that every block has its record; when there are as many records
 * as blocks, there is no room for another one, and nothing needs to be read again.
 */
export async function* checkIndex(context: FsckContext): AsyncGenerator<FsckEvent> {
  const blocks = countBlocks(context.states.values());
  let records = 0;
  for (let slice = 0; slice < INDEX_PARTITIONS; slice++) {
    await context.index.scanSlice(slice, () => {
      records++;
    });
  }
  if (records === blocks) return;
  yield finding('index', `the index has ${records} records for ${blocks} blocks`);
  for (let slice = 0; slice < INDEX_PARTITIONS; slice += SLICES_AT_ONCE) {
    yield* checkSlices(context, slice);
  }
}

async function* checkSlices(context: FsckContext, first: number): AsyncGenerator<FsckEvent> {
  const records: FoundRecord[] = [];
  for (let slice = first; slice < first + SLICES_AT_ONCE; slice++) {
    await context.index.scanSlice(slice, (prefix, place) => {
      records.push({ prefix: prefix.slice(), place });
    });
  }
  records.sort((a, b) => a.place.number - b.place.number || a.place.index - b.place.index);
  let last: IndexedPlace | undefined;
  for (const { prefix, place } of records) {
    const isRepeated = last?.number === place.number && last.index === place.index;
    if (!isRepeated && (await leadsTo(context, prefix, place))) {
      last = place;
      continue;
    }
    const namespace = context.states.get(place.number)?.id;
    const message = 'the index has a record too many, or one that leads to another block';
    yield finding('index', message, namespace, place.index);
  }
}

async function leadsTo(
  context: FsckContext,
  prefix: Uint8Array,
  place: IndexedPlace,
): Promise<boolean> {
  const state = context.states.get(place.number);
  if (state === undefined || place.index >= state.size || place.index < beginIndex(state))
    return false;
  try {
    const hash = await context.reader.hashAt(state, place.index);
    return prefix.every((byte, i) => hash[i] === byte);
  } catch {
    // The walk has reported what is wrong with that block.
    return true;
  }
}
