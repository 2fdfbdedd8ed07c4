import { dataView } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { TILE_WIDTH } from '../limits.ts';

/** tlog-tiles gives an entry a u16 length. */
const ENTRY_LENGTH_MAX = 0xffff;

/**
 * An entry bundle of tlog-tiles: 1 to 256 entries, each a big-endian u16 length and the entry.
 *
 * @throws ProtocolError `malformed` with more than 256 entries or one longer than 65,535 bytes
 */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  if (entries.length > TILE_WIDTH) {
    throw new ProtocolError('malformed', 'expected at most 256 entries in a bundle', {
      entries: entries.length,
    });
  }
  let length = 0;
  for (const entry of entries) {
    if (entry.length > ENTRY_LENGTH_MAX) {
      throw new ProtocolError('malformed', 'expected entries of at most 65,535 bytes', {
        length: entry.length,
      });
    }
    length += 2 + entry.length;
  }
  const bundle = new Uint8Array(length);
  let offset = 0;
  for (const entry of entries) {
    bundle[offset] = entry.length >> 8;
    bundle[offset + 1] = entry.length & 0xff;
    bundle.set(entry, offset + 2);
    offset += 2 + entry.length;
  }
  return bundle;
}

/**
 * The entries of a bundle, as views of `bytes`.
 *
 * @param width number of entries that must be there (a longer bundle is read up to it, so that a
 *   full bundle can stand in for a partial one); without it the bundle decides
 * @throws ProtocolError `malformed` on a cut entry, more than 256 or fewer than `width` entries
 */
export function decodeBundle(bytes: Uint8Array, width?: number): Uint8Array[] {
  const view = dataView(bytes);
  const entries: Uint8Array[] = [];
  let offset = 0;
  while (offset < bytes.length && entries.length !== width) {
    if (entries.length === TILE_WIDTH) {
      throw new ProtocolError('malformed', 'expected at most 256 entries in a bundle');
    }
    const start = offset + 2;
    const end = start > bytes.length ? start : start + view.getUint16(offset);
    if (end > bytes.length) {
      throw new ProtocolError('malformed', 'expected a whole entry, the bundle ends inside it', {
        offset,
        length: bytes.length,
      });
    }
    entries.push(bytes.subarray(start, end));
    offset = end;
  }
  if (width !== undefined && entries.length < width) {
    throw new ProtocolError('malformed', `expected ${width} entries, found ${entries.length}`);
  }
  return entries;
}
