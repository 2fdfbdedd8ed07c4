import type { Ledger } from '@basalt/ledger';
import {
  type CheckpointPayload,
  type Clock,
  checkCheckpointPayload,
  decodeEntry,
  encodeCheckpointPayload,
  type NamespaceId,
  PAYLOAD_TYPE,
  parseCheckpoint,
  parseNote,
  type Scheduler,
  type Signer,
  utf8,
} from '@basalt/protocol';
import type { TimestampClient } from '../timestamp/timestamp-client.ts';
import { CHAIN_ATTEMPTS_MAX, LOOK_BACK_BLOCKS } from './limits.ts';

/** A chain that gets checkpoints of itself; its writer's key is in this process. */
export interface CheckpointedChain {
  readonly namespace: NamespaceId;
  readonly signer: Signer;
  /** After so many blocks; whatever comes first. */
  readonly everyBlocks: number;
  /** After so long with blocks that no checkpoint in the chain covers, milliseconds. */
  readonly everyMs: number;
}

export interface ChainCheckpointsComponents {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** Time stamps of the note text; none where absent. */
  readonly timestamps?: Pick<TimestampClient, 'stamp'>;
  /** An aggregate over the note text; none where absent or where it gives none. */
  readonly aggregate?: (note: string) => Promise<Uint8Array | undefined>;
}

export interface ChainCheckpointsStatus {
  readonly namespace: NamespaceId;
  /** Checkpoints written since the start. */
  readonly written: number;
  /** Those among them without a time stamp although there is an authority. */
  readonly unstamped: number;
  /** Tries on which another writer was faster, or no published checkpoint covered the head. */
  readonly missed: number;
  readonly lastIndex: number | undefined;
  readonly problem: string | undefined;
}

export interface ChainCheckpoints {
  status(): ChainCheckpointsStatus[];
  stop(): Promise<void>;
}

/**
 * Writes checkpoints into the chains that they cover (payload type 0x00FF): the block with index N
 * holds the published note of size N with all its cosignature lines, and a time stamp of its text.
 * That needs a published checkpoint of exactly the head, so it is a compare-and-swap after each
 * publication: in a chain that never stands still between two of them, tries are missed and told.
 */
export function createChainCheckpoints(
  chains: readonly CheckpointedChain[],
  components: ChainCheckpointsComponents,
): ChainCheckpoints {
  const writers = chains.map((chain) => new ChainCheckpointWriter(chain, components));
  for (const writer of writers) writer.start();
  return {
    status: () => writers.map((writer) => writer.status()),
    async stop() {
      await Promise.all(writers.map((writer) => writer.stop()));
    },
  };
}

class ChainCheckpointWriter {
  readonly #chain: CheckpointedChain;
  readonly #components: ChainCheckpointsComponents;
  readonly #stopped = new AbortController();
  #running: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #lastIndex: number | undefined;
  #lastMs: number;
  #written = 0;
  #unstamped = 0;
  #missed = 0;
  #missedInARow = 0;
  #problem: string | undefined;
  /** One try at a time; a timer and an event may ask together. */
  #isTrying = false;

  constructor(chain: CheckpointedChain, components: ChainCheckpointsComponents) {
    this.#chain = chain;
    this.#components = components;
    this.#lastMs = components.clock.nowMs();
  }

  start(): void {
    this.#running = this.#follow().catch((error: unknown) => this.#fail(error));
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#cancelTimer?.();
    await this.#running;
  }

  status(): ChainCheckpointsStatus {
    return {
      namespace: this.#chain.namespace,
      written: this.#written,
      unstamped: this.#unstamped,
      missed: this.#missed,
      lastIndex: this.#lastIndex,
      problem: this.#problem,
    };
  }

  async #follow(): Promise<void> {
    const { ledger } = this.#components;
    const { namespace } = this.#chain;
    const { signal } = this.#stopped;
    const events = ledger.subscribe({ namespace, signal });
    this.#lastIndex = await this.#findLast();
    await this.#consider();
    for await (const { kind } of events) {
      if (kind === 'checkpoint' || kind === 'lagged') await this.#consider();
    }
  }

  /** Writes when it is due, else sets a timer for when it will be. */
  async #consider(): Promise<void> {
    if (this.#isTrying || this.#stopped.signal.aborted) return;
    this.#isTrying = true;
    try {
      const { everyBlocks, everyMs, namespace } = this.#chain;
      const info = await this.#components.ledger.info(namespace);
      const uncovered = (info?.size ?? 0) - (this.#lastIndex ?? -1) - 1;
      // A checkpoint alone is no news that asks for the next one.
      if (info === undefined || uncovered <= 0) return;
      const waitMs = this.#lastMs + everyMs - this.#components.clock.nowMs();
      if (uncovered < everyBlocks && waitMs > 0) return this.#wakeIn(waitMs);
      if (await this.#write()) this.#missedInARow = 0;
      else this.#miss();
    } catch (error) {
      this.#fail(error);
      this.#wakeIn(this.#chain.everyMs);
    } finally {
      this.#isTrying = false;
    }
  }

  /** False when others write meanwhile: the checkpoint that covers them is the next chance. */
  async #write(): Promise<boolean> {
    const { ledger, clock, timestamps, aggregate } = this.#components;
    const { namespace, signer } = this.#chain;
    const info = await ledger.info(namespace);
    const text = await ledger.checkpoint(namespace);
    if (info === undefined || text === undefined) return false;
    const note = parseNote(text);
    const { size } = parseCheckpoint(note.text);
    if (size !== info.size) return false;
    // Asking for a stamp takes longer than some chains stand still: the last tries do without.
    const isPatient = this.#missedInARow < CHAIN_ATTEMPTS_MAX / 2;
    const stamp = isPatient ? await this.#stamp(note.text) : undefined;
    const payload: CheckpointPayload = {
      noteText: note.text,
      signatures: note.signatures,
      aggregate: await aggregate?.(text),
      pruningBoundary: info.payloadsFrom,
      blockCount: size,
      timestampToken: stamp,
    };
    checkCheckpointPayload(payload, { index: size }, info.root);
    const record = {
      payload: encodeCheckpointPayload(payload),
      payloadType: PAYLOAD_TYPE.checkpoint,
    };
    const writer = await ledger.openWriter(namespace, signer);
    try {
      await writer.append([record], { ifHead: info.headHash });
    } catch (error) {
      if (codeOf(error) === 'head-moved') return false;
      throw error;
    }
    this.#lastIndex = size;
    this.#lastMs = clock.nowMs();
    this.#written++;
    if (timestamps !== undefined && stamp === undefined) this.#unstamped++;
    else this.#problem = undefined;
    return true;
  }

  #miss(): void {
    this.#missed++;
    this.#missedInARow++;
    // The next published checkpoint wakes it earlier.
    this.#wakeIn(this.#chain.everyMs);
  }

  /** An authority that is away delays no checkpoint; it is told. */
  async #stamp(text: string): Promise<Uint8Array | undefined> {
    try {
      return (await this.#components.timestamps?.stamp(utf8(text)))?.token;
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  /** Index of the newest checkpoint among the last blocks, so that a restart writes none anew. */
  async #findLast(): Promise<number | undefined> {
    const { ledger } = this.#components;
    const { namespace } = this.#chain;
    const { size = 0, beginsAt = 0 } = (await ledger.info(namespace)) ?? {};
    const from = Math.max(beginsAt, size - LOOK_BACK_BLOCKS);
    const entries = await ledger.entries(namespace, from, size - from);
    const at = entries.findLastIndex(
      (entry) => decodeEntry(entry).header.payloadType === PAYLOAD_TYPE.checkpoint,
    );
    return at < 0 ? undefined : from + at;
  }

  #wakeIn(ms: number): void {
    this.#cancelTimer?.();
    if (this.#stopped.signal.aborted) return;
    this.#cancelTimer = this.#components.scheduler.after(ms, () => {
      this.#cancelTimer = undefined;
      void this.#consider();
    });
  }

  #fail(error: unknown): void {
    this.#problem = error instanceof Error ? error.message : String(error);
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
