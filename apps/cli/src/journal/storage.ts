/**
 * What the journal asks of a disk. Every write is durable when its promise resolves; `replace` is
 * all or nothing; `write` and `append` may be torn by a crash (a checksum tells for `write`).
 */
export interface JournalStorage {
  read(name: string): Promise<Uint8Array | undefined>;
  write(name: string, bytes: Uint8Array): Promise<void>;
  replace(name: string, bytes: Uint8Array): Promise<void>;
  /** Adds whole units to the end; what a torn `append` left of a unit is cut off first. */
  append(name: string, bytes: Uint8Array, unitBytes: number): Promise<void>;
  remove(name: string): Promise<void>;
}
