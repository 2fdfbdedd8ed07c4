import {
  type BlockHash,
  blockHash,
  checkPayload,
  decodeEntry,
  type Entry,
  equalBytes,
  type KeyState,
  type NamespaceId,
  ProtocolError,
  verifySignature,
  writerAt,
} from '@basalt/protocol';
import { type LogStore, type NamedRecord, StoreError } from '@basalt/store';
import { recordName } from './chain-codec.ts';
import type { Draft } from './draft.ts';
import { LedgerError } from './errors.ts';
import { judgeRival } from './fork-guard.ts';
import type { SubmitJob, SubmittedItem } from './jobs.ts';
import { FORK_PROOFS_MAX } from './limits.ts';
import type { LedgerComponents, SubmitOutcome } from './types.ts';
import { verifyAhead } from './verification.ts';

/** What applying submitted blocks needs of the ledger. */
export interface ApplyContext {
  readonly components: LedgerComponents;
}

/** Applies the blocks of one job to the draft, one outcome each, in order. */
export async function applySubmit(
  context: ApplyContext,
  draft: Draft,
  job: SubmitJob,
): Promise<SubmitOutcome[]> {
  const moved = headMoved(draft, job.ifHead);
  const outcomes: SubmitOutcome[] = [];
  const isNew = draft.chain.keys === undefined;
  for (const [i, item] of job.items.entries()) {
    // The genesis of this very job has brought the key for all that follow it.
    if (i === 1 && isNew) await verifyRest(context, draft, job);
    outcomes.push(
      moved === undefined ? await applyItem(context, draft, item) : rejected(item, moved),
    );
  }
  return outcomes;
}

async function verifyRest(context: ApplyContext, draft: Draft, job: SubmitJob): Promise<void> {
  const { verifier } = context.components;
  await verifyAhead(draft.chain.keys, draft.chain.tip?.size ?? 0, job.items, verifier);
}

/** Compare-and-swap on the head. Undefined when `ifHead` holds or was not asked for. */
export function headMoved(draft: Draft, ifHead: BlockHash | undefined): LedgerError | undefined {
  if (ifHead === undefined) return undefined;
  const { tip } = draft.chain;
  if (tip !== undefined && equalBytes(ifHead, tip.headHash)) return undefined;
  return new LedgerError('head-moved', 'the head of the namespace is another block now', {
    headIndex: tip === undefined ? undefined : tip.size - 1,
  });
}

async function applyItem(
  context: ApplyContext,
  draft: Draft,
  item: SubmittedItem,
): Promise<SubmitOutcome> {
  const { namespace, index } = item.block.entry.header;
  const { hash } = item;
  try {
    if (index < (draft.chain.tip?.size ?? 0)) {
      await compareWithStored(context, draft, item);
      return { status: 'duplicate', namespace, index, blockHash: hash };
    }
    if (draft.chain.tip === undefined && index > 0) {
      throw new ProtocolError('unknown-namespace', 'nothing of this namespace is here yet', {
        expected: 0,
        found: index,
      });
    }
    draft.add(item.block, hash, item.check, context.components.clock.nowMs());
    return { status: 'accepted', namespace, index, blockHash: hash };
  } catch (error) {
    if (!(error instanceof ProtocolError || error instanceof LedgerError)) throw error;
    return rejected(item, error);
  }
}

/** The index is taken: the same block again is fine, another one may be a fork. */
async function compareWithStored(
  context: ApplyContext,
  draft: Draft,
  item: SubmittedItem,
): Promise<void> {
  const { entry, payload } = item.block;
  const { index, namespace } = entry.header;
  const { store, crypto } = context.components;
  const drafted = draft.blockAt(index);
  const bytes = drafted?.entry ?? (await storedEntry(store, namespace, index));
  if (bytes === undefined) {
    throw new StoreError('corrupt', `the entry of block ${index} is missing: run basalt fsck`, {
      namespace,
      index,
    });
  }
  const stored = decodeEntry(bytes);
  // A version 1 hash covers the payload, which may be pruned; its envelope says as much.
  const isSame =
    stored.header.version === 1
      ? equalBytes(stored.bytes, entry.bytes)
      : equalBytes(blockHash(stored, undefined, crypto.sha256), item.hash);
  const { keys } = draft.chain;
  if (keys === undefined) throw new ProtocolError('unknown-namespace', 'no key is known');
  if (isSame) {
    checkRepeated(context, keys, stored, item);
    return;
  }
  const tipMs = draft.chain.tip?.timestampMs ?? 0;
  const fork = judgeRival(keys, tipMs, stored, entry, payload, crypto);
  // With the group, in its order: a recovery that follows in the same group takes the mark away.
  draft.records.push(...(await provenRecords(store, namespace, fork.records)));
  if (fork.frozen !== undefined) draft.chain = { ...draft.chain, frozen: fork.frozen };
  draft.forks.push({ kind: 'fork', namespace, index });
  const outcome = fork.frozen === undefined ? 'kept' : 'kept, the namespace frozen';
  throw new ProtocolError(
    'fork',
    `the writer has signed two blocks at index ${index}; the proof is ${outcome}`,
    { index },
  );
}

/** @throws LedgerError `pruned`: below the beginning nothing can be compared */
async function storedEntry(
  store: LogStore,
  namespace: NamespaceId,
  index: number,
): Promise<Uint8Array | undefined> {
  try {
    return await store.entry(namespace, index);
  } catch (error) {
    if (!(error instanceof StoreError && error.code === 'pruned')) throw error;
    throw new LedgerError('pruned', error.message, error.metadata);
  }
}

/**
 * The header names the block, so a repeat may still bring another signature or payload: "known" is
 * the answer only to what would have been accepted.
 */
function checkRepeated(
  { components: { crypto } }: ApplyContext,
  keys: KeyState,
  stored: Entry,
  { block: { entry, payload } }: SubmittedItem,
): void {
  if (payload !== undefined) checkPayload(entry, payload, crypto);
  if (equalBytes(stored.bytes, entry.bytes)) return;
  const { publicKey } = writerAt(keys, entry.header);
  const verdict = verifySignature(entry, publicKey, payload, crypto);
  if (verdict === undefined) return;
  throw new ProtocolError(verdict, 'the block is known, with another signature that verifies');
}

/** A writer that forks again and again adds nothing after the first few proofs. */
async function provenRecords(
  store: LogStore,
  namespace: NamespaceId,
  records: readonly NamedRecord[],
): Promise<readonly NamedRecord[]> {
  let held = 0;
  for await (const _ of store.records(recordName.forks(namespace), FORK_PROOFS_MAX)) held++;
  return held < FORK_PROOFS_MAX ? records : records.slice(1);
}

function rejected(item: SubmittedItem, error: ProtocolError | LedgerError): SubmitOutcome {
  const { namespace, index } = item.block.entry.header;
  const { code, message } = error;
  return { status: 'rejected', namespace, index, blockHash: item.hash, code, message };
}
