import type { Ledger, SubmitOutcome } from '@basalt/ledger';
import {
  type Block,
  type Checkpoint,
  equalBytes,
  type Hash32,
  leafHash,
  type NamespaceId,
  ProtocolError,
  toHex,
  verifySubtreeConsistency,
} from '@basalt/protocol';
import { type Divergence, findDivergence } from './divergence.ts';
import { Lie } from './lie.ts';
import { PACKAGE_BLOCKS } from './limits.ts';
import { type LogReader, requireOwnPayload } from './log-reader.ts';
import { ownLeaves, ownRoot, ownTiles } from './own-log.ts';
import { rootOfLeaves, subtreeProofOver } from './tree-access.ts';

/** What pulling a log up to a checkpoint came to. */
export type PullResult = GoodPull | BadPull;

/** The own log has all of the checkpoint's tree, and it is the same tree. */
export interface GoodPull {
  readonly kind: 'same' | 'grown';
  readonly size: number;
}

export type BadPull =
  /** The log's signer has two histories: the block that shows it was handed to the ledger. */
  | { readonly kind: 'forked'; readonly divergence: Divergence }
  /** The ledger took no more: a block that breaks a rule, or no room now. */
  | { readonly kind: 'stopped'; readonly outcome: SubmitOutcome };

/**
 * Brings the own copy of a log up to a checkpoint that its log has signed. Nothing is stored before
 * it was shown to be under the checkpoint's root: blocks come in packages aligned at 256, each
 * proven as a sub-tree (as in c2sp.org/tlog-mirror), and the ledger then applies its own rules to
 * every block.
 *
 * @throws Lie when the answers do not hold; PeerError when there are none
 */
export async function pullLog(
  ledger: Ledger,
  remote: LogReader,
  checkpoint: Pick<Checkpoint, 'size' | 'root'>,
): Promise<PullResult> {
  const { namespace } = remote;
  const own = await coveredSize(ledger, namespace);
  const common = Math.min(own, checkpoint.size);
  if (!(await continues(ledger, remote, common, checkpoint))) {
    const divergence = await findDivergence(
      ownTiles(ledger, namespace),
      remote,
      common,
      checkpoint,
    );
    // The ledger keeps the pair as a fork proof and freezes the namespace.
    await ledger.submit([divergence.block]);
    return { kind: 'forked', divergence };
  }
  if (own >= checkpoint.size) return { kind: 'same', size: checkpoint.size };
  for (let from = own; from < checkpoint.size; ) {
    const blocks = await readPackage(ledger, remote, from, checkpoint);
    const isLast = from + blocks.length === checkpoint.size;
    const consistency = isLast ? 'immediate' : 'durable';
    const outcomes = await ledger.submit(blocks, { consistency });
    const outcome = outcomes.find(({ status }) => status === 'rejected');
    if (outcome !== undefined) return { kind: 'stopped', outcome };
    from += blocks.length;
  }
  return { kind: 'grown', size: checkpoint.size };
}

/** Blocks that are stored and covered by an own checkpoint. */
async function coveredSize(ledger: Ledger, namespace: NamespaceId): Promise<number> {
  const info = await ledger.info(namespace);
  if (info === undefined) return 0;
  if (info.checkpointSize < info.size) await ledger.flush();
  return (await ledger.info(namespace))?.checkpointSize ?? 0;
}

/** Whether the first `common` leaves of both are the same tree. @throws Lie `bad-tile` */
async function continues(
  ledger: Ledger,
  remote: LogReader,
  common: number,
  { size, root }: Pick<Checkpoint, 'size' | 'root'>,
): Promise<boolean> {
  if (common === 0) return true;
  const mine = await ownRoot(ledger, remote.namespace, common);
  if (common === size) return equalBytes(mine, root);
  return isSubtree({ start: 0, end: common, size, subtreeRoot: mine, root }, remote);
}

interface Subtree {
  readonly start: number;
  readonly end: number;
  readonly size: number;
  readonly subtreeRoot: Hash32;
  readonly root: Hash32;
}

async function isSubtree(subtree: Subtree, remote: LogReader): Promise<boolean> {
  const proof = await subtreeProofOver(subtree, remote.tiles);
  try {
    verifySubtreeConsistency({ ...subtree, proof });
    return true;
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}

/** The blocks from `from` to the end of its package, shown to be under the root. */
async function readPackage(
  ledger: Ledger,
  remote: LogReader,
  from: number,
  { size, root }: Pick<Checkpoint, 'size' | 'root'>,
): Promise<Block[]> {
  const { namespace, url } = remote;
  const start = from - (from % PACKAGE_BLOCKS);
  const end = Math.min(start + PACKAGE_BLOCKS, size);
  const blocks = await readWhole(remote, from, end - from);
  const leaves = [
    ...(await ownLeaves(ledger, namespace, start, from)),
    ...blocks.map(({ entry }) => leafHash(entry.bytes)),
  ];
  const subtreeRoot = rootOfLeaves(leaves);
  if (!(await isSubtree({ start, end, size, subtreeRoot, root }, remote))) {
    throw new Lie('altered-block', url, `blocks ${from} to ${end - 1} are not those of the log`, {
      namespace,
      from: String(from),
      to: String(end),
      root: toHex(root),
    });
  }
  return blocks;
}

/** A node may end a page early, not send what was not asked for. */
async function readWhole(remote: LogReader, from: number, count: number): Promise<Block[]> {
  const blocks: Block[] = [];
  while (blocks.length < count) {
    const page = await remote.blocks(from + blocks.length, count - blocks.length);
    if (page.length === 0) {
      throw new Lie('missing-data', remote.url, `block ${from + blocks.length} is not shown`, {
        namespace: remote.namespace,
      });
    }
    for (const block of page) {
      checkPlace(remote, block, from + blocks.push(block) - 1);
      requireOwnPayload(remote.url, block);
    }
  }
  return blocks;
}

function checkPlace(remote: LogReader, { entry: { header } }: Block, index: number): void {
  if (header.namespace === remote.namespace && header.index === index) return;
  throw new Lie('altered-block', remote.url, `another block than ${index} of the log`, {
    namespace: remote.namespace,
    index: String(index),
  });
}
