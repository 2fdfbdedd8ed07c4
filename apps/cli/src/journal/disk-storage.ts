import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere, removeFile, replaceFile, syncFolder } from '../durable-files.ts';
import type { JournalStorage } from './storage.ts';

/**
 * A journal in a folder. Files that are written again and again stay open; `write` and `append`
 * cost one fdatasync each.
 */
export class DiskStorage implements JournalStorage {
  readonly #folder: string;
  readonly #open = new Map<string, FileHandle>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    return await readIfThere(join(this.#folder, name));
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    const file = await this.#handle(name);
    await writeAll(file, bytes, 0);
    await file.truncate(bytes.length);
    await file.datasync();
  }

  async replace(name: string, bytes: Uint8Array): Promise<void> {
    await replaceFile(join(this.#folder, name), bytes);
  }

  async append(name: string, bytes: Uint8Array, unitBytes: number): Promise<void> {
    const file = await this.#handle(name);
    const { size } = await file.stat();
    await writeAll(file, bytes, size - (size % unitBytes));
    await file.datasync();
  }

  async remove(name: string): Promise<void> {
    await this.#open.get(name)?.close();
    this.#open.delete(name);
    await removeFile(join(this.#folder, name));
  }

  async close(): Promise<void> {
    for (const file of this.#open.values()) await file.close();
    this.#open.clear();
  }

  /** Open for writing at any place; made (and its name synced) where it was not there. */
  async #handle(name: string): Promise<FileHandle> {
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    const path = join(this.#folder, name);
    const file = await open(path, 'r+').catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      const made = await open(path, 'wx+', 0o600);
      await syncFolder(this.#folder);
      return made;
    });
    this.#open.set(name, file);
    return file;
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await file.write(
      bytes,
      written,
      bytes.length - written,
      position + written,
    );
    written += bytesWritten;
  }
}
