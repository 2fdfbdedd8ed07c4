import {
  type Block,
  type BlockHash,
  blockHash,
  type NamespaceId,
  type Signer,
} from '@basalt/protocol';
import { inSpan, spanHere } from '@basalt/telemetry';
import type { Admission } from './admission.ts';
import { applySubmit, headMoved } from './apply-submit.ts';
import { applyWrite } from './apply-write.ts';
import type { Draft } from './draft.ts';
import { LedgerError } from './errors.ts';
import { type Job, JobQueue, type SubmitJob, type SubmittedItem, type WriteJob } from './jobs.ts';
import type { Lane } from './lane.ts';
import type { Lanes } from './lanes.ts';
import { GROUP_BLOCKS_MAX } from './limits.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { AppendedBlock, LedgerComponents, LocalRecord, SubmitOutcome } from './types.ts';
import { verifyAhead } from './verification.ts';

export interface WriteRequest {
  readonly namespace: NamespaceId;
  readonly records: readonly LocalRecord[];
  readonly signer: Signer;
  readonly ifHead?: BlockHash | undefined;
  /** Named records that must change in the same group. */
  readonly named?: WriteJob['named'];
}

export interface PipelineParts {
  readonly components: LedgerComponents;
  readonly lanes: Lanes;
  readonly events: Subscriptions;
  readonly admission: Admission;
  /** Called after each commit, with the lane that grew. */
  readonly onCommit: (lane: Lane) => void;
}

/**
 * Life of a block:
 * 1. `submit` takes room in the bounded queue, or refuses.
 * 2. Signatures are checked in batches, in any order, with the key that the header names.
 * 3. One runner per namespace takes what is ready, in order of arrival, and applies the rules to a
 *    draft. What cannot extend the chain is a duplicate, a fork or an error.
 * 4. The draft goes to the store, which groups the drafts of all namespaces under one sync.
 * 5. After the sync: the new head counts, events go out, answers go out.
 */
export class Pipeline {
  readonly #parts: PipelineParts;
  /** A queue exists while its namespace has work; bounded in sum by the admission. */
  readonly #queues = new Map<NamespaceId, JobQueue>();
  #groupBlocksMax: number = GROUP_BLOCKS_MAX;
  #idle: (() => void) | undefined;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
  }

  isBusy(namespace: NamespaceId): boolean {
    return this.#queues.has(namespace);
  }

  /**
   * Outcomes in input order. What the door refuses is thrown at once, before there is a promise.
   * @throws LedgerError `queue-full`, `read-only`, `closed`; ProtocolError `payload-mismatch` for a
   *   version 1 block without its payload
   */
  submit(blocks: readonly Block[], ifHead?: BlockHash): Promise<SubmitOutcome[]> {
    // Named before the door: what throws here must not hold room that nobody gives back.
    const { sha256 } = this.#parts.components.crypto;
    const items = blocks.map((block): SubmittedItem => {
      const hash = blockHash(block.entry, block.payload, sha256);
      return { block, hash, check: { kind: 'unchecked' } };
    });
    this.#parts.admission.take(blocks.length, blocks.reduce(addBytes, 0));
    return this.#submitAdmitted(items, ifHead);
  }

  async #submitAdmitted(
    items: readonly SubmittedItem[],
    ifHead: BlockHash | undefined,
  ): Promise<SubmitOutcome[]> {
    const groups = Map.groupBy(items, (item) => item.block.entry.header.namespace);
    if (groups.size === 1) {
      const [namespace] = groups.keys();
      return this.#enqueueSubmit(namespace as NamespaceId, items, ifHead);
    }
    const outcomes = new Map<SubmittedItem, SubmitOutcome>();
    await Promise.all(
      Array.from(groups, async ([namespace, group]) => {
        const found = await this.#enqueueSubmit(namespace, group, ifHead);
        group.forEach((item, i) => {
          outcomes.set(item, found[i] as SubmitOutcome);
        });
      }),
    );
    return items.map((item) => outcomes.get(item) as SubmitOutcome);
  }

  /** What `submit` would answer before anything is known: each block queued. */
  describe(blocks: readonly Block[]): SubmitOutcome[] {
    const { sha256 } = this.#parts.components.crypto;
    return blocks.map(({ entry, payload }) => ({
      status: 'queued',
      namespace: entry.header.namespace,
      index: entry.header.index,
      blockHash: blockHash(entry, payload, sha256),
    }));
  }

  /**
   * Signs and appends, all records or none; resolves after the sync.
   * @throws LedgerError `queue-full`, `read-only`, `closed`, `head-moved`; ProtocolError
   */
  async write(request: WriteRequest): Promise<AppendedBlock[]> {
    const { records, namespace, signer, ifHead, named } = request;
    const byteCount = records.reduce((sum, record) => sum + record.payload.length, 0);
    this.#parts.admission.take(records.length, byteCount);
    return new Promise((resolve, reject) => {
      this.#enqueue(namespace, {
        kind: 'write',
        records,
        signer,
        named: named ?? [],
        ifHead,
        blockCount: records.length,
        byteCount,
        ready: Promise.resolve(),
        isReady: true,
        trace: spanHere(),
        resolve,
        reject,
      });
    });
  }

  /** Most blocks of the groups to come. */
  setGroupBlocksMax(blocks: number): void {
    this.#groupBlocksMax = Math.min(GROUP_BLOCKS_MAX, Math.max(1, Math.floor(blocks)));
  }

  /** Takes no more; resolves when everything queued has been answered. */
  async close(): Promise<void> {
    this.#parts.admission.close();
    if (this.#queues.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  #enqueueSubmit(
    namespace: NamespaceId,
    items: readonly SubmittedItem[],
    ifHead: BlockHash | undefined,
  ): Promise<SubmitOutcome[]> {
    return new Promise((resolve, reject) => {
      const job: SubmitJob = {
        kind: 'submit',
        items,
        ifHead,
        blockCount: items.length,
        byteCount: items.reduce((sum, item) => addBytes(sum, item.block), 0),
        ready: inSpan('ledger.verify', { fields: { blocks: items.length } }, () =>
          this.#verify(namespace, items),
        ),
        isReady: false,
        trace: spanHere(),
        resolve,
        reject,
      };
      job.ready.then(
        () => {
          job.isReady = true;
        },
        () => undefined,
      );
      this.#enqueue(namespace, job);
    });
  }

  #enqueue(namespace: NamespaceId, job: Job): void {
    let queue = this.#queues.get(namespace);
    if (queue === undefined) {
      queue = new JobQueue();
      this.#queues.set(namespace, queue);
    }
    queue.push(job);
    if (!queue.running) {
      queue.running = true;
      void this.#run(namespace, queue);
    }
  }

  async #verify(namespace: NamespaceId, items: readonly SubmittedItem[]): Promise<void> {
    const lane = await this.#parts.lanes.get(namespace);
    await verifyAhead(lane.chain.keys, lane.size, items, this.#parts.components.verifier);
  }

  /** Stages 3 to 5 for one namespace, until its queue is empty. Never throws. */
  async #run(namespace: NamespaceId, queue: JobQueue): Promise<void> {
    const { admission } = this.#parts;
    while (!queue.empty) {
      const first = queue.peek() as Job;
      let group: Job[];
      try {
        await first.ready;
        group = queue.takeGroup(this.#groupBlocksMax);
        await this.#runGroup(namespace, group);
      } catch (error) {
        // The verifier failed, not the block: nothing is known about it, so nothing is stored.
        group = queue.takeGroup(1);
        first.reject(error);
      }
      for (const job of group) admission.give(job.blockCount, job.byteCount);
    }
    queue.running = false;
    this.#queues.delete(namespace);
    if (this.#queues.size === 0) this.#idle?.();
  }

  /** Blocks that came before their namespace's key was known can be checked as one batch now. */
  async #verifyWaiting(lane: Lane, group: readonly Job[]): Promise<void> {
    const items = group.flatMap((job) => (job.kind === 'submit' ? job.items : []));
    await verifyAhead(lane.chain.keys, lane.size, items, this.#parts.components.verifier);
  }

  /** Answers every job of the group, whatever happens. */
  #runGroup(namespace: NamespaceId, group: readonly Job[]): Promise<void> {
    const links = group.flatMap(({ trace }) => (trace === undefined ? [] : [trace]));
    const fields = { namespace, jobs: group.length };
    return inSpan('ledger.group', { fields, links }, () => this.#commitGroup(namespace, group));
  }

  async #commitGroup(namespace: NamespaceId, group: readonly Job[]): Promise<void> {
    const { lanes, components, admission } = this.#parts;
    const answers: (() => void)[] = [];
    let lane: Lane | undefined;
    let draft: Draft | undefined;
    try {
      lane = await lanes.get(namespace);
      if (lane.isUnfinished) throw unfinished(namespace);
      await this.#verifyWaiting(lane, group);
      draft = lane.open(components.crypto);
      for (const job of group) answers.push(await this.#apply(draft, job));
      await this.#commit(lane, draft);
    } catch (error) {
      if (lane !== undefined && draft !== undefined) lane.abandon(draft);
      // A failed write may still have reached the disk: read the truth again, now, so that blocks
      // which are there after all are covered even if nobody comes back.
      lanes.drop(namespace);
      void lanes.get(namespace).catch(() => undefined);
      const failure = admission.writeFailed(error);
      for (const job of group) job.reject(failure);
      return;
    }
    for (const answer of answers) answer();
  }

  /** Returns the answer to give once the draft is on disk. */
  async #apply(draft: Draft, job: Job): Promise<() => void> {
    if (job.kind === 'submit') {
      const outcomes = await applySubmit(this.#parts, draft, job);
      return () => {
        this.#count(outcomes);
        job.resolve(outcomes);
      };
    }
    try {
      const moved = headMoved(draft, job.ifHead);
      if (moved !== undefined) throw moved;
      const appended = applyWrite(this.#parts.components, draft, job);
      return () => {
        this.#parts.components.metrics?.blocksAccepted(appended.length);
        job.resolve(appended);
      };
    } catch (error) {
      return () => job.reject(error);
    }
  }

  async #commit(lane: Lane, draft: Draft): Promise<void> {
    const { components, events, admission, onCommit } = this.#parts;
    if (draft.blocks.length === 0) {
      await this.#commitWithoutBlocks(lane, draft);
      return;
    }
    const startedMs = components.clock.nowMs();
    await inSpan('store.append', { fields: { blocks: draft.blocks.length } }, () =>
      components.store.append(draft.toAppend(), draft.records),
    );
    admission.writeSucceeded();
    lane.commit(draft);
    const seconds = (components.clock.nowMs() - startedMs) / 1000;
    components.metrics?.commit(draft.blocks.length, seconds, lane.namespace);
    components.metrics?.committed?.(draft.events, draft.blocks);
    onCommit(lane);
    if (!events.idle) for (const event of [...draft.forks, ...draft.events]) events.publish(event);
  }

  /** Nothing was accepted; a fork may have been proven. */
  async #commitWithoutBlocks(lane: Lane, draft: Draft): Promise<void> {
    const { components, lanes, events } = this.#parts;
    if (draft.records.length === 0) {
      lane.abandon(draft);
    } else {
      await components.store.putRecords(draft.records);
      lane.commit(draft);
    }
    if (lane.size === 0) lanes.drop(lane.namespace);
    for (const event of draft.forks) events.publish(event);
  }

  #count(outcomes: readonly SubmitOutcome[]): void {
    const { metrics } = this.#parts.components;
    if (metrics === undefined) return;
    let accepted = 0;
    let duplicate = 0;
    for (const outcome of outcomes) {
      if (outcome.status === 'accepted') accepted++;
      else if (outcome.status === 'duplicate') duplicate++;
      else if (outcome.status === 'rejected') metrics.blocksRejected(outcome.code, 1);
    }
    if (accepted > 0) metrics.blocksAccepted(accepted);
    if (duplicate > 0) metrics.blocksDuplicate(duplicate);
  }
}

function unfinished(namespace: NamespaceId): LedgerError {
  const message = 'its snapshot is not here whole: finish the import before it goes on';
  return new LedgerError('unfinished', message, { namespace });
}

function addBytes(sum: number, block: Block): number {
  return sum + block.entry.bytes.length + (block.payload?.length ?? 0);
}
