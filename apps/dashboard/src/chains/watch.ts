import { ClientError, type Examiner, type NodeEvent, reasonOf } from '@basalt/client';
import type { NamespaceId } from '@basalt/protocol';
import {
  BLOCKS_MAX,
  BLOCKS_PER_LOOK,
  HEADS_MAX,
  NAMESPACES_MAX,
  OTHERS_PER_LOOK,
  REFUSED_MAX,
} from '../limits.ts';

/** What this browser can say about a block; `unchecked`: the node could not be asked. */
export type Mark =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'verified' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unchecked'; readonly reason: string };

export interface WatchedBlock {
  readonly namespace: NamespaceId;
  readonly label: string;
  readonly index: number;
  readonly timestampMs: number;
  readonly mark: Mark;
}

export interface WatchedNamespace {
  readonly namespace: NamespaceId;
  readonly label: string;
  readonly size: number;
  /** Size that a checkpoint covers. */
  readonly covered: number;
  readonly newestMs: number;
  /** Of block `checked`, the newest that was looked at. */
  readonly mark: Mark;
  readonly checked: number | undefined;
}

export interface ChainsView {
  readonly namespaces: readonly WatchedNamespace[];
  /** Newest first. */
  readonly blocks: readonly WatchedBlock[];
  /** They stay, however many good ones come after them. */
  readonly refused: readonly WatchedBlock[];
  /** Blocks that came faster than this page lists them. */
  readonly passedOver: number;
  /** Why there is no list; undefined where there is one. */
  readonly problem: string | undefined;
  readonly isLoaded: boolean;
}

export type ChainsClient = Pick<Examiner, 'namespaces' | 'events' | 'examineRange'>;

const WAITING: Mark = { kind: 'waiting' };
/** Blocks of one namespace that are asked for under one proof. */
const RANGE_MAX = 32;

/**
 * Namespaces and their newest blocks, each verified here before it is called so. Work is bounded
 * per look, not per block: what comes faster is counted, and the newest are taken.
 */
export class ChainsWatch {
  readonly #client: ChainsClient;
  readonly #controller = new AbortController();
  /** At most NAMESPACES_MAX. */
  readonly #namespaces = new Map<NamespaceId, WatchedNamespace>();
  /** Newest first, at most BLOCKS_MAX. */
  #blocks: readonly WatchedBlock[] = [];
  #refused: readonly WatchedBlock[] = [];
  /** Since the last look, newest last; at most BLOCKS_PER_LOOK. */
  #arrived: WatchedBlock[] = [];
  #passedOver = 0;
  /** Where the turn of quieter namespaces goes on. */
  #turn = 0;
  #problem: string | undefined;
  #isLoaded = false;
  #mustReload = false;
  /** The node gives this page no events, so the list is asked for again at each look. */
  #isDeaf = false;

  constructor(client: ChainsClient) {
    this.#client = client;
  }

  get view(): ChainsView {
    return {
      namespaces: [...this.#namespaces.values()],
      blocks: this.#blocks,
      refused: this.#refused,
      passedOver: this.#passedOver,
      problem: this.#problem,
      isLoaded: this.#isLoaded,
    };
  }

  get isClosed(): boolean {
    return this.#controller.signal.aborted;
  }

  close(): void {
    this.#controller.abort();
  }

  /** Reads the list of namespaces; what is known stays when that fails. */
  async load(): Promise<void> {
    const { signal } = this.#controller;
    try {
      for await (const summary of this.#client.namespaces({ signal })) {
        const { namespace, label, size, checkpointSize, timestampMs } = summary;
        const held = this.#namespaces.get(namespace);
        this.#namespaces.set(namespace, {
          namespace,
          label,
          size: Math.max(size, held?.size ?? 0),
          covered: Math.max(checkpointSize, held?.covered ?? 0),
          newestMs: Math.max(timestampMs, held?.newestMs ?? 0),
          mark: held?.mark ?? WAITING,
          checked: held?.checked,
        });
        if (this.#namespaces.size >= NAMESPACES_MAX) break;
      }
      this.#problem = undefined;
      this.#isLoaded = true;
    } catch (error) {
      if (signal.aborted || !(error instanceof ClientError)) return;
      this.#problem = reasonOf(error);
    }
  }

  /** Follows what the node says that happens, until closed. */
  async follow(): Promise<void> {
    const { signal } = this.#controller;
    try {
      for await (const event of this.#client.events({ signal })) this.take(event);
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
    }
    this.#isDeaf = true;
  }

  take(event: NodeEvent): void {
    if (event.kind === 'lagged') this.#passedOver += event.dropped;
    if (event.kind !== 'block' && event.kind !== 'checkpoint') return;
    const held = this.#namespaces.get(event.namespace);
    if (held === undefined) {
      this.#mustReload ||= this.#namespaces.size < NAMESPACES_MAX;
      return;
    }
    if (event.kind === 'checkpoint') {
      const covered = Math.max(held.covered, event.size);
      this.#namespaces.set(held.namespace, { ...held, covered });
      return;
    }
    const { namespace, index, timestampMs } = event;
    this.#namespaces.set(namespace, {
      ...held,
      size: Math.max(held.size, index + 1),
      newestMs: Math.max(held.newestMs, timestampMs),
    });
    this.#arrived.push({ namespace, label: held.label, index, timestampMs, mark: WAITING });
    if (this.#arrived.length > BLOCKS_PER_LOOK) {
      this.#arrived.shift();
      this.#passedOver++;
    }
  }

  /** One look: lists what has come, verifies what a checkpoint covers, then the heads. */
  async look(): Promise<void> {
    if (!this.#isLoaded || this.#mustReload || this.#isDeaf) {
      this.#mustReload = false;
      await this.load();
    }
    if (this.#arrived.length > 0) {
      const arrived = this.#arrived.reverse();
      this.#arrived = [];
      this.#blocks = [...arrived, ...this.#blocks].slice(0, BLOCKS_MAX);
    }
    for (const { namespace, indexes } of this.#due()) {
      if (this.isClosed) return;
      await this.#verify(namespace, indexes);
    }
  }

  /**
   * What can be verified now: listed blocks that wait, and the newest block of each namespace, of
   * those that were written to lately at once, of the others by turns.
   */
  #due(): { readonly namespace: NamespaceId; readonly indexes: readonly number[] }[] {
    const due = new Map<NamespaceId, Set<number>>();
    const add = (namespace: NamespaceId, index: number): void => {
      const indexes = due.get(namespace) ?? new Set();
      due.set(namespace, indexes.add(index));
    };
    for (const { namespace, index, mark } of this.#blocks) {
      const covered = this.#namespaces.get(namespace)?.covered ?? 0;
      const isOpen = mark.kind === 'waiting' || mark.kind === 'unchecked';
      if (isOpen && index < covered) add(namespace, index);
    }
    const open = [...this.#namespaces.values()]
      .sort((a, b) => b.newestMs - a.newestMs)
      .map(({ namespace, covered, checked, mark }, rank) => {
        const isDone = checked === covered - 1 && mark.kind !== 'unchecked';
        return { namespace, covered, rank, isOpen: covered > 0 && !isDone };
      })
      .filter(({ isOpen }) => isOpen);
    const others = open.filter(({ rank }) => rank >= HEADS_MAX);
    const from = this.#turn % Math.max(1, others.length);
    this.#turn += OTHERS_PER_LOOK;
    const turn = [...others.slice(from), ...others.slice(0, from)].slice(0, OTHERS_PER_LOOK);
    for (const { namespace, covered } of [
      ...open.filter(({ rank }) => rank < HEADS_MAX),
      ...turn,
    ]) {
      add(namespace, covered - 1);
    }
    return [...due].map(([namespace, indexes]) => ({ namespace, indexes: [...indexes] }));
  }

  async #verify(namespace: NamespaceId, indexes: readonly number[]): Promise<void> {
    const { signal } = this.#controller;
    const last = Math.max(...indexes);
    const from = Math.max(Math.min(...indexes), last - RANGE_MAX + 1);
    try {
      const count = last - from + 1;
      const reports = await this.#client.examineRange({ namespace, from, count }, { signal });
      for (const report of reports) {
        if (report.status === 'refused') {
          const reason = reasonOf(report.error);
          this.#put(namespace, report.index, { kind: 'refused', reason });
        } else if (report.status === 'verified') {
          this.#put(namespace, report.index, { kind: 'verified' });
        }
      }
    } catch (error) {
      if (signal.aborted || !(error instanceof ClientError)) return;
      // What is refused as a whole (a checkpoint, a key) is refused for each block under it.
      const kind = error.kind === 'refused' ? 'refused' : 'unchecked';
      for (const index of indexes) this.#put(namespace, index, { kind, reason: reasonOf(error) });
    }
  }

  #put(namespace: NamespaceId, index: number, mark: Mark): void {
    const held = this.#namespaces.get(namespace);
    if (held !== undefined && index >= (held.checked ?? -1)) {
      this.#namespaces.set(namespace, { ...held, mark, checked: index });
    }
    const isIt = (block: WatchedBlock): boolean =>
      block.namespace === namespace && block.index === index;
    const listed = this.#blocks.find(isIt);
    this.#blocks = this.#blocks.map((block) => (isIt(block) ? { ...block, mark } : block));
    if (mark.kind !== 'refused') return;
    const label = held?.label ?? '';
    const timestampMs = listed?.timestampMs ?? held?.newestMs ?? 0;
    const refused = { namespace, label, index, timestampMs, mark };
    this.#refused = [refused, ...this.#refused.filter((block) => !isIt(block))].slice(
      0,
      REFUSED_MAX,
    );
  }
}
