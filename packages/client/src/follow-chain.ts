import {
  type BlockHash,
  decodeSnapshot,
  encodeSnapshot,
  equalBytes,
  fromBase64,
  type NamespaceId,
  type SnapshotProof,
  toBase64,
  verifyChainFromSnapshot,
} from '@basalt/protocol';
import type { Client } from './client.ts';
import { ClientError, refusal, refuseUnless } from './errors.ts';
import { BATCH_BLOCKS_MAX } from './limits.ts';
import type { CheckpointStorage } from './storage.ts';
import type { CallOptions, ServedBlock, VerifiedCheckpoint } from './types.ts';

export interface FollowChainOptions extends CallOptions {
  readonly namespace: NamespaceId;
  /**
   * Number of blocks to begin after where the storage holds no place; 1 or more. What is older is
   * not asked for, except for key blocks.
   */
  readonly height: number;
  /** Keeps the place between two runs, some 200 bytes; a walk that broke off goes on there. */
  readonly storage?: CheckpointStorage;
  /** Blocks per chunk, at most 256 (default). */
  readonly chunkBlocks?: number;
}

/** Blocks [from, to), each verified, and where the chain stands after them. */
export interface FollowedChunk {
  readonly from: number;
  readonly to: number;
  readonly blocks: readonly ServedBlock[];
  /** A walk can begin here: `encodeSnapshot` makes bytes of it. */
  readonly snapshot: SnapshotProof;
  /** Covers the chunk. */
  readonly checkpoint: VerifiedCheckpoint;
}

/**
 * Follows a chain from a snapshot to its newest checkpoint with nothing older: each chunk's blocks
 * are verified as `Client.list` does, their links and order from the snapshot on, and the tree that
 * they lead to against the checkpoint. The place after a chunk is stored when the next one is
 * asked for, so a consumer that fails meets its chunk again.
 *
 * @throws ClientError kind `refused`, with `from` and `to` in its metadata where a chunk does not
 *   hold; the chunks before it stay good. `no-trust` from a client that verifies nothing
 */
export async function* followChain(
  client: Client,
  options: FollowChainOptions,
): AsyncGenerator<FollowedChunk, void, undefined> {
  const { namespace, storage } = options;
  const call = options.signal === undefined ? {} : { signal: options.signal };
  const chunkBlocks = Math.max(1, Math.min(BATCH_BLOCKS_MAX, options.chunkBlocks ?? 256));
  let snapshot = (await readPlace(client, options, call)) ?? (await begin(client, options, call));
  const checkpoint = await client.checkpoint(namespace, call);
  const { size } = checkpoint.checkpoint;
  while (snapshot.height < size) {
    const from = snapshot.height;
    const count = Math.min(chunkBlocks, size - from);
    const chunk = await naming(from, from + count, async () => {
      const blocks = await client.list({ namespace, from, count }, call);
      requireVerified(blocks);
      return { blocks, snapshot: continueWith(snapshot, blocks, checkpoint) };
    });
    snapshot = chunk.snapshot;
    yield { from, to: snapshot.height, ...chunk, checkpoint };
    await storage?.write(placeKey(namespace), toBase64(encodeSnapshot(snapshot)));
  }
}

/** The snapshot at a height under the newest checkpoint, its head hash from the block itself. */
async function begin(
  client: Client,
  { namespace, height }: FollowChainOptions,
  call: CallOptions,
): Promise<SnapshotProof> {
  const told = await client.snapshot(namespace, height, call);
  const head = await client.get({ namespace, index: height - 1 }, call);
  requireVerified([head]);
  return {
    namespace,
    height,
    root: told.root,
    peaks: told.peaks,
    headHash: head.hash,
    blockCount: height,
    totalSizeBytes: told.totalSizeBytes,
    createdMs: head.block.entry.header.timestampMs,
  };
}

/** The place of an earlier run, shown to be under the newest checkpoint. */
async function readPlace(
  client: Client,
  { namespace, storage }: FollowChainOptions,
  call: CallOptions,
): Promise<SnapshotProof | undefined> {
  const text = await storage?.read(placeKey(namespace));
  if (text === undefined) return undefined;
  const snapshot = refuseUnless(() => decodeSnapshot(fromBase64(text)));
  const { height: size, root } = snapshot;
  await client.consistency(namespace, { size, root }, call);
  return snapshot;
}

function placeKey(namespace: NamespaceId): string {
  return `place/${namespace}`;
}

/** @throws ClientError kind `refused` */
function continueWith(
  snapshot: SnapshotProof,
  blocks: readonly ServedBlock[],
  { checkpoint }: VerifiedCheckpoint,
): SnapshotProof {
  if (blocks.length === 0) throw refusal('missing-block', 'the node shows none of the blocks');
  const after = refuseUnless(
    () =>
      verifyChainFromSnapshot(
        blocks.map(({ block }) => block),
        snapshot,
      ).snapshot,
  );
  const head: BlockHash | undefined = blocks.at(-1)?.hash;
  const isWhole = after.height === checkpoint.size;
  if (
    head === undefined ||
    !equalBytes(after.headHash, head) ||
    (isWhole && !equalBytes(after.root, checkpoint.root))
  ) {
    throw refusal('inconsistent-checkpoint', 'the blocks lead to another tree than was signed');
  }
  return after;
}

function requireVerified(blocks: readonly ServedBlock[]): void {
  if (blocks.every(({ status, verified }) => status === 'verified' && verified.inclusion)) return;
  throw new ClientError(
    'usage',
    'no-trust',
    'a client that verifies nothing cannot follow a chain',
  );
}

/** Runs one chunk's work; a refusal says which chunk it is about. */
async function naming<Result>(
  from: number,
  to: number,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ClientError) || error.kind !== 'refused') throw error;
    const message = `blocks ${from} to ${to - 1}: ${error.message}`;
    const metadata = { ...error.metadata, from, to };
    throw new ClientError('refused', error.code, message, metadata, { cause: error });
  }
}
