import type { Client } from '@basalt/client';
import {
  type Clock,
  concatBytes,
  createGenesisBlock,
  decodeClose,
  encodeClose,
  type Hash32,
  keyId,
  type NamespaceId,
  PAYLOAD_TYPE,
  type Signer,
  type Strategy,
  utf8,
} from '@basalt/protocol';
import type { Context } from '../context.ts';
import { appendSource } from '../journal/append-source.ts';
import { type OpenJournal, openJournal, refuseIfLost } from '../open-journal.ts';
import { findNamespace } from '../open-namespace.ts';
import { lateRecord, refusedBlock } from '../refused-block.ts';

/** Whose shards these are, and where. */
export interface ShardOwner {
  readonly context: Context;
  readonly client: Client;
  readonly url: string;
  readonly signer: Signer;
  readonly nextKeyHash: Hash32;
}

/** A shard's namespace, and what its labels say. */
interface NamedShard {
  readonly namespace: NamespaceId;
  readonly label: string;
}

export interface ShardFounding {
  readonly label: string;
  readonly strategy: Strategy;
  /** The time shard before; undefined for the first one and where time is no part. */
  readonly parent: NamespaceId | undefined;
  /** Told the id before anything is sent. */
  readonly onId?: (namespace: NamespaceId) => Promise<void>;
}

/**
 * Time of the genesis block of every shard, Unix milliseconds: none. The id follows from what the
 * shard is, so a second node may be asked to found it too; with the time of day in it, that would
 * be a second block at index 0, and the namespace would freeze wherever both are seen.
 */
const GENESIS_MS = 0;

/**
 * A shard's namespace: made where it is not there. Its genesis block follows from owner, label,
 * strategy and parent, to the bit, so the same import finds its shards again, and makes the same
 * ones on any node. The one before is closed with this one's name as its last block, and the first
 * block of this one refers to that, with the proof. Both are signed under the journal, as records.
 *
 * @throws CliError `late-record` where the one before goes on elsewhere; what `openJournal` throws
 */
export async function foundShard(owner: ShardOwner, founding: ShardFounding): Promise<NamespaceId> {
  const { client, context, nextKeyHash, signer } = owner;
  const provider = context.provider();
  const { label, strategy, parent } = founding;
  const own = keyId(signer.algorithm, signer.publicKey, provider.sha256);
  const seed = concatBytes(utf8('basalt/shard/v1\n'), own, utf8(label));
  const nonce = provider.sha256(seed).subarray(0, 16);
  const { block } = createGenesisBlock({
    label,
    strategy,
    nonce,
    nextKeyHash,
    timestampMs: GENESIS_MS,
    signer,
    provider,
    ...(parent === undefined ? {} : { parent }),
  });
  const { namespace } = block.entry.header;
  await founding.onId?.(namespace);
  if (parent !== undefined) await closeShard(owner, parent, namespace);
  if ((await findNamespace(client, namespace)) === undefined) {
    // Earlier versions founded with the time of day: such a shard is not founded anew elsewhere.
    await refuseIfLost(context, owner.url, namespace);
    const [outcome] = await client.submit([block]);
    if (outcome?.status === 'rejected') {
      const { code = 'refused', message = 'no reason given' } = outcome;
      throw refusedBlock({ index: 0, code, message });
    }
  }
  if (parent !== undefined) await referToParent(owner, { namespace, label }, parent);
  return namespace;
}

/** Appends the last block, unless it is there. */
async function closeShard(
  owner: ShardOwner,
  namespace: NamespaceId,
  next: NamespaceId,
): Promise<void> {
  if (await isClosed(owner, namespace, next)) return;
  await using journal = await open(owner, { namespace, label: namespace });
  // The journal has settled what an interrupted run left open; that may have been this block.
  if (await isClosed(owner, namespace, next)) return;
  await appendOne(journal, {
    name: `close for ${next}`,
    payload: encodeClose({ next }),
    payloadType: PAYLOAD_TYPE.namespaceClose,
  });
}

/** @throws CliError `late-record` where it goes on elsewhere */
async function isClosed(
  { client }: ShardOwner,
  namespace: NamespaceId,
  next: NamespaceId,
): Promise<boolean> {
  const { entry, payload } = (await client.head(namespace)).block;
  if (entry.header.payloadType !== PAYLOAD_TYPE.namespaceClose) return false;
  if (payload !== undefined && decodeClose(payload).next === next) return true;
  throw lateRecord(
    `the time shard ${namespace} is closed and goes on elsewhere: a record comes too late`,
  );
}

/** Block 1 of a time shard refers to the last block of the one before. */
async function referToParent(
  owner: ShardOwner,
  shard: NamedShard,
  parent: NamespaceId,
): Promise<void> {
  const { client } = owner;
  const { namespace } = shard;
  if ((await client.head(namespace)).block.entry.header.index > 0) return;
  await using journal = await open(owner, shard);
  if (journal.tip.size > 1) return;
  const last = (await client.head(parent)).block.entry.header.index;
  const { timestampMs, ...reference } = await client.refer({
    source: { namespace, block: journal.tip.headHash },
    target: { namespace: parent, index: last },
  });
  await appendOne(journal, { name: `reference to ${parent}`, ...reference }, timestampMs);
}

function open({ context, client, url, signer }: ShardOwner, shard: NamedShard) {
  return openJournal(context, client, url, { ...shard, signer });
}

/**
 * One block that is no record, signed and kept as one: an interruption sends the same bytes again,
 * and on a node that has lost blocks nothing is signed.
 *
 * @param fromMs what its time must not lie before
 */
async function appendOne(
  { target, tip }: OpenJournal,
  block: { readonly name: string; readonly payload: Uint8Array; readonly payloadType: number },
  fromMs = 0,
): Promise<void> {
  const { name, payload, payloadType } = block;
  const source = {
    identity: name,
    order: 'position',
    once: false,
    format: 'binary',
    label: name,
    sizeBytes: payload.length,
    async *read() {
      yield [payload];
    },
  } as const;
  const clock: Clock = { nowMs: () => Math.max(target.clock.nowMs(), fromMs) };
  // The caller has seen that it is not there, whatever the journal says of a node set back.
  const options = { again: true, payloadType };
  const { refusal } = await appendSource(source, { ...target, clock }, tip, options);
  if (refusal !== undefined) throw refusedBlock(refusal);
}
