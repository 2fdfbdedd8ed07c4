import {
  type BlockHash,
  blockHash,
  checkOlderTile,
  decodeEntry,
  type Entry,
  equalBytes,
  hashPayload,
  leafHash,
  nobleProvider,
  ProtocolError,
  TileBuilder,
  toHex,
} from '@basalt/protocol';
import { StoreError } from './errors.ts';
import { type FsckContext, type FsckEvent, type FsckFinding, finding } from './fsck-types.ts';
import { decodeTileKey, tileKey } from './keys.ts';
import { BUNDLE_WIDTH } from './limits.ts';
import { beginIndex, type NamespaceState } from './namespace-table.ts';

/** Where the walk along one namespace is. */
interface Walk {
  readonly context: FsckContext;
  readonly state: NamespaceState;
  /** Undefined once an entry is missing: what follows cannot be compared any more. */
  tree: TileBuilder | undefined;
  /** Hash of the block before; undefined when it is not known. */
  previous: BlockHash | undefined;
}

const GENESIS_PREVIOUS = new Uint8Array(32) as BlockHash;

/** Walks one namespace from its first block to its head. */
export async function* checkNamespace(
  context: FsckContext,
  state: NamespaceState,
): AsyncGenerator<FsckEvent> {
  const begin = beginIndex(state);
  const walk: Walk = {
    context,
    state,
    tree: beginTree(context, state),
    previous: begin === 0 ? GENESIS_PREVIOUS : undefined,
  };
  if (walk.tree === undefined) yield finding('store', 'the edge it begins with is cut', state.id);
  else yield* checkOlderTiles(context, state);
  for (let from = begin; from < state.size; from += BUNDLE_WIDTH) {
    const to = Math.min(from + BUNDLE_WIDTH, state.size);
    yield* checkRange(walk, from, to);
    yield {
      kind: 'progress',
      namespace: state.id,
      checkedBlocks: to,
      totalBlocks: state.size,
    };
  }
  yield* checkEnd(walk);
}

/** The tree below the beginning; undefined when its edge has another length than it must have. */
function beginTree(context: FsckContext, state: NamespaceState): TileBuilder | undefined {
  const { begin } = state;
  if (begin === undefined) return new TileBuilder(undefined, context.sha256);
  try {
    const leaves = new Uint8Array(0);
    return new TileBuilder({ size: begin.index, leaves, edge: begin.edge }, context.sha256);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** The few tiles below the beginning that prove key blocks. */
async function* checkOlderTiles(
  context: FsckContext,
  state: NamespaceState,
): AsyncGenerator<FsckEvent> {
  const { begin, number } = state;
  if (begin === undefined) return;
  const edge = { size: begin.index, edge: begin.edge };
  const kept = new Map<string, { level: number; index: number; bytes: Uint8Array }>();
  const bounds = { from: tileKey(number, 0, 0), to: tileKey(number, 0xff, 0) };
  for await (const { key, value } of context.engine.range('tiles', bounds)) {
    const { level, index } = decodeTileKey(key);
    if ((index + 1) * BUNDLE_WIDTH ** (level + 1) > begin.index) continue;
    kept.set(`${level}/${index}`, { level, index, bytes: value });
  }
  for (const tile of kept.values()) {
    try {
      const read = (level: number, index: number) => kept.get(`${level}/${index}`)?.bytes;
      checkOlderTile(tile, edge, read, context.sha256);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      const message = `tile of level ${tile.level} is not that of the tree it begins with`;
      yield finding('tile', message, state.id, tile.index);
    }
  }
}

async function* checkRange(walk: Walk, from: number, to: number): AsyncGenerator<FsckEvent> {
  const { context, state } = walk;
  const entries = await readEntries(walk, from, to);
  for (let index = from; index < to; index++) {
    const bytes = entries[index - from];
    context.counts.blocks++;
    if (bytes instanceof Uint8Array) {
      yield* checkBlock(walk, index, bytes);
      continue;
    }
    yield finding('entry', bytes ?? 'is missing', state.id, index);
    walk.tree = undefined;
    walk.previous = undefined;
  }
  for (const tile of walk.tree?.takeFullTiles() ?? []) {
    const stored = await attempt(() => context.reader.tile(state, tile.level, tile.index));
    const same = stored instanceof Uint8Array && equalBytes(stored, tile.bytes);
    if (same) continue;
    const what = stored instanceof Uint8Array ? 'is not that of the entries' : 'is missing';
    yield finding('tile', `tile of level ${tile.level} ${what}`, state.id, tile.index);
  }
}

/** Bytes of each entry, or what is wrong with it. */
async function readEntries(
  walk: Walk,
  from: number,
  to: number,
): Promise<(Uint8Array | string | undefined)[]> {
  const { reader } = walk.context;
  const all = await attempt(() => reader.entries(walk.state, from, to));
  if (typeof all !== 'string') return all;
  const each: (Uint8Array | string)[] = [];
  for (let index = from; index < to; index++) {
    each.push(await attempt(() => reader.entry(walk.state, index)));
  }
  return each;
}

async function* checkBlock(
  walk: Walk,
  index: number,
  bytes: Uint8Array,
): AsyncGenerator<FsckEvent> {
  const { context, state } = walk;
  walk.tree?.append(leafHash(bytes, context.sha256));
  const entry = tryDecode(bytes);
  if (typeof entry === 'string') {
    walk.previous = undefined;
    yield finding('entry', `does not decode: ${entry}`, state.id, index);
    return;
  }
  const { header } = entry;
  if (header.namespace !== state.id || header.index !== index) {
    const found = `${header.namespace} at ${header.index}`;
    yield finding('entry', `is the entry of ${found}`, state.id, index);
  }
  if (walk.previous !== undefined && !equalBytes(header.previous, walk.previous)) {
    yield finding('chain', 'names another block before it than the one there', state.id, index);
  }
  const payload = await checkPayload(walk, index, entry);
  if (payload !== undefined && !(payload instanceof Uint8Array)) yield payload;
  const payloadBytes = payload instanceof Uint8Array ? payload : undefined;
  const hash = hashOf(walk, entry, payloadBytes);
  walk.previous = hash;
  if (hash !== undefined) yield* checkFindable(walk, index, hash);
  const broken = await context.options.checkBlock?.({
    namespace: state.id,
    index,
    entry,
    payload: payloadBytes,
  });
  if (broken !== undefined) yield finding('rule', broken, state.id, index);
}

/** The payload, nothing, or what is wrong with it. */
async function checkPayload(
  walk: Walk,
  index: number,
  entry: Entry,
): Promise<Uint8Array | undefined | FsckFinding> {
  const { context, state } = walk;
  if (context.options.payloads === false || index < state.payloadsFrom) return undefined;
  const payload = await attempt(() => context.reader.payload(state, index));
  if (payload === undefined) return undefined;
  if (typeof payload === 'string') return finding('payload', payload, state.id, index);
  context.counts.payloads++;
  const hashes = {
    sha256: context.sha256,
    blake3: context.options.blake3 ?? nobleProvider.blake3,
  };
  const hash = hashPayload(payload, entry.header.payloadHashKind, hashes);
  const same =
    payload.length === entry.header.payloadLength && equalBytes(hash, entry.header.payloadHash);
  return same
    ? payload
    : finding('payload', 'does not match the hash in its header', state.id, index);
}

/** Undefined for a block of version 1 without its payload, which its hash covers. */
function hashOf(walk: Walk, entry: Entry, payload: Uint8Array | undefined): BlockHash | undefined {
  if (entry.header.version === 1 && payload === undefined) return undefined;
  return blockHash(entry, payload, walk.context.sha256);
}

async function* checkFindable(
  walk: Walk,
  index: number,
  hash: BlockHash,
): AsyncGenerator<FsckEvent> {
  const { context, state } = walk;
  const places = await attempt(() => context.index.find(hash));
  const known =
    typeof places !== 'string' &&
    places.some((place) => place.number === state.number && place.index === index);
  if (known) return;
  const reason = typeof places === 'string' ? `: ${places}` : '';
  yield finding('index', `is not in the index under ${toHex(hash)}${reason}`, state.id, index);
}

function* checkEnd(walk: Walk): Generator<FsckEvent> {
  const { state, tree, previous } = walk;
  if (tree !== undefined && !equalBytes(tree.encodeEdge(), state.edge)) {
    yield finding('edge', 'the right edge is not that of the entries', state.id, state.size - 1);
  }
  const head = state.headHash;
  if (
    state.size > 0 &&
    previous !== undefined &&
    head !== undefined &&
    !equalBytes(previous, head)
  ) {
    yield finding('head', 'the head hash is not that of the last block', state.id, state.size - 1);
  }
}

function tryDecode(bytes: Uint8Array): Entry | string {
  try {
    return decodeEntry(bytes);
  } catch (error) {
    if (error instanceof ProtocolError) return error.message;
    throw error;
  }
}

/** The result, or the message of the damage that prevented it. */
async function attempt<Result>(read: () => Promise<Result>): Promise<Result | string> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof StoreError && error.code === 'corrupt') return error.message;
    throw error;
  }
}
