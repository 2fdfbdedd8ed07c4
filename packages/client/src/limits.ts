import { BLOCK_BYTES_MAX, PAYLOAD_BYTES_MAX } from '@basalt/protocol';

/** Bounds and defaults of the client, each with its reason. */

/** Clocks of witnesses ahead of this one: witnesses themselves go wrong by less. */
export const CLOCK_SKEW_MS_MAX: number = 5 * 60 * 1_000;

/** Attempts after the first one; with the back-off below that is about 6 s of trying. */
export const RETRIES_DEFAULT = 5;

/** First pause before a retry; doubles each time. */
export const BACKOFF_MS_FIRST = 200;

/** Longest pause of our own choosing. */
export const BACKOFF_MS_MAX = 10_000;

/** A server may ask for more patience with Retry-After; beyond a minute the caller decides. */
export const RETRY_AFTER_MS_MAX = 60_000;

/** One attempt, from request to last byte: 16 MiB in that time needs 5 Mbit/s. */
export const TIMEOUT_MS_DEFAULT = 30_000;

/** Events: the gateway sends a comment each 15 s, so three missing ones mean a dead line. */
export const EVENTS_IDLE_MS_MAX = 50_000;

/** One line of an event stream; ours are below 500 bytes. */
export const EVENT_LINE_CHARACTERS_MAX: number = 64 * 1024;

/** JSON answers: a page of 1,000 headers is about 400 KB. */
export const JSON_BYTES_MAX: number = 4 * 1024 * 1024;

/** Blocks per request: a batch, a page with proofs, one Merkle-signed root. */
export const BATCH_BLOCKS_MAX = 256;

/** Payload bytes of one batch; the gateway takes 16 MiB and headers. */
export const BATCH_BYTES_MAX: number = PAYLOAD_BYTES_MAX;

/** A page of blocks as the gateway bounds a batch: one block of any size always fits. */
export const PAGE_BYTES_MAX: number = 2 * BLOCK_BYTES_MAX;

/** Default page of `iterate`: 64 blocks with proofs are some 40 KB at 256 B payloads. */
export const PAGE_BLOCKS_DEFAULT = 64;

/** Key blocks of a namespace: thousands of rotations still resolve; more is an attack. */
export const KEY_BLOCKS_MAX = 10_000;

/** Rows of a page as the gateway bounds it. */
export const PAGE_ROWS_MAX = 1_000;

/** Rows of one page of a search: more than a person reads. */
export const SEARCH_ROWS = 50;

/** Servers whose sessions are kept, about 3 KB each; a federation has a few dozen. */
export const HANDSHAKE_SERVERS_MAX = 64;

/** Before a server without handshakes is asked for one again: it may have been updated. */
export const HANDSHAKE_PAUSE_MS: number = 10 * 60 * 1_000;

/** How often an append starts again on a new head before it gives up: others are faster. */
export const HEAD_MOVES_MAX = 20;

/** A block is usually covered by a checkpoint within 200 ms; this many looks, 100 ms and up. */
export const COVER_LOOKS_MAX = 12;

/** First pause between two looks for the checkpoint that covers a block. */
export const COVER_MS_FIRST = 100;

/** Longest pause between two looks. */
export const COVER_MS_MAX = 1_000;

/** Logs that a copy is asked for where several keys were given and none has the name it uses. */
export const KEPT_LOOKS_MAX = 16;

/** Key states of namespaces kept in memory, oldest dropped first. */
export const NAMESPACES_KEPT_MAX = 1_000;
