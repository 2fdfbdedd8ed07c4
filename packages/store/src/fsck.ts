import { hash as nodeHash } from 'node:crypto';
import type { KeyValueEngine } from './engine.ts';
import type { EngineLogStore } from './engine-log-store.ts';
import { StoreError } from './errors.ts';
import { checkIndex } from './fsck-index.ts';
import { checkNamespace } from './fsck-namespace.ts';
import { checkOrphans } from './fsck-orphans.ts';
import {
  type FsckCode,
  type FsckContext,
  type FsckEvent,
  type FsckOptions,
  finding,
} from './fsck-types.ts';
import { HashIndex } from './hash-index.ts';
import { META_COUNTERS, META_FORMAT } from './keys.ts';
import { LogReader } from './log-reader.ts';
import { beginIndex, countBlocks, type NamespaceState, NamespaceTable } from './namespace-table.ts';
import { decodeCounters, LAYOUT_VERSION } from './rows.ts';

/** Small: each bundle is read once. */
const CACHE_BYTES = 4 * 1024 * 1024;

/**
 * Verifies again everything that storage knows, from the rows themselves and not from anything in
 * memory: each entry decodes and is where it says, `previous` links, payload hashes, every tile,
 * edge and head against a tree built anew, the hash index in both directions, and no row that
 * belongs to nothing. Signatures and key rules are the caller's `checkBlock`. Reads only.
 *
 * Nobody may append meanwhile; what moves looks like damage. Ends with one summary.
 *
 * @example
 * for await (const event of fsck(folder.store)) {
 *   if (event.kind === 'finding') console.log(event.code, event.index, event.message);
 * }
 */
export async function* fsck(
  store: EngineLogStore,
  options: FsckOptions = {},
): AsyncGenerator<FsckEvent, void, undefined> {
  let findings = 0;
  const { engine } = store;
  const context = createContext(engine, options);
  for await (const event of check(context)) {
    if (event.kind === 'finding') findings++;
    yield event;
  }
  const { blocks, payloads } = context.counts;
  yield { kind: 'summary', namespaces: context.states.size, blocks, payloads, findings };
}

type OpenContext = FsckContext & {
  readonly namespaces: NamespaceTable;
  readonly states: Map<number, NamespaceState>;
};

function createContext(engine: KeyValueEngine, options: FsckOptions): OpenContext {
  const settled = (): Promise<void> => Promise.resolve();
  const sha256 = options.sha256 ?? ((data) => nodeHash('sha256', data, 'buffer'));
  const namespaces = new NamespaceTable(engine);
  const reader = new LogReader({ engine, namespaces, cacheBytes: CACHE_BYTES, sha256, settled });
  const index = new HashIndex(engine, settled);
  const counts = { blocks: 0, payloads: 0 };
  return { engine, options, sha256, namespaces, states: new Map(), index, reader, counts };
}

async function* check(context: OpenContext): AsyncGenerator<FsckEvent> {
  yield* guarded('store', () => checkStore(context));
  yield* guarded('index', () => loadIndex(context));
  const chosen = context.options.namespaces;
  for (const state of context.states.values()) {
    if (chosen !== undefined && !chosen.includes(state.id)) continue;
    yield* checkNamespace(context, state);
  }
  yield* guarded('index', () => checkIndex(context));
  yield* guarded('orphan', () => checkOrphans(context));
}

async function* checkStore(context: OpenContext): AsyncGenerator<FsckEvent> {
  const format = await context.engine.get('meta', META_FORMAT);
  if (format?.[0] !== LAYOUT_VERSION)
    yield finding('store', 'the format row is missing or unknown');
  for await (const state of context.namespaces.all()) {
    context.states.set(state.number, state);
    if (beginIndex(state) > state.prunedTo) {
      yield finding('store', 'payloads are counted below its beginning', state.id);
    }
    if (state.payloadsFrom > state.size || state.prunedTo > state.payloadsFrom) {
      yield finding('store', 'pruned beyond its size', state.id);
    }
    const byId = await context.namespaces.get(state.id).catch(() => undefined);
    if (byId?.number !== state.number) {
      yield finding('store', 'the id does not lead to the number of the namespace', state.id);
    }
  }
  const row = await context.engine.get('meta', META_COUNTERS);
  if (row === undefined) {
    yield finding('store', 'the counters are missing');
    return;
  }
  const counters = decodeCounters(row);
  const blocks = countBlocks(context.states.values());
  if (counters.namespaces !== context.states.size || counters.blocks !== blocks) {
    yield finding(
      'store',
      `the counters say ${counters.namespaces} namespaces and ${counters.blocks} blocks, ` +
        `found ${context.states.size} and ${blocks}`,
    );
  }
}

/** Finds nothing by itself, but may meet damage. */
async function* loadIndex(context: OpenContext): AsyncGenerator<FsckEvent> {
  await context.index.load();
  yield* [];
}

/** Damage that stops a check is a finding of it, and the other checks go on. */
async function* guarded(
  code: FsckCode,
  run: () => AsyncGenerator<FsckEvent>,
): AsyncGenerator<FsckEvent> {
  try {
    yield* run();
  } catch (error) {
    if (!(error instanceof StoreError && error.code === 'corrupt')) throw error;
    yield finding(code, error.message);
  }
}
