import {
  BLOCK_BYTES_MAX,
  type Block,
  concatBytes,
  decodeBlockPrefix,
  decodeEntryPrefix,
  ENTRY_BYTES_MAX,
  ProtocolError,
} from '@basalt/protocol';

/**
 * Stands before an entry whose payload is not there. No block begins with it: those of version 1
 * begin with 01, those of version 2 with 4f.
 */
export const PAYLOAD_ABSENT = 0;

export interface StreamedBlock {
  /** Without a payload where the stream marks it as absent. */
  readonly block: Block;
  /** Length in the stream, the mark included. */
  readonly bytes: number;
}

/**
 * Cuts a stream of wire blocks, one after the other, into blocks. Holds one block at most. A block
 * in header form has a mark before it, since it would not tell where the next one begins.
 */
export class BlockStream {
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  /** Bytes that the next block needs, once its entry is known. */
  #neededBytes = 0;

  /** @throws ProtocolError `malformed` and others of the decoders */
  push(piece: Uint8Array): StreamedBlock[] {
    this.#held.push(piece);
    this.#heldBytes += piece.length;
    if (this.#heldBytes < this.#neededBytes) return [];
    let bytes = concatBytes(...this.#held);
    const blocks: StreamedBlock[] = [];
    for (;;) {
      const end = this.#lengthOf(bytes);
      this.#neededBytes = end ?? 0;
      if (end === undefined || end > bytes.length) break;
      // A copy: the block must not keep the whole stream alive.
      const own = new Uint8Array(bytes.subarray(0, end));
      const block = own[0] === PAYLOAD_ABSENT ? headerForm(own) : decodeBlockPrefix(own).block;
      blocks.push({ block, bytes: end });
      bytes = bytes.subarray(end);
    }
    this.#held = bytes.length === 0 ? [] : [bytes];
    this.#heldBytes = bytes.length;
    return blocks;
  }

  /** Bytes of a block that did not come to its end. */
  get restBytes(): number {
    return this.#heldBytes;
  }

  /** Length of the first block; undefined while its entry is not whole. */
  #lengthOf(bytes: Uint8Array): number | undefined {
    if (bytes.length === 0) return undefined;
    const isMarked = bytes[0] === PAYLOAD_ABSENT;
    try {
      const { entry, end } = decodeEntryPrefix(bytes, isMarked ? 1 : 0);
      const length = isMarked ? end : end + entry.header.payloadLength;
      if (length <= BLOCK_BYTES_MAX) return length;
      throw new ProtocolError('payload-too-large', 'expected a block of at most 16 MiB');
    } catch (error) {
      // An entry that is cut off reads as malformed, as long as there is less than the longest one.
      const mayGoOn = bytes.length < ENTRY_BYTES_MAX && error instanceof ProtocolError;
      if (mayGoOn && error.code === 'malformed') return undefined;
      throw error;
    }
  }
}

/** @throws ProtocolError `malformed`: a mark before a block that has no payload to be absent */
function headerForm(marked: Uint8Array): Block {
  const { entry } = decodeEntryPrefix(marked, 1);
  if (entry.header.payloadLength > 0) return { entry, payload: undefined };
  throw new ProtocolError('malformed', 'expected no mark before a block with an empty payload');
}
