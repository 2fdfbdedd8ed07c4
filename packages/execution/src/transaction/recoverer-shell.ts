import { strict as assert } from 'node:assert';
import { type Fork, isAtLeast, keccak256, loadRecover, type Recover } from '@basalt/evm';
import { ExecutionError } from '../errors.ts';
import { RECOVERER_QUEUE_MAX, RECOVERER_THREADS_MAX, SENDER_CACHE_ENTRIES } from './limits.ts';
import { authoritiesOf, withSender } from './recover.ts';
import { type Identities, RecoverThreads } from './recover-threads-shell.ts';
import { SenderCache } from './sender-cache.ts';
import { assertSignatureRange, invalidSignature } from './signature.ts';
import { readSignedPart } from './signed-part.ts';
import type { RecoveredTransaction, SignedTransaction } from './types.ts';

export interface RecovererOptions {
  /** 0: on the calling thread. Threads start with the first work. */
  readonly threads: number;
  /** Transactions that may wait or be in work at once; default 32,768. */
  readonly queueMax?: number;
}

export interface RecovererStats {
  /** Signatures that were computed. */
  readonly recovered: number;
  readonly cacheHits: number;
  /** Waiting or in work now. */
  readonly queued: number;
}

/** Finds out who signed, many transactions at a time, on many threads. */
export interface Recoverer {
  readonly threads: number;
  /**
   * One answer for each, in order: the transaction with its sender, or why it has none
   * (`invalid-signature`). Encodings must not change before.
   *
   * @throws ExecutionError `pool-full` when more wait than the queue holds, `closed`
   */
  recover(
    batch: readonly SignedTransaction[],
    fork: Fork,
  ): Promise<readonly (RecoveredTransaction | ExecutionError)[]>;
  stats(): RecovererStats;
  close(): Promise<void>;
}

export function createRecoverer(options: RecovererOptions): Recoverer {
  return createRecovererOf(new URL('./recover-worker-shell.ts', import.meta.url), options);
}

/** `createRecoverer` with another worker file: tests bring one that dies. */
export function createRecovererOf(workerFile: URL, options: RecovererOptions): Recoverer {
  const { threads, queueMax = RECOVERER_QUEUE_MAX } = options;
  assert(Number.isInteger(threads) && threads >= 0 && threads <= RECOVERER_THREADS_MAX);
  return new CachedRecoverer(workerFile, threads, queueMax);
}

class CachedRecoverer implements Recoverer {
  readonly threads: number;
  readonly #queueMax: number;
  readonly #pool: RecoverThreads | undefined;
  readonly #cache = new SenderCache(SENDER_CACHE_ENTRIES);
  #recover: Promise<Recover> | undefined;
  #queued = 0;
  #recovered = 0;
  #isClosed = false;

  constructor(workerFile: URL, threads: number, queueMax: number) {
    this.threads = threads;
    this.#queueMax = queueMax;
    const fallback = (signed: SignedTransaction): Promise<Identities> => this.#identify(signed);
    if (threads > 0) this.#pool = new RecoverThreads({ threads, workerFile, fallback });
  }

  // Life of a transaction, 5.
  async recover(
    batch: readonly SignedTransaction[],
    fork: Fork,
  ): Promise<readonly (RecoveredTransaction | ExecutionError)[]> {
    if (this.#isClosed) throw new ExecutionError('closed', 'the recoverer was closed');
    if (this.#queued + batch.length > this.#queueMax) {
      throw new ExecutionError('pool-full', `more than ${this.#queueMax} signatures wait`);
    }
    const isLowS = isAtLeast(fork, 'homestead');
    const results: (RecoveredTransaction | ExecutionError)[] = [];
    const missing: SignedTransaction[] = [];
    const positions: number[] = [];
    batch.forEach((signed, index) => {
      const known = this.#lookUp(signed, isLowS);
      if (known !== undefined) {
        results[index] = known;
        return;
      }
      missing.push(signed);
      positions.push(index);
    });
    const identities = await this.#identifyAll(missing);
    missing.forEach((signed, index) => {
      const { sender, authorities } = identities[index] as Identities;
      const position = positions[index] as number;
      if (sender === undefined) {
        results[position] = invalidSignature('no public key gives this signature');
        return;
      }
      if (isLowS) this.#cache.set(signed.hash, sender);
      results[position] = withSender(signed, sender, authorities);
    });
    return results;
  }

  stats(): RecovererStats {
    return { recovered: this.#recovered, cacheHits: this.#cache.hits, queued: this.#queued };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#pool?.close();
  }

  /** undefined: it has to be computed. Authorities are not kept, so type 4 always has. */
  #lookUp(
    signed: SignedTransaction,
    isLowS: boolean,
  ): RecoveredTransaction | ExecutionError | undefined {
    try {
      assertSignatureRange(signed.signature, isLowS);
    } catch (error) {
      assert(error instanceof ExecutionError);
      return error;
    }
    if (signed.fields.type === 4) return undefined;
    const sender = this.#cache.get(signed.hash);
    return sender === undefined ? undefined : withSender(signed, sender, []);
  }

  async #identifyAll(transactions: readonly SignedTransaction[]): Promise<readonly Identities[]> {
    if (transactions.length === 0) return [];
    this.#queued += transactions.length;
    try {
      if (this.#pool !== undefined) return await this.#pool.run(transactions);
      const identities: Identities[] = [];
      for (const signed of transactions) identities.push(await this.#identify(signed));
      return identities;
    } finally {
      this.#queued -= transactions.length;
      this.#recovered += transactions.length;
    }
  }

  async #identify(signed: SignedTransaction): Promise<Identities> {
    this.#recover ??= loadRecover();
    const recover = await this.#recover;
    const { hash, signature, yParity } = readSignedPart(signed.raw);
    const publicKey = recover(hash, signature, yParity);
    const sender = publicKey === undefined ? undefined : keccak256(publicKey).slice(12);
    return { sender, authorities: authoritiesOf(signed, recover) };
  }
}
