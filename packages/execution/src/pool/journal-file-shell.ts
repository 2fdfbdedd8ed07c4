import { createReadStream } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { PoolJournal } from './journal.ts';
import { JOURNAL_PENDING_BYTES_MAX, JOURNAL_RECORD_BYTES_MAX } from './limits.ts';

/** Before each record: its length and its CRC-32, big-endian. */
const HEADER_BYTES = 8;

/**
 * A journal in a file. What was appended is with the operating system a moment later, so the end of
 * the process loses next to nothing and the end of the machine the last seconds.
 *
 * @param onError told when the disk does not take what is written; the pool goes on without
 */
export async function openPoolJournal(
  path: string,
  onError: (error: unknown) => void,
): Promise<PoolJournal> {
  const handle = await open(path, 'a');
  const { size } = await handle.stat();
  return new FileJournal(path, onError, handle, size);
}

class FileJournal implements PoolJournal {
  readonly #path: string;
  readonly #onError: (error: unknown) => void;
  #handle: FileHandle;
  #bytes: number;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #isRewriting = false;
  /** One operation on the file after the other. */
  #last: Promise<void> = Promise.resolve();

  constructor(path: string, onError: (error: unknown) => void, handle: FileHandle, bytes: number) {
    this.#path = path;
    this.#onError = onError;
    this.#handle = handle;
    this.#bytes = bytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async *records(): AsyncIterable<Uint8Array> {
    await this.#last;
    let rest: Uint8Array = new Uint8Array(0);
    for await (const chunk of createReadStream(this.#path) as AsyncIterable<Buffer>) {
      let bytes: Uint8Array = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (;;) {
        const record = takeRecord(bytes);
        if (record === 'damaged') return;
        if (record === undefined) break;
        yield record;
        bytes = bytes.subarray(HEADER_BYTES + record.length);
      }
      rest = bytes;
    }
  }

  append(record: Uint8Array): void {
    if (this.#pendingBytes > JOURNAL_PENDING_BYTES_MAX) {
      this.#onError(new Error('the journal of the pool does not keep up: a record is left out'));
      return;
    }
    this.#pending.push(header(record), record);
    this.#pendingBytes += HEADER_BYTES + record.length;
    this.#bytes += HEADER_BYTES + record.length;
    if (this.#pending.length === 2) void this.#enqueue(() => this.#flush());
  }

  rewrite(records: readonly Uint8Array[]): Promise<void> {
    // What waits to be written now is in the records; what comes from now on belongs behind them.
    const covered = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#isRewriting = true;
    return this.#enqueue(async () => {
      try {
        await this.#replaceFile(records);
      } catch (error) {
        this.#pending = [...covered, ...this.#pending];
        throw error;
      } finally {
        this.#isRewriting = false;
        await this.#flush();
      }
    });
  }

  async close(): Promise<void> {
    await this.#enqueue(() => this.#flush());
    await this.#handle.close();
  }

  async #replaceFile(records: readonly Uint8Array[]): Promise<void> {
    const path = `${this.#path}.new`;
    const handle = await open(path, 'w');
    let bytes = 0;
    try {
      for (const record of records) {
        await handle.writev([header(record), record]);
        bytes += HEADER_BYTES + record.length;
      }
      await handle.sync();
      await rename(path, this.#path);
    } catch (error) {
      await handle.close();
      throw error;
    }
    await this.#handle.close();
    this.#handle = handle;
    this.#bytes = bytes + this.#pendingBytes;
  }

  async #flush(): Promise<void> {
    if (this.#isRewriting) return;
    const pending = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    if (pending.length > 0) await this.#handle.writev(pending);
  }

  #enqueue(run: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(run).catch((error: unknown) => this.#onError(error));
    return this.#last;
  }
}

function header(record: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, record.length);
  view.setUint32(4, crc32(record));
  return bytes;
}

/** undefined: not all of it is there. */
function takeRecord(bytes: Uint8Array): Uint8Array | 'damaged' | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = view.getUint32(0);
  if (length > JOURNAL_RECORD_BYTES_MAX) return 'damaged';
  if (bytes.length < HEADER_BYTES + length) return undefined;
  const record = bytes.slice(HEADER_BYTES, HEADER_BYTES + length);
  return crc32(record) === view.getUint32(4) ? record : 'damaged';
}
