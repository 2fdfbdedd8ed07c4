import { ClientError, type SnapshotDownload } from '@basalt/client';
import type { SnapshotImport } from '@basalt/ledger';

/** Chunks asked for ahead: the line is busy while one is verified and written. */
const AHEAD = 4;

export interface ChunkSource {
  readonly url: string;
  readonly download: SnapshotDownload;
}

export interface FetchChunksOptions {
  /** Asked in this order for each chunk; nobody of them is trusted. */
  readonly sources: readonly ChunkSource[];
  readonly signal: AbortSignal;
  /** After each chunk that was taken in. */
  readonly onChunk: (chunk: number, bytes: number) => void;
  /** A source did not give a chunk that holds. */
  readonly onFailure: (chunk: number, url: string, error: ClientError) => void;
}

/**
 * Brings a snapshot's chunks, from the first one that is missing, and hands them to its import.
 *
 * @throws ClientError of the last source where none gave a chunk that holds; ProtocolError of an
 *   import whose blocks break a rule
 */
export async function fetchChunks(
  running: SnapshotImport,
  count: number,
  options: FetchChunksOptions,
): Promise<void> {
  const ahead = new Map<number, Promise<Uint8Array>>();
  for (let next = running.nextChunk(); next !== undefined; next = running.nextChunk()) {
    for (let chunk = next; chunk < Math.min(count, next + AHEAD); chunk++) {
      if (ahead.has(chunk)) continue;
      const asked = fetchChunk(running, chunk, options);
      // Awaited in its turn; one that fails before must not count as unhandled.
      asked.catch(() => undefined);
      ahead.set(chunk, asked);
    }
    const bytes = await (ahead.get(next) as Promise<Uint8Array>);
    ahead.delete(next);
    await running.add(bytes);
    options.onChunk(next, bytes.length);
  }
}

async function fetchChunk(
  { manifest }: SnapshotImport,
  chunk: number,
  { sources, signal, onFailure }: FetchChunksOptions,
): Promise<Uint8Array> {
  let last: unknown;
  for (const { url, download } of sources) {
    try {
      return await download.chunk(manifest, chunk, { signal });
    } catch (error) {
      if (!(error instanceof ClientError) || error.kind === 'aborted') throw error;
      onFailure(chunk, url, error);
      last = error;
    }
  }
  throw last;
}
