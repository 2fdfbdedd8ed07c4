/** Bounds of relaying, each with its reason. */

/** Blocks in one package: a level 0 tile of them, so one sub-tree proof covers it. */
export const PACKAGE_BLOCKS = 256;

/** Bytes of one page of blocks: a few payloads of the largest size, or 256 of 256 KiB. */
export const PAGE_BYTES_MAX: number = 64 * 1024 * 1024;

/** Bytes of one block in wire form: 16 MiB of payload, header and signature. */
export const BLOCK_ANSWER_BYTES_MAX: number = 17 * 1024 * 1024;

/** Bytes of a checkpoint note: as `protocol` takes them. */
export const NOTE_ANSWER_BYTES_MAX: number = 256 * 1024;

/** A tile has 8 KiB; whoever sends more is not sending a tile. */
export const TILE_ANSWER_BYTES_MAX: number = 8 * 1024;

/** Tiles kept while one log is pulled: a proof needs at most 7 levels of two tiles. */
export const TILES_KEPT_MAX = 64;

/** Block hashes that were seen announced; a hash and the ids of who told it, about 200 bytes. */
export const SEEN_MAX = 65_536;

/** Who told of one block, as remembered: beyond these a peer hears of it twice. */
export const TELLERS_MAX = 32;

/** Hashes of refused blocks; a fork must not be pulled again with every announcement. */
export const REFUSED_MAX = 65_536;

/** How long a refusal holds: rules that hang on time or order may let the block in later. */
export const REFUSED_MS = 600_000;

/** How long an announced hash counts as seen; after that it is looked up in the log again. */
export const SEEN_MS = 600_000;

/** Fork proofs waiting for the blocks that they speak of. */
export const FORKS_WAITING_MAX = 1_024;

/** Proofs known by hash, so that each goes round once. */
export const FORKS_KNOWN_MAX = 65_536;

/** Newest proofs that a node lists for others; a network with more has other troubles. */
export const FORKS_LISTED_MAX = 1_024;

/** That list in JSON: 75 bytes for each. */
export const FORK_LIST_BYTES_MAX: number = 128 * 1024;

/** Proofs brought in each direction at one comparison; the rest is for the next. */
export const FORKS_EXCHANGED_MAX = 16;

/** A proof that a node was brought is not brought again for so long, whatever it said. */
export const FORKS_GIVEN_MS = 3_600_000;

/** Proofs of one log that are kept and told on: one shows all that there is to know. */
export const FORKS_PER_LOG_MAX = 16;

/** Bytes of an announcement: five members. */
export const ANNOUNCE_BYTES_MAX = 2_048;

/** Bytes of blocks in one push: a batch of small blocks or one of the largest size. */
export const RELAY_BYTES_MAX: number = 17 * 1024 * 1024;

/** Blocks in one push, as in the gateway's batches. */
export const RELAY_BLOCKS_MAX = 256;

/** Pushed blocks up to so many bytes are pushed on; larger ones are announced and fetched. */
export const PUSH_ON_BYTES_MAX: number = 64 * 1024;

/** Pulls under way at once; more wait. Each holds at most one page in memory. */
export const PULLS_MAX = 4;

/** Logs waiting for their pull; beyond it they are left to the next comparison. */
export const PULLS_WAITING_MAX = 10_000;

/** Calls that announce at once. */
export const CALLS_AT_ONCE = 16;

/** Time between comparisons with each peer, milliseconds. */
export const COMPARE_INTERVAL_MS = 10_000;

/** Requests in one comparison: 4,096 changed namespaces with a path of 17 branches each, shared. */
export const COMPARE_REQUESTS_MAX = 8_192;

/** Logs found different in one comparison; the next one goes on. */
export const DIFFERENCES_MAX = 4_096;

/** Levels of the super-tree in one answer: at most 127 nodes of some 250 bytes. */
export const TREE_LEVELS_MAX = 6;
export const TREE_LEVELS = 4;

/** Bytes of one answer of super-tree nodes. */
export const TREE_ANSWER_BYTES_MAX: number = 64 * 1024;

/** Origins whose checkpoints are kept. */
export const ORIGINS_MAX = 64;

/** Logs of one origin whose notes are kept in memory. */
export const ORIGIN_LOGS_MAX = 100_000;

/** Lies remembered with their evidence. */
export const LIES_MAX = 64;

/** Bytes of a list of an origin's logs: 10,000 of some 70 bytes, with room. */
export const LOG_LIST_BYTES_MAX: number = 2 * 1024 * 1024;

/** Signature lines kept under one note: the log, a quorum of witnesses and some to spare. */
export const NOTE_LINES_MAX = 24;

/** Logs of which peers are told at once, each in up to `CALLS_AT_ONCE` calls. */
export const LOGS_TOLD_AT_ONCE = 8;

/** Pages of a node's list of namespaces, and bytes of one: 1,000 of some 400 bytes. */
export const LIST_PAGES_MAX = 64;
export const LIST_BYTES_MAX: number = 2 * 1024 * 1024;

/** A problem that was not met for so long begins anew; one that goes on is told once. */
export const PROBLEM_QUIET_MS = 600_000;
