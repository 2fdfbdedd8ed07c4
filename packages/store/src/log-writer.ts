import { assert, type NamespaceId } from '@basalt/protocol';
import { type BlockRows, blockRows } from './block-rows.ts';
import { dropStep } from './dropping.ts';
import type { KeyValueEngine, WriteOperation } from './engine.ts';
import { StoreError } from './errors.ts';
import type { FilterKeeper } from './filter-keeper.ts';
import {
  assertRequest,
  GroupDraft,
  type GroupRequest,
  type NamespaceDraft,
  requestBytes,
} from './group.ts';
import type { HashIndex } from './hash-index.ts';
import { META_COUNTERS } from './keys.ts';
import { GROUP_BLOCKS_MAX, GROUP_BYTES_MAX } from './limits.ts';
import type { LogReader } from './log-reader.ts';
import { beginIndex, type NamespaceState, type NamespaceTable } from './namespace-table.ts';
import { type PayloadStep, pruneStep } from './pruning.ts';
import { type ReturnedPayloads, restoreStep } from './restoring.ts';
import { type Counters, corruptRow, decodeCounters, encodeCounters } from './rows.ts';

export interface LogWriterOptions {
  readonly engine: KeyValueEngine;
  readonly namespaces: NamespaceTable;
  readonly index: HashIndex;
  readonly filter: FilterKeeper;
  readonly reader: LogReader;
}

type Job =
  | {
      readonly kind: 'write';
      readonly request: GroupRequest;
      readonly bytes: number;
      readonly blocks: number;
      readonly resolve: () => void;
      readonly reject: (error: unknown) => void;
    }
  | {
      /** Runs alone, between groups. */
      readonly kind: 'task';
      readonly run: () => Promise<void>;
    };

type WriteJob = Extract<Job, { kind: 'write' }>;

/**
 * Group commit. One group is under way at a time; calls that come meanwhile wait in the queue and
 * make the next one, so there is one sync per group and no group waits for a timer. The queue holds
 * references to its callers' bytes and is bounded by them (the ledger's queue has the limit).
 *
 * When a commit fails, what the disk holds is not known ("failed but persisted" happens), so
 * everything in memory is read anew before the next group.
 */
export class LogWriter {
  readonly #options: LogWriterOptions;
  /** Owner: the run loop. */
  #counters: Counters = { commits: 0, namespaces: 0, blocks: 0 };
  readonly #queue: Job[] = [];
  #running: Promise<void> | undefined;
  /** The commit under way and its application in memory. */
  #committing: Promise<void> = Promise.resolve();
  /** Memory may differ from the disk: read anew before the next group. */
  #stale = false;
  #closed = false;

  constructor(options: LogWriterOptions) {
    this.#options = options;
  }

  get counters(): Counters {
    return this.#counters;
  }

  /** Resolves when the commit that runs now, if any, has been applied in memory. */
  settled(): Promise<void> {
    return this.#committing;
  }

  /** Reads the state of the disk; drops everything in memory. */
  async load(): Promise<void> {
    const { engine, namespaces, index, filter, reader } = this.#options;
    const row = await engine.get('meta', META_COUNTERS);
    if (row === undefined) throw corruptRow('meta', 'the counters are missing');
    this.#counters = decodeCounters(row);
    namespaces.clear();
    reader.clear();
    await index.load();
    this.#stale = false;
    filter.keepUp(this.#counters.blocks);
  }

  write(request: GroupRequest): Promise<void> {
    assertRequest(request);
    return new Promise((resolve, reject) => {
      const blocks = request.appends.reduce((sum, append) => sum + append.blocks.length, 0);
      const bytes = requestBytes(request);
      this.#enqueue({ kind: 'write', request, bytes, blocks, resolve, reject }, reject);
    });
  }

  prune(namespace: NamespaceId, beforeIndex: number): Promise<number> {
    assert(Number.isSafeInteger(beforeIndex) && beforeIndex >= 0, 'an index is a whole number');
    return new Promise((resolve, reject) => {
      const run = (): Promise<void> => this.#prune(namespace, beforeIndex).then(resolve, reject);
      this.#enqueue({ kind: 'task', run }, reject);
    });
  }

  drop(namespace: NamespaceId, indexes: readonly number[]): Promise<number> {
    const isIndex = (index: number): boolean => Number.isSafeInteger(index) && index >= 0;
    assert(indexes.every(isIndex), 'an index is a whole number');
    const sorted = [...new Set(indexes)].sort((a, b) => a - b);
    return new Promise((resolve, reject) => {
      const run = (): Promise<void> => this.#drop(namespace, sorted).then(resolve, reject);
      this.#enqueue({ kind: 'task', run }, reject);
    });
  }

  restore(namespace: NamespaceId, returned: ReturnedPayloads): Promise<number> {
    const { from } = returned;
    assert(Number.isSafeInteger(from) && from >= 0, 'an index is a whole number');
    return new Promise((resolve, reject) => {
      const run = (): Promise<void> => this.#restore(namespace, returned).then(resolve, reject);
      this.#enqueue({ kind: 'task', run }, reject);
    });
  }

  /** Finishes what was accepted, refuses what comes. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  #enqueue(job: Job, reject: (error: unknown) => void): void {
    if (this.#closed) {
      reject(new StoreError('closed', 'the store is closed'));
      return;
    }
    this.#queue.push(job);
    // Begins in a microtask, so that calls of the same turn share the first group.
    this.#running ??= Promise.resolve().then(() => this.#run());
  }

  /** Never rejects: each job has its own answer. */
  async #run(): Promise<void> {
    for (let job = this.#queue[0]; job !== undefined; job = this.#queue[0]) {
      if (job.kind === 'write') {
        await this.#writeGroup(this.#takeGroup());
      } else {
        this.#queue.shift();
        await job.run();
      }
    }
    // In the turn in which the queue was seen empty: what comes now starts the next run.
    this.#running = undefined;
  }

  #takeGroup(): WriteJob[] {
    const group: WriteJob[] = [];
    let bytes = 0;
    let blocks = 0;
    for (const job of this.#queue) {
      if (job.kind !== 'write') break;
      bytes += job.bytes;
      blocks += job.blocks;
      if (group.length > 0 && (bytes > GROUP_BYTES_MAX || blocks > GROUP_BLOCKS_MAX)) break;
      group.push(job);
    }
    this.#queue.splice(0, group.length);
    return group;
  }

  async #writeGroup(group: readonly WriteJob[]): Promise<void> {
    const members: WriteJob[] = [];
    try {
      if (this.#stale) await this.load();
      const draft = new GroupDraft(this.#counters);
      for (const job of group) {
        try {
          draft.add(job.request, await this.#stored(job.request));
          members.push(job);
        } catch (error) {
          if (!(error instanceof StoreError && error.code === 'conflict')) throw error;
          job.reject(error);
        }
      }
      if (!draft.isEmpty) await this.#commitDraft(draft);
      for (const job of members) job.resolve();
    } catch (error) {
      // Before anybody hears of it: a caller that looks again must see what the disk has now.
      // Should the disk refuse even that, the next group tries once more.
      if (this.#stale) await this.load().catch(() => undefined);
      // Rejecting a promise twice does nothing: those with a conflict keep their own answer.
      for (const job of group) job.reject(error);
    }
  }

  async #stored(request: GroupRequest): Promise<Map<string, NamespaceState | undefined>> {
    const stored = new Map<string, NamespaceState | undefined>();
    for (const { namespace } of request.appends) {
      if (stored.has(namespace)) continue;
      stored.set(namespace, await this.#options.namespaces.get(namespace));
    }
    return stored;
  }

  async #commitDraft(draft: GroupDraft): Promise<void> {
    const { index, filter, reader, namespaces } = this.#options;
    const laidOut: { draft: NamespaceDraft; rows: BlockRows }[] = [];
    const operations: WriteOperation[] = [];
    for (const part of draft.namespaces.values()) {
      const { before } = part;
      const tail = async (): Promise<Awaited<ReturnType<LogReader['tail']>>> =>
        before === undefined ? [] : reader.tail(before);
      const rows = await blockRows(part, tail);
      laidOut.push({ draft: part, rows });
      operations.push(...rows.operations);
    }
    const plan = await index.plan(draft.hashes);
    operations.push(...draft.operations(), ...plan.operations);
    for (const { hash } of draft.hashes) filter.add(hash);
    await this.#commit(operations, draft.counters(), () => {
      plan.apply();
      for (const { draft: part, rows } of laidOut) {
        for (const [bundle, decoded] of rows.bundles) {
          reader.keepBundle(part.after.number, bundle, decoded);
        }
        reader.extendTail(part.before, part.after, rows.hot);
        namespaces.set(part.after);
      }
    });
    filter.keepUp(this.#counters.blocks);
  }

  /** Commits and, once durable, applies in memory; readers can wait for both with `settled`. */
  async #commit(
    operations: WriteOperation[],
    counters: Counters,
    apply: () => void,
  ): Promise<void> {
    const before = encodeCounters(this.#counters);
    const condition = { table: 'meta', key: META_COUNTERS, value: before } as const;
    operations.push({
      type: 'put',
      table: 'meta',
      key: META_COUNTERS,
      value: encodeCounters(counters),
    });
    const committed = this.#options.engine.commit(operations, [condition]).then(
      () => {
        apply();
        this.#counters = counters;
      },
      (error: unknown) => {
        this.#stale = true;
        throw secondWriter(error);
      },
    );
    this.#committing = committed.catch(() => undefined);
    await committed;
  }

  #prune(namespace: NamespaceId, beforeIndex: number): Promise<number> {
    const { reader, engine } = this.#options;
    return this.#inSteps(namespace, (state) => pruneStep(engine, reader, state, beforeIndex));
  }

  #drop(namespace: NamespaceId, sorted: readonly number[]): Promise<number> {
    const { reader, engine } = this.#options;
    let done = 0;
    return this.#inSteps(namespace, async (state) => {
      const step = await dropStep({ engine, reader }, state, sorted, done);
      done = step?.done ?? done;
      return step;
    });
  }

  async #restore(namespace: NamespaceId, returned: ReturnedPayloads): Promise<number> {
    // What an interrupted pruning left below `payloadsFrom` would come back half.
    await this.#prune(namespace, 0);
    const { reader, engine } = this.#options;
    let end: number | undefined;
    return this.#inSteps(namespace, async (state) => {
      const given = returned.from + returned.payloads.length;
      end ??= Math.min(given, state.size);
      const isJoined = given >= state.payloadsFrom && returned.from >= beginIndex(state);
      assert(isJoined || end <= returned.from, 'payloads come back next to those that are there');
      const step = await restoreStep({ engine, reader }, state, returned, end);
      end = step?.end ?? end;
      return step;
    });
  }

  /** Commits one step after the other until there is none. Returns how many payloads it was. */
  async #inSteps(
    namespace: NamespaceId,
    next: (state: NamespaceState) => Promise<PayloadStep | undefined>,
  ): Promise<number> {
    const { namespaces, reader } = this.#options;
    let payloads = 0;
    for (;;) {
      if (this.#stale) await this.load();
      const state = await namespaces.get(namespace);
      if (state === undefined) return payloads;
      const step = await next(state);
      if (step === undefined) return payloads;
      const counters = { ...this.#counters, commits: this.#counters.commits + 1 };
      try {
        await this.#commit([...step.operations], counters, () => {
          for (const bundle of step.bundles) reader.dropPack(state.number, bundle);
          if (step.changesTail) reader.dropTail(state.number);
          namespaces.set(step.after);
        });
      } catch (error) {
        if (this.#stale) await this.load().catch(() => undefined);
        throw error;
      }
      payloads += step.count;
    }
  }
}

/** The counters are the store's own: when they moved, another program writes to this engine. */
function secondWriter(error: unknown): unknown {
  if (!(error instanceof StoreError && error.code === 'conflict')) return error;
  return new StoreError(
    'io',
    'another store writes to this engine: close one of them; this one reads everything anew',
    {},
    { cause: error },
  );
}
