import type { NamespaceId, Strategy } from '@basalt/protocol';
import type { RecordSource } from '../input/source.ts';
import { type AppendResult, appendSource } from '../journal/append-source.ts';
import type { OpenJournal } from '../open-journal.ts';
import { Channel } from './channel.ts';

/** The writer of a shard took nothing more before the stream was over; its result says why. */
export class WriterStopped extends Error {}

/** One shard that takes records. */
export class ShardWriter {
  readonly namespace: NamespaceId;
  readonly label: string;
  readonly strategy: Strategy;
  readonly #channel = new Channel();
  readonly #journal: OpenJournal;
  readonly #result: Promise<AppendResult>;

  /**
   * @param source the whole stream; this shard's part of it is known again by the same identity
   * @param journal of the shard's namespace; closed by `end`
   */
  constructor(
    shard: {
      readonly namespace: NamespaceId;
      readonly label: string;
      readonly strategy: Strategy;
    },
    source: RecordSource,
    journal: OpenJournal,
    options: { readonly again: boolean; readonly signal: AbortSignal },
  ) {
    this.namespace = shard.namespace;
    this.label = shard.label;
    this.strategy = shard.strategy;
    this.#journal = journal;
    const part: RecordSource = {
      identity: `${source.identity} in ${shard.namespace}`,
      order: source.order,
      once: source.once,
      format: source.format,
      label: source.label,
      sizeBytes: undefined,
      read: () => this.#channel.read(),
    };
    this.#result = appendSource(part, journal.target, journal.tip, options);
    // An abort and a refusal settle the result too: whoever pushes would wait for ever.
    const stop = (): void => this.#channel.fail(new WriterStopped());
    this.#result.then(stop, stop);
  }

  /** @throws WriterStopped */
  push(payload: Uint8Array): Promise<void> {
    return this.#channel.push(payload);
  }

  /** Writes what is left, and lets go of the namespace. @throws what `appendSource` throws */
  async end(): Promise<AppendResult> {
    this.#channel.end();
    try {
      return await this.#result;
    } finally {
      await this.#journal[Symbol.asyncDispose]();
    }
  }
}
