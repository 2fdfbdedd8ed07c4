/** Bounds of the JSON-RPC server, each with its reason. Those of {@link RpcLimits} can be set. */

/** What an operator may change. */
export interface RpcLimits {
  readonly batchRequests: number;
  readonly bodyBytes: number;
  readonly responseBytes: number;
  readonly callGas: bigint;
  readonly callMs: number;
  readonly requestMs: number;
  readonly requestsInFlight: number;
  readonly requestsPerSecond: number;
  readonly requestsBurst: number;
  readonly logBlocks: number;
  readonly logResults: number;
  readonly connections: number;
  readonly socketBacklogBytes: number;
  readonly filters: number;
  readonly filterIdleMs: number;
  readonly subscriptionsPerConnection: number;
}

export const DEFAULT_LIMITS: RpcLimits = {
  /** Libraries send batches of at most 100 unless told otherwise. */
  batchRequests: 100,
  /** A transaction with six blobs is 6 x 128 KiB, twice that in hexadecimal; 16 MiB leave room. */
  bodyBytes: 16 * 2 ** 20,
  /** As geth: an answer that a client can still parse at once. */
  responseBytes: 25_000_000,
  /** As geth: one to sixty milliseconds of the interpreter. */
  callGas: 50_000_000n,
  /**
   * What precompiled contracts in JavaScript and traces may take beyond what gas promises. geth has
   * 5 s, on threads beside each other; here others wait meanwhile.
   */
  callMs: 2_000,
  /** Everything else that waits: disk, mining. */
  requestMs: 30_000,
  /** Requests being answered at once; each may hold a body. */
  requestsInFlight: 256,
  /**
   * Tokens that an address gets a second; this machine's own get fifty times as many. A call of a
   * batch counts as a request, and one that runs code as several (`requestWeight`).
   */
  requestsPerSecond: 2_000,
  requestsBurst: 10_000,
  /** Blocks of one question for logs; each costs a look at its bloom. */
  logBlocks: 10_000,
  /** Logs of one answer: about 400 bytes each in JSON. */
  logResults: 20_000,
  /** Sockets at once. */
  connections: 1_024,
  /** What a subscriber may leave unread before it is cut: some thousand headers. */
  socketBacklogBytes: 8 * 2 ** 20,
  /** Filters kept for pollers, all addresses together. */
  filters: 1_024,
  /** As geth: a filter that nobody asked for five minutes is forgotten. */
  filterIdleMs: 300_000,
  subscriptionsPerConnection: 128,
};

/** How long a batch or a query may keep the process to itself before others get their turn. */
export const BATCH_TURN_MS = 10;

/** Lists in lists: the deepest request we know (state overrides in eth_simulateV1) has eight. */
export const JSON_DEPTH_MAX = 32;

/** Text of an identifier: libraries count, some use UUIDs. */
export const ID_TEXT_MAX = 256;

/** Blocks of one `eth_feeHistory`, as geth. */
export const FEE_HISTORY_BLOCKS_MAX = 1_024;

/** Percentiles of one `eth_feeHistory`, as geth. */
export const FEE_PERCENTILES_MAX = 100;

/** Blocks looked at for a suggested tip, and transactions of each, as geth's light settings. */
export const TIP_BLOCKS = 20;
export const TIP_SAMPLES = 3;
/** Part of the sample below the suggestion, in percent. */
export const TIP_PERCENTILE = 60;
/** As geth: a suggestion above is somebody's mistake. */
export const TIP_MAX = 500_000_000_000n;
/** What an empty chain suggests, one gwei: wallets do not accept zero. */
export const TIP_DEFAULT = 1_000_000_000n;

/** Slots of one `eth_getProof` and of one `eth_getStorageValues`, as geth. */
export const STORAGE_KEYS_MAX = 1_024;

/** Addresses and alternatives of one topic in a log filter, as geth. */
export const FILTER_ADDRESSES_MAX = 1_000;
export const FILTER_TOPICS_MAX = 4;
export const FILTER_ALTERNATIVES_MAX = 1_000;

/** Blooms of blocks kept for questions to come: 256 bytes and a key each, 25 MB. */
export const BLOOMS_MAX = 65_536;

/** What one filter keeps for its poller; what comes above drops the oldest. */
export const FILTER_PENDING_MAX = 10_000;
/** Data of the logs among it, half of what one answer can show. Filters share the bytes. */
export const FILTER_PENDING_BYTES_MAX = 12_000_000;

/** Blocks of one `eth_simulateV1`, gaps included, and calls in it, as geth. */
export const SIMULATE_BLOCKS_MAX = 256;
export const SIMULATE_CALLS_MAX = 5_000;
/** Seconds between simulated blocks where nothing is said. */
export const SIMULATE_STEP_SECONDS = 12n;

/** Rounds of `eth_createAccessList`: each adds a slot at least; ours settle in two or three. */
export const ACCESS_LIST_ROUNDS_MAX = 16;

/** Steps or frames in the traces of one request. */
export const TRACE_STEPS_MAX = 400_000;
/** Their text, counted roughly as they are made: more would not fit an answer anyhow. */
export const TRACE_BYTES_MAX: number = 64 * 2 ** 20;

/** Accounts, and slots of all of them, that a state override may name. */
export const OVERRIDE_ACCOUNTS_MAX = 1_024;
export const OVERRIDE_SLOTS_MAX = 65_536;

/** Engines kept beside each other: forks asked for lately, each some megabytes in use. */
export const ENGINES_MAX = 6;

/** Messages of one socket being answered at once; beyond, reading waits. */
export const SOCKET_IN_FLIGHT_MAX = 64;

/** How often a socket is asked whether somebody is there; two misses cut it. */
export const SOCKET_PING_MS = 30_000;

/** A client must send its headers, and a whole body, in this time. */
export const HEADERS_TIMEOUT_MS = 10_000;
export const BODY_TIMEOUT_MS = 60_000;
export const KEEP_ALIVE_TIMEOUT_MS = 65_000;

/** A test suite on this machine asks as fast as it can. */
export const LOOPBACK_RATE_FACTOR = 50;

/** Bodies being read and answers being sent, together; beyond, requests get 503. */
export const HELD_BYTES_MAX: number = 512 * 2 ** 20;

/** Silence on a connection in use: a reader that stopped reading lets go of its answer. */
export const IDLE_TIMEOUT_MS = 60_000;

/** Addresses with a bucket of their own; the quietest is forgotten first. */
export const RATE_ADDRESSES_MAX = 16_384;

/** Part of a request's time that mining may take: the rest is for the answer that tells of it. */
export const MINE_TIME_PART = 0.9;

/** Blocks of proposers tend to this gas limit (`testing_buildBlockV1`), as geth's default. */
export const GAS_LIMIT_TARGET = 60_000_000n;

/** Transactions shown by `txpool_*` and pending filters; a pool may hold many more. */
export const POOL_VIEW_MAX = 10_000;
