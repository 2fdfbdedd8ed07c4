import {
  createNoteSigner,
  formatNote,
  formatVerifierKey,
  fromUtf8,
  type Hash32,
  type NamespaceId,
  type NoteSigner,
  parseCheckpoint,
  parseNote,
  signCheckpoint,
  utf8,
} from '@basalt/protocol';
import { StoreError } from '@basalt/store';
import { inSpan, spanHere } from '@basalt/telemetry';
import { recordName } from './chain-codec.ts';
import { LedgerError } from './errors.ts';
import { HeldCheckpoints } from './held-checkpoints.ts';
import type { Lane, TreeHead } from './lane.ts';
import type { Lanes } from './lanes.ts';
import { CHECKPOINT_INTERVAL_MS, LANES_MAX } from './limits.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { LedgerComponents } from './types.ts';

/** What a new checkpoint covers, with the head that belongs to exactly that size. */
export interface CoveredHead extends TreeHead {
  readonly namespace: NamespaceId;
  readonly headHash: Uint8Array;
}

/** A checkpoint that has left the process. */
export interface PublishedCheckpoint extends TreeHead {
  /** The signed note. */
  readonly note: string;
}

type Trace = NonNullable<ReturnType<typeof spanHere>>;

/** Traces that one round is linked to. */
const LINKS_MAX = 32;

interface Waiter {
  readonly size: number;
  /** Where its trace goes on; undefined without one. */
  readonly trace: Trace | undefined;
  resolve(): void;
  reject(error: unknown): void;
}

export interface CheckpointerParts {
  readonly components: LedgerComponents;
  readonly lanes: Lanes;
  readonly events: Subscriptions;
  /** First line of the notes of a namespace. */
  readonly originOf: (namespace: NamespaceId) => string;
  readonly intervalMs?: number;
  /** Nothing is signed: what is not covered stays so. */
  readonly isSilent: boolean;
  readonly consistency: (namespace: NamespaceId, from: number, to: number) => Promise<Hash32[]>;
  readonly onCovered: (heads: readonly CoveredHead[]) => void;
}

/**
 * Signs a checkpoint of every namespace that grew, a short time after it did. The order is what
 * makes it safe to believe one: the new sizes are durable in the data folder's lock first, then the
 * notes are stored, and only then does a note leave the process.
 */
// Life of a transaction, 15.
export class Checkpointer {
  readonly #parts: CheckpointerParts;
  /** Namespaces with blocks that no checkpoint covers. */
  #dirty = new Set<NamespaceId>();
  readonly #waiters = new Map<NamespaceId, Waiter[]>();
  /** Newest checkpoints; the store has them all, this saves a read. Bounded by LANES_MAX. */
  readonly #newest = new Map<NamespaceId, PublishedCheckpoint>();
  readonly #held: HeldCheckpoints;
  #cancelTimer: (() => void) | undefined;
  #publishing: Promise<void> | undefined;
  #closed = false;
  #problem: string | undefined;

  constructor(parts: CheckpointerParts) {
    this.#parts = parts;
    const { components, originOf, consistency } = parts;
    this.#held = new HeldCheckpoints({
      gate: components.gate,
      scheduler: components.scheduler,
      originOf,
      consistency,
      onReleased: (head, note) => this.#release(head, note),
    });
  }

  /** Why the newest round failed; undefined when it did not. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Whether it has to be signed after a start: blocks that nothing covers, or a gate before it. */
  async isPending(namespace: NamespaceId, size: number): Promise<boolean> {
    return (
      size > 0 && (this.#held.holds(namespace) || size > (await this.publishedSize(namespace)))
    );
  }

  isDirty(namespace: NamespaceId): boolean {
    return this.#dirty.has(namespace);
  }

  markDirty(namespace: NamespaceId): void {
    if (this.#parts.isSilent) return;
    this.#dirty.add(namespace);
    this.#schedule();
  }

  /** A lane that was read from the store may hold what a lost process left uncovered. */
  consider(lane: Lane): void {
    if (this.#hasGrown(lane)) this.markDirty(lane.namespace);
  }

  /** Resolves when a checkpoint covers `size` leaves. */
  async covered(namespace: NamespaceId, size: number): Promise<void> {
    const lane = await this.#parts.lanes.get(namespace);
    if (lane.checkpointSize >= size) return;
    if (this.#parts.isSilent) throw new LedgerError('read-only', 'no checkpoint is signed here');
    const wait = (): Promise<void> =>
      new Promise((resolve, reject) => {
        const waiters = this.#waiters.get(namespace) ?? [];
        waiters.push({ size, trace: spanHere(), resolve, reject });
        this.#waiters.set(namespace, waiters);
        this.markDirty(namespace);
      });
    await inSpan('ledger.cover', {}, wait);
  }

  /** The newest checkpoint, undefined before the first. */
  async newest(namespace: NamespaceId): Promise<PublishedCheckpoint | undefined> {
    const known = this.#newest.get(namespace);
    if (known !== undefined) return known;
    const bytes = await this.#parts.components.store.record(recordName.checkpoint(namespace));
    if (bytes === undefined) return undefined;
    const note = fromUtf8(bytes);
    const { size, root } = parseCheckpoint(parseNote(note).text);
    // A newer one may have come while the store was read.
    return this.#newest.get(namespace) ?? this.#remember(namespace, { note, size, root });
  }

  /** Size of the newest checkpoint; 0 before the first. */
  async publishedSize(namespace: NamespaceId): Promise<number> {
    return (await this.newest(namespace))?.size ?? 0;
  }

  verifierKey(namespace: NamespaceId): string {
    return formatVerifierKey(this.#signer(namespace).key);
  }

  /** Publishes until nothing is left uncovered. @throws what the store throws */
  async flush(): Promise<void> {
    do {
      await this.#publishOnce();
    } while (this.#dirty.size > 0);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTimer?.();
    await this.#publishing?.catch(() => undefined);
    await this.#held.close();
    for (const waiters of this.#waiters.values()) {
      for (const waiter of waiters) waiter.reject(new LedgerError('closed', 'the ledger closed'));
    }
    this.#waiters.clear();
  }

  #schedule(): void {
    if (this.#cancelTimer !== undefined || this.#closed) return;
    const delayMs = this.#parts.intervalMs ?? CHECKPOINT_INTERVAL_MS;
    this.#cancelTimer = this.#parts.components.scheduler.after(delayMs, () => {
      this.#cancelTimer = undefined;
      void this.#publishOnce().catch(() => {
        // The waiters were told; the namespaces are still dirty, so try again later.
        this.#schedule();
      });
    });
  }

  /** One publication at a time: a second caller gets the one after the present one. */
  async #publishOnce(): Promise<void> {
    const running = this.#publishing;
    if (running !== undefined) await running.catch(() => undefined);
    if (this.#publishing !== undefined) return this.#publishing;
    this.#publishing = this.#publish()
      .then(
        () => {
          this.#problem = undefined;
        },
        (error: unknown) => {
          this.#problem = error instanceof Error ? error.message : String(error);
          this.#parts.components.metrics?.checkpointFailed(error);
          throw error;
        },
      )
      .finally(() => {
        this.#publishing = undefined;
      });
    return this.#publishing;
  }

  async #publish(): Promise<void> {
    const namespaces = [...this.#dirty];
    if (namespaces.length === 0) return;
    this.#dirty = new Set();
    const links = this.#tracesOf(namespaces);
    const fields = { namespaces: namespaces.length };
    const options = { fields, links, begins: links.length > 0 };
    await inSpan('ledger.checkpoints', options, () => this.#publishFor(namespaces));
  }

  /** A round is work for all who wait for it. */
  #tracesOf(namespaces: readonly NamespaceId[]): Trace[] {
    const links: Trace[] = [];
    for (const namespace of namespaces) {
      for (const { trace } of this.#waiters.get(namespace) ?? []) {
        if (links.length === LINKS_MAX) return links;
        if (trace !== undefined) links.push(trace);
      }
    }
    return links;
  }

  async #publishFor(namespaces: readonly NamespaceId[]): Promise<void> {
    const { components } = this.#parts;
    const startedMs = components.clock.nowMs();
    const found = await Promise.allSettled(namespaces.map((id) => this.#parts.lanes.get(id)));
    const lanes = found.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    try {
      const heads = lanes.filter((lane) => this.#hasGrown(lane)).map(coveredHead);
      const open = heads.length > 0 ? await this.#store(heads) : [];
      this.#announce(lanes, open);
      const seconds = (components.clock.nowMs() - startedMs) / 1000;
      components.metrics?.checkpoint(heads.length, seconds);
    } catch (error) {
      for (const lane of lanes) this.#missed(lane.namespace, error);
      throw error;
    } finally {
      // A namespace that cannot be read is nobody else's matter.
      found.forEach((one, i) => {
        if (one.status === 'rejected') this.#missed(namespaces[i] as NamespaceId, one.reason);
      });
    }
    const failed = found.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Not covered this time: who waits is told, and the next round tries again. */
  #missed(namespace: NamespaceId, error: unknown): void {
    this.#dirty.add(namespace);
    const told = unpublished(error);
    this.#settle(namespace, (waiter) => waiter.reject(told));
  }

  /** Signs and stores. Returns what may leave at once; the rest goes to the gate. */
  async #store(heads: readonly CoveredHead[]): Promise<CoveredHead[]> {
    const { components } = this.#parts;
    await components.recordPublished(heads);
    const open = heads.filter(({ namespace }) => !this.#held.holds(namespace));
    await this.#publishNotes(open.map((head) => ({ ...head, note: this.#sign(head) })));
    for (const head of heads) {
      if (!open.includes(head)) this.#held.submit(head, this.#sign(head));
    }
    return open;
  }

  async #publishNotes(signed: readonly (CoveredHead & { readonly note: string })[]): Promise<void> {
    if (signed.length === 0) return;
    await this.#parts.components.store.putRecords(
      signed.map(({ namespace, note }) => ({
        name: recordName.checkpoint(namespace),
        value: utf8(note),
      })),
    );
    for (const { namespace, note, size, root } of signed) {
      this.#remember(namespace, { note, size, root });
    }
  }

  /** The gate has let a note out. */
  async #release(head: CoveredHead, note: string): Promise<void> {
    await this.#publishNotes([{ ...head, note }]);
    this.#announce([await this.#parts.lanes.get(head.namespace)], [head]);
  }

  /** A log that is held back is offered once after each start: it may have been let out before. */
  #hasGrown({ namespace, size, checkpointSize, isUnfinished }: Lane): boolean {
    if (isUnfinished) return false;
    return size > (this.#held.holds(namespace) ? this.#held.signedSize(namespace) : checkpointSize);
  }

  #announce(lanes: readonly Lane[], heads: readonly CoveredHead[]): void {
    const byNamespace = new Map(heads.map((head) => [head.namespace, head]));
    for (const lane of lanes) {
      const { namespace } = lane;
      const head = byNamespace.get(namespace);
      if (head !== undefined) {
        lane.checkpointSize = Math.max(lane.checkpointSize, head.size);
        this.#parts.events.publish({ kind: 'checkpoint', namespace, size: head.size });
      }
      this.#settle(namespace, (waiter) => {
        if (waiter.size > lane.checkpointSize) return false;
        waiter.resolve();
        return true;
      });
      this.consider(lane);
    }
    if (heads.length > 0) this.#parts.onCovered(heads);
  }

  /** Hands each waiter to `settle`; those for which it says false go on waiting. */
  #settle(namespace: NamespaceId, settle: (waiter: Waiter) => boolean | void): void {
    const waiters = this.#waiters.get(namespace);
    if (waiters === undefined) return;
    const left = waiters.filter((waiter) => settle(waiter) === false);
    if (left.length > 0) this.#waiters.set(namespace, left);
    else this.#waiters.delete(namespace);
  }

  #sign(head: CoveredHead): string {
    const signer = this.#signer(head.namespace);
    const origin = signer.key.name;
    return formatNote(signCheckpoint({ origin, size: head.size, root: head.root }, [signer]));
  }

  /** The log key under the name of the origin, as C2SP asks of a log's own signature. */
  #signer(namespace: NamespaceId): NoteSigner {
    return createNoteSigner(this.#parts.originOf(namespace), this.#parts.components.logSigner);
  }

  #remember(namespace: NamespaceId, checkpoint: PublishedCheckpoint): PublishedCheckpoint {
    this.#newest.delete(namespace);
    this.#newest.set(namespace, checkpoint);
    if (this.#newest.size > LANES_MAX) {
      this.#newest.delete(this.#newest.keys().next().value as NamespaceId);
    }
    return checkpoint;
  }
}

function coveredHead(lane: Lane): CoveredHead {
  return {
    ...lane.head(),
    namespace: lane.namespace,
    headHash: lane.headHash as Uint8Array,
  };
}

/** A disk that refuses is no fault of the block, which is durable: the same one may come again. */
function unpublished(error: unknown): unknown {
  const isDisk = error instanceof StoreError && (error.code === 'io' || error.code === 'disk-full');
  if (!isDisk) return error;
  const message = 'the blocks are durable, but no checkpoint can be published now: ask again';
  return new LedgerError('read-only', message, {}, { cause: error });
}
