import { assert } from '@basalt/protocol';
import { type EntryBundle, encodeBundleRow, encodePackRow, type PackedPayload } from './bundle.ts';
import { packBytes, ZSTD_LEVEL } from './compress.ts';
import type { WriteOperation } from './engine.ts';
import type { NamespaceDraft } from './group.ts';
import { logKey, tileKey } from './keys.ts';
import { BUNDLE_WIDTH, INLINE_PAYLOAD_BYTES_MAX, PACK_BYTES_MAX } from './limits.ts';
import type { FullTile, StoredBlock } from './log-store.ts';
import {
  type HotBlock,
  hotRowBytes,
  PAYLOAD_PLACE,
  type PayloadPlace,
  writeHotRow,
} from './rows.ts';

/** Rows of the blocks that a group adds to one namespace, and what they look like in memory. */
export interface BlockRows {
  readonly operations: WriteOperation[];
  readonly bundles: ReadonlyMap<number, EntryBundle>;
  /** The new blocks after the last full bundle, copied. */
  readonly hot: HotBlock[];
}

/**
 * Lays the blocks of a draft out. Blocks that fill a bundle go into it at once, together with the
 * hot blocks before them, whose rows are deleted; the rest become hot rows. One commit holds all of
 * it, so a block is always either hot or in a bundle.
 *
 * `tail`: the stored hot blocks, needed (and only then read) when the first bundle fills up.
 */
export async function blockRows(
  draft: NamespaceDraft,
  tail: () => Promise<readonly HotBlock[]>,
): Promise<BlockRows> {
  const { number, size } = draft.after;
  const from = draft.before?.size ?? draft.after.begin?.index ?? 0;
  const firstBundle = Math.floor(from / BUNDLE_WIDTH);
  const endBundle = Math.floor(size / BUNDLE_WIDTH);
  const operations: WriteOperation[] = [];
  const tiles = new Map(draft.tiles.filter((tile) => tile.level === 0).map((t) => [t.index, t]));
  const bundles = new Map<number, EntryBundle>();
  let used = 0;
  for (let bundle = firstBundle; bundle < endBundle; bundle++) {
    const stored = bundle === firstBundle && from % BUNDLE_WIDTH > 0 ? await tail() : [];
    for (let i = 0; i < stored.length; i++) {
      const key = logKey(number, bundle * BUNDLE_WIDTH + i);
      operations.push({ type: 'delete', table: 'entries', key });
    }
    const count = BUNDLE_WIDTH - stored.length;
    const added = draft.blocks.slice(used, used + count);
    used += count;
    const blocks = [...stored, ...added.map(toHotBlock)];
    assert(blocks.length === BUNDLE_WIDTH, 'a bundle fills up with 256 blocks');
    const payloads = blocks.map((block, i) => block.payload ?? added[i - stored.length]?.payload);
    const tile = tiles.get(bundle);
    tiles.delete(bundle);
    const place = { number, bundle };
    bundles.set(bundle, await bundleRows(place, blocks, payloads, tile, operations));
  }
  for (const tile of [...tiles.values(), ...draft.tiles.filter((t) => t.level > 0)]) {
    const key = tileKey(number, tile.level, tile.index);
    operations.push({ type: 'put', table: 'tiles', key, value: tile.bytes });
  }
  const rest = draft.blocks.slice(used);
  const hot = await hotRows(number, size - rest.length, rest, operations);
  return { operations, bundles, hot };
}

function toHotBlock({ entry, payload }: StoredBlock): HotBlock {
  if (payload === undefined) return { entry, place: PAYLOAD_PLACE.none, payload: undefined };
  const place = hotPlace(payload);
  return { entry, place, payload: place === PAYLOAD_PLACE.inline ? payload : undefined };
}

/** Where the payload of a block that is not in a bundle yet goes. */
export function hotPlace(payload: Uint8Array): PayloadPlace {
  return payload.length <= INLINE_PAYLOAD_BYTES_MAX ? PAYLOAD_PLACE.inline : PAYLOAD_PLACE.row;
}

/** The places of a pack with payloads put into it: inline as long as there is room, else rows. */
export function packPlaces(
  places: readonly PackedPayload[],
  returned: ReadonlyMap<number, Uint8Array>,
): PackedPayload[] {
  const packed = [...places];
  let used = places.reduce((sum, place) => sum + (typeof place === 'string' ? 0 : place.length), 0);
  for (const [i, payload] of returned) {
    const isSmall = hotPlace(payload) === PAYLOAD_PLACE.inline;
    const isInline = isSmall && used + payload.length <= PACK_BYTES_MAX;
    packed[i] = isInline ? payload : 'row';
    if (isInline) used += payload.length;
  }
  return packed;
}

/** One bundle: its row, its pack, and rows for the payloads that are new and too large for it. */
async function bundleRows(
  place: { readonly number: number; readonly bundle: number },
  blocks: readonly HotBlock[],
  payloads: readonly (Uint8Array | undefined)[],
  tile: FullTile | undefined,
  operations: WriteOperation[],
): Promise<EntryBundle> {
  const { number, bundle } = place;
  const packed: PackedPayload[] = [];
  let packBytesUsed = 0;
  for (const [i, block] of blocks.entries()) {
    const payload = payloads[i];
    if (block.place === PAYLOAD_PLACE.none) packed.push('none');
    else if (
      block.place === PAYLOAD_PLACE.inline &&
      payload !== undefined &&
      packBytesUsed + payload.length <= PACK_BYTES_MAX
    ) {
      packed.push(payload);
      packBytesUsed += payload.length;
    } else {
      packed.push('row');
      // A large payload of a stored hot block has its row already.
      if (payload === undefined) continue;
      operations.push(await payloadRow(number, bundle * BUNDLE_WIDTH + i, payload));
    }
  }
  const key = logKey(number, bundle);
  const [encoded, pack] = await Promise.all([
    encodeBundleRow(
      blocks.map((block) => block.entry),
      tile?.bytes,
    ),
    encodePackRow(packed),
  ]);
  operations.push(
    { type: 'put', table: 'bundles', key, value: encoded.row, append: true },
    { type: 'put', table: 'packs', key, value: pack, append: true },
  );
  return encoded.bundle;
}

/** Row of a payload that is not in a pack. */
export async function payloadRow(
  number: number,
  index: number,
  payload: Uint8Array,
): Promise<WriteOperation> {
  const value = await packBytes(payload, ZSTD_LEVEL.payloads);
  return { type: 'put', table: 'payloads', key: logKey(number, index), value };
}

async function hotRows(
  number: number,
  from: number,
  blocks: readonly StoredBlock[],
  operations: WriteOperation[],
): Promise<HotBlock[]> {
  const given = blocks.map(toHotBlock);
  // One buffer for all rows: the engine then looks up one address instead of one per row.
  const buffer = new Uint8Array(given.reduce((sum, block) => sum + hotRowBytes(block), 0));
  const hot: HotBlock[] = [];
  let offset = 0;
  for (const [i, block] of given.entries()) {
    const row = buffer.subarray(offset, offset + hotRowBytes(block));
    offset += row.length;
    writeHotRow(row, block);
    operations.push({ type: 'put', table: 'entries', key: logKey(number, from + i), value: row });
    const payload = blocks[i]?.payload;
    if (block.place === PAYLOAD_PLACE.row && payload !== undefined) {
      operations.push(await payloadRow(number, from + i, payload));
    }
    const entryEnd = 3 + block.entry.length;
    hot.push({
      entry: row.subarray(3, entryEnd),
      place: block.place,
      payload: block.payload === undefined ? undefined : row.subarray(entryEnd),
    });
  }
  return hot;
}
