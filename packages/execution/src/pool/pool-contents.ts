import { keyOf } from '../state/byte-key.ts';
import type { BlobSidecar, RecoveredTransaction } from '../transaction/types.ts';
import { takeBest } from './best.ts';
import { createEntry, type Entry } from './entry.ts';
import { EvictionOrder } from './eviction.ts';
import { type FastPath, mayNotSend, type SenderAccount } from './fast-path.ts';
import { POOR_LOOKED_AT, type PoolLimits } from './limits.ts';
import type { PoolChain, PoolHead } from './pool-chain.ts';
import { refuse } from './refuse.ts';
import { assertReplaces } from './replacement.ts';
import { SenderQueue } from './sender-queue.ts';
import type { Pool, PoolEvent, PooledTransaction } from './types.ts';
import { WaitingRoom } from './waiting-room.ts';

type DropReason = NonNullable<PoolEvent['reason']>;

interface Evicted {
  readonly queue: SenderQueue;
  readonly entry: Entry;
}

export interface PoolContentsComponents {
  readonly chain: PoolChain;
  readonly clock: { nowMs(): number };
  readonly limits: PoolLimits;
  readonly fastPath: FastPath;
}

/** The transactions of a pool, their order and their bounds; everything here is synchronous. */
export class PoolContents {
  readonly #components: PoolContentsComponents;
  readonly #entries = new Map<string, Entry>();
  readonly #queues = new Map<string, SenderQueue>();
  /** Queues with something executable: what `best` looks at. */
  readonly #ready = new Set<SenderQueue>();
  readonly #waiting: WaitingRoom;
  readonly #eviction = new EvictionOrder(() => this.#queues.values());
  readonly #listeners = new Set<(event: PoolEvent) => void>();
  #head: PoolHead;
  #sequence = 0;
  #bytes = 0;
  #pending = 0;

  constructor(components: PoolContentsComponents) {
    this.#components = components;
    this.#waiting = new WaitingRoom(() => components.clock.nowMs());
    this.#head = components.chain.next();
    this.#eviction.setBaseFee(this.#head.baseFee);
  }

  get size(): number {
    return this.#entries.size;
  }

  get pending(): number {
    return this.#pending;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get senders(): number {
    return this.#queues.size;
  }

  subscribe(listener: (event: PoolEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  find(hash: Uint8Array): PooledTransaction | undefined {
    return this.#entries.get(keyOf(hash));
  }

  all(): PooledTransaction[] {
    return [...this.#queues.values()].flatMap((queue) => queue.entries);
  }

  nextNonce(sender: Uint8Array): bigint | undefined {
    const queue = this.#queues.get(keyOf(sender));
    return queue === undefined || queue.executable === 0
      ? undefined
      : (queue.entries[queue.executable - 1] as Entry).nonce + 1n;
  }

  best(options: Parameters<Pool['best']>[0]): RecoveredTransaction[] {
    return takeBest(this.#ready, options);
  }

  /**
   * Takes a transaction whose form was checked.
   *
   * @param key of its hash
   * @param head as it is now
   * @throws ExecutionError with a `PoolErrorCode`; then the pool holds what it held
   */
  // Life of a transaction, 6.
  admit(
    transaction: RecoveredTransaction,
    sidecar: BlobSidecar | undefined,
    key: string,
    head: PoolHead,
  ): Entry {
    const { clock, fastPath } = this.#components;
    if (this.#entries.has(key)) throw refuse('already-known', 'is in the pool already');
    const entry = createEntry(transaction, sidecar, key, clock.nowMs(), this.#sequence++);
    const account = fastPath.checkSender(transaction, head);
    const queue = this.#queueOf(transaction.sender, account);
    try {
      this.#insert(queue, entry);
    } finally {
      this.#dropIfEmpty(queue);
    }
    return entry;
  }

  /** What {@link admit} would say, without taking anything: before a check that costs more. */
  assertAdmissible(transaction: RecoveredTransaction): void {
    this.#components.fastPath.checkSender(transaction, this.#components.chain.next());
  }

  remove(hash: Uint8Array, reason: DropReason): boolean {
    const entry = this.#entries.get(keyOf(hash));
    if (entry === undefined) return false;
    this.#drop(entry, reason);
    return true;
  }

  clear(): boolean {
    const entries = [...this.#entries.values()];
    for (const entry of entries) this.#drop(entry, 'removed');
    return entries.length > 0;
  }

  /**
   * The head is another. Looks at the senders and receivers of what was included, at those that are
   * named and, in turns, at those that lack money; at all only where blocks were undone.
   */
  advance(included: readonly RecoveredTransaction[], senders: readonly Uint8Array[]): void {
    const before = this.#head;
    const head = this.#components.chain.next();
    this.#head = head;
    this.#eviction.setBaseFee(head.baseFee);
    const isOnward = head.number === before.number || head.number === before.number + 1n;
    const isSameFork = head.fork === before.fork && head.blobsMax === before.blobsMax;
    const changed = isOnward ? this.#queuesOf(included, senders) : new Set(this.#queues.values());
    if (isOnward) for (const poor of this.#waiting.takeTurns(POOR_LOOKED_AT)) changed.add(poor);
    // Only those that are told want to know why something left.
    const keys = new Set(this.#listeners.size === 0 ? [] : included.map(({ hash }) => keyOf(hash)));
    for (const queue of changed) this.#refresh(queue, keys);
    if (!isSameFork) this.#dropMalformed(head);
    this.#expire();
  }

  #insert(queue: SenderQueue, entry: Entry): void {
    const { limits } = this.#components;
    const { nonce } = entry;
    if (nonce >= queue.nonce + BigInt(limits.senderTransactions)) {
      const message = `nonce ${nonce}, the account is at ${queue.nonce}`;
      throw refuse('nonce-too-far', `${message} and may have ${limits.senderTransactions} waiting`);
    }
    const old = queue.find(nonce);
    const grows = entry.sizeBytes - (old?.sizeBytes ?? 0);
    if (queue.bytes + grows > limits.senderBytes) {
      throw refuse('pool-full', `the sender has ${queue.bytes} bytes of ${limits.senderBytes}`);
    }
    if (old !== undefined) {
      assertReplaces(entry, old);
      if (this.#bytes + grows > limits.bytes) throw refuse('pool-full', 'the pool is full');
    }
    const executable = queue.executable;
    queue.put(entry);
    if (!entry.isExecutable && old === undefined) this.#assertMayWait(queue, entry);
    this.#entries.set(entry.key, entry);
    if (old !== undefined) this.#entries.delete(old.key);
    this.#bytes += grows;
    this.#changed(queue, executable);
    this.#waiting.touch(queue);
    const evicted = this.#trim();
    if (evicted.some((each) => each.entry === entry)) {
      this.#putBack(evicted, entry);
      throw refuse('pool-full', 'the pool is full of better ones');
    }
    if (old !== undefined) this.#tellDropped(old, 'replaced');
    this.#tell({ kind: 'added', transaction: entry.transaction });
    for (const each of evicted) this.#tellDropped(each.entry, 'evicted');
  }

  #assertMayWait(queue: SenderQueue, entry: Entry): void {
    const { senderQueued } = this.#components.limits;
    const isBlob = entry.transaction.fields.type === 3;
    if (!isBlob && queue.queued <= senderQueued) return;
    queue.take(entry);
    const reason = isBlob
      ? 'blobs do not wait for other transactions or for money'
      : `${senderQueued} of the sender wait already`;
    throw refuse('nonce-too-far', `${reason}: the account is at ${queue.nonce}`);
  }

  /** Makes room; the worst go. What was taken out is told of later. */
  #trim(): Evicted[] {
    const { limits } = this.#components;
    const evicted: Evicted[] = [];
    while (this.#entries.size > limits.transactions || this.#bytes > limits.bytes) {
      const queue = this.#eviction.worst();
      const entry = queue?.tail;
      if (queue === undefined || entry === undefined) break;
      this.#takeOut(queue, entry);
      evicted.push({ queue, entry });
    }
    return evicted;
  }

  /** A newcomer too large for the room that worse ones left must not drive them out. */
  #putBack(evicted: readonly Evicted[], newcomer: Entry): void {
    for (const { queue, entry } of evicted.toReversed()) {
      if (entry === newcomer) continue;
      const { executable } = queue;
      this.#queues.set(queue.key, queue);
      queue.put(entry);
      this.#entries.set(entry.key, entry);
      this.#bytes += entry.sizeBytes;
      this.#changed(queue, executable);
    }
  }

  /** With nonce and balance as they are now. */
  #queueOf(sender: Uint8Array, account: SenderAccount): SenderQueue {
    const key = keyOf(sender);
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = new SenderQueue(sender, key);
      this.#queues.set(key, queue);
    }
    if (queue.nonce !== account.nonce || queue.balance !== account.balance) {
      this.#update(queue, account, undefined);
    }
    return queue;
  }

  #queuesOf(
    included: readonly RecoveredTransaction[],
    senders: readonly Uint8Array[],
  ): Set<SenderQueue> {
    const found = new Set<SenderQueue>();
    const add = (address: Uint8Array | undefined): void => {
      if (address === undefined) return;
      const queue = this.#queues.get(keyOf(address));
      if (queue !== undefined) found.add(queue);
    };
    for (const { sender, transaction } of included) {
      add(sender);
      add(transaction.to);
      if (transaction.type !== 4) continue;
      for (const { authority } of transaction.authorizations) add(authority);
    }
    senders.forEach(add);
    return found;
  }

  #refresh(queue: SenderQueue, included: ReadonlySet<string>): void {
    const account = this.#head.state.readAccount(queue.address);
    this.#update(queue, account ?? { nonce: 0n, balance: 0n }, included);
    if (account !== undefined && mayNotSend(account, this.#head)) {
      for (const entry of queue.entries.slice()) {
        // An impersonated sender may have code.
        if (entry.transaction.transaction.isUnsigned !== true) this.#drop(entry, 'invalid');
      }
    }
    this.#dropIfEmpty(queue);
  }

  #update(
    queue: SenderQueue,
    { nonce, balance }: SenderAccount,
    included: ReadonlySet<string> | undefined,
  ): void {
    const { executable } = queue;
    const stale = queue.refresh(nonce, balance);
    for (const entry of stale) {
      this.#entries.delete(entry.key);
      this.#bytes -= entry.sizeBytes;
    }
    this.#changed(queue, executable);
    for (const entry of stale) {
      this.#tellDropped(entry, included?.has(entry.key) === true ? 'included' : 'invalid');
    }
  }

  /** Another fork has other rules of form. */
  #dropMalformed(head: PoolHead): void {
    const { chain, fastPath, limits } = this.#components;
    for (const entry of this.#entries.values()) {
      try {
        fastPath.checkForm(entry.transaction, chain.chainId, head, limits);
      } catch {
        this.#drop(entry, 'invalid');
      }
    }
  }

  /** What waits behind a gap does so for a while only. */
  #expire(): void {
    const { clock, limits } = this.#components;
    const oldest = clock.nowMs() - limits.queuedLifetimeMs;
    for (const queue of this.#waiting.quietSince(oldest)) {
      for (const entry of queue.entries.slice(queue.executable)) this.#drop(entry, 'evicted');
    }
  }

  #drop(entry: Entry, reason: DropReason): void {
    const queue = this.#queues.get(keyOf(entry.transaction.sender));
    if (queue !== undefined) this.#takeOut(queue, entry);
    this.#tellDropped(entry, reason);
  }

  #takeOut(queue: SenderQueue, entry: Entry): void {
    const { executable } = queue;
    queue.take(entry);
    this.#entries.delete(entry.key);
    this.#bytes -= entry.sizeBytes;
    this.#changed(queue, executable);
    this.#dropIfEmpty(queue);
  }

  /** Keeps everything that is ordered by queues right. */
  #changed(queue: SenderQueue, executableBefore: number): void {
    this.#pending += queue.executable - executableBefore;
    if (queue.executable > 0) this.#ready.add(queue);
    else this.#ready.delete(queue);
    this.#waiting.update(queue);
    this.#eviction.update(queue);
  }

  #dropIfEmpty(queue: SenderQueue): void {
    if (queue.entries.length === 0) this.#queues.delete(queue.key);
  }

  #tellDropped({ transaction }: Entry, reason: DropReason): void {
    this.#tell({ kind: 'dropped', transaction, reason });
  }

  #tell(event: PoolEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
