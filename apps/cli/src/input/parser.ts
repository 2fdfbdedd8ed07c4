/**
 * A push parser: bytes in, in pieces of any size; whole records out. The same bytes give the same
 * records however they are cut. No I/O, no promise.
 */
export interface RecordParser {
  /**
   * Adds the records that end inside this piece; where it throws, those before the fault are there.
   * They may be views of the piece: do not change it.
   */
  push(piece: Uint8Array, records: Uint8Array[]): void;
  /** Adds the record that the end of the input completes, if there is one. */
  end(records: Uint8Array[]): void;
}
