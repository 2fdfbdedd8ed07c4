import {
  type Block,
  type BlockHash,
  blockHash,
  type Checkpoint,
  type CryptoProvider,
  decodeEntry,
  equalBytes,
  fromUtf8,
  leafHash,
  type NamespaceId,
  ProtocolError,
  parseCheckpoint,
  parseNote,
  RangeBuilder,
  TileBuilder,
} from '@basalt/protocol';
import { type LogStore, type NamespaceBegin, StoreError } from '@basalt/store';
import { recordName } from './chain-codec.ts';
import { applyBlock, type ChainState, emptyChain } from './chain-state.ts';
import { keyBlockName } from './draft.ts';
import type { SubmittedItem } from './jobs.ts';
import { chainBefore, readKeyBlocks, readOlderBytes } from './snapshot/begin-chain.ts';
import type { BatchVerifier } from './types.ts';
import { verifyAhead } from './verification.ts';

/** Something that an audit found wrong, at a block or with the whole namespace. */
export interface AuditFinding {
  readonly namespace: NamespaceId;
  /** undefined where it concerns the namespace, not one block. */
  readonly index: number | undefined;
  readonly code: string;
  readonly message: string;
}

export interface AuditOptions {
  readonly store: LogStore;
  readonly crypto: CryptoProvider;
  /** Checks signatures in batches; one by one where absent. */
  readonly verifier?: BatchVerifier;
  /** Told after each page: blocks checked so far and in all. */
  readonly onProgress?: (checked: number, total: number) => void;
}

/** Entries per read: one bundle. */
const PAGE = 256;

/**
 * Replays a namespace from its genesis, or from where this copy of it begins: every rule, every
 * signature, every payload that is still there, the tree, and the newest checkpoint. What the
 * storage layer checks of itself (indexes, tiles, sizes) is `fsck` of `@basalt/store`; together
 * they re-verify everything.
 */
export async function auditNamespace(
  namespace: NamespaceId,
  options: AuditOptions,
): Promise<AuditFinding[]> {
  const { store } = options;
  const head = await store.head(namespace);
  const findings: AuditFinding[] = [];
  if (head === undefined) {
    return [finding(namespace, undefined, 'unknown-namespace', 'nothing is stored')];
  }
  const checkpoint = await readCheckpoint(store, namespace, findings);
  if (checkpoint !== undefined && checkpoint.size > head.size) {
    const message = `a checkpoint of size ${checkpoint.size} was signed, ${head.size} are stored`;
    findings.push(finding(namespace, undefined, 'older-than-log', message));
  }
  const replay = new Replay(namespace, options, checkpoint);
  try {
    if (head.begin !== undefined) await replay.beginAt(head.begin);
    while (replay.size < head.size) {
      await replay.page(Math.min(PAGE, head.size - replay.size));
      options.onProgress?.(replay.size, head.size);
    }
  } catch (error) {
    if (!(error instanceof ProtocolError || error instanceof StoreError)) throw error;
    // What comes after cannot be judged against a chain that is broken here.
    findings.push(finding(namespace, replay.size, error.code, error.message));
    return findings;
  }
  const { headHash } = head;
  if (headHash === undefined || !equalBytes(headHash, replay.headHash ?? new Uint8Array(0))) {
    const message = 'the stored head is not the hash of the last block';
    findings.push(finding(namespace, undefined, 'broken-chain', message));
  }
  return findings;
}

/** The chain and the tree as they come out of the stored blocks alone. */
class Replay {
  readonly #options: AuditOptions;
  readonly #checkpoint: Checkpoint | undefined;
  #tree: RangeBuilder;
  #chain: ChainState;

  constructor(namespace: NamespaceId, options: AuditOptions, checkpoint: Checkpoint | undefined) {
    this.#options = options;
    this.#checkpoint = checkpoint;
    this.#tree = new RangeBuilder(undefined, options.crypto.sha256);
    this.#chain = emptyChain(namespace);
  }

  get size(): number {
    return this.#chain.tip?.size ?? 0;
  }

  get headHash(): BlockHash | undefined {
    return this.#chain.tip?.headHash;
  }

  /**
   * A copy that began at a snapshot: the keys from the blocks that are kept of them, the tree from
   * the edge that is kept of it.
   */
  async beginAt({ index, edge }: NamespaceBegin): Promise<void> {
    const { store, crypto } = this.#options;
    const { namespace } = this.#chain;
    const [bytes] = await store.entries(namespace, index, 1);
    if (bytes === undefined) throw new StoreError('corrupt', 'entries are missing from here on');
    const keyBlocks = await readKeyBlocks(store, namespace, index);
    const olderBytes = await readOlderBytes(store, namespace, index);
    this.#chain = chainBefore(decodeEntry(bytes), [...keyBlocks.values()], olderBytes, crypto);
    const state = { size: index, leaves: new Uint8Array(0), edge };
    this.#tree = new RangeBuilder(new TileBuilder(state, crypto.sha256).range(), crypto.sha256);
  }

  /** @throws ProtocolError, StoreError at the first block that is wrong: index `size` */
  async page(count: number): Promise<void> {
    const { store, crypto, verifier } = this.#options;
    const { namespace } = this.#chain;
    const entries = await store.entries(namespace, this.size, count);
    if (entries.length === 0) throw new StoreError('corrupt', 'entries are missing from here on');
    const items: SubmittedItem[] = [];
    for (const [i, bytes] of entries.entries()) {
      const block = await readBlock(store, namespace, this.size + i, bytes);
      const hash = blockHash(block.entry, block.payload, crypto.sha256);
      items.push({ block, hash, check: { kind: 'unchecked' } });
    }
    if (verifier !== undefined) {
      await verifyAhead(this.#chain.keys, this.size, items, verifier);
    }
    for (const { block, hash, check } of items) {
      this.#chain = applyBlock(this.#chain, block, hash, check, crypto);
      this.#tree.append(leafHash(block.entry.bytes, crypto.sha256));
      this.#compareWithCheckpoint();
    }
  }

  #compareWithCheckpoint(): void {
    const checkpoint = this.#checkpoint;
    if (checkpoint?.size !== this.size || equalBytes(checkpoint.root, this.#tree.root())) return;
    throw new ProtocolError(
      'inconsistent-checkpoint',
      `the signed checkpoint of size ${this.size} has another root than the blocks`,
    );
  }
}

async function readBlock(
  store: LogStore,
  namespace: NamespaceId,
  index: number,
  bytes: Uint8Array,
): Promise<Block> {
  const entry = decodeEntry(bytes);
  let payload: Uint8Array | undefined;
  try {
    payload = await store.payload(namespace, index);
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'pruned') throw error;
  }
  if (payload !== undefined) return { entry, payload };
  const kept = await store.record(keyBlockName(namespace, index));
  return { entry, payload: kept?.subarray(bytes.length) };
}

async function readCheckpoint(
  store: LogStore,
  namespace: NamespaceId,
  findings: AuditFinding[],
): Promise<Checkpoint | undefined> {
  const bytes = await store.record(recordName.checkpoint(namespace));
  if (bytes === undefined) return undefined;
  try {
    return parseCheckpoint(parseNote(fromUtf8(bytes)).text);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    findings.push(finding(namespace, undefined, error.code, error.message));
    return undefined;
  }
}

function finding(
  namespace: NamespaceId,
  index: number | undefined,
  code: string,
  message: string,
): AuditFinding {
  return { namespace, index, code, message };
}
