import { assert } from '@basalt/protocol';
import { ExecutionError } from '../errors.ts';
import { keyOf } from '../state/byte-key.ts';
import { decodePooledTransaction, type PooledForm } from '../transaction/pooled.ts';
import type { Recoverer } from '../transaction/recoverer-shell.ts';
import type { BlobSidecar, RecoveredTransaction } from '../transaction/types.ts';
import { type BlobVerifier, checkSidecar } from './blob-verifier.ts';
import { checkSize } from './check-size.ts';
import { FAST_PATH, type FastPath } from './fast-path.ts';
import type { FullCheck } from './full-check.ts';
import { type PoolJournal, readRecord, removedRecord, transactionRecord } from './journal.ts';
import {
  FULL_CHECK_SAMPLE,
  FULL_CHECKS_MAX,
  JOURNAL_BATCH,
  JOURNAL_SLACK_BYTES,
  POOL_LIMITS,
  type PoolLimits,
} from './limits.ts';
import type { PoolChain, PoolHead } from './pool-chain.ts';
import { PoolContents } from './pool-contents.ts';
import { refuse } from './refuse.ts';
import type { Pool, PoolErrorCode, PoolEvent, PooledTransaction, PoolStats } from './types.ts';

export interface PoolComponents {
  readonly chain: PoolChain;
  readonly clock: { nowMs(): number };
  readonly recoverer: Recoverer;
  /** Where absent, blob transactions are refused. */
  readonly blobs?: BlobVerifier;
  /** Where absent, a restart begins with nothing. */
  readonly journal?: PoolJournal;
  readonly fullCheck?: FullCheck;
  /** From 0 up to but not 1: which transactions are checked in full. */
  readonly random?: () => number;
  /** Told of what the fast path wrongly let pass. */
  readonly onFault?: (fault: FastPathFault) => void;
  /** Tests bring one with a fault. */
  readonly fastPath?: FastPath;
}

export interface PoolOptions {
  readonly limits?: Partial<PoolLimits>;
  /** One in so many is checked in full; default 32. */
  readonly fullCheckSample?: number;
}

export interface FastPathFault {
  readonly transaction: RecoveredTransaction;
  readonly reason: string;
}

export interface FullCheckStats {
  readonly checked: number;
  /** Taken out again: the fast path was wrong. */
  readonly failed: number;
  /** Not made because too many were in work. */
  readonly skipped: number;
}

/** A pool with what a node wants of it beside the seam. */
export interface TransactionPool extends Pool {
  /** Many at once: one answer for each, in order. */
  addMany(raws: readonly Uint8Array[]): Promise<readonly (RecoveredTransaction | ExecutionError)[]>;
  fullChecks(): FullCheckStats;
  /** Resolves when no full check is in work. */
  settled(): Promise<void>;
}

/** Between its form and its signature. */
interface Arrived extends PooledForm {
  /** Of its hash. */
  readonly key: string;
  /** Where its answer goes. */
  readonly index: number;
}

/** Makes a pool, filled with what its journal holds and what is still valid of that. */
export async function createPool(
  components: PoolComponents,
  options: PoolOptions = {},
): Promise<TransactionPool> {
  const pool = new JournaledPool(components, options);
  await pool.restore();
  return pool;
}

class JournaledPool implements TransactionPool {
  readonly #components: PoolComponents;
  readonly #limits: PoolLimits;
  readonly #fastPath: FastPath;
  readonly #sample: number;
  readonly #contents: PoolContents;
  /** Between their first check and their last; keeps one from being taken twice. */
  readonly #arriving = new Set<string>();
  readonly #refused: Partial<Record<PoolErrorCode, number>> = {};
  readonly #checks = new Set<Promise<void>>();
  #fullChecks: FullCheckStats = { checked: 0, failed: 0, skipped: 0 };
  #rewriting: Promise<void> | undefined;
  /** Once more when the one under way has ended. */
  #isRewriteDue = false;
  #isRestoring = false;
  #isClosed = false;

  constructor(components: PoolComponents, options: PoolOptions) {
    const { chain, clock, fastPath = FAST_PATH } = components;
    this.#components = components;
    this.#limits = { ...POOL_LIMITS, ...options.limits };
    this.#fastPath = fastPath;
    this.#sample = options.fullCheckSample ?? FULL_CHECK_SAMPLE;
    this.#contents = new PoolContents({ chain, clock, fastPath, limits: this.#limits });
  }

  async add(raw: Uint8Array): Promise<RecoveredTransaction> {
    const [result] = await this.addMany([raw]);
    assert(result !== undefined, 'each has an answer');
    if (result instanceof ExecutionError) throw result;
    return result;
  }

  // Life of a transaction, 4.
  async addMany(
    raws: readonly Uint8Array[],
  ): Promise<readonly (RecoveredTransaction | ExecutionError)[]> {
    if (this.#isClosed) throw new ExecutionError('closed', 'the pool was closed');
    const results: (RecoveredTransaction | ExecutionError)[] = [];
    const arrived: Arrived[] = [];
    const head = this.#components.chain.next();
    raws.forEach((raw, index) => {
      const form = this.#examine(raw, index, head);
      if (form instanceof ExecutionError) results[index] = form;
      else arrived.push(form);
    });
    try {
      const recovered = await this.#recover(arrived);
      await this.#takeAll(arrived, recovered, results);
    } finally {
      for (const { key } of arrived) this.#arriving.delete(key);
    }
    for (const result of results) if (result instanceof ExecutionError) this.#count(result);
    return results;
  }

  addUnsigned(transaction: RecoveredTransaction): void {
    const { chain } = this.#components;
    try {
      this.#fastPath.checkForm(transaction, chain.chainId, chain.next(), this.#limits);
      if (transaction.fields.type === 3) throw refuse('blobs-missing', 'came without its blobs');
      this.#contents.admit(transaction, undefined, keyOf(transaction.hash), chain.next());
    } catch (error) {
      if (error instanceof ExecutionError) this.#count(error);
      throw error;
    }
  }

  best(options: Parameters<Pool['best']>[0]): readonly RecoveredTransaction[] {
    return this.#contents.best(options);
  }

  find(hash: Uint8Array): PooledTransaction | undefined {
    return this.#contents.find(hash);
  }

  nextNonce(sender: Uint8Array): bigint | undefined {
    return this.#contents.nextNonce(sender);
  }

  all(): readonly PooledTransaction[] {
    return this.#contents.all();
  }

  remove(hash?: Uint8Array): boolean {
    const { journal } = this.#components;
    if (hash === undefined) {
      const isChanged = this.#contents.clear();
      // One that is under way may write down what is gone now.
      this.#isRewriteDue = this.#rewriting !== undefined;
      this.#rewrite();
      return isChanged;
    }
    const isChanged = this.#contents.remove(hash, 'removed');
    if (isChanged) journal?.append(removedRecord(hash));
    return isChanged;
  }

  advance(included: readonly RecoveredTransaction[], senders: readonly Uint8Array[] = []): void {
    this.#contents.advance(included, senders);
  }

  subscribe(listener: (event: PoolEvent) => void): () => void {
    return this.#contents.subscribe(listener);
  }

  stats(): PoolStats {
    const { pending, size, bytes, senders } = this.#contents;
    return { pending, queued: size - pending, bytes, senders, refused: { ...this.#refused } };
  }

  fullChecks(): FullCheckStats {
    return this.#fullChecks;
  }

  async settled(): Promise<void> {
    await Promise.all(this.#checks);
  }

  async restore(): Promise<void> {
    const { journal } = this.#components;
    if (journal === undefined) return;
    this.#isRestoring = true;
    let batch: Uint8Array[] = [];
    const flush = async (): Promise<void> => {
      await this.addMany(batch);
      batch = [];
    };
    for await (const bytes of journal.records()) {
      const record = readRecord(bytes);
      if (record?.kind === 'transaction') batch.push(record.raw);
      if (record?.kind === 'removed' || batch.length >= JOURNAL_BATCH) await flush();
      if (record?.kind === 'removed') this.#contents.remove(record.hash, 'removed');
    }
    await flush();
    this.#isRestoring = false;
    this.#rewrite();
    await this.#rewriting;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.settled();
    while (this.#rewriting !== undefined) await this.#rewriting;
    await this.#components.journal?.close();
  }

  /** Everything that can be said before the signature is looked at. */
  #examine(raw: Uint8Array, index: number, head: PoolHead): Arrived | ExecutionError {
    const { chain } = this.#components;
    try {
      checkSize(raw, this.#limits);
      const { signed, sidecar } = decodePooledTransaction(raw);
      const key = keyOf(signed.hash);
      if (this.#contents.has(key) || this.#arriving.has(key)) {
        throw refuse('already-known', 'is in the pool already');
      }
      this.#fastPath.checkForm(signed, chain.chainId, head, this.#limits);
      checkSidecar(signed, sidecar, head);
      this.#arriving.add(key);
      return { signed, sidecar, key, index };
    } catch (error) {
      if (!(error instanceof ExecutionError)) throw error;
      if (error.code !== 'malformed-rlp') return error;
      return new ExecutionError('malformed', error.message, error.details);
    }
  }

  async #recover(
    forms: readonly Arrived[],
  ): Promise<readonly (RecoveredTransaction | ExecutionError)[]> {
    if (forms.length === 0) return [];
    const { recoverer, chain } = this.#components;
    const signed = forms.map((form) => form.signed);
    try {
      return await recoverer.recover(signed, chain.next().fork);
    } catch (error) {
      if (!(error instanceof ExecutionError)) throw error;
      return signed.map(() => error);
    }
  }

  /** In one turn, but for those whose blobs are still to be checked. */
  async #takeAll(
    arrived: readonly Arrived[],
    recovered: readonly (RecoveredTransaction | ExecutionError)[],
    results: (RecoveredTransaction | ExecutionError)[],
  ): Promise<void> {
    const waits: Promise<void>[] = [];
    const head = this.#components.chain.next();
    arrived.forEach((form, at) => {
      const transaction = recovered[at] as RecoveredTransaction | ExecutionError;
      if (transaction instanceof ExecutionError) results[form.index] = transaction;
      else if (form.sidecar !== undefined) waits.push(this.#takeBlobs(form, transaction, results));
      else results[form.index] = this.#take(form, transaction, head);
    });
    await Promise.all(waits);
  }

  async #takeBlobs(
    form: Arrived,
    transaction: RecoveredTransaction,
    results: (RecoveredTransaction | ExecutionError)[],
  ): Promise<void> {
    const { sidecar, index } = form;
    try {
      if (sidecar !== undefined) await this.#checkBlobs(transaction, sidecar);
      results[index] = this.#take(form, transaction, this.#components.chain.next());
    } catch (error) {
      if (!(error instanceof ExecutionError)) throw error;
      results[index] = error;
    }
  }

  #take(
    { sidecar, key }: Arrived,
    transaction: RecoveredTransaction,
    head: PoolHead,
  ): RecoveredTransaction | ExecutionError {
    try {
      this.#contents.admit(transaction, sidecar, key, head);
    } catch (error) {
      if (error instanceof ExecutionError) return error;
      throw error;
    }
    this.#keep(transaction, sidecar);
    this.#maybeCheck(transaction);
    return transaction;
  }

  async #checkBlobs(transaction: RecoveredTransaction, sidecar: BlobSidecar): Promise<void> {
    const { blobs } = this.#components;
    if (blobs === undefined) throw refuse('blob-proof', 'no proofs of blobs are checked here');
    this.#contents.assertAdmissible(transaction);
    if (await blobs.verify(sidecar)) return;
    throw refuse('blob-proof', 'the proofs do not belong to the blobs');
  }

  #keep(transaction: RecoveredTransaction, sidecar: BlobSidecar | undefined): void {
    const { journal } = this.#components;
    if (journal === undefined || this.#isRestoring) return;
    journal.append(transactionRecord(transaction, sidecar));
    if (journal.bytes > 2 * this.#contents.bytes + JOURNAL_SLACK_BYTES) this.#rewrite();
  }

  /** Writes the journal anew, without what left the pool. */
  #rewrite(): void {
    const { journal } = this.#components;
    if (journal === undefined || this.#rewriting !== undefined) return;
    const records = this.#contents
      .all()
      // Nobody could take an unsigned one back from its encoding.
      .filter(({ transaction }) => transaction.transaction.isUnsigned !== true)
      .map(({ transaction, sidecar }) => transactionRecord(transaction, sidecar));
    this.#rewriting = journal.rewrite(records).finally(() => {
      this.#rewriting = undefined;
      if (!this.#isRewriteDue) return;
      this.#isRewriteDue = false;
      this.#rewrite();
    });
  }

  #maybeCheck(transaction: RecoveredTransaction): void {
    const { fullCheck, random } = this.#components;
    if (fullCheck === undefined || random === undefined) return;
    if (random() * this.#sample >= 1 || !this.#isExecutable(transaction)) return;
    if (this.#checks.size >= FULL_CHECKS_MAX) {
      this.#fullChecks = { ...this.#fullChecks, skipped: this.#fullChecks.skipped + 1 };
      return;
    }
    const check = this.#checkInFull(transaction, fullCheck).finally(() => {
      this.#checks.delete(check);
    });
    this.#checks.add(check);
  }

  async #checkInFull(transaction: RecoveredTransaction, fullCheck: FullCheck): Promise<void> {
    // Whoever sent it has its answer first.
    await Promise.resolve();
    const reason = await fullCheck(transaction).catch((error: unknown) => String(error));
    const { checked, failed, skipped } = this.#fullChecks;
    // A block may have come meanwhile; what it changed, the pool knows.
    const isFault = reason !== undefined && this.#isExecutable(transaction);
    this.#fullChecks = { checked: checked + 1, failed: failed + (isFault ? 1 : 0), skipped };
    if (!isFault) return;
    this.#contents.remove(transaction.hash, 'invalid');
    this.#components.journal?.append(removedRecord(transaction.hash));
    this.#components.onFault?.({ transaction, reason });
  }

  #isExecutable({ hash }: RecoveredTransaction): boolean {
    return this.#contents.find(hash)?.isExecutable === true;
  }

  #count({ code }: ExecutionError): void {
    const known = code as PoolErrorCode;
    this.#refused[known] = (this.#refused[known] ?? 0) + 1;
  }
}
