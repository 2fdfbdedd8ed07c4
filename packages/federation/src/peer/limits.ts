/** Bounds of peer calls, each with its reason. */

/** How far `created` may lie from this clock: minutes of drift are common, ten are a fault. */
export const CLOCK_SKEW_MS = 300_000;

/** A clock that is off is told again when it has moved by as much: less is drift and rounding. */
export const CLOCK_MOVED_SECONDS = 60;

/** A peer is greeted again after so long: clocks, keys and roles change. */
export const GREET_AGAIN_MS = 600_000;

/** Nonces remembered over all peers: 64 peers at 3 calls a second for the whole window. */
export const NONCES_MAX = 65_536;

/** Nonces of introductions, by any key: 13 in a second for the whole window. */
export const INTRODUCTIONS_MAX = 4_096;

/** Nonces of one peer: about 13 calls a second for the whole window. */
export const NONCES_PER_PEER_MAX = 4_096;

/** Random bytes of a nonce: no two calls share one. */
export const NONCE_BYTES = 16;

/** Longest nonce that is taken; other software may use longer ones than we do. */
export const NONCE_CHARACTERS_MAX = 128;

/** Longest value of a signature field: a few signatures of known algorithms. */
export const SIGNATURE_FIELD_CHARACTERS_MAX = 4_096;

/** Signatures looked at in one request, e.g. ours and one that a proxy adds. */
export const SIGNATURES_MAX = 4;

/** Components that one signature covers. */
export const COMPONENTS_MAX = 16;

/** Node ids in a path: more hops than any setting of `max_relay_hops` makes sense for. */
export const PATH_NODES_MAX = 32;

/** Peers that are remembered; beyond it the one that failed longest goes. */
export const PEERS_MAX = 256;

/** Peers told in one answer to `GET /peers`. */
export const PEERS_TOLD_MAX = 64;

/** Addresses heard of that are tried in one round of discovery. */
export const PROBES_PER_ROUND = 8;

/** Characters of a node's address. */
export const URL_CHARACTERS_MAX = 512;

/** Bytes of a JSON answer between peers. */
export const PEER_JSON_BYTES_MAX: number = 256 * 1024;

/** One call to a peer, milliseconds: from request to last byte. */
export const PEER_TIMEOUT_MS = 10_000;

/** First pause after a failure of a peer; doubles up to the longest. */
export const BACKOFF_FIRST_MS = 1_000;
export const BACKOFF_LONGEST_MS = 600_000;

/** A peer that was caught lying is left alone so long, doubled each time. */
export const LIAR_PAUSE_MS = 3_600_000;
