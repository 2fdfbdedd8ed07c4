import { concatBytes, dataView } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { decodeEntryAt, type Entry } from './entry.ts';

/** An entry with its payload beside it. */
export interface Block {
  readonly entry: Entry;
  /** `payloadLength` bytes; undefined in header form. */
  readonly payload: Uint8Array | undefined;
}

/** A block read from a stream, and the offset of the byte after it. */
export interface BlockPrefix {
  readonly block: Block;
  readonly end: number;
}

/**
 * Wire form: entry, then the payload if the block has it.
 * @throws ProtocolError `payload-mismatch` when the payload is not as long as the header says
 */
export function encodeBlock(block: Block): Uint8Array {
  if (block.payload === undefined) return block.entry.bytes.slice();
  checkLength(block.entry, block.payload.length);
  return concatBytes(block.entry.bytes, block.payload);
}

/**
 * One whole block, exactly: full form, or header form when the bytes end with the entry. A payload
 * of length 0 is always there. Fields are views of `bytes`; hash and signature are not checked
 * here.
 * @throws ProtocolError the codes of `decodeEntry`; `payload-mismatch` for any other payload length
 */
export function decodeBlock(bytes: Uint8Array): Block {
  const { entry, end } = decodeEntryAt(bytes, dataView(bytes), 0);
  const length = bytes.length - end;
  if (length === 0 && entry.header.payloadLength > 0) return { entry, payload: undefined };
  checkLength(entry, length);
  return { entry, payload: bytes.subarray(end) };
}

/**
 * The full block that starts at `offset`, for streams and batches: the header's payload length
 * tells where it ends. Nothing is allocated for it before all its bytes are known to be there.
 * @throws ProtocolError the codes of `decodeEntry`; `malformed` when the payload is cut short
 */
export function decodeBlockPrefix(bytes: Uint8Array, offset = 0): BlockPrefix {
  return decodeBlockAt(bytes, dataView(bytes), offset);
}

/** As `decodeBlockPrefix`, with a view of `bytes` that a loop makes once. */
export function decodeBlockAt(bytes: Uint8Array, view: DataView, offset: number): BlockPrefix {
  const { entry, end } = decodeEntryAt(bytes, view, offset);
  const payloadEnd = end + entry.header.payloadLength;
  if (payloadEnd > bytes.length) {
    throw new ProtocolError('malformed', 'expected a whole payload', {
      found: bytes.length - end,
      expected: entry.header.payloadLength,
    });
  }
  return { block: { entry, payload: bytes.subarray(end, payloadEnd) }, end: payloadEnd };
}

/**
 * The same block without its payload (a payload of length 0 stays: there is nothing to leave out).
 */
export function headerForm(block: Block): Block {
  if (block.entry.header.payloadLength === 0) return block;
  return { entry: block.entry, payload: undefined };
}

function checkLength(entry: Entry, length: number): void {
  if (length !== entry.header.payloadLength) {
    throw new ProtocolError('payload-mismatch', 'expected the payload length of the header', {
      found: length,
      expected: entry.header.payloadLength,
    });
  }
}
