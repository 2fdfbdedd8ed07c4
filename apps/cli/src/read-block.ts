import {
  type BlockReference,
  createClient,
  readWitnessedRecord,
  type ServedBlock,
  type WitnessedRecord,
} from '@basalt/client';
import { parsePolicy, toHex } from '@basalt/protocol';
import { readReference } from './block-reference.ts';
import { type ConnectionOptions, clientOptions } from './connection.ts';
import type { Context } from './context.ts';
import { CliError } from './errors.ts';
import { EXIT } from './exit-codes.ts';
import { requireNamespace } from './open-namespace.ts';

export interface BlockRequest extends ConnectionOptions {
  /** Index, or hash in hex. */
  readonly block: string;
  readonly namespace: string | undefined;
  /** Most seconds since the quorum of the policy has cosigned. */
  readonly maxAge: number | undefined;
}

export interface ReadBlock {
  readonly served: ServedBlock;
  /** How it lies in what a quorum of witnesses has seen, where the policy asks for one. */
  readonly witnessed: WitnessedRecord | undefined;
}

/**
 * Reads one block. Witnesses cosign the super-log alone: under a policy with a quorum the block is
 * shown to lie below it, without one the signature of its own log is enough.
 */
export async function readBlock(context: Context, request: BlockRequest): Promise<ReadBlock> {
  const { block, namespace, maxAge, policy: text, ...connection } = request;
  const { signal } = context;
  const policy = text === undefined ? undefined : parsePolicy(text);
  const isWitnessed = policy !== undefined && policy.quorum !== 'none';
  if (maxAge !== undefined && !isWitnessed) {
    throw new CliError(
      EXIT.usage,
      'no-trust',
      'how old a checkpoint is, only witnesses tell: --max-age needs a policy with a quorum',
      '`basalt policy --witness <url>` writes one',
    );
  }
  const options = await clientOptions(context, connection);
  const alone = policy && { ...policy, witnesses: [], groups: [], quorum: 'none' };
  const client = createClient(alone === undefined ? options : { ...options, policy: alone });
  const reference = await readReference(block, namespace, async (name) => {
    return (await requireNamespace(client, name)).namespace;
  });
  if (!isWitnessed) {
    return { served: await client.get(reference, { signal }), witnessed: undefined };
  }
  const place =
    typeof reference === 'string' ? placeOf(await client.get(reference, { signal })) : reference;
  const stale = maxAge === undefined ? {} : { staleAfterSeconds: maxAge };
  const witnessed = await readWitnessedRecord({ ...options, policy, ...stale }, place, { signal });
  requireSame(reference, witnessed.block);
  return { served: witnessed.block, witnessed };
}

function placeOf({ namespace, index }: ServedBlock): Exclude<BlockReference, string> {
  return { namespace, index };
}

/** A hash names one block: what stands at its place under the witnessed tree must be that one. */
function requireSame(reference: BlockReference, { hash }: ServedBlock): void {
  if (typeof reference !== 'string' || toHex(hash) === reference) return;
  throw new CliError(EXIT.failedCheck, 'wrong-block', 'the node served two blocks of one place');
}
