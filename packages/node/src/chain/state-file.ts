/**
 * A chain's state after a block as one file: pieces, each with its length in 4 bytes before it. The
 * first says of which block, in JSON; the others are the chunks of `exportSnapshot`, in order.
 */
import { ExecutionError, SNAPSHOT_CHUNK_BYTES_MAX, type SnapshotTarget } from '@basalt/execution';
import { concatBytes, fromHex, fromUtf8, toHex, utf8 } from '@basalt/protocol';
import { z } from 'zod';

const FORMAT = 'basalt-chain-state 1';
const LENGTH_BYTES = 4;

/** What the file says of itself; the importer believes its own ledger. */
export type StateFileHead = Pick<SnapshotTarget, 'number' | 'blockHash'>;

const HEAD = z.object({
  format: z.literal(FORMAT),
  number: z.int().min(0),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  root: z.string().regex(/^[0-9a-f]{64}$/),
});

/** The file's bytes, piece by piece. */
export function* stateFile(
  { number, blockHash, root }: SnapshotTarget,
  chunks: Iterable<Uint8Array>,
): Generator<{ readonly bytes: Uint8Array; readonly isChunk: boolean }, void, undefined> {
  const head = { format: FORMAT, number, hash: toHex(blockHash), root: toHex(root) };
  yield { bytes: framed(utf8(JSON.stringify(head))), isChunk: false };
  for (const chunk of chunks) yield { bytes: framed(chunk), isChunk: true };
}

export interface StateFileReader {
  /** Read first, once. @throws ExecutionError `invalid-snapshot` */
  head(): Promise<StateFileHead>;
  /** @throws ExecutionError `invalid-snapshot` where the file breaks off within a chunk */
  chunks(): AsyncGenerator<Uint8Array, void, undefined>;
}

export function readStateFile(source: AsyncIterable<Uint8Array>): StateFileReader {
  const pieces = readPieces(source);
  return {
    async head() {
      const first = await pieces.next();
      const parsed = HEAD.safeParse(first.done === true ? undefined : parse(first.value));
      if (!parsed.success) throw invalid(`this is no state of a chain (${FORMAT})`);
      return { number: parsed.data.number, blockHash: fromHex(parsed.data.hash) };
    },
    chunks: () => pieces,
  };
}

async function* readPieces(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let left: Uint8Array = new Uint8Array(0);
  for await (const bytes of source) {
    const joined = concatBytes(left, bytes);
    let offset = 0;
    for (;;) {
      const length = lengthAt(joined, offset);
      if (length === undefined || offset + LENGTH_BYTES + length > joined.length) break;
      yield joined.slice(offset + LENGTH_BYTES, offset + LENGTH_BYTES + length);
      offset += LENGTH_BYTES + length;
    }
    left = joined.subarray(offset);
  }
  if (left.length > 0) throw invalid('the file breaks off within a chunk');
}

function lengthAt(bytes: Uint8Array, offset: number): number | undefined {
  if (bytes.length < offset + LENGTH_BYTES) return undefined;
  const length = new DataView(bytes.buffer, bytes.byteOffset + offset).getUint32(0);
  if (length > SNAPSHOT_CHUNK_BYTES_MAX) {
    throw invalid(`a chunk of ${length} bytes, at most ${SNAPSHOT_CHUNK_BYTES_MAX}`);
  }
  return length;
}

function framed(bytes: Uint8Array): Uint8Array {
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return concatBytes(length, bytes);
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(bytes));
  } catch {
    return undefined;
  }
}

function invalid(message: string): ExecutionError {
  return new ExecutionError('invalid-snapshot', message);
}
