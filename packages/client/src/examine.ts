import { type Block, blockHash, type HashFunction, type NamespaceId } from '@basalt/protocol';
import {
  checkBlockItself,
  createFindings,
  type Findings,
  NO_CHECKS,
  note,
  noteInclusion,
  requireIdentity,
  toReport,
} from './check-block.ts';
import { ClientError, refuseUnless } from './errors.ts';
import { checkInclusion } from './inclusion.ts';
import { BATCH_BLOCKS_MAX } from './limits.ts';
import { checkManyInclusions } from './many-inclusions.ts';
import type { ClientContext } from './options.ts';
import { fetchBlock, fetchBlocks, fetchProof } from './requests.ts';
import type { NamespaceSession, Sessions } from './session.ts';
import type { BlockProof, BlockReference, BlockReport, ReadOptions, ServedBlock } from './types.ts';
import { isNotCovered, whenCovered } from './when-covered.ts';

/**
 * Fetches one block with its proof and checks everything that can be checked. What does not hold is
 * told in the report, not thrown.
 *
 * @throws ClientError of kinds `rejected`, `unavailable`, `aborted`, `usage`; of kind `refused`
 *   only
 *   where the answer is no block at all and the namespace is not known
 */
export async function examineBlock(
  sessions: Sessions,
  context: ClientContext,
  reference: BlockReference,
  options: ReadOptions,
): Promise<BlockReport> {
  if (context.verify === 'none') return serveUnchecked(context, reference, options);
  const ask = (): Promise<BlockProof> => fetchProof(context.transport, reference, options);
  const asked = [ask()];
  // Awaited below; a rejection that comes before that must not count as unhandled.
  asked[0]?.catch(() => undefined);
  const { sha256 } = await context.provider(1);
  const found = await fetchNamed(context, reference, sha256, options);
  const { block } = found;
  // Bytes that are not what was asked for may name any namespace: they are not followed there.
  if (block === undefined || (typeof reference === 'string' && found.failures.length > 0)) {
    return toReport(found);
  }
  const session = await sessions.open(found.namespace, options);
  await checkBlockItself(session, found, block, options);
  await proveBlock(session, found, () => asked.pop() ?? ask(), options);
  return toReport(found);
}

/** Fetches a block and checks that its name is the one asked for. */
async function fetchNamed(
  context: ClientContext,
  reference: BlockReference,
  hash: HashFunction,
  options: ReadOptions,
): Promise<Findings> {
  if (typeof reference === 'string') {
    const block = await fetchBlock(context.transport, reference, options);
    const found = createFindings(block.entry.header.namespace, block.entry.header.index);
    await nameFound(found, block, reference, hash);
    return found;
  }
  const found = createFindings(reference.namespace, reference.index);
  const block = await note(found, 'block', () => fetchBlock(context.transport, reference, options));
  if (block !== undefined) await nameFound(found, block, reference, hash);
  return found;
}

async function nameFound(
  found: Findings,
  block: Block,
  reference: BlockReference,
  hash: HashFunction,
): Promise<void> {
  found.block = block;
  await note(found, 'block', () => {
    const name = refuseUnless(() => blockHash(block.entry, block.payload, hash));
    found.hash = name;
    requireIdentity(block, reference, name);
  });
}

/**
 * Looks for a proof that holds under an accepted checkpoint: at a copy, that of the log may come
 * later than a proof.
 *
 * @returns false where no checkpoint covers the block and none is waited for
 */
async function proveBlock(
  session: NamespaceSession,
  found: Findings,
  ask: () => Promise<BlockProof>,
  options: ReadOptions,
): Promise<boolean> {
  const { entry } = found.block as Block;
  const look = async (): Promise<void> => {
    found.proof = await ask();
    noteInclusion(found, await checkInclusion(session, entry, found.proof, options));
  };
  const isPatient = options.inclusion !== 'if-covered';
  try {
    await note(found, 'inclusion', () =>
      isPatient ? whenCovered(session.context, look, options) : look(),
    );
    return true;
  } catch (error) {
    if (isPatient || !isNotCovered(error)) throw error;
    found.proof = undefined;
    return false;
  }
}

/** Consecutive blocks to look at. */
export interface BlockRange {
  readonly namespace: NamespaceId;
  readonly from: number;
  /** At most 256. */
  readonly count: number;
}

/**
 * Fetches and checks a run of blocks with one proof for all. Fewer than `count` reports come back
 * where the chain or the node's page ends; none only where a checkpoint says that the chain does.
 * When the common proof does not hold, each block is examined with a proof of its own, so that a
 * bad one does not spoil its neighbours.
 */
export async function examineRange(
  sessions: Sessions,
  context: ClientContext,
  range: BlockRange,
  options: ReadOptions,
): Promise<BlockReport[]> {
  const count = Math.min(range.count, BATCH_BLOCKS_MAX);
  if (count <= 0) return [];
  const { namespace, from } = range;
  let blocks = await fetchBlocks(context.transport, namespace, { from, count }, options);
  if (context.verify === 'none') return blocks.map((block) => unchecked(block));
  const session = await sessions.open(namespace, options);
  if (blocks.length === 0) {
    const { pageAtEnd } = await import('./seldom.ts');
    blocks = await pageAtEnd(session, { from, count }, options);
  }
  const all: Findings[] = [];
  for (const [place, block] of blocks.entries()) {
    const index = from + place;
    const found = createFindings(namespace, index);
    await nameFound(found, block, { namespace, index }, session.hash);
    all.push(found);
  }
  // One question about keys for the whole run: the last block needs the most of them.
  for (const found of all.toReversed()) {
    if (found.block !== undefined) await checkBlockItself(session, found, found.block, options);
  }
  await proveRange(session, all, options);
  return all.map(toReport);
}

/** What the node says, with nothing checked but its form. */
async function serveUnchecked(
  context: ClientContext,
  reference: BlockReference,
  options: ReadOptions,
): Promise<ServedBlock> {
  return unchecked(await fetchBlock(context.transport, reference, options));
}

function unchecked(block: Block): ServedBlock {
  const { namespace, index } = block.entry.header;
  return {
    status: 'unchecked',
    namespace,
    index,
    hash: refuseUnless(() => blockHash(block.entry, block.payload)),
    block,
    proof: undefined,
    writer: undefined,
    verified: { ...NO_CHECKS, trust: 'none' },
  };
}

async function proveRange(
  session: NamespaceSession,
  all: readonly Findings[],
  options: ReadOptions,
): Promise<void> {
  const { context } = session;
  const sound = all.filter((found) => !found.failures.some(({ check }) => check === 'block'));
  if (sound.length === 0) return;
  const entries = sound.map(({ block }) => (block as Block).entry);
  const ask = (): ReturnType<typeof checkManyInclusions> =>
    checkManyInclusions(session, entries, options);
  try {
    const isPatient = options.inclusion !== 'if-covered';
    const admitted = await (isPatient ? whenCovered(context, ask, options) : ask());
    for (const found of sound) noteInclusion(found, admitted);
  } catch (error) {
    const isRefused = error instanceof ClientError && error.kind === 'refused';
    if (!isRefused && !isNotCovered(error)) throw error;
    if (isNotCovered(error) && options.inclusion !== 'if-covered') throw error;
    await proveOneByOne(session, sound, options);
  }
}

async function proveOneByOne(
  session: NamespaceSession,
  sound: readonly Findings[],
  options: ReadOptions,
): Promise<void> {
  const { transport } = session.context;
  for (const found of sound) {
    const ask = (): Promise<BlockProof> => fetchProof(transport, found, options);
    // What comes behind one that is not covered is not covered either.
    if (!(await proveBlock(session, found, ask, options))) return;
  }
}

/** The block of a report. @throws ClientError the first thing that does not hold */
export function requireServed(report: BlockReport): ServedBlock {
  if (report.status === 'refused') throw report.error;
  return report;
}

/** Reference text in the form of the contract. @throws ClientError `malformed` */
export function requireReference(reference: BlockReference): BlockReference {
  if (typeof reference !== 'string') return reference;
  const text = reference.toLowerCase();
  if (/^[0-9a-f]{64}$/.test(text)) return text;
  throw new ClientError('usage', 'malformed', 'expected a block hash of 64 hexadecimal digits');
}
