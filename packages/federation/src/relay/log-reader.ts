import {
  type Block,
  type BlockHash,
  blockHash,
  checkPayload,
  decodeBlock,
  decodeBlockPrefix,
  equalBytes,
  fromUtf8,
  HASH_BYTES,
  type NamespaceId,
  ProtocolError,
  TILE_WIDTH,
  tilePath,
  toHex,
} from '@basalt/protocol';
import { PeerError } from '../peer/errors.ts';
import { type PeerCaller, requireOk } from '../peer/peer-caller.ts';
import type { TransportReply } from '../peer/transport.ts';
import { Lie } from './lie.ts';
import {
  BLOCK_ANSWER_BYTES_MAX,
  NOTE_ANSWER_BYTES_MAX,
  PAGE_BYTES_MAX,
  TILE_ANSWER_BYTES_MAX,
  TILES_KEPT_MAX,
} from './limits.ts';
import type { TileSource } from './tree-access.ts';

export const BLOCKS_TYPE = 'application/x-basalt-blocks';
const BLOCK_TYPE = 'application/x-olocus-block';

/** One log as another node serves it. Answers are in form; whether they hold is for the caller. */
export interface LogReader {
  readonly url: string;
  readonly namespace: NamespaceId;
  /** The newest note. @throws PeerError; Lie `endless-body` */
  checkpoint(): Promise<string>;
  /** Tiles of the tree of `size` leaves; kept while the reader lives. @throws PeerError; Lie */
  readonly tiles: TileSource;
  /** Whole blocks [from, from + count), or fewer. @throws PeerError; Lie */
  blocks(from: number, count: number): Promise<Block[]>;
}

/** @param base where the log's tiles lie: below the node itself, or `/mirrors/<hash>/...` */
export function createLogReader(
  caller: PeerCaller,
  url: string,
  namespace: NamespaceId,
  base = `/ns/${namespace}`,
): LogReader {
  const kept = new Map<string, Promise<Uint8Array>>();
  const readTile = async (level: number, index: number, width: number): Promise<Uint8Array> => {
    const paths = [tilePath({ level, index, width })];
    // A partial tile may vanish once the full one is there, which starts with the same hashes.
    if (width < TILE_WIDTH) paths.push(tilePath({ level, index, width: TILE_WIDTH }));
    for (const path of paths) {
      const target = `${base}/${path}`;
      const accept = 'application/octet-stream';
      const reply = await caller.read({ url, target, accept, bytesMax: TILE_ANSWER_BYTES_MAX });
      if (reply.status === 404 && path !== paths.at(-1)) continue;
      const { body } = whole(reply, url, target);
      if (body.length % HASH_BYTES !== 0 || body.length < width * HASH_BYTES) {
        throw new Lie('bad-tile', url, `expected ${width} hashes in ${target}`, {
          target,
          length: String(body.length),
        });
      }
      return body;
    }
    throw new PeerError('not-found', `${url}: no tile ${level}/${index}`);
  };
  return {
    url,
    namespace,
    async checkpoint() {
      const target = `${base}/checkpoint`;
      const bytesMax = NOTE_ANSWER_BYTES_MAX;
      const reply = await caller.read({ url, target, accept: 'text/plain', bytesMax });
      return inForm(url, target, () => fromUtf8(whole(reply, url, target).body));
    },
    tiles(level, index, width) {
      const key = `${level}/${index}/${width}`;
      const known = kept.get(key);
      if (known !== undefined) return known;
      const tile = readTile(level, index, width);
      kept.set(key, tile);
      const oldest = kept.keys().next();
      if (kept.size > TILES_KEPT_MAX && !oldest.done) kept.delete(oldest.value);
      return tile;
    },
    async blocks(from, count) {
      const target = `/chains/${namespace}/blocks?from=${from}&count=${count}`;
      const bytesMax = PAGE_BYTES_MAX;
      const reply = await caller.read({ url, target, accept: BLOCKS_TYPE, bytesMax });
      const { body } = whole(reply, url, target);
      return inForm(url, target, () => decodeBlocks(body, count));
    },
  };
}

/**
 * One block by its hash: the body has to be it, and the entity tag has to name it.
 * @throws PeerError; Lie `altered-block`, `wrong-etag`, `endless-body`, `malformed`
 */
export async function readBlock(caller: PeerCaller, url: string, hash: BlockHash): Promise<Block> {
  const target = `/blocks/${toHex(hash)}`;
  const bytesMax = BLOCK_ANSWER_BYTES_MAX;
  const reply = whole(
    await caller.read({ url, target, accept: BLOCK_TYPE, bytesMax }),
    url,
    target,
  );
  const block = inForm(url, target, () => decodeBlock(reply.body));
  if (!equalBytes(blockHash(block.entry, block.payload), hash)) {
    throw new Lie('altered-block', url, `another block than ${toHex(hash)}`, { target });
  }
  requireOwnPayload(url, block);
  const tag = reply.header('etag')?.replace(/^W\//, '');
  if (tag !== undefined && tag !== `"${toHex(hash)}"`) {
    throw new Lie('wrong-etag', url, `the entity tag of ${target} is ${tag.slice(0, 80)}`, {
      target,
      tag: tag.slice(0, 200),
    });
  }
  return block;
}

/**
 * The name of a block covers its payload's hash, not the payload: one that does not fit was changed
 * on its way, and says nothing against the block.
 * @throws Lie `altered-block`
 */
export function requireOwnPayload(url: string, { entry, payload }: Block): void {
  const evidence = { namespace: entry.header.namespace, index: String(entry.header.index) };
  if (payload === undefined) {
    throw new Lie('missing-data', url, `block ${entry.header.index} has no payload`, evidence);
  }
  try {
    checkPayload(entry, payload);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const message = `the payload of block ${entry.header.index} is another one`;
    throw new Lie('altered-block', url, message, evidence, { cause: error });
  }
}

/** Blocks in wire form, one after another. @throws ProtocolError */
export function decodeBlocks(bytes: Uint8Array, blocksMax: number): Block[] {
  const blocks: Block[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    if (blocks.length === blocksMax) {
      throw new ProtocolError('malformed', `expected at most ${blocksMax} blocks`);
    }
    const { block, end } = decodeBlockPrefix(bytes, offset);
    blocks.push(block);
    offset = end;
  }
  return blocks;
}

/** The reply if it is good and ends. @throws PeerError; Lie `endless-body` */
export function whole(reply: TransportReply, url: string, target: string): TransportReply {
  if (reply.isCut) {
    throw new Lie('endless-body', url, `the answer to ${target} goes on and on`, { target });
  }
  return requireOk(reply, `${url}${target}`);
}

/** What `protocol` refuses to read was not in form. */
export function inForm<Result>(url: string, target: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new Lie('malformed', url, `${target}: ${error.message}`, { target }, { cause: error });
  }
}
