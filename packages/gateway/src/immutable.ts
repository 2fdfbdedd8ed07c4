import type { BlockView, Ledger } from '@basalt/ledger';
import {
  type BlockHash,
  type CryptoProvider,
  decodeEntry,
  encodeBundle,
  fromHex,
  HASH_KIND,
  type NamespaceId,
  parseTilePath,
  TILE_WIDTH,
  toHex,
} from '@basalt/protocol';
import { IMMUTABLE, PARTIAL_TILE, SHORT } from './cache-control.ts';
import { createChunkProver } from './chunk-proof.ts';
import { GatewayError } from './errors.ts';
import { digestOf, formatDigest } from './http/digest.ts';
import { formatLinks } from './http/link.ts';
import { Representation } from './http/representation.ts';
import { BLOCK_TYPE, BYTES_TYPE, HEADER_TYPE, JSON_TYPE } from './media-types.ts';

/**
 * A resource that never changes, found by its path alone; of a pruned block, what is left of it.
 */
export interface ImmutableResource {
  readonly route: string;
  /** Other media types answer here too, so a request with an Accept field is not ours to answer. */
  readonly negotiated: boolean;
  /** Undefined when there is nothing (yet). */
  load(parts: ImmutableParts): Promise<Representation | undefined>;
}

export interface ImmutableParts {
  readonly ledger: Ledger;
  readonly crypto: CryptoProvider;
}

const BLOCK_PATH = /^\/blocks\/([0-9a-f]{64})(?:\/(header|payload))?$/;
const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const TILE_PATH = new RegExp(`^/(?:ns/(${UUID})|super)/(tile/[^?]+)$`);

/** The immutable resource with exactly this path, if it is one. */
export function matchImmutable(path: string): ImmutableResource | undefined {
  const block = BLOCK_PATH.exec(path);
  if (block !== null) return matchBlock(fromHex(block[1] as string) as BlockHash, block[2]);
  const tile = TILE_PATH.exec(path);
  if (tile !== null) return matchTile(tile[1] as NamespaceId | undefined, tile[2] as string);
  return undefined;
}

function matchBlock(hash: BlockHash, part: string | undefined): ImmutableResource {
  if (part === 'header') {
    return { route: '/blocks/{hash}/header', negotiated: false, load: loadHeader.bind(null, hash) };
  }
  if (part === 'payload') {
    const load = (parts: ImmutableParts): Promise<Representation | undefined> =>
      loadPayload(hash, BYTES_TYPE, parts);
    return { route: '/blocks/{hash}/payload', negotiated: false, load };
  }
  return { route: '/blocks/{hash}', negotiated: true, load: loadBlock.bind(null, hash) };
}

async function loadBlock(
  hash: BlockHash,
  { ledger }: ImmutableParts,
): Promise<Representation | undefined> {
  const view = await ledger.block(hash);
  if (view === undefined) return undefined;
  // The payload may come back, and then the same address names the whole block.
  const isPruned = view.payload === undefined;
  return wireRepresentation(view, toHex(hash), isPruned ? SHORT : IMMUTABLE);
}

/**
 * A block in wire form, under whatever address it is asked for: whole, or the header form where its
 * payload was pruned, which is another form of the same block and so has another tag.
 */
export function wireRepresentation(
  view: BlockView,
  tag: string,
  cacheControl: string,
): Representation {
  const { entry, payload } = view;
  const name = toHex(view.blockHash);
  const body = payload === undefined ? entry : Buffer.concat([entry, payload]);
  return new Representation({
    body,
    mediaType: BLOCK_TYPE,
    tag: payload === undefined ? `${tag}-pruned` : tag,
    cacheControl,
    ranges: true,
    digest: digestOf(body),
    vary: 'Accept',
    alternatives: [BLOCK_TYPE, JSON_TYPE],
    fields: ['Link', formatLinks([{ target: `/blocks/${name}/proof`, rel: 'describedby' }])],
  });
}

async function loadHeader(
  hash: BlockHash,
  { ledger }: ImmutableParts,
): Promise<Representation | undefined> {
  const place = await ledger.locate(hash);
  if (place === undefined) return undefined;
  const [entry] = await ledger.entries(place.namespace, place.index, 1);
  if (entry === undefined) return undefined;
  return new Representation({
    body: entry,
    mediaType: HEADER_TYPE,
    tag: toHex(hash),
    cacheControl: IMMUTABLE,
    ranges: true,
    digest: digestOf(entry),
  });
}

/** The payload alone, shown as `mediaType`. @throws GatewayError `pruned` */
export async function loadPayload(
  hash: BlockHash,
  mediaType: string,
  { ledger, crypto }: ImmutableParts,
): Promise<Representation | undefined> {
  const view = await ledger.block(hash);
  if (view === undefined) return undefined;
  const name = toHex(hash);
  const { payload } = view;
  if (payload === undefined) throw pruned(name);
  const { payloadHash, payloadHashKind } = decodeEntry(view.entry).header;
  const prover =
    payloadHashKind === HASH_KIND.sha256Tree && payload.length > 0
      ? createChunkProver(payload, crypto.sha256)
      : undefined;
  return new Representation({
    body: payload,
    mediaType,
    tag: toHex(payloadHash),
    cacheControl: IMMUTABLE,
    ranges: true,
    // Kind 0 is the digest itself; for the others one pass of SHA-256 is cheap beside sending.
    digest: payloadHashKind === HASH_KIND.sha256 ? formatDigest(payloadHash) : digestOf(payload),
    ...(prover === undefined
      ? {}
      : {
          partFields: (start: number, end: number) => {
            const proof = prover(start, end);
            return proof === undefined ? [] : ['Basalt-Chunk-Proof', proof];
          },
        }),
  });
}

function pruned(name: string): GatewayError {
  return new GatewayError(
    'pruned',
    'the payload of this block was pruned; its header and proof stay',
    {},
    ['Link', formatLinks([{ target: `/blocks/${name}/header`, rel: 'alternate' }])],
  );
}

/** @throws GatewayError `bad-request` on a path that is spelt differently */
function matchTile(namespace: NamespaceId | undefined, path: string): ImmutableResource {
  let tile: ReturnType<typeof parseTilePath>;
  try {
    tile = parseTilePath(path);
  } catch {
    throw new GatewayError('bad-request', 'expected a tile path as tlog-tiles spells it');
  }
  const { level, index, width } = tile;
  const kind = level === 'entries' ? 'entries/{index}' : '{level}/{index}';
  const base = namespace === undefined ? '/super' : '/ns/{uuid}';
  return {
    route: `${base}/tile/${kind}`,
    negotiated: false,
    async load({ ledger }) {
      const id = namespace ?? ledger.superNamespace();
      // A bundle is there when its level 0 tile is: both belong to the published size.
      const hashes = await ledger.tile(id, level === 'entries' ? 0 : level, index, width);
      if (hashes === undefined) return undefined;
      let body = hashes;
      if (level === 'entries') {
        const entries = await ledger.entries(id, index * TILE_WIDTH, width);
        if (entries.length !== width) return undefined;
        body = encodeBundle(entries);
      }
      return tileRepresentation(body, level === 'entries', width === TILE_WIDTH);
    },
  };
}

function tileRepresentation(body: Uint8Array, isBundle: boolean, isFull: boolean): Representation {
  const digest = digestOf(body);
  return new Representation({
    body,
    mediaType: BYTES_TYPE,
    // The digest is base64 and unique for the bytes: as good as hex and already there.
    tag: digest.slice('sha-256=:'.length, -1),
    cacheControl: isFull ? IMMUTABLE : PARTIAL_TILE,
    // Hashes do not shrink; entries share their namespace, key and lengths.
    compress: isBundle,
    ranges: !isBundle,
    digest,
  });
}
