import { PAYLOAD_BYTES_MAX } from '@basalt/protocol';

/** Bounds of the command line, each with its reason. */

/** One record becomes one payload. */
export const RECORD_BYTES_MAX: number = PAYLOAD_BYTES_MAX;

/** Blocks in one request: what the gateway takes from strangers. */
export const BATCH_BLOCKS_MAX = 256;

/** Payload bytes in one request: memory of a running append is a small multiple of this. */
export const BATCH_BYTES_MAX: number = 4 * 1024 * 1024;

/** Records read ahead while a request is under way: two batches. */
export const QUEUE_RECORDS_MAX: number = 2 * BATCH_BLOCKS_MAX;

/** Bytes read ahead, beside the one record that may be larger than all of them. */
export const QUEUE_BYTES_MAX: number = 2 * BATCH_BYTES_MAX;

/** Bytes asked of a file at once. */
export const READ_BYTES: number = 256 * 1024;

/** Bytes of standard input in one block where no chunk size is given. */
export const CHUNK_BYTES_DEFAULT: number = 1024 * 1024;

/** Shards of a sharded import that are open at once; each has a journal, a lock and a queue. */
export const SHARDS_OPEN_MAX = 256;

/** Columns of a CSV file; spreadsheets stop at 16,384. */
export const CSV_COLUMNS_MAX = 16_384;

/** What a guess of the format looks at. */
export const GUESS_BYTES: number = 64 * 1024;

/** Header line of a file record: name, type, size, part. Names are at most 4,096 bytes on Linux. */
export const FILE_HEADER_BYTES_MAX: number = 16 * 1024;

/** Bytes of a file in one block: leaves room for the header line. */
export const FILE_PART_BYTES: number = RECORD_BYTES_MAX - FILE_HEADER_BYTES_MAX;

/** Records of one source that are known by content (commits, files): 16 bytes each on disk. */
export const CONTENT_KEYS_MAX = 10_000_000;

/** A page of blocks: nodes send 16 MiB and one block more at most; beyond is a flood. */
export const PAGE_BODY_BYTES_MAX: number = 40 * 1024 * 1024;
