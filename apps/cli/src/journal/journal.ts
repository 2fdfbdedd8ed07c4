import { decodeBlockPrefix } from '@basalt/protocol';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { CONTENT_KEYS_MAX } from '../limits.ts';
import { sha256 } from './fold.ts';
import {
  decodePending,
  encodePending,
  type PendingBatch,
  type SettledBatch,
  settle,
} from './pending.ts';
import { decodeProgress, encodeProgress, type SourceProgress, startProgress } from './progress.ts';
import type { JournalStorage } from './storage.ts';

/** Bytes of a payload hash that are kept: 2^-64 is the chance of a mix-up among 2^32 records. */
const KEY_BYTES = 16;

/** Name of the file with the index of the newest block known to be in the namespace. */
export const NEWEST = 'newest';

/** What the node said to one block of a batch. */
export interface SinkOutcome {
  readonly status: 'accepted' | 'duplicate' | 'rejected';
  readonly index: number;
  readonly code?: string;
  readonly message?: string;
}

/** Where blocks go. */
export interface Sink {
  /** Address of the node. */
  readonly url: string;
  /** One answer per block, in order; durable when accepted. Sending twice does no harm. */
  submit(batch: { readonly blocks: Uint8Array; readonly count: number }): Promise<SinkOutcome[]>;
}

/** The first block that was not taken, with the node's reason. */
export interface Refusal {
  readonly index: number;
  readonly code: string;
  readonly message: string;
}

/**
 * What was written from which source into one namespace, kept beside the keys of the person.
 *
 * The protocol, for each batch:
 *
 *   1. sign it; write it to the slot of its parity, synced            (`begin`)
 *   2. when the batch before it is settled: send it
 *   3. read the node's answer                                          (`finish`)
 *
 * A slot is written again two batches later, when its own batch is settled; so the two slots always
 * hold every batch whose fate is unknown, and the older of them starts where everything before is
 * known to be in the namespace. After an interruption `recover` sends the slots again, as they are:
 * what the node had taken is a duplicate, what it had not is taken now, in both cases once.
 */
export class Journal {
  readonly #storage: JournalStorage;
  #sequence = 0;

  constructor(storage: JournalStorage) {
    this.#storage = storage;
  }

  /**
   * Settles what an earlier run left open.
   *
   * @returns the batches that were settled, and what the node refused of them
   * @throws CliError `other-node` when they were meant for another node
   */
  async recover(sink: Sink): Promise<{ taken: number; refusal: Refusal | undefined }> {
    const found = [await this.#slot(0), await this.#slot(1)];
    const batches = found
      .filter((batch) => batch !== undefined)
      .sort((a, b) => a.sequence - b.sequence);
    let taken = 0;
    let refusal: Refusal | undefined;
    for (const batch of batches) {
      this.#sequence = Math.max(this.#sequence, batch.sequence + 1);
      // What follows a refused block builds on it and was never sent.
      if (refusal !== undefined) continue;
      if (batch.url !== sink.url) throw otherNode(batch.url);
      const answer = readOutcomes(batch, await sink.submit(batch));
      taken += answer.taken;
      refusal = answer.refusal;
      await this.#keep(settle(batch, answer.taken));
    }
    await this.#removeSlots(refusal !== undefined);
    return { taken, refusal };
  }

  /**
   * Index of the newest block that is known to have been in the namespace; -1 where none is. A node
   * that has fewer has lost some, and to sign on its head would be a second history.
   */
  async newestIndex(url: string): Promise<number> {
    const firsts: number[] = [];
    for (const batch of [await this.#slot(0), await this.#slot(1)]) {
      // What another node was to get says nothing about this one; `recover` refuses it.
      if (batch?.url !== url) continue;
      firsts.push(decodeBlockPrefix(batch.blocks, 0).block.entry.header.index);
    }
    // Of two open batches the later was signed before the node had answered to the earlier: only
    // what lies before both is known to have been there.
    const before = firsts.length === 0 ? -1 : Math.min(...firsts) - 1;
    return Math.max(await this.#noted(), before);
  }

  /** How far a source has come; from the start where the journal does not know it. */
  async progress(source: string, label: string): Promise<SourceProgress> {
    const stored = await this.#stored(source);
    if (stored === undefined) return startProgress(label);
    if (!stored.finished) return { ...stored, label };
    await this.forget(source);
    return startProgress(label);
  }

  /** Keys of the records that are known by content. */
  async contentKeys(source: string): Promise<Set<string>> {
    const bytes = await this.#storage.read(`${source}.keys`);
    const keys = new Set<string>();
    if (bytes === undefined) return keys;
    const text = Buffer.from(bytes).toString('hex');
    const whole = text.length - (text.length % (2 * KEY_BYTES));
    for (let at = 0; at < whole; at += 2 * KEY_BYTES) keys.add(text.slice(at, at + 2 * KEY_BYTES));
    return keys;
  }

  /** Step 1. The batch after this one may begin before this one is settled, no later one. */
  async begin(batch: Omit<PendingBatch, 'sequence'>): Promise<PendingBatch> {
    const pending = { ...batch, sequence: this.#sequence++ };
    await this.#storage.write(slotName(pending.sequence), encodePending(pending));
    return pending;
  }

  /** Step 3. Where the node refused a block, only those before it count. */
  async finish(
    batch: PendingBatch,
    outcomes: readonly SinkOutcome[],
  ): Promise<{ settled: SettledBatch; refusal: Refusal | undefined }> {
    const { taken, refusal } = readOutcomes(batch, outcomes);
    const settled = settle(batch, taken);
    // By position the next slot says it all; keys of content are said nowhere else.
    if (batch.order === 'content') await this.#addKeys(settled);
    return { settled, refusal };
  }

  /**
   * The end of a run: every batch is settled, or was refused, or was never sent.
   *
   * @param refused true where the node refused a block: what was signed after it is void
   */
  async close(source: string, progress: SourceProgress, refused: boolean): Promise<void> {
    await this.#note(progress.lastIndex);
    await this.#write(source, progress);
    await this.#removeSlots(refused);
  }

  /** Forgets a source: its next run starts at its first record. */
  async forget(source: string): Promise<void> {
    await this.#storage.remove(`${source}.keys`);
    await this.#storage.remove(`${source}.json`);
  }

  async #keep(settled: SettledBatch): Promise<void> {
    if (settled.payloadHashes.length === 0) return;
    if (settled.order === 'content') await this.#addKeys(settled);
    await this.#note(settled.lastIndex);
    const before = (await this.#stored(settled.source)) ?? startProgress('');
    if (before.finished) return; // interrupted between its last answer and the end of its clearing
    const { position, fold, lastIndex } = settled;
    await this.#write(settled.source, { ...before, position, fold, lastIndex });
  }

  async #write(source: string, progress: SourceProgress): Promise<void> {
    await this.#storage.replace(`${source}.json`, Buffer.from(encodeProgress(progress)));
  }

  async #noted(): Promise<number> {
    const bytes = await this.#storage.read(NEWEST);
    const text = bytes === undefined ? '' : Buffer.from(bytes).toString().trim();
    return /^\d{1,15}$/.test(text) ? Number(text) : -1;
  }

  async #note(index: number): Promise<void> {
    if (index <= (await this.#noted())) return;
    await this.#storage.replace(NEWEST, Buffer.from(`${index}\n`));
  }

  /** A key that is there twice does no harm: a set is read from the file. */
  async #addKeys(settled: SettledBatch): Promise<void> {
    if (settled.payloadHashes.length === 0) return;
    const keys = settled.payloadHashes.map((hash) => hash.subarray(0, KEY_BYTES));
    await this.#storage.append(`${settled.source}.keys`, Buffer.concat(keys), KEY_BYTES);
  }

  async #stored(source: string): Promise<SourceProgress | undefined> {
    const bytes = await this.#storage.read(`${source}.json`);
    return bytes === undefined ? undefined : decodeProgress(Buffer.from(bytes).toString());
  }

  async #slot(parity: number): Promise<PendingBatch | undefined> {
    const bytes = await this.#storage.read(slotName(parity));
    return bytes === undefined ? undefined : decodePending(bytes);
  }

  /**
   * Which one goes first matters when a crash comes between. The newer one alone says truly that
   * everything before it is settled; the older one alone would set the progress back. After a
   * refusal it is the other way round: the newer one builds on what was refused.
   */
  async #removeSlots(newerFirst: boolean): Promise<void> {
    const newer = this.#sequence - 1;
    const order = newerFirst ? [newer, newer + 1] : [newer + 1, newer];
    for (const sequence of order) await this.#storage.remove(slotName(sequence));
  }
}

/** Key of a source in a journal: 32 hex digits. `first` is the first record of standard input. */
export function sourceKey(identity: string, first?: Uint8Array): string {
  const start = first === undefined ? '' : `:${Buffer.from(sha256(first)).toString('hex')}`;
  return Buffer.from(sha256(Buffer.from(identity + start)))
    .toString('hex')
    .slice(0, 32);
}

/** Key of a record that is known by content. */
export function contentKey(payloadHash: Uint8Array): string {
  return Buffer.from(payloadHash.subarray(0, KEY_BYTES)).toString('hex');
}

export function checkContentKeys(count: number): void {
  if (count <= CONTENT_KEYS_MAX) return;
  throw new CliError(
    EXIT.usage,
    'too-many-records',
    `this source has more than ${CONTENT_KEYS_MAX} records that are known by content`,
    'split the folder, one namespace each',
  );
}

function slotName(sequence: number): string {
  return `pending-${(sequence + 2) % 2}`; // -1 is the slot before the first
}

function readOutcomes(
  batch: PendingBatch,
  outcomes: readonly SinkOutcome[],
): { taken: number; refusal: Refusal | undefined } {
  const at = outcomes.findIndex((outcome) => outcome.status === 'rejected');
  const refused = at === -1 ? undefined : outcomes[at];
  const taken = at === -1 ? Math.min(outcomes.length, batch.count) : at;
  if (refused === undefined && taken < batch.count) {
    throw new CliError(
      EXIT.unreachable,
      'short-answer',
      `the node answered for ${taken} of ${batch.count} blocks`,
      'run the same command again: it goes on exactly where the node stopped',
    );
  }
  if (refused === undefined) return { taken, refusal: undefined };
  const { index, code = 'refused', message = 'no reason given' } = refused;
  return { taken, refusal: { index, code, message } };
}

function otherNode(url: string): CliError {
  return new CliError(
    EXIT.usage,
    'other-node',
    `an append into this namespace was interrupted while it wrote to ${url}`,
    `finish it first by running it again with --url ${url}; then append here`,
  );
}
