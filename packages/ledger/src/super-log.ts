import {
  type BlockHash,
  decodeSuperValue,
  deriveNamespaceId,
  emptySuperTree,
  encodeGenesis,
  encodeSuperRoot,
  encodeSuperTreeProof,
  encodeSuperValue,
  fromUtf8,
  type Hash32,
  type NamespaceId,
  PAYLOAD_TYPE,
  parseNamespaceId,
  proveInSuperTree,
  type SuperTree,
  type SuperValue,
  setSuperValue,
  superTreeRoot,
  utf8,
} from '@basalt/protocol';
import { recordName } from './chain-codec.ts';
import type { CoveredHead } from './checkpointer.ts';
import { LedgerError } from './errors.ts';
import { SUPER_EPOCH_MS, SUPER_EPOCHS_KEPT } from './limits.ts';
import type { WriteRequest } from './pipeline.ts';
import type { AppendedBlock, LedgerComponents } from './types.ts';

export interface SuperLogParts {
  readonly components: LedgerComponents;
  readonly write: (request: WriteRequest) => Promise<AppendedBlock[]>;
  /** Blocks of the super-log that a published checkpoint covers. */
  readonly coveredSize: () => Promise<number>;
  readonly epochMs?: number;
}

/** The super-tree as it was when the block at `index` of the super-log was signed. */
interface Epoch {
  readonly index: number;
  readonly tree: SuperTree;
}

/**
 * One log over all namespaces: each epoch, the heads that grew go into the super-tree, and its root
 * becomes a block of the super-namespace (payload type beacon), which is a log like any other. A
 * witness that follows this one log vouches for every namespace.
 */
export class SuperLog {
  readonly #parts: SuperLogParts;
  #namespace: NamespaceId | undefined;
  #tree: SuperTree;
  /** Newest last; bounded by SUPER_EPOCHS_KEPT. */
  readonly #epochs: Epoch[] = [];
  #changed = new Map<NamespaceId, CoveredHead>();
  #cancelTimer: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(parts: SuperLogParts) {
    this.#parts = parts;
    this.#tree = emptySuperTree(parts.components.crypto.sha256);
  }

  /** The namespace of the super-log. */
  get namespace(): NamespaceId {
    if (this.#namespace === undefined)
      throw new LedgerError('closed', 'the ledger has not started');
    return this.#namespace;
  }

  /** Reads the tree back, or founds the super-log with the log's own key. */
  async start(): Promise<void> {
    const { store } = this.#parts.components;
    const known = await store.record(recordName.superNamespace);
    if (known === undefined) {
      await this.#found();
      return;
    }
    this.#namespace = parseNamespaceId(fromUtf8(known));
    for await (const { name, value } of store.records(recordName.superValues)) {
      const namespace = parseNamespaceId(name.slice(recordName.superValues.length));
      this.#tree = setSuperValue(this.#tree, namespace, decodeSuperValue(value));
    }
    const head = await store.head(this.#namespace);
    // Block 0 is the genesis and carries no root.
    if (head !== undefined && head.size > 1) this.#keep(head.size - 1, 0);
  }

  /** Takes the heads that a checkpoint covers now into the next epoch. */
  note(heads: readonly CoveredHead[]): void {
    for (const head of heads) {
      if (head.namespace !== this.#namespace) this.#changed.set(head.namespace, head);
    }
    if (this.#changed.size > 0) this.#schedule();
  }

  /** Ends the epoch now. */
  async flush(): Promise<void> {
    await this.#running;
    this.#running = this.#endEpoch().finally(() => {
      this.#running = undefined;
    });
    await this.#running;
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer?.();
  }

  /**
   * Presence or absence of a namespace under the newest super-root whose block lies below
   * `coveredSize` of the super-log.
   * @throws LedgerError `not-covered` before the first
   */
  prove(
    namespace: NamespaceId,
    coveredSize: number,
  ): { readonly index: number; readonly root: Hash32; readonly proof: Uint8Array } {
    const epoch = this.#epochs.findLast(({ index }) => index < coveredSize);
    if (epoch === undefined) {
      throw new LedgerError('not-covered', 'no super-root is covered yet; try again in a moment');
    }
    return {
      index: epoch.index,
      root: superTreeRoot(epoch.tree),
      proof: encodeSuperTreeProof(proveInSuperTree(epoch.tree, namespace)),
    };
  }

  async #found(): Promise<void> {
    const { random, logSigner, crypto } = this.#parts.components;
    const genesis = encodeGenesis({
      strategy: { kind: 'topic', topic: 'super' },
      label: 'super',
      currentKey: { algorithm: 1, publicKey: logSigner.publicKey },
      nextKeyHash: undefined,
      recoveryKeys: [],
      recoveryDelayMs: 0,
      parent: undefined,
      nonce: random.bytes(16),
    });
    const namespace = deriveNamespaceId(genesis, crypto.sha256);
    this.#namespace = namespace;
    await this.#parts.write({
      namespace,
      records: [{ payload: genesis, payloadType: PAYLOAD_TYPE.namespaceGenesis }],
      signer: logSigner,
      named: [{ name: recordName.superNamespace, value: utf8(namespace) }],
    });
  }

  #schedule(): void {
    if (this.#cancelTimer !== undefined || this.#stopped) return;
    const delayMs = this.#parts.epochMs ?? SUPER_EPOCH_MS;
    this.#cancelTimer = this.#parts.components.scheduler.after(delayMs, () => {
      this.#cancelTimer = undefined;
      void this.flush().catch(() => this.#schedule());
    });
  }

  async #endEpoch(): Promise<void> {
    const changed = this.#changed;
    if (changed.size === 0) return;
    this.#changed = new Map();
    const before = this.#tree;
    for (const [namespace, head] of changed) {
      this.#tree = setSuperValue(this.#tree, namespace, valueOf(head));
    }
    try {
      const coveredSize = await this.#parts.coveredSize();
      this.#keep(await this.#append(changed), coveredSize);
    } catch (error) {
      this.#tree = before;
      for (const [namespace, head] of changed) {
        // A newer head may have come in meanwhile; it stays.
        if (!this.#changed.has(namespace)) this.#changed.set(namespace, head);
      }
      throw error;
    }
  }

  /** The root and the values it stands for change in one group. */
  async #append(changed: ReadonlyMap<NamespaceId, CoveredHead>): Promise<number> {
    const { logSigner, clock } = this.#parts.components;
    const payload = encodeSuperRoot({
      epoch: (this.#epochs.at(-1)?.index ?? 0) + 1,
      timestampMs: clock.nowMs(),
      namespaceCount: this.#tree.count,
      root: superTreeRoot(this.#tree),
    });
    const [block] = await this.#parts.write({
      namespace: this.namespace,
      records: [{ payload, payloadType: PAYLOAD_TYPE.beacon }],
      signer: logSigner,
      named: Array.from(changed, ([namespace, head]) => ({
        name: recordName.superValue(namespace),
        value: encodeSuperValue(valueOf(head)),
      })),
    });
    return (block as AppendedBlock).index;
  }

  /** Proofs stand under the newest covered epoch, so it stays however long witnesses are away. */
  #keep(index: number, coveredSize: number): void {
    this.#epochs.push({ index, tree: this.#tree });
    if (this.#epochs.length <= SUPER_EPOCHS_KEPT) return;
    const second = this.#epochs[1] as Epoch;
    this.#epochs.splice(second.index < coveredSize ? 0 : 1, 1);
  }
}

function valueOf({ size, root, headHash }: CoveredHead): SuperValue {
  return { size, root, headHash: headHash as BlockHash };
}
