import type { IsArchived, Ledger } from '@basalt/ledger';
import {
  fromUtf8,
  type NamespaceId,
  type NoteSuites,
  ProtocolError,
  parseCheckpoint,
  parseNote,
  parseVerifierKey,
  type Scheduler,
  utf8,
  verifyNote,
} from '@basalt/protocol';
import type { Federation } from '../federation-types.ts';
import type { MirrorTarget } from '../mirror/mirror-client.ts';
import { lineHash } from '../mirror/mirrored-log.ts';
import { PeerError } from '../peer/errors.ts';
import { Lie } from '../relay/lie.ts';
import type { RecordStore } from '../relay/records.ts';

export interface HandOverComponents {
  readonly ledger: Pick<Ledger, 'origin' | 'namespaces' | 'superNamespace' | 'verifierKey'>;
  /** Keeps the receipts: they count after a restart too. */
  readonly records: RecordStore;
  readonly suites: NoteSuites;
  readonly scheduler: Scheduler;
  readonly peers: Pick<Federation, 'pushToMirror' | 'audit'>;
  /** Told why an archive does not count, or not yet. */
  readonly onProblem?: (problem: HandOverProblem) => void;
}

export interface HandOverProblem {
  readonly url: string;
  readonly namespace: NamespaceId;
  readonly message: string;
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
  /**
   * Whether enough archives have cosigned a tree with this block, keep payloads for ever, and have
   * just stood an audit of what they hold: for `createRetention`.
   */
  readonly isArchived: IsArchived;
  /** Brings every log to every archive, now. Never rejects. */
  run(): Promise<HandOverResult[]>;
  start(): void;
  stop(): Promise<void>;
}

const INTERVAL_MS_DEFAULT = 600_000;

/** Blocks of a log whose payloads an archive holds: [from, size). */
interface Kept {
  readonly from: number;
  readonly size: number;
}

/**
 * Hands logs over to archives before their payloads may go. Only a mirror's cosignature counts
 * (c2sp.org/tlog-mirror: what it signs it holds durably), and it is verified again when it is read
 * back, so a record that was changed on disk deletes nothing. Before anything goes on its word, the
 * archive is asked what it still has, and read at random: a cosignature outlives what it vouches
 * for. An archive that lets payloads go itself does not count, or they would be gone at both ends.
 */
export function createHandOver(components: HandOverComponents, config: HandOverConfig): HandOver {
  return new ArchiveHandOver(components, config);
}

class ArchiveHandOver implements HandOver {
  readonly #components: HandOverComponents;
  readonly #config: HandOverConfig;
  /** What each archive was found to hold; asked for when it matters, anew after each round. */
  #kept = new Map<NamespaceId, Promise<readonly Kept[]>>();
  #cancel: (() => void) | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #isStarted = false;

  constructor(components: HandOverComponents, config: HandOverConfig) {
    this.#components = components;
    this.#config = config;
  }

  readonly isArchived: IsArchived = async (namespace, index) => {
    const known = this.#kept.get(namespace) ?? this.#ask(namespace);
    this.#kept.set(namespace, known);
    const holders = (await known).filter(({ from, size }) => from <= index && index < size);
    return holders.length >= (this.#config.required ?? 1);
  };

  async run(): Promise<HandOverResult[]> {
    const { ledger } = this.#components;
    const results: HandOverResult[] = [];
    this.#kept = new Map();
    for await (const { namespace, checkpointSize } of ledger.namespaces()) {
      if (namespace === ledger.superNamespace() || checkpointSize === 0) continue;
      for (const archive of this.#config.archives) {
        results.push(await this.#handOver(archive, namespace, checkpointSize));
      }
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
    const { records, peers } = this.#components;
    const { url } = archive;
    const held = await this.#receiptSize(archive, namespace);
    if (held >= wanted) return { namespace, url, size: held, problem: undefined };
    try {
      const receipt = await peers.pushToMirror(archive, namespace);
      const name = recordName(archive, namespace);
      await records.putRecords([{ name, value: utf8(receipt.note) }]);
      return { namespace, url, size: receipt.size, problem: undefined };
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      const { message } = error;
      this.#components.onProblem?.({ url, namespace, message });
      return { namespace, url, size: held, problem: message };
    }
  }

  /** What the archives hold of a log now, by their word and a look. */
  async #ask(namespace: NamespaceId): Promise<readonly Kept[]> {
    // One archive at two addresses is one archive.
    const apart = new Map(this.#config.archives.map((archive) => [archive.key.name, archive]));
    const kept: Kept[] = [];
    for (const archive of apart.values()) {
      const size = await this.#receiptSize(archive, namespace);
      const from = size === 0 ? undefined : await this.#audit(archive, namespace);
      if (from !== undefined) kept.push({ from, size });
    }
    return kept;
  }

  /** First index whose payload the archive keeps; undefined where nothing may go on its word. */
  async #audit({ url, key }: MirrorTarget, namespace: NamespaceId): Promise<number | undefined> {
    const { ledger, peers, onProblem } = this.#components;
    const logKey = parseVerifierKey(ledger.verifierKey(namespace));
    try {
      const report = await peers.audit({ url, namespace, logKey, mirrorKey: key });
      if (report.keepsPayloads) return report.minimumIndex;
      onProblem?.({ url, namespace, message: 'the archive lets payloads go: it does not count' });
    } catch (error) {
      if (!(error instanceof PeerError || error instanceof Lie)) throw error;
      onProblem?.({ url, namespace, message: error.message });
    }
    return undefined;
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
