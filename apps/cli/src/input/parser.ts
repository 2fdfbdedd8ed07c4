/**
 * A push parser: bytes in, in pieces of any size; whole records out. The same bytes give the same
 * records however they are cut. No I/O, no promise.
 */
export interface RecordParser {
  /** Records that end inside this piece. They may be views of the piece: do not change it. */
  push(piece: Uint8Array): Uint8Array[];
  /** The records that the end of the input completes. */
  end(): Uint8Array[];
}
