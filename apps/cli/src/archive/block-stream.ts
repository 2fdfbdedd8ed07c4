import {
  BLOCK_BYTES_MAX,
  type Block,
  concatBytes,
  decodeBlockPrefix,
  decodeEntryPrefix,
  ENTRY_BYTES_MAX,
  ProtocolError,
} from '@basalt/protocol';

export interface StreamedBlock {
  readonly block: Block;
  /** Length on the wire. */
  readonly bytes: number;
}

/** Cuts a stream of wire blocks, one after the other, into blocks. Holds one block at most. */
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
      blocks.push({ block: decodeBlockPrefix(own).block, bytes: end });
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
    try {
      const { entry, end } = decodeEntryPrefix(bytes);
      const length = end + entry.header.payloadLength;
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
