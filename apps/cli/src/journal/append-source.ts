import {
  type ChainTip,
  type Clock,
  type CryptoProvider,
  concatBytes,
  createBlock,
  encodeBlock,
  type NamespaceId,
  PAYLOAD_TYPE,
  type Signer,
  tipAfter,
} from '@basalt/protocol';
import type { RecordSource } from '../input/source.ts';
import { foldRecord, sha256 } from './fold.ts';
import { type Journal, type Refusal, type Sink, sourceKey } from './journal.ts';
import type { PendingBatch } from './pending.ts';
import type { SourceProgress } from './progress.ts';
import { type QueuedRecord, RecordQueue } from './record-queue.ts';
import { type KnownRecords, knownByContent, knownByPosition } from './skip-known.ts';

export interface AppendTarget {
  readonly namespace: NamespaceId;
  readonly journal: Journal;
  readonly sink: Sink;
  readonly signer: Signer;
  readonly provider: CryptoProvider;
  readonly clock: Clock;
}

export interface AppendOptions {
  /** Forget what was written from this source before, and write all of it. */
  readonly again?: boolean;
  readonly payloadType?: number;
  /** Stops reading; what was read and signed is still settled. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (now: AppendProgress) => void;
}

export interface AppendProgress {
  readonly recordsWritten: number;
  /** Records that were in the namespace before this run. */
  readonly recordsKnown: number;
  readonly payloadBytes: number;
  readonly inputBytes: number;
}

export interface AppendResult extends AppendProgress {
  /** Indexes of the first and last block of this run; undefined where nothing was written. */
  readonly firstIndex: number | undefined;
  readonly lastIndex: number | undefined;
  /** The head after this run. */
  readonly tip: ChainTip;
  readonly refusal: Refusal | undefined;
  readonly interrupted: boolean;
  /** From the start to the last answer. */
  readonly seconds: number;
}

/**
 * Appends the records of one source that are not in the namespace yet. The journal must have
 * recovered, and nobody else may sign for this namespace meanwhile (the caller holds its lock).
 *
 * @param tip head of the namespace now
 * @throws InputError; what the sink throws when the node is away: then the same call, made again,
 *   goes on where it stopped
 */
export async function appendSource(
  source: RecordSource,
  target: AppendTarget,
  tip: ChainTip,
  options: AppendOptions = {},
): Promise<AppendResult> {
  return await new AppendRun(source, target, tip, options).run();
}

/** A batch that is signed and on disk. */
interface Prepared {
  readonly pending: PendingBatch;
  readonly payloadBytes: number;
  readonly tip: ChainTip;
}

class AppendRun {
  readonly #source: RecordSource;
  readonly #target: AppendTarget;
  readonly #options: AppendOptions;
  readonly #queue = new RecordQueue();
  /** Head that the next signed block builds on. */
  #signTip: ChainTip;
  /** Head after everything settled. */
  #tip: ChainTip;
  #key = '';
  /** Everything settled. */
  #progress: SourceProgress | undefined;
  /** Position and fold after everything signed. */
  #position = 0;
  #fold: Uint8Array = new Uint8Array(32);
  #recordsWritten = 0;
  #recordsKnown = 0;
  #payloadBytes = 0;
  #inputBytes = 0;
  #firstIndex: number | undefined;
  #refusal: Refusal | undefined;
  readonly #startedMs: number;
  /** Why the input ended early; what was read before it is written. */
  #failure: { readonly error: unknown } | undefined;

  constructor(source: RecordSource, target: AppendTarget, tip: ChainTip, options: AppendOptions) {
    this.#source = source;
    this.#target = target;
    this.#options = options;
    this.#signTip = tip;
    this.#tip = tip;
    this.#startedMs = target.clock.nowMs();
  }

  async run(): Promise<AppendResult> {
    const { signal } = this.#options;
    const stop = (): void => this.#queue.stop();
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted === true) stop();
    // Not awaited: where the sender stops first, the reader may wait for a keyboard for ever.
    this.#read().catch((error: unknown) => this.#queue.fail(error));
    try {
      await this.#send();
    } finally {
      signal?.removeEventListener('abort', stop);
      stop();
    }
    return await this.#finish();
  }

  // ---- reader --------------------------------------------------------------------------------

  async #read(): Promise<void> {
    let known: KnownRecords | undefined;
    for await (const payloads of this.#source.read((count) => this.#countInput(count))) {
      for (const payload of payloads) {
        known ??= await this.#start(payload);
        const payloadHash = sha256(payload);
        if (known.isKnown(payloadHash)) this.#recordsKnown++;
        else await this.#queue.push({ payload, payloadHash });
      }
      this.#report();
    }
    known ??= await this.#start(undefined);
    known.end();
    this.#queue.end();
  }

  /** Looks up how far this source has come; standard input is known by its first record. */
  async #start(first: Uint8Array | undefined): Promise<KnownRecords> {
    const { journal } = this.#target;
    const source = this.#source;
    this.#key = sourceKey(source.identity, source.once ? first : undefined);
    if (this.#options.again === true) await journal.forget(this.#key);
    const progress = await journal.progress(this.#key, source.label);
    this.#progress = progress;
    this.#position = progress.position;
    this.#fold = progress.fold;
    if (source.order === 'position') return knownByPosition(source, progress);
    return knownByContent(await journal.contentKeys(this.#key));
  }

  #countInput(count: number): void {
    this.#inputBytes += count;
  }

  // ---- sender --------------------------------------------------------------------------------

  /** One batch is on its way while the next one is signed and written to the journal. */
  async #send(): Promise<void> {
    let sending: Promise<void> = Promise.resolve();
    try {
      for (;;) {
        const records = await this.#queue.take();
        if (records === undefined) break;
        const prepared = await this.#prepare(records);
        await sending;
        if (this.#refusal !== undefined) return;
        sending = this.#submit(prepared);
        sending.catch(() => this.#queue.stop()); // wakes a `take` that waits for a slow reader
      }
    } catch (error) {
      this.#failure = { error };
    }
    await sending; // what it throws comes first: then the slots have to stay
  }

  async #prepare(records: readonly QueuedRecord[]): Promise<Prepared> {
    const { namespace, journal, sink, signer, provider, clock } = this.#target;
    const start = { position: this.#position, fold: this.#fold };
    let payloadBytes = 0;
    const encoded = records.map(({ payload, payloadHash }) => {
      const { block, hash } = createBlock({
        namespace,
        tip: this.#signTip,
        timestampMs: Math.max(clock.nowMs(), this.#signTip.timestampMs),
        payloadType: this.#options.payloadType ?? PAYLOAD_TYPE.opaque,
        payload,
        signer,
        provider,
      });
      this.#signTip = tipAfter(block, hash);
      this.#fold = foldRecord(this.#fold, this.#position, payloadHash);
      this.#position++;
      payloadBytes += payload.length;
      return encodeBlock(block);
    });
    const pending = await journal.begin({
      ...start,
      url: sink.url,
      source: this.#key,
      order: this.#source.order,
      count: records.length,
      blocks: concatBytes(...encoded),
    });
    return { pending, payloadBytes, tip: this.#signTip };
  }

  async #submit({ pending, payloadBytes, tip }: Prepared): Promise<void> {
    const { journal, sink } = this.#target;
    const outcomes = await sink.submit(pending);
    const { settled, refusal } = await journal.finish(pending, outcomes);
    const taken = settled.payloadHashes.length;
    if (refusal !== undefined) {
      this.#refusal = refusal;
      this.#queue.stop();
    }
    if (taken === 0 || this.#progress === undefined) return;
    const { position, fold, lastIndex } = settled;
    this.#progress = { ...this.#progress, position, fold, lastIndex };
    this.#firstIndex ??= lastIndex - taken + 1;
    this.#recordsWritten += taken;
    if (refusal === undefined) {
      this.#payloadBytes += payloadBytes;
      this.#tip = tip;
    }
    this.#report();
  }

  // ---- end -----------------------------------------------------------------------------------

  async #finish(): Promise<AppendResult> {
    const { journal } = this.#target;
    const interrupted = this.#options.signal?.aborted === true;
    const refused = this.#refusal !== undefined;
    if (this.#progress !== undefined) {
      // Standard input that was read to its end is over: the same lines again are new records.
      const whole = !interrupted && !refused && this.#failure === undefined;
      const finished = this.#source.once && whole;
      await journal.close(this.#key, { ...this.#progress, finished }, refused);
      if (finished) await journal.forget(this.#key);
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    return {
      ...this.#now(),
      firstIndex: this.#firstIndex,
      lastIndex: this.#firstIndex === undefined ? undefined : this.#progress?.lastIndex,
      tip: this.#tip,
      refusal: this.#refusal,
      interrupted,
      seconds: (this.#target.clock.nowMs() - this.#startedMs) / 1000,
    };
  }

  #now(): AppendProgress {
    return {
      recordsWritten: this.#recordsWritten,
      recordsKnown: this.#recordsKnown,
      payloadBytes: this.#payloadBytes,
      inputBytes: this.#inputBytes,
    };
  }

  #report(): void {
    this.#options.onProgress?.(this.#now());
  }
}
