import {
  type BlockHash,
  blockHash,
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
import { BUNDLE_WIDTH } from './limits.ts';
import type { NamespaceState } from './namespace-table.ts';

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
  const walk: Walk = {
    context,
    state,
    tree: new TileBuilder(undefined, context.sha256),
    previous: GENESIS_PREVIOUS,
  };
  for (let from = 0; from < state.size; from += BUNDLE_WIDTH) {
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
