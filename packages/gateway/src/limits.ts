/** Bounds of the gateway, each with its reason. All but the format's own can be configured. */
import { BLOCK_BYTES_MAX, ENTRY_BYTES_MAX, PAYLOAD_BYTES_MAX } from '@basalt/protocol';

/** Blocks of one batch for anybody: 256 signature checks are about 15 ms of one core. */
export const BATCH_BLOCKS_MAX = 256;

/** One block: 16 MiB of payload and its log entry. */
export const BLOCK_BODY_BYTES_MAX: number = BLOCK_BYTES_MAX;

/** A batch: 16 MiB of payloads in all, and an entry for each of its blocks. */
export function batchBodyBytesMax(blocks: number): number {
  return PAYLOAD_BYTES_MAX + blocks * ENTRY_BYTES_MAX;
}

/** JSON bodies: 256 hashes are 17 KiB. */
export const JSON_BODY_BYTES_MAX: number = 64 * 1024;

/** Bodies held in memory at once; beyond it uploads get 503 instead of the process its end. */
export const BODIES_BYTES_MAX: number = 256 * 1024 * 1024;

/** Answers from this size on count against the same bound while they are sent. */
export const LARGE_ANSWER_BYTES_MIN: number = 1024 * 1024;

/** Rows of one page, as the protocol says. */
export const PAGE_ROWS_MAX = 1_000;

/** Rows of a page when nobody says how many: a screen. */
export const PAGE_ROWS_DEFAULT = 50;

/** Bytes of one binary page; what does not fit is behind the `next` link. */
export const PAGE_BYTES_MAX: number = 16 * 1024 * 1024;

/** Hashes or indexes of one question: the same as a batch. */
export const QUESTION_ITEMS_MAX = 256;

/** A request line; our longest own path is a multi-proof of 256 indexes. */
export const TARGET_BYTES_MAX: number = 8 * 1024;

/** Node's own default; told here so that a change of Node does not change us. */
export const HEADER_BYTES_MAX: number = 16 * 1024;

/** Header fields of one request. */
export const HEADER_FIELDS_MAX = 100;

/** A client must send its headers within this time: cuts the slow trickle of headers. */
export const HEADERS_TIMEOUT_MS = 10_000;

/** A whole request, body included: 16 MiB at 140 KiB/s. */
export const REQUEST_TIMEOUT_MS = 120_000;

/** Silence on a connection in use: a reader that stopped reading lets go of its answer. */
export const IDLE_TIMEOUT_MS = 60_000;

/** Idle time between requests of one connection. */
export const KEEP_ALIVE_TIMEOUT_MS = 65_000;

/** How often expired connections are looked for; Node's 30 s would triple the time-outs. */
export const TIMEOUT_CHECK_MS = 1_000;

/** Connections at once: 10,000 idle ones must be fine, and 20,000 descriptors are common. */
export const CONNECTIONS_MAX = 16_384;

/** Event streams at once; each costs a queue and a socket. */
export const EVENT_STREAMS_MAX = 1_000;

/**
 * The readers of one address have one part in so many of the streams at most, so that nobody takes
 * them all. This machine's, where a proxy may stand for everybody, leave as much to others.
 */
export const EVENT_STREAM_ADDRESS_SHARE = 8;

/**
 * What waits in the socket of an event stream has to leave within this: less than 9 KB/s. Whoever
 * reads nothing is noticed only when the system's own buffers are full, so the share above is what
 * protects the others from him.
 */
export const EVENT_STREAM_DRAIN_MS = 30_000;

/** Bytes waiting in the socket of one slow event stream before it is cut. */
export const EVENT_STREAM_BACKLOG_BYTES_MAX: number = 256 * 1024;

/** A comment line that keeps proxies from closing a quiet stream. */
export const EVENT_HEARTBEAT_MS = 15_000;

/** Blocks repeated to a stream that resumes; one that missed more re-reads the list. */
export const EVENT_RESUME_BLOCKS_MAX = 1_000;

/** Prepared responses held in memory. */
export const CACHE_BYTES_MAX: number = 64 * 1024 * 1024;

/** One prepared response; larger payloads are read again each time. */
export const CACHE_ENTRY_BYTES_MAX: number = 1024 * 1024;

/** What an entry costs beside its body: header texts, objects, the key. */
export const CACHE_ENTRY_OVERHEAD_BYTES = 2_048;

/**
 * Tokens per second and at once of one address; a request costs one, each submitted block one more.
 * This machine's own programs may ask for as much as one core can serve.
 */
export const RATE_LOOPBACK: { readonly perSecond: number; readonly burst: number } = {
  perSecond: 50_000,
  burst: 100_000,
};

/** The same for everybody else: a page of a busy explorer, a fast mirror, not a flood. */
export const RATE_REMOTE: { readonly perSecond: number; readonly burst: number } = {
  perSecond: 1_000,
  burst: 4_000,
};

/** Addresses remembered; the one that was quiet longest is forgotten first. About 10 MB. */
export const RATE_ADDRESSES_MAX = 65_536;

/** Files of a page; a build has a dozen. */
export const STATIC_FILES_MAX = 256;

/** All files of a page, held in memory. */
export const STATIC_BYTES_MAX: number = 16 * 1024 * 1024;

/** Bundles and lists shorter than this are not worth a coding. */
export const COMPRESS_BYTES_MIN = 512;

/** Namespaces that one scan looks at, for a label or a fork proof without a namespace. */
export const NAMESPACE_SCAN_MAX = 100_000;

/** Rows of one page of a search; each is read from the ledger for what it is now. */
export const SEARCH_ROWS_MAX = 200;

/** Rows of a search when nobody says how many. */
export const SEARCH_ROWS_DEFAULT = 20;

/** Text of a search: a label is at most 255 bytes. */
export const SEARCH_CHARACTERS_MAX = 255;

/** Words of one search; each takes a pass over the words that begin so. */
export const SEARCH_WORDS_MAX = 8;

/** Words that one beginning may stand for: `a` must not collect every word under `a`. */
export const SEARCH_EXPANSIONS_MAX = 1_024;

/** Words of one namespace that are kept: label, topic and region have a handful. */
export const WORDS_PER_NAMESPACE_MAX = 16;

/** Rows of the index looked at for one token: they lie in memory, 5 million a second. */
export const SEARCHED_ROWS_PER_TOKEN = 2_000;

/** How long a label may be answered from the last scan. */
export const LABEL_AGE_MS_MAX = 1_000;

/** Rows of a list walked over for one token: deep pages cost what they cost us. */
export const ROWS_PER_TOKEN = 20;

/**
 * Bytes of a large answer for one token, whatever is sent of it: reading and hashing 16 MiB takes
 * some 100 ms of one core, and a HEAD would get that for the price of a small block.
 */
export const ANSWER_BYTES_PER_TOKEN: number = 32 * 1024;

/** Tokens of a handshake: one signature checked and one made, as much as a few blocks. */
export const HANDSHAKE_TOKENS = 10;

/** How far a client's clock may be off in a handshake; offers are remembered for twice as long. */
export const HANDSHAKE_SKEW_MS = 60_000;

/** Offers remembered against replay, about 2 MB; beyond it clients go on without a session. */
export const HANDSHAKES_SEEN_MAX = 16_384;

/** Sessions at once, the quietest forgotten first: about 1.5 KB each. */
export const SESSIONS_MAX = 8_192;

/** Life of a session: an hour saves nearly all handshakes and outlives few configurations. */
export const SESSION_MS: number = 60 * 60 * 1_000;

/** Seconds of `Retry-After` where nothing better is known. */
export const RETRY_AFTER_SECONDS = 1;

/** Payload shown inside the JSON view of a block; larger ones are behind their own address. */
export const VIEW_PAYLOAD_BYTES_MAX: number = 64 * 1024;

/** Grace of `stop` when the caller names none. */
export const STOP_GRACE_MS = 5_000;
