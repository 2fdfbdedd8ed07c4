/** Small durable values beside the blocks: the part of the log store that federation uses. */
export interface RecordStore {
  putRecords(
    records: readonly { readonly name: string; readonly value: Uint8Array | undefined }[],
  ): Promise<void>;
  record(name: string): Promise<Uint8Array | undefined>;
  /** In the order of the names that start with `prefix`. */
  records(
    prefix: string,
    limit?: number,
  ): AsyncIterable<{ readonly name: string; readonly value: Uint8Array }>;
}
