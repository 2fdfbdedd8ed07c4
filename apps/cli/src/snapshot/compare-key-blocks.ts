import { ClientError } from '@basalt/client';
import { equalBytes, type SnapshotManifest } from '@basalt/protocol';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { ChunkSource } from './fetch-chunks.ts';

/**
 * Asks others for the same snapshot. That a manifest names all key blocks is the one thing about a
 * copy that no tree shows: a recovery that is not yet in force could be hidden. One honest source
 * among those that are asked is enough to find it out.
 *
 * @param onFailure a source has not got this snapshot, or does not answer
 * @throws CliError `key-block-missing`, `inconsistent-checkpoint` where two sources contradict each
 *   other
 */
export async function compareKeyBlocks(
  { snapshot, from, keyBlocks }: SnapshotManifest,
  others: readonly ChunkSource[],
  signal: AbortSignal,
  onFailure: (url: string, error: ClientError) => void,
): Promise<void> {
  const { namespace, height, root } = snapshot;
  for (const { url, download } of others) {
    try {
      const blocks = height - from;
      const { manifest } = await download.manifest({ namespace, height, blocks, signal });
      if (!equalBytes(manifest.snapshot.root, root)) throw otherHistory(url, height);
      if (manifest.keyBlocks.join() !== keyBlocks.join()) throw missing(url, height);
    } catch (error) {
      if (!(error instanceof ClientError) || error.kind === 'aborted') throw error;
      onFailure(url, error);
    }
  }
}

function otherHistory(url: string, height: number): CliError {
  return new CliError(
    EXIT.failedCheck,
    'inconsistent-checkpoint',
    `${url} has another tree of ${height} blocks: one of the two logs was forked`,
    'nothing was written; ask whoever holds the key',
  );
}

function missing(url: string, height: number): CliError {
  return new CliError(
    EXIT.failedCheck,
    'key-block-missing',
    `${url} knows other key blocks below ${height}: one of the two hides a change of keys`,
    'nothing was written; ask a third node',
  );
}
