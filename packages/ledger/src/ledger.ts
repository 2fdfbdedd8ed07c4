import {
  assert,
  type Block,
  type BlockHash,
  decodeEntry,
  decodeGenesis,
  deriveNamespaceId,
  encodeMultiProof,
  equalBytes,
  type Hash32,
  type KeyState,
  keyId,
  leafHash,
  multiProof,
  type NamespaceId,
  nodesForMultiProof,
  PAYLOAD_TYPE,
  ProtocolError,
  type Signer,
  type SnapshotManifest,
  type SnapshotProof,
  tileWidth,
} from '@basalt/protocol';
import { Admission } from './admission.ts';
import { recordName } from './chain-codec.ts';
import { Checkpointer, type PublishedCheckpoint } from './checkpointer.ts';
import { LedgerError } from './errors.ts';
import { Lanes } from './lanes.ts';
import { MULTI_PROOF_INDEXES_MAX } from './limits.ts';
import { Pipeline } from './pipeline.ts';
import { Reads } from './reads.ts';
import { type PendingStatus, RecentOutcomes } from './recent-outcomes.ts';
import { type PruneHolds, pruneBefore } from './retention/prune-before.ts';
import { SnapshotSource } from './snapshot/snapshot-source.ts';
import { Subscriptions } from './subscriptions.ts';
import { SuperLog } from './super-log.ts';
import { TreeReader } from './tree-reader.ts';
import type {
  AppendedBlock,
  BlockView,
  InclusionProof,
  Ledger,
  LedgerComponents,
  LedgerEvent,
  LedgerOptions,
  LocalRecord,
  LocalWriter,
  NamespaceInfo,
  SubmitOptions,
  SubmitOutcome,
  SuperProof,
} from './types.ts';

/** A ledger over a store. Ready when it resolves; close it before the store. */
export async function createLedger(
  components: LedgerComponents,
  options: LedgerOptions,
): Promise<Ledger> {
  const ledger = new TiledLedger(components, options);
  await ledger.start();
  return ledger;
}

class TiledLedger implements Ledger {
  readonly origin: string;
  readonly #components: LedgerComponents;
  readonly #events = new Subscriptions();
  readonly #outcomes = new RecentOutcomes();
  readonly #admission: Admission;
  readonly #lanes: Lanes;
  readonly #trees: TreeReader;
  readonly #pipeline: Pipeline;
  readonly #checkpointer: Checkpointer;
  readonly #superLog: SuperLog;
  readonly #reads: Reads;
  readonly #snapshots: SnapshotSource;

  constructor(components: LedgerComponents, options: LedgerOptions) {
    const { store, crypto, clock, metrics } = components;
    this.origin = options.origin;
    this.#components = components;
    const events = this.#events;
    this.#admission = new Admission(clock, metrics, options);
    this.#lanes = new Lanes(
      store,
      crypto,
      (namespace) => this.#checkpointer.publishedSize(namespace),
      (namespace) => this.#pipeline.isBusy(namespace) || this.#checkpointer.isDirty(namespace),
      (lane) => this.#checkpointer.consider(lane),
    );
    const lanes = this.#lanes;
    this.#checkpointer = new Checkpointer({
      components,
      lanes,
      events,
      originOf: (namespace) => this.#originOf(namespace),
      ...(options.checkpointIntervalMs === undefined
        ? {}
        : { intervalMs: options.checkpointIntervalMs }),
      isSilent: options.publishes === false,
      consistency: (namespace, from, to) => this.#trees.consistency(namespace, from, to),
      onCovered: (heads) => this.#superLog.note(heads),
    });
    this.#pipeline = new Pipeline({
      components,
      lanes,
      events,
      admission: this.#admission,
      onCommit: (lane) => this.#checkpointer.markDirty(lane.namespace),
    });
    this.#trees = new TreeReader(lanes, store, crypto);
    this.#reads = new Reads(store, crypto, lanes, this.#trees, this.#checkpointer);
    const [trees, reads] = [this.#trees, this.#reads];
    this.#snapshots = new SnapshotSource({ store, crypto, lanes, reads, trees });
    this.#superLog = new SuperLog({
      components,
      write: (request) => this.#pipeline.write(request),
      coveredSize: () => this.#checkpointer.publishedSize(this.superNamespace()),
      ...(options.superEpochMs === undefined ? {} : { epochMs: options.superEpochMs }),
    });
  }

  async start(): Promise<void> {
    await this.#superLog.start();
    // What was committed but not yet covered when the process ended is covered now.
    for await (const head of this.#components.store.namespaces()) {
      const { namespace, size } = head;
      if (await this.#checkpointer.isPending(namespace, size)) {
        this.#checkpointer.markDirty(namespace);
      }
    }
  }

  verifierKey(namespace: NamespaceId | 'super'): string {
    return this.#checkpointer.verifierKey(this.#resolve(namespace));
  }

  async submit(blocks: readonly Block[], options: SubmitOptions = {}): Promise<SubmitOutcome[]> {
    const consistency = options.consistency ?? 'durable';
    const submitted = this.#pipeline.submit(blocks, options.ifHead).then((outcomes) => {
      this.#outcomes.note(outcomes);
      return outcomes;
    });
    if (consistency === 'eventual') return this.#queue(blocks, submitted);
    const outcomes = await submitted;
    if (consistency === 'immediate') await this.#allCovered(outcomes);
    return outcomes;
  }

  submission(hash: BlockHash): PendingStatus | undefined {
    return this.#outcomes.get(hash);
  }

  async openWriter(namespace: NamespaceId, signer: Signer): Promise<LocalWriter> {
    const keys = await this.keyState(namespace);
    if (keys === undefined) throw unknownNamespace(namespace);
    const id = keyId(signer.algorithm, signer.publicKey, this.#components.crypto.sha256);
    const known = [...keys.periods, ...keys.recoveryKeys];
    if (keys.pending !== undefined) known.push(keys.pending.newKey);
    if (!known.some((key) => equalBytes(key.keyId, id))) {
      throw new ProtocolError('wrong-writer', 'the key is not one of this namespace', {
        namespace,
      });
    }
    return this.#writer(namespace, signer);
  }

  async createNamespace(genesisPayload: Uint8Array, signer: Signer): Promise<LocalWriter> {
    decodeGenesis(genesisPayload);
    const namespace = deriveNamespaceId(genesisPayload, this.#components.crypto.sha256);
    const writer = this.#writer(namespace, signer);
    if ((await this.info(namespace)) !== undefined) return writer;
    await writer.append([{ payload: genesisPayload, payloadType: PAYLOAD_TYPE.namespaceGenesis }]);
    return writer;
  }

  namespaces(): AsyncIterable<NamespaceInfo> {
    return this.#reads.namespaces();
  }

  info(namespace: NamespaceId): Promise<NamespaceInfo | undefined> {
    return this.#reads.info(namespace);
  }

  async keyState(namespace: NamespaceId): Promise<KeyState | undefined> {
    return (await this.#lanes.get(namespace)).chain.keys;
  }

  keyBlocks(namespace: NamespaceId): Promise<readonly number[]> {
    return this.#reads.keyBlocks(namespace);
  }

  locate(hash: BlockHash): Promise<{ namespace: NamespaceId; index: number } | undefined> {
    return this.#components.store.locate(hash);
  }

  block(hash: BlockHash): Promise<BlockView | undefined> {
    return this.#reads.block(hash);
  }

  blockAt(namespace: NamespaceId, index: number): Promise<BlockView | undefined> {
    return this.#reads.blockAt(namespace, index);
  }

  entries(namespace: NamespaceId, from: number, count: number): Promise<Uint8Array[]> {
    return this.#components.store.entries(namespace, from, count);
  }

  payload(namespace: NamespaceId, index: number): Promise<Uint8Array | undefined> {
    return this.#reads.payload(namespace, index);
  }

  async checkpoint(namespace: NamespaceId | 'super'): Promise<string | undefined> {
    return (await this.#checkpointer.newest(this.#resolve(namespace)))?.note;
  }

  async inclusionProof(namespace: NamespaceId, index: number): Promise<InclusionProof> {
    const { note, size, root } = await this.#covered(namespace);
    if (index >= size) throw notCovered(namespace, index, size);
    const entry = await this.#reads.entry(namespace, index);
    assert(entry !== undefined, 'an entry below a published size is stored');
    return {
      namespace,
      index,
      size,
      root,
      leafHash: leafHash(entry, this.#components.crypto.sha256),
      hashes: await this.#trees.inclusion(namespace, index, size),
      checkpoint: note,
    };
  }

  async multiProof(namespace: NamespaceId, indexes: readonly number[]): Promise<Uint8Array> {
    const { size } = await this.#covered(namespace);
    if (indexes.length === 0 || indexes.length > MULTI_PROOF_INDEXES_MAX) {
      throw new LedgerError('out-of-range', `expected 1 to ${MULTI_PROOF_INDEXES_MAX} indexes`);
    }
    for (const index of indexes) if (index >= size) throw notCovered(namespace, index, size);
    const read = await this.#trees.reader(namespace, nodesForMultiProof(indexes, size), size);
    return encodeMultiProof(multiProof(indexes, size, read, this.#components.crypto.sha256));
  }

  async consistencyProof(namespace: NamespaceId, from: number, to: number): Promise<Hash32[]> {
    const { size } = await this.#covered(namespace);
    if (from > to || to > size) {
      throw new LedgerError('out-of-range', 'expected 0 <= from <= to <= the checkpoint’s size', {
        from,
        to,
        size,
      });
    }
    return this.#trees.consistency(namespace, from, to);
  }

  async tile(
    namespace: NamespaceId,
    level: number,
    index: number,
    width: number,
  ): Promise<Uint8Array | undefined> {
    const size = await this.#checkpointer.publishedSize(namespace);
    if (width < 1 || tileWidth(level, index, size) < width) return undefined;
    return this.#trees.tile(namespace, { level, index, width });
  }

  superNamespace(): NamespaceId {
    return this.#superLog.namespace;
  }

  async superProof(namespace: NamespaceId): Promise<SuperProof> {
    const superNamespace = this.superNamespace();
    const covered = await this.#checkpointer.publishedSize(superNamespace);
    const epoch = this.#superLog.prove(namespace, covered);
    const block = await this.blockAt(superNamespace, epoch.index);
    assert(block !== undefined, 'the block of a super-root is stored');
    return {
      namespace,
      treeProof: epoch.proof,
      superRoot: epoch.root,
      superBlock: joinBlock(block),
      inclusion: await this.inclusionProof(superNamespace, epoch.index),
    };
  }

  async snapshot(namespace: NamespaceId, height: number): Promise<SnapshotProof> {
    const { size } = await this.#covered(namespace);
    if (!Number.isInteger(height) || height < 1 || height > size) {
      throw new LedgerError('out-of-range', `expected a height from 1 to ${size}`, {
        height,
        size,
      });
    }
    const range = await this.#trees.range(namespace, height);
    const totalSizeBytes = await this.#reads.sizeBytes(namespace, height);
    const head = await this.blockAt(namespace, height - 1);
    assert(head !== undefined, 'a block below a published size is stored');
    return {
      namespace,
      height,
      root: await this.#trees.root(namespace, height),
      peaks: range.peaks,
      headHash: head.blockHash,
      blockCount: height,
      totalSizeBytes,
      createdMs: decodeEntry(head.entry).header.timestampMs,
    };
  }

  async snapshotManifest(
    namespace: NamespaceId,
    height: number,
    blocks = 1,
  ): Promise<SnapshotManifest> {
    return this.#snapshots.manifest(await this.snapshot(namespace, height), blocks);
  }

  async snapshotChunk(
    namespace: NamespaceId,
    height: number,
    from: number,
    chunk: number,
  ): Promise<Uint8Array> {
    const { size } = await this.#covered(namespace);
    if (height > size) throw notCovered(namespace, height - 1, size);
    return this.#snapshots.chunk(namespace, height, from, chunk);
  }

  async forkProofs(namespace: NamespaceId): Promise<Uint8Array[]> {
    const proofs: Uint8Array[] = [];
    for await (const record of this.#components.store.records(recordName.forks(namespace))) {
      proofs.push(record.value);
    }
    return proofs;
  }

  prunePayloads(
    namespace: NamespaceId,
    beforeIndex: number,
    holds: PruneHolds = {},
  ): Promise<number> {
    return pruneBefore(this.#components.store, namespace, beforeIndex, holds);
  }

  subscribe(
    options: { namespace?: NamespaceId; signal?: AbortSignal } = {},
  ): AsyncIterable<LedgerEvent> {
    return this.#events.subscribe(options.namespace, options.signal);
  }

  checkpointProblem(): string | undefined {
    return this.#checkpointer.problem;
  }

  readOnlyReason(): string | undefined {
    return this.#admission.readOnlyReason;
  }

  setGroupBlocksMax(blocks: number): void {
    this.#pipeline.setGroupBlocksMax(blocks);
  }

  async flush(): Promise<void> {
    await this.#checkpointer.flush();
    await this.#superLog.flush();
    await this.#checkpointer.flush();
  }

  async close(): Promise<void> {
    this.#superLog.stop();
    await this.#pipeline.close();
    // Best effort: what stays uncovered is covered at the next start.
    await this.#checkpointer.flush().catch(() => undefined);
    await this.#checkpointer.close();
    this.#events.close();
  }

  #resolve(namespace: NamespaceId | 'super'): NamespaceId {
    return namespace === 'super' ? this.superNamespace() : namespace;
  }

  #originOf(namespace: NamespaceId): string {
    const isSuper = namespace === this.superNamespace();
    return isSuper ? `${this.origin}/super` : `${this.origin}/ns/${namespace}`;
  }

  #writer(namespace: NamespaceId, signer: Signer): LocalWriter {
    return {
      namespace,
      append: async (records: readonly LocalRecord[], options: SubmitOptions = {}) => {
        if (records.length === 0) return [];
        const { ifHead } = options;
        const appended = await this.#pipeline.write({ namespace, records, signer, ifHead });
        const last: AppendedBlock | undefined = appended.at(-1);
        if (options.consistency === 'immediate' && last !== undefined) {
          await this.#checkpointer.covered(namespace, last.index + 1);
        }
        return appended;
      },
    };
  }

  /** Answers at once; what becomes of the blocks is told by `submission` and by the log. */
  #queue(blocks: readonly Block[], submitted: Promise<SubmitOutcome[]>): SubmitOutcome[] {
    const queued = this.#pipeline.describe(blocks);
    this.#outcomes.note(queued);
    submitted.catch((error: unknown) => {
      this.#outcomes.note(queued.map((outcome) => failed(outcome, error)));
    });
    return queued;
  }

  async #allCovered(outcomes: readonly SubmitOutcome[]): Promise<void> {
    const sizes = new Map<NamespaceId, number>();
    for (const { status, namespace, index } of outcomes) {
      if (status !== 'accepted' && status !== 'duplicate') continue;
      sizes.set(namespace, Math.max(sizes.get(namespace) ?? 0, index + 1));
    }
    await Promise.all(
      Array.from(sizes, ([namespace, size]) => this.#checkpointer.covered(namespace, size)),
    );
  }

  async #covered(namespace: NamespaceId): Promise<PublishedCheckpoint> {
    const newest = await this.#checkpointer.newest(namespace);
    if (newest !== undefined) return newest;
    if ((await this.#components.store.head(namespace)) === undefined) {
      throw unknownNamespace(namespace);
    }
    throw notCovered(namespace, 0, 0);
  }
}

function failed(outcome: SubmitOutcome, error: unknown): SubmitOutcome {
  const { namespace, index, blockHash } = outcome;
  const known = error instanceof LedgerError || error instanceof ProtocolError;
  const code = known ? error.code : 'internal';
  const message = error instanceof Error ? error.message : 'the submission failed';
  return { status: 'rejected', namespace, index, blockHash, code, message };
}

function joinBlock(view: BlockView): Uint8Array {
  const payload = view.payload ?? new Uint8Array(0);
  const bytes = new Uint8Array(view.entry.length + payload.length);
  bytes.set(view.entry);
  bytes.set(payload, view.entry.length);
  return bytes;
}

function unknownNamespace(namespace: NamespaceId): LedgerError {
  return new LedgerError('unknown-namespace', `no block of namespace ${namespace} is here`, {
    namespace,
  });
}

function notCovered(namespace: NamespaceId, index: number, size: number): LedgerError {
  return new LedgerError(
    'not-covered',
    `block ${index} is not covered by a checkpoint yet (size ${size}); try again in a moment`,
    { namespace, index, size },
  );
}
