/** Bounds of a node, each with its reason. */

/** Where nobody says otherwise: free at IANA's registry, and easy to remember. */
export const PORT_DEFAULT = 4711;

/** Threads beyond this wait for the one thread that feeds them. */
export const VERIFIER_THREADS_MAX = 64;

/** Machines that serve the world for one node: each is one of a person's own. */
export const READER_PROXIES_MAX = 1_000;

/** Blocks that wait to be committed: the ledger's own bound. */
export const QUEUE_BLOCKS_MAX = 200_000;

/** Network interfaces that one reading tells apart. */
export const NETWORK_INTERFACES_MAX = 16;

/** A token of 32 random bytes cannot be guessed. */
export const ADMIN_TOKEN_BYTES = 32;

/** Where wallets and tools look for a development chain. */
export const RPC_PORT_DEFAULT = 8_545;

/** Origins of pages, and names, that a server is told of: a team has a handful. */
export const RPC_HOSTS_MAX = 64;

/** Longer waits than ten minutes no client and no proxy has. */
export const RPC_WAIT_MS_MAX = 600_000;

/** As many as the executor takes. */
export const CHAIN_WORKERS_MAX = 8;

/** Each is compared with again and again; more are met by discovery. */
export const UPSTREAMS_MAX = 256;

/** One for each origin that is copied, and some for keys that change. */
export const ORIGIN_KEYS_MAX = 1_024;

/** The path of an announcement travels with it, 32 bytes a node. */
export const RELAY_HOPS_MAX = 32;

/** Twice what one super-log can ask: a checkpoint a second. */
export const WITNESS_REQUESTS_PER_DAY = 172_800;

/** A capability document is some 2 KB. */
export const CARD_BYTES_MAX: number = 64 * 1024;

/** Of a cache's server, as the gateway has them: Node's own default for headers. */
export const CACHE_HEADER_BYTES_MAX: number = 16 * 1024;

/** A client must send its headers within this time. */
export const CACHE_HEADERS_MS = 10_000;

/** Silence on a connection; above the pause between two signs of life of an event stream. */
export const CACHE_IDLE_MS = 65_000;

/** Archives that a node brings its logs to: each round calls all of them for every log. */
export const ARCHIVES_MAX = 16;
