import { concatBytes, decodeBlockPrefix, equalBytes, utf8 } from '@basalt/protocol';
import { foldRecord, sha256 } from './fold.ts';

/**
 * A batch that is signed and may have been sent, as it stands on disk before the first byte of it
 * leaves: a block that may be known to a node must never be signed a second time with other content
 * (that would be a fork), so after an interruption exactly these bytes are sent again.
 */
export interface PendingBatch {
  /** Order of batches; the slot on disk is its parity. */
  readonly sequence: number;
  /** Address of the node. */
  readonly url: string;
  /** Key of the source in this journal. */
  readonly source: string;
  readonly order: 'position' | 'content';
  /** Position of the first record in its source. */
  readonly position: number;
  /** Fold of the records before it; see `foldRecord`. */
  readonly fold: Uint8Array;
  readonly count: number;
  /** The blocks in wire form, one after the other. */
  readonly blocks: Uint8Array;
}

/** What a batch has proven once `count` of its blocks were taken. */
export interface SettledBatch {
  readonly source: string;
  readonly order: 'position' | 'content';
  readonly position: number;
  readonly fold: Uint8Array;
  readonly payloadHashes: readonly Uint8Array[];
  /** Index of the last block that was taken. */
  readonly lastIndex: number;
}

const MAGIC = utf8('basalt-pending-1');
const CHECKSUM_BYTES = 32;

/** Magic, u32 length, JSON, blocks, SHA-256 of all before. */
export function encodePending(batch: PendingBatch): Uint8Array {
  const { blocks, fold, ...rest } = batch;
  const head = utf8(JSON.stringify({ ...rest, fold: Buffer.from(fold).toString('hex') }));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(head.length);
  const body = concatBytes(MAGIC, length, head, blocks);
  return concatBytes(body, sha256(body));
}

/** undefined for a file that was not written to its end: then its batch was never sent. */
export function decodePending(bytes: Uint8Array): PendingBatch | undefined {
  const start = MAGIC.length + 4;
  if (bytes.length < start + CHECKSUM_BYTES) return undefined;
  const body = bytes.subarray(0, bytes.length - CHECKSUM_BYTES);
  if (!equalBytes(body.subarray(0, MAGIC.length), MAGIC)) return undefined;
  if (!equalBytes(sha256(body), bytes.subarray(body.length))) return undefined;
  const end = start + Buffer.from(body).readUInt32BE(MAGIC.length);
  const head = JSON.parse(Buffer.from(body.subarray(start, end)).toString()) as Omit<
    PendingBatch,
    'blocks' | 'fold'
  > & { fold: string };
  return { ...head, fold: Buffer.from(head.fold, 'hex'), blocks: body.subarray(end) };
}

/** The first `taken` blocks of a batch are in the namespace. */
export function settle(batch: PendingBatch, taken: number): SettledBatch {
  let { fold, position } = batch;
  let lastIndex = -1;
  const payloadHashes: Uint8Array[] = [];
  let offset = 0;
  for (let i = 0; i < taken; i++) {
    const { block, end } = decodeBlockPrefix(batch.blocks, offset);
    const { payloadHash, index } = block.entry.header;
    fold = foldRecord(fold, position, payloadHash);
    position++;
    lastIndex = index;
    payloadHashes.push(payloadHash);
    offset = end;
  }
  const { source, order } = batch;
  return { source, order, position, fold, payloadHashes, lastIndex };
}
