import type { Client } from '@basalt/client';
import {
  concatBytes,
  createBlock,
  createGenesisBlock,
  decodeClose,
  encodeClose,
  type Hash32,
  keyId,
  type NamespaceId,
  PAYLOAD_TYPE,
  type Signer,
  type Strategy,
  tipAfter,
  utf8,
} from '@basalt/protocol';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { findNamespace } from '../open-namespace.ts';

/** Whose shards these are, and where. */
export interface ShardOwner {
  readonly context: Context;
  readonly client: Client;
  readonly signer: Signer;
  readonly nextKeyHash: Hash32;
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
 * A shard's namespace: made where it is not there. Its id follows from owner, label, strategy and
 * parent, so the same import finds its shards again. The one before is closed with this one's name
 * as its last block, and the first block of this one refers to that, with the proof.
 *
 * @throws CliError `late-record` where the one before goes on elsewhere
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
    timestampMs: context.clock.nowMs(),
    signer,
    provider,
    ...(parent === undefined ? {} : { parent }),
  });
  const { namespace } = block.entry.header;
  await founding.onId?.(namespace);
  if (parent !== undefined) await closeShard(owner, parent, namespace);
  if ((await findNamespace(client, namespace)) === undefined) {
    const [outcome] = await client.submit([block]);
    if (outcome?.status === 'rejected') {
      const code = outcome.code ?? 'refused';
      throw new CliError(EXIT.refused, code, outcome.message ?? 'refused', 'see the code');
    }
  }
  if (parent !== undefined) await referToParent(owner, namespace, parent);
  return namespace;
}

/** Appends the last block, unless it is there. */
async function closeShard(
  { client, context, signer }: ShardOwner,
  namespace: NamespaceId,
  next: NamespaceId,
): Promise<void> {
  const head = await client.head(namespace);
  const { entry, payload } = head.block;
  if (entry.header.payloadType === PAYLOAD_TYPE.namespaceClose && payload !== undefined) {
    if (decodeClose(payload).next === next) return;
    throw new CliError(
      EXIT.refused,
      'late-record',
      `the time shard ${namespace} is closed and goes on elsewhere: this record comes too late`,
      'bring records in the order of their time, or under another name',
    );
  }
  const tip = tipAfter(head.block, head.hash);
  const { block } = createBlock({
    namespace,
    tip,
    timestampMs: Math.max(context.clock.nowMs(), tip.timestampMs),
    payloadType: PAYLOAD_TYPE.namespaceClose,
    payload: encodeClose({ next }),
    signer,
    provider: context.provider(),
  });
  const [outcome] = await client.submit([block], { ifHead: tip.headHash });
  if (outcome?.status !== 'rejected') return;
  const code = outcome.code ?? 'refused';
  throw new CliError(EXIT.refused, code, outcome.message ?? 'refused', 'run the command again');
}

/** Block 1 of a time shard refers to the last block of the one before. */
async function referToParent(
  { client, signer }: ShardOwner,
  namespace: NamespaceId,
  parent: NamespaceId,
): Promise<void> {
  const head = await client.head(namespace);
  if (head.block.entry.header.index > 0) return;
  const last = (await client.head(parent)).block.entry.header.index;
  const { timestampMs, ...record } = await client.refer({
    source: { namespace, block: head.hash },
    target: { namespace: parent, index: last },
  });
  await client.append(namespace, [{ ...record, timestampMs }], { signer });
}
