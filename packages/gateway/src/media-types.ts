/** Media types of the ledger's own formats. */

/** One block in wire form: entry, then payload. */
export const BLOCK_TYPE = 'application/x-olocus-block';

/** Wire blocks one after the other; each tells its own length. */
export const BLOCKS_TYPE = 'application/x-basalt-blocks';

/** Log entries (header, length, signature), one or more one after the other. */
export const HEADER_TYPE = 'application/x-basalt-header';

/** Answer of `POST /blocks/fetch`. */
export const BATCH_TYPE = 'application/x-basalt-batch';

/** Offer and answer of `POST /handshake`. */
export const HANDSHAKE_TYPE = 'application/x-basalt-handshake';

export const JSON_TYPE = 'application/json';
export const BYTES_TYPE = 'application/octet-stream';
export const TEXT_TYPE = 'text/plain; charset=utf-8';
export const EVENTS_TYPE = 'text/event-stream';

/**
 * Types that a payload may be shown as. Payloads are strangers' bytes under our origin, so what a
 * browser would run, style or parse as a document is not in the list.
 */
const SHOWN: readonly RegExp[] = [
  /^text\/(?:plain|csv)$/,
  /^application\/(?:json|octet-stream|pdf|cbor|gzip|zip|x-ndjson)$/,
  /^image\/(?:png|jpeg|gif|webp|avif)$/,
  /^(?:audio|video)\/[a-z0-9][a-z0-9.+-]{0,63}$/,
];

/** The content type for `?type=`, or undefined when it is not one that may be shown. */
export function shownType(wanted: string): string | undefined {
  const type = wanted.toLowerCase();
  if (!SHOWN.some((form) => form.test(type))) return undefined;
  return type.startsWith('text/') ? `${type}; charset=utf-8` : type;
}
