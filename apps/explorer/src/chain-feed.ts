import { type BlockReport, ClientError, type Examiner, type NodeEvent } from '@basalt/client';
import type { NamespaceId } from '@basalt/protocol';
import type { State } from './state-mark.ts';

/** A row of the list of blocks. */
export interface FeedRow {
  readonly index: number;
  readonly state: State;
  /** Undefined while it is checked. */
  readonly report: BlockReport | undefined;
  /** Why it could not be checked. */
  readonly error: ClientError | undefined;
  readonly isLive: boolean;
}

export interface ChainFeedParts {
  readonly client: Pick<Examiner, 'examineRange'>;
  readonly namespace: NamespaceId;
  readonly size: number;
  /** Size that a checkpoint covers. */
  readonly covered: number;
  readonly onChange: () => void;
}

export const ROWS_MAX = 200;
const ROWS_FIRST = 24;
const PAGE = 32;

/**
 * The newest blocks of one namespace, checked. A block shows as soon as the node tells of it and is
 * checked when a checkpoint covers it. When blocks come in faster than a page can look at, the
 * newest are taken and the others are counted.
 */
export class ChainFeed {
  readonly #parts: ChainFeedParts;
  readonly #controller = new AbortController();
  /** By index; at most `ROWS_MAX`. */
  readonly #rows = new Map<number, FeedRow>();
  #sorted: FeedRow[] | undefined;
  #size: number;
  #covered: number;
  /** Blocks below this were looked at or passed over. */
  #next: number;
  #skipped = 0;
  #isRunning = false;

  constructor(parts: ChainFeedParts) {
    this.#parts = parts;
    this.#size = parts.size;
    this.#covered = parts.covered;
    this.#next = Math.max(0, parts.covered - ROWS_FIRST);
  }

  /** Newest first. */
  get rows(): readonly FeedRow[] {
    this.#sorted ??= [...this.#rows.values()].sort((a, b) => b.index - a.index);
    return this.#sorted;
  }

  /** Live blocks that came faster than this page looks at them, so they were never listed. */
  get skipped(): number {
    return this.#skipped;
  }

  get size(): number {
    return this.#size;
  }

  /** Size that the newest checkpoint covers: blocks below it can be proven. */
  get covered(): number {
    return this.#covered;
  }

  /** Looks at the newest blocks there are. */
  async open(): Promise<void> {
    const { size, covered } = this.#parts;
    this.#isRunning = true;
    for (let index = covered; index < size; index++) this.#place(index, true);
    if (covered > this.#next) await this.#check(this.#next, covered - this.#next, false);
    this.#next = covered;
    this.#isRunning = false;
    await this.#run();
  }

  /** Takes what the node says that has happened. */
  take(event: NodeEvent): void {
    if (!('namespace' in event) || event.namespace !== this.#parts.namespace) return;
    if (event.kind === 'block') {
      this.#size = Math.max(this.#size, event.index + 1);
      // Far more than is looked at is not even placed: see `skipped`.
      if (event.index - this.#next < PAGE) this.#place(event.index, true);
      this.#parts.onChange();
    }
    if (event.kind === 'checkpoint') {
      this.#covered = Math.max(this.#covered, event.size);
      this.#size = Math.max(this.#size, event.size);
      void this.#run();
    }
  }

  /** Shows older blocks; resolves when they are there. */
  async older(): Promise<void> {
    const lowest = Math.min(...this.#rows.keys());
    const count = Math.min(PAGE, lowest, ROWS_MAX - this.#rows.size);
    if (count > 0 && Number.isFinite(lowest)) await this.#check(lowest - count, count, false);
  }

  close(): void {
    this.#controller.abort();
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    while (this.#next < this.#covered && !this.#controller.signal.aborted) {
      const missed = this.#covered - this.#next - PAGE;
      if (missed > 0) this.#skip(missed);
      const done = await this.#check(this.#next, this.#covered - this.#next, true);
      if (done === 0) break;
      this.#next += done;
    }
    this.#isRunning = false;
  }

  #skip(count: number): void {
    this.#skipped += count;
    this.#next += count;
    for (const [index, row] of this.#rows) {
      if (index >= this.#next || row.state !== 'checking') continue;
      this.#rows.delete(index);
      this.#sorted = undefined;
    }
  }

  async #check(from: number, count: number, isLive: boolean): Promise<number> {
    const { client, namespace, onChange } = this.#parts;
    const { signal } = this.#controller;
    for (let index = from; index < from + count; index++) this.#place(index, isLive);
    onChange();
    try {
      const reports = await client.examineRange({ namespace, from, count }, { signal });
      for (const report of reports) this.#put(report.index, stateOf(report), report, undefined);
      return reports.length;
    } catch (error) {
      if (signal.aborted || !(error instanceof ClientError)) return count;
      // What is refused as a whole (a checkpoint, a key) is refused for each block under it.
      const state = error.kind === 'refused' ? 'refused' : 'unavailable';
      for (let index = from; index < from + count; index++) {
        this.#put(index, state, undefined, error);
      }
      return count;
    } finally {
      if (!signal.aborted) onChange();
    }
  }

  #place(index: number, isLive: boolean): void {
    if (this.#rows.has(index)) return;
    this.#set({ index, state: 'checking', report: undefined, error: undefined, isLive });
  }

  #put(
    index: number,
    state: State,
    report: BlockReport | undefined,
    error: ClientError | undefined,
  ): void {
    const isLive = this.#rows.get(index)?.isLive ?? false;
    this.#set({ index, state, report, error, isLive });
  }

  #set(row: FeedRow): void {
    this.#rows.set(row.index, row);
    this.#sorted = undefined;
    if (this.#rows.size > ROWS_MAX) this.#rows.delete(Math.min(...this.#rows.keys()));
  }
}

function stateOf(report: BlockReport): State {
  return report.status === 'unchecked' ? 'unavailable' : report.status;
}
