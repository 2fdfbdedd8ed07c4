import {
  blockHash,
  checkPayload,
  decodeBlock,
  decodeBundle,
  equalBytes,
  type HashFunction,
  leafHash,
  nodeHash,
  type PayloadHashes,
  ProtocolError,
  TILE_WIDTH,
  toHex,
} from '@basalt/protocol';
import type { Resource, TileResource } from './resource.ts';
import { type Field, fieldOf, strongTag } from './stored.ts';

const HASH_BYTES = 32;
const BLOCK_TYPE = 'application/x-olocus-block';
const HEADER_TYPE = 'application/x-basalt-header';

/** Bodies held already that something can be compared with; undefined where there is none. */
export interface HeldBodies {
  /** The block or header of this hash. */
  entry(hash: string): Promise<Uint8Array | undefined>;
  tile(log: string, level: number, index: number): Promise<Uint8Array | undefined>;
  /** Removes a tile that another answer speaks against. */
  forget(log: string, level: number, index: number): void;
}

/**
 * `proven`: follows from the address, or from hashes. `plausible`: nothing here speaks against it,
 * and nothing proves it (JSON, lists, proofs, heads, tiles whose parents are not held, signatures).
 * `false`: another body belongs to this address. `conflict`: it does not fit to another answer that
 * is held and not proven either, so one of the two is false.
 */
export type Verdict =
  | { readonly is: 'proven' | 'plausible' }
  | { readonly is: 'false' | 'conflict'; readonly why: string };

const PLAUSIBLE: Verdict = { is: 'plausible' };
const PROVEN: Verdict = { is: 'proven' };

export interface VerifyParts {
  readonly hashes: PayloadHashes;
  readonly held: HeldBodies;
}

/** What can be told of a 200 in identity coding without trusting anybody. */
export async function verifyBody(
  resource: Resource,
  fields: readonly Field[],
  body: Uint8Array,
  parts: VerifyParts,
): Promise<Verdict> {
  if ((fieldOf(fields, 'content-encoding') ?? 'identity') !== 'identity') return PLAUSIBLE;
  const type = fieldOf(fields, 'content-type')?.split(';')[0]?.trim();
  try {
    switch (resource.kind) {
      case 'block':
        return type === BLOCK_TYPE ? checkBlock(resource.hash, fields, body, parts) : PLAUSIBLE;
      case 'header':
        return type === HEADER_TYPE ? checkHeader(resource.hash, body, parts) : PLAUSIBLE;
      case 'payload':
        return await checkPayloadBytes(resource.hash, body, parts);
      case 'tile':
        return await checkTile(resource, body, parts);
      default:
        return PLAUSIBLE;
    }
  } catch (error) {
    if (error instanceof ProtocolError) return { is: 'false', why: error.code };
    throw error;
  }
}

function checkBlock(
  hash: string,
  fields: readonly Field[],
  body: Uint8Array,
  { hashes }: VerifyParts,
): Verdict {
  const { entry, payload } = decodeBlock(body);
  if (payload !== undefined) checkPayload(entry, payload, hashes);
  if (toHex(blockHash(entry, payload, hashes.sha256)) !== hash) return falseBody('block-hash');
  // Clients hold blocks by their hash; a tag that is another would break their next question.
  const tag = strongTag(fields);
  return tag === undefined || tag.slice(1, 65) === hash ? PROVEN : falseBody('entity-tag');
}

function checkHeader(hash: string, body: Uint8Array, { hashes }: VerifyParts): Verdict {
  const { entry, payload } = decodeBlock(body);
  // The hash of version 1 covers the payload.
  if (entry.header.version !== 2) return PLAUSIBLE;
  if (payload !== undefined && payload.length > 0) return falseBody('header-with-payload');
  const found = toHex(blockHash(entry, payload, hashes.sha256));
  return found === hash ? PROVEN : falseBody('block-hash');
}

async function checkPayloadBytes(
  hash: string,
  body: Uint8Array,
  { held, hashes }: VerifyParts,
): Promise<Verdict> {
  const bytes = await held.entry(hash);
  if (bytes === undefined) return PLAUSIBLE;
  const { entry, payload } = decodeBlock(bytes);
  if (entry.header.version !== 2) return PLAUSIBLE;
  // What is held under this name need not be a wire block: a JSON view is filtered out by its hash.
  if (toHex(blockHash(entry, payload, hashes.sha256)) !== hash) return PLAUSIBLE;
  checkPayload(entry, body, hashes);
  return PROVEN;
}

async function checkTile(
  { log, level, index, width }: TileResource,
  body: Uint8Array,
  { held, hashes: { sha256 } }: VerifyParts,
): Promise<Verdict> {
  if (level === 'entries') {
    const entries = decodeBundle(body, width);
    const leaves = await held.tile(log, 0, index);
    if (leaves === undefined) return PLAUSIBLE;
    const fits = entries.every((entry, i) => {
      const leaf = leaves.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES);
      return leaf.length < HASH_BYTES || equalBytes(leaf, leafHash(entry, sha256));
    });
    return fits ? PLAUSIBLE : { is: 'conflict', why: 'bundle-against-tile' };
  }
  if (body.length !== width * HASH_BYTES) return falseBody('tile-length');
  if (width !== TILE_WIDTH) return PLAUSIBLE;
  const parent = await held.tile(log, level + 1, Math.floor(index / TILE_WIDTH));
  const offset = (index % TILE_WIDTH) * HASH_BYTES;
  if (parent === undefined || parent.length < offset + HASH_BYTES) return PLAUSIBLE;
  const fits = equalBytes(parent.subarray(offset, offset + HASH_BYTES), tileRoot(body, sha256));
  return fits ? PLAUSIBLE : { is: 'conflict', why: 'tile-against-parent' };
}

/** Root of the 256 hashes of a full tile. */
function tileRoot(tile: Uint8Array, hash: HashFunction): Uint8Array {
  let row: Uint8Array[] = [];
  for (let at = 0; at < tile.length; at += HASH_BYTES) row.push(tile.subarray(at, at + HASH_BYTES));
  while (row.length > 1) {
    const above: Uint8Array[] = [];
    for (let i = 0; i < row.length; i += 2) {
      above.push(nodeHash(row[i] as Uint8Array, row[i + 1] as Uint8Array, hash));
    }
    row = above;
  }
  return row[0] as Uint8Array;
}

function falseBody(why: string): Verdict {
  return { is: 'false', why };
}
