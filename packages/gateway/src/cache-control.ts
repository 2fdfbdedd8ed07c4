/** Named by content or by a finished range: it can never change. */
export const IMMUTABLE = 'public, max-age=31536000, immutable';

/** A partial tile: its bytes do not change, but it may vanish once the full one exists. */
export const PARTIAL_TILE = 'public, max-age=300';

/** Head and checkpoint: a second old at most, or stale where the origin is away. */
export const HEAD = 'public, max-age=1, stale-while-revalidate=5, stale-if-error=86400';

/** What changes with every block and has no history of its own: lists, statuses, documents. */
export const SHORT = 'public, max-age=1';

/** Capability document and OpenAPI. */
export const DOCUMENT = 'public, max-age=300';
