import { TILE_WIDTH, toHex } from '@basalt/protocol';
import { decodePackRow } from './bundle.ts';
import type { Row, Table } from './engine.ts';
import { type FsckContext, type FsckEvent, finding } from './fsck-types.ts';
import { decodeRunRowKey, HASH_ROW } from './hash-rows.ts';
import { decodeLogKey, decodeTileKey, logKey, NAMESPACE_BY_ID, readU32 } from './keys.ts';
import { BUNDLE_WIDTH } from './limits.ts';
import { beginIndex, type NamespaceState } from './namespace-table.ts';

/** Whether a row of a table belongs to something. */
type Belongs = (context: FsckContext, row: Row) => boolean | Promise<boolean>;

const CHECKS: readonly (readonly [Table, Belongs])[] = [
  ['namespaces', namespaceBelongs],
  ['entries', entryBelongs],
  ['bundles', bundleBelongs],
  ['packs', packBelongs],
  ['payloads', payloadBelongs],
  ['tiles', tileBelongs],
  ['hashes', hashRowBelongs],
];

/** Looks at every row of every table that has places of its own. */
export async function* checkOrphans(context: FsckContext): AsyncGenerator<FsckEvent> {
  for (const [table, belongs] of CHECKS) {
    for await (const row of context.engine.range(table)) {
      if (await belongs(context, row)) continue;
      const namespace = context.states.get(row.key.length < 4 ? -1 : readU32(row.key, 0))?.id;
      const where = `${table}/${toHex(row.key)}`;
      yield finding('orphan', `row ${where} belongs to nothing`, namespace);
    }
  }
}

function fullBundles(state: NamespaceState): number {
  return Math.floor(state.size / BUNDLE_WIDTH);
}

function namespaceBelongs(context: FsckContext, { key, value }: Row): boolean {
  const number = key[0] === NAMESPACE_BY_ID ? readU32(value, 0) : readU32(key, 1);
  return context.states.has(number);
}

function entryBelongs(context: FsckContext, { key }: Row): boolean {
  const { number, index } = decodeLogKey(key);
  const state = context.states.get(number);
  if (state === undefined) return false;
  return index >= fullBundles(state) * BUNDLE_WIDTH && index < state.size;
}

function bundleBelongs(context: FsckContext, { key }: Row): boolean {
  const { number, index } = decodeLogKey(key);
  const state = context.states.get(number);
  if (state === undefined || index < beginIndex(state) / BUNDLE_WIDTH) return false;
  return index < fullBundles(state);
}

function packBelongs(context: FsckContext, row: Row): boolean {
  const { number, index } = decodeLogKey(row.key);
  const state = context.states.get(number);
  if (state === undefined || !bundleBelongs(context, row)) return false;
  return index >= Math.floor(state.prunedTo / BUNDLE_WIDTH);
}

async function payloadBelongs(context: FsckContext, { key }: Row): Promise<boolean> {
  const { number, index } = decodeLogKey(key);
  const state = context.states.get(number);
  if (state === undefined || index < state.prunedTo || index >= state.size) return false;
  const bundle = Math.floor(index / BUNDLE_WIDTH);
  // A hot block tells in its row where its payload is: 2, a row of its own.
  if (bundle >= fullBundles(state)) {
    return (await context.engine.get('entries', logKey(number, index)))?.[0] === 2;
  }
  const row = await context.engine.get('packs', logKey(number, bundle));
  if (row === undefined) return false;
  return (await decodePackRow(row)).payloads[index % BUNDLE_WIDTH] === 'row';
}

function tileBelongs(context: FsckContext, { key }: Row): boolean {
  const { number, level, index } = decodeTileKey(key);
  const state = context.states.get(number);
  return state !== undefined && index < Math.floor(state.size / TILE_WIDTH ** (level + 1));
}

function hashRowBelongs(context: FsckContext, { key }: Row): boolean {
  if (key[0] === HASH_ROW.log || key[0] === HASH_ROW.manifest) return true;
  if (key[0] !== HASH_ROW.run) return false;
  const { slice, generation, chunk } = decodeRunRowKey(key);
  const { young, old } = context.index.manifest(slice);
  return [young, old].some((run) => run.generation === generation && chunk < run.chunks);
}
