import { concatBytes } from '@basalt/protocol';
import { type RawBlock, readBlock } from '../block/block-codec.ts';
import { BLOCK_BYTES_MAX } from '../block/limits.ts';
import { plainBytes } from '../block/plain-bytes.ts';
import { ExecutionError } from '../errors.ts';
import { malformedRlp, RlpReader } from '../rlp/reader.ts';

const LIST_FIRST = 0xc0;
const LONG_LIST_OFFSET = 0xf7;

/**
 * Blocks in RLP that lie one behind the other, from pieces of any size.
 *
 * @throws ExecutionError `malformed-rlp`; `details.offset` counts from the beginning of the source,
 *   and where a block came before the one that is wrong, `details.number` is the next number
 */
export async function* readBlocks(
  source: Uint8Array | AsyncIterable<Uint8Array>,
): AsyncGenerator<RawBlock, void, undefined> {
  let last: bigint | undefined;
  /** Of the source, before what is left. */
  let passed = 0;
  let left: Uint8Array = new Uint8Array(0);
  const readFrom = (bytes: Uint8Array, offset: number): RawBlock => {
    try {
      const block = readBlock(new RlpReader(bytes));
      last = block.header.number;
      return block;
    } catch (error) {
      throw placed(error, passed + offset, last);
    }
  };
  for await (const chunk of source instanceof Uint8Array ? [source] : source) {
    left = left.length === 0 ? plainBytes(chunk) : concatBytes(left, chunk);
    let offset = 0;
    for (;;) {
      const length = itemLength(left, offset);
      if (length === undefined || offset + length > left.length) break;
      yield readFrom(left.subarray(offset, offset + length), offset);
      offset += length;
    }
    left = left.subarray(offset);
    passed += offset;
  }
  if (left.length > 0) throw placed(cutOff(left), passed, last);
}

/** What is left at the end of a source is no whole block. */
function cutOff(left: Uint8Array): ExecutionError {
  const length = itemLength(left, 0);
  const what = length === undefined ? 'a block' : `a block of ${length} bytes`;
  return malformedRlp(0, `${what} of which ${left.length} are there`);
}

/** An error whose offset is inside a block, as one that says where in the source that block is. */
function placed(error: unknown, begin: number, last: bigint | undefined): unknown {
  if (!(error instanceof ExecutionError)) return error;
  const { offset } = error.details;
  const details = {
    ...error.details,
    offset: begin + (typeof offset === 'number' ? offset : 0),
    ...(last === undefined ? {} : { number: Number(last) + 1 }),
  };
  const name = last === undefined ? 'the first block' : `block ${last + 1n}`;
  const message = `${name}, which begins at byte ${begin}: within it, ${error.message}`;
  return new ExecutionError(error.code, message, details);
}

/**
 * Bytes of the item that begins here; undefined while its length is not there yet. What is no list,
 * or is too long for a block, is left to the reader: it is given all that is there.
 */
function itemLength(bytes: Uint8Array, offset: number): number | undefined {
  const first = bytes[offset];
  if (first === undefined) return undefined;
  if (first < LIST_FIRST) return bytes.length - offset;
  if (first <= LONG_LIST_OFFSET) return 1 + first - LIST_FIRST;
  const lengthBytes = first - LONG_LIST_OFFSET;
  if (bytes.length < offset + 1 + lengthBytes) return undefined;
  let length = 0;
  for (let index = 1; index <= lengthBytes; index++) {
    length = length * 256 + (bytes[offset + index] ?? 0);
  }
  return length > BLOCK_BYTES_MAX ? bytes.length - offset : 1 + lengthBytes + length;
}
