import type { Format } from './guess-format.ts';

/** Where records come from. What it gives is the same each time it is read, from the start. */
export interface RecordSource {
  /**
   * Names the source in the journal: the same file, folder or repository has the same identity in
   * the next run. Standard input has none of its own; the journal adds its first record.
   */
  readonly identity: string;
  /**
   * How a record is known again. `position`: by its place and content, so the source may only grow
   * at its end. `content`: by its content alone (files, commits), so that it may grow anywhere.
   */
  readonly order: 'position' | 'content';
  /** True where the input is gone once it was read. */
  readonly once: boolean;
  readonly format: Format;
  /** For people: "trips.csv". */
  readonly label: string;
  /** Bytes that will be read, where that is known. */
  readonly sizeBytes: number | undefined;
  /**
   * Payloads in order, several at a time.
   *
   * @param onBytes told how many bytes of the input were read, for a progress view
   * @throws InputError
   */
  read(onBytes: (count: number) => void): AsyncIterable<readonly Uint8Array[]>;
}
