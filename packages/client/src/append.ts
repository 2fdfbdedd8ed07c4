import {
  type Block,
  type BlockHash,
  type ChainTip,
  type CryptoProvider,
  checkSuccession,
  createBlock,
  createBlocks,
  currentWriter,
  equalBytes,
  type HashKind,
  keyId,
  merkleAlgorithm,
  type NamespaceId,
  PAYLOAD_TYPE,
  plainAlgorithm,
  type Signer,
  tipAfter,
  toHex,
} from '@basalt/protocol';
import { ClientError } from './errors.ts';
import { BATCH_BLOCKS_MAX, BATCH_BYTES_MAX, HEAD_MOVES_MAX } from './limits.ts';
import { asUsage } from './options.ts';
import { fetchBlock } from './requests.ts';
import type { NamespaceSession, Sessions } from './session.ts';
import { submitBlocks } from './submit.ts';
import type { CallOptions } from './types.ts';
import { readVerifiedHead } from './verified-head.ts';

/** A record to be signed and appended. */
export interface AppendRecord {
  readonly payload: Uint8Array;
  /** u32; opaque bytes (1) unless given. */
  readonly payloadType?: number;
  /** Milliseconds since the Unix epoch; the clock's time, not below the head's, where absent. */
  readonly timestampMs?: number;
  /** 0 (SHA-256) unless given. */
  readonly payloadHashKind?: HashKind;
}

export interface AppendOptions extends CallOptions {
  readonly signer: Signer;
  /** Blocks per request, at most 256 (default). */
  readonly batchBlocks?: number;
  /** One signature for each batch (algorithm 17, 19 or 20) instead of one for each block. */
  readonly merkleSigned?: boolean;
  /**
   * How long each batch waits: `durable` until the node has synced it (default), `checkpoint` until
   * a signed checkpoint covers it.
   */
  readonly until?: 'durable' | 'checkpoint';
}

/** A block that the node took; its signature is ours, its inclusion is not checked by this. */
export interface AppendedBlock {
  readonly index: number;
  readonly hash: BlockHash;
  /** The node had it already, from an attempt whose answer was lost. */
  readonly isDuplicate: boolean;
}

type Records = Iterable<AppendRecord> | AsyncIterable<AppendRecord>;

/**
 * Signs records onto the head of a namespace and sends them in batches; yields the blocks of each
 * batch once the node has them. Holds one batch in memory.
 *
 * A batch is signed once and sent as often as needed: the node knows a block by its hash. When
 * somebody else has appended meanwhile, what was not taken is signed anew on the new head. The head
 * is only built on after its writer and signature were checked, and never if it lies before one
 * that this client has seen, because two blocks at one index are a fork for all to prove.
 *
 * @throws ClientError `wrong-writer`, `stale-head`, `head-moved` (again and again), codes of the
 *   node
 */
export async function* appendRecords(
  sessions: Sessions,
  namespace: NamespaceId,
  records: Records,
  options: AppendOptions,
): AsyncGenerator<AppendedBlock[], void, undefined> {
  const session = await sessions.open(namespace, options);
  const provider = await session.context.provider(plainAlgorithm(options.signer.algorithm));
  let tip: ChainTip | undefined;
  const agreed = (await session.context.session())?.answer.negotiated.limits.batchBlocksMax;
  const blocksMax = Math.min(options.batchBlocks ?? BATCH_BLOCKS_MAX, agreed ?? BATCH_BLOCKS_MAX);
  for await (const batch of intoBatches(records, blocksMax)) {
    let rest: readonly AppendRecord[] = batch;
    const done: AppendedBlock[] = [];
    for (let moves = 0; rest.length > 0; moves++) {
      tip ??= await readTip(session, options, provider);
      const blocks = signBatch({ session, namespace, tip, records: rest, options, provider });
      const sent = await sendBatch(session, blocks, tip, options);
      done.push(...sent.appended);
      rest = rest.slice(sent.appended.length);
      const last = blocks[sent.appended.length - 1];
      tip = rest.length > 0 || last === undefined ? undefined : tipAfter(last.block, last.hash);
      if (rest.length === 0) break;
      if (sent.failure !== undefined && moves >= HEAD_MOVES_MAX) throw sent.failure;
    }
    yield done;
  }
}

interface SignedBlock {
  readonly block: Block;
  readonly hash: BlockHash;
}

async function readTip(
  session: NamespaceSession,
  options: AppendOptions,
  provider: CryptoProvider,
): Promise<ChainTip> {
  const { signer } = options;
  const head = await readVerifiedHead(session, options);
  const state = await session.writers.upTo(head.block.entry.header.index + 1, options);
  const nowMs = session.context.clock.nowMs();
  const writer = asUsage(() => currentWriter(state, nowMs));
  if (!equalBytes(writer.keyId, keyId(signer.algorithm, signer.publicKey, provider.sha256))) {
    throw new ClientError(
      'usage',
      'wrong-writer',
      'the given key is not the current writer of the namespace; append with the key that ' +
        `has the id ${toHex(writer.keyId)}`,
      { namespace: session.namespace, writer: toHex(writer.keyId) },
    );
  }
  return tipAfter(head.block, head.hash);
}

interface SignRequest {
  readonly session: NamespaceSession;
  readonly namespace: NamespaceId;
  readonly tip: ChainTip;
  readonly records: readonly AppendRecord[];
  readonly options: AppendOptions;
  readonly provider: CryptoProvider;
}

/**
 * Signs a run of records onto a tip. @throws ClientError `timestamp-regression` ... of kind usage
 */
function signBatch(request: SignRequest): SignedBlock[] {
  const { namespace, options, provider, session } = request;
  const { signer } = options;
  const nowMs = session.context.clock.nowMs();
  let lastMs = request.tip.timestampMs;
  const contents = request.records.map((record) => {
    // A clock that runs behind the head's must not stop a writer; a time that was given may.
    const timestampMs = record.timestampMs ?? Math.max(nowMs, lastMs);
    lastMs = timestampMs;
    return {
      timestampMs,
      payloadType: record.payloadType ?? PAYLOAD_TYPE.opaque,
      payload: record.payload,
      ...(record.payloadHashKind === undefined ? {} : { payloadHashKind: record.payloadHashKind }),
    };
  });
  return asUsage(() => {
    const blocks: SignedBlock[] = [];
    let { tip } = request;
    const isMerkle =
      options.merkleSigned === true &&
      merkleAlgorithm(plainAlgorithm(signer.algorithm)) !== undefined;
    const signed = isMerkle
      ? createBlocks({ namespace, tip, contents, signer, provider })
      : undefined;
    for (const [place, content] of contents.entries()) {
      const made = signed?.[place] ?? createBlock({ namespace, tip, ...content, signer, provider });
      checkSuccession(tip, made.block.entry.header);
      tip = tipAfter(made.block, made.hash);
      blocks.push(made);
    }
    return blocks;
  });
}

interface Sent {
  readonly appended: AppendedBlock[];
  /** Why not all were taken at first: a moved head. Everything else is thrown. */
  readonly failure: ClientError | undefined;
}

const HEAD_MOVED: ReadonlySet<string> = /* @__PURE__ */ new Set([
  'head-moved',
  'broken-chain',
  'invalid-index',
]);

async function sendBatch(
  session: NamespaceSession,
  blocks: readonly SignedBlock[],
  tip: ChainTip,
  options: AppendOptions,
): Promise<Sent> {
  let moved: ClientError;
  try {
    const outcomes = await submitBlocks(
      session.context,
      blocks.map(({ block }) => block),
      { signal: options.signal, until: options.until, ifHead: tip.headHash },
    );
    const place = outcomes.findIndex(({ status }) => status === 'rejected');
    const refused = outcomes[place];
    if (refused === undefined) {
      const appended = blocks.map(({ hash }, at) => {
        const isDuplicate = outcomes[at]?.status === 'duplicate';
        return { index: tip.size + at, hash, isDuplicate };
      });
      return { appended, failure: undefined };
    }
    const code = refused.code ?? 'http-error';
    moved = new ClientError('rejected', code, refused.message ?? `refused: ${code}`, {
      index: tip.size + place,
      taken: place,
    });
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    moved = error;
  }
  if (!HEAD_MOVED.has(moved.code)) throw moved;
  // A lost answer looks the same as another writer: the blocks may be there by our own doing.
  return { appended: await findAppended(session, blocks, tip, options), failure: moved };
}

/** The blocks of a batch that the chain has already; always the first ones of it. */
async function findAppended(
  session: NamespaceSession,
  blocks: readonly SignedBlock[],
  tip: ChainTip,
  options: CallOptions,
): Promise<AppendedBlock[]> {
  let known = 0;
  let unknown = blocks.length + 1;
  // Blocks are appended in order, so the border between known and unknown is found by halving.
  while (unknown - known > 1) {
    const middle = Math.floor((known + unknown) / 2);
    const { hash } = blocks[middle - 1] as SignedBlock;
    if (await isKnown(session, toHex(hash), options)) known = middle;
    else unknown = middle;
  }
  return blocks
    .slice(0, known)
    .map(({ hash }, place) => ({ index: tip.size + place, hash, isDuplicate: true }));
}

async function isKnown(
  session: NamespaceSession,
  hash: string,
  options: CallOptions,
): Promise<boolean> {
  try {
    await fetchBlock(session.context.transport, hash, options);
    return true;
  } catch (error) {
    const isAbsent = error instanceof ClientError && error.metadata['status'] === 404;
    if (isAbsent) return false;
    throw error;
  }
}

/** Runs of at most `blocksMax` records and 16 MiB. */
async function* intoBatches(
  records: Records,
  blocksMax: number,
): AsyncGenerator<AppendRecord[], void, undefined> {
  const limit = Math.max(1, Math.min(BATCH_BLOCKS_MAX, blocksMax));
  let batch: AppendRecord[] = [];
  let bytes = 0;
  for await (const record of records) {
    const isFull = batch.length >= limit || bytes + record.payload.length > BATCH_BYTES_MAX;
    if (isFull && batch.length > 0) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(record);
    bytes += record.payload.length;
  }
  if (batch.length > 0) yield batch;
}
