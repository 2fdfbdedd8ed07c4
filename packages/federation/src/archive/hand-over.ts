import type { IsArchived, Ledger } from '@basalt/ledger';
import {
  fromUtf8,
  type NamespaceId,
  type NoteSuites,
  ProtocolError,
  parseCheckpoint,
  parseNote,
  type Scheduler,
  utf8,
  verifyNote,
} from '@basalt/protocol';
import type { MirrorReceipt, MirrorTarget } from '../mirror/mirror-client.ts';
import { lineHash } from '../mirror/mirrored-log.ts';
import { PeerError } from '../peer/errors.ts';
import type { RecordStore } from '../relay/records.ts';

export interface HandOverComponents {
  readonly ledger: Pick<Ledger, 'origin' | 'namespaces' | 'superNamespace'>;
  /** Keeps the receipts: they count after a restart too. */
  readonly records: RecordStore;
  readonly suites: NoteSuites;
  readonly scheduler: Scheduler;
  /** `Federation.pushToMirror`. */
  readonly push: (target: MirrorTarget, namespace: NamespaceId) => Promise<MirrorReceipt>;
}

export interface HandOverConfig {
  readonly archives: readonly MirrorTarget[];
  /** How many of them must have cosigned before a payload counts as archived; default 1. */
  readonly required?: number;
  /** Time between two rounds; default ten minutes. */
  readonly intervalMs?: number;
}

/** What one round came to for one log at one archive. */
export interface HandOverResult {
  readonly namespace: NamespaceId;
  readonly url: string;
  /** Blocks that the archive has cosigned, 0 for none. */
  readonly size: number;
  /** Why it has not got further. */
  readonly problem: string | undefined;
}

export interface HandOver {
  /** Whether enough archives have cosigned a tree with this block: for `createRetention`. */
  readonly isArchived: IsArchived;
  /** Brings every log to every archive, now. Never rejects. */
  run(): Promise<HandOverResult[]>;
  start(): void;
  stop(): Promise<void>;
}

const INTERVAL_MS_DEFAULT = 600_000;

/**
 * Hands logs over to archives before their payloads may go. Only a mirror's cosignature counts
 * (c2sp.org/tlog-mirror: what it signs it holds durably), and it is verified again when it is read
 * back, so a record that was changed on disk deletes nothing.
 */
export function createHandOver(components: HandOverComponents, config: HandOverConfig): HandOver {
  return new ArchiveHandOver(components, config);
}

class ArchiveHandOver implements HandOver {
  readonly #components: HandOverComponents;
  readonly #config: HandOverConfig;
  /** Cosigned by enough archives, per namespace; filled from the records when asked for. */
  readonly #sizes = new Map<NamespaceId, number>();
  #cancel: (() => void) | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #isStarted = false;

  constructor(components: HandOverComponents, config: HandOverConfig) {
    this.#components = components;
    this.#config = config;
  }

  readonly isArchived: IsArchived = (namespace, index) => {
    const size = this.#sizes.get(namespace);
    if (size !== undefined) return index < size;
    return this.#load(namespace).then((loaded) => index < loaded);
  };

  async run(): Promise<HandOverResult[]> {
    const { ledger } = this.#components;
    const results: HandOverResult[] = [];
    for await (const { namespace, checkpointSize } of ledger.namespaces()) {
      if (namespace === ledger.superNamespace() || checkpointSize === 0) continue;
      for (const archive of this.#config.archives) {
        results.push(await this.#handOver(archive, namespace, checkpointSize));
      }
      await this.#load(namespace);
    }
    return results;
  }

  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#tick();
  }

  async stop(): Promise<void> {
    this.#isStarted = false;
    this.#cancel?.();
    await this.#running;
  }

  #tick(): void {
    // A failed round changes nothing: what is not archived stays.
    this.#running = this.run()
      .catch(() => undefined)
      .then(() => {
        if (!this.#isStarted) return;
        const intervalMs = this.#config.intervalMs ?? INTERVAL_MS_DEFAULT;
        this.#cancel = this.#components.scheduler.after(intervalMs, () => this.#tick());
      });
  }

  async #handOver(
    archive: MirrorTarget,
    namespace: NamespaceId,
    wanted: number,
  ): Promise<HandOverResult> {
    const { records, push } = this.#components;
    const { url } = archive;
    const held = await this.#receiptSize(archive, namespace);
    if (held >= wanted) return { namespace, url, size: held, problem: undefined };
    try {
      const receipt = await push(archive, namespace);
      const name = recordName(archive, namespace);
      await records.putRecords([{ name, value: utf8(receipt.note) }]);
      return { namespace, url, size: receipt.size, problem: undefined };
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      return { namespace, url, size: held, problem: error.message };
    }
  }

  async #load(namespace: NamespaceId): Promise<number> {
    const { archives, required = 1 } = this.#config;
    const sizes: number[] = [];
    // One archive at two addresses is one archive.
    const apart = new Map(archives.map((archive) => [archive.key.name, archive]));
    for (const archive of apart.values()) sizes.push(await this.#receiptSize(archive, namespace));
    sizes.sort((a, b) => b - a);
    const size = sizes[required - 1] ?? 0;
    this.#sizes.set(namespace, size);
    return size;
  }

  /** Size of the newest receipt of an archive; 0 for none, or one that does not hold. */
  async #receiptSize({ key, ...archive }: MirrorTarget, namespace: NamespaceId): Promise<number> {
    const { records, suites, ledger } = this.#components;
    const value = await records.record(recordName({ key, ...archive }, namespace));
    if (value === undefined) return 0;
    try {
      const note = fromUtf8(value);
      verifyNote(note, [key], suites);
      const { origin, size } = parseCheckpoint(parseNote(note).text);
      return origin === `${ledger.origin}/ns/${namespace}` ? size : 0;
    } catch (error) {
      if (error instanceof ProtocolError) return 0;
      throw error;
    }
  }
}

function recordName({ key }: MirrorTarget, namespace: NamespaceId): string {
  return `archived/${namespace}/${lineHash(key.name)}`;
}
