import {
  type Block,
  type BlockHash,
  type CreateGenesisOptions,
  createGenesisBlock,
  type NamespaceId,
  plainAlgorithm,
} from '@basalt/protocol';
import { ClientError } from './errors.ts';
import { asUsage, type ClientContext } from './options.ts';
import { submitBlocks } from './submit.ts';
import type { CallOptions } from './types.ts';

export interface CreateNamespaceOptions
  extends CallOptions,
    Omit<CreateGenesisOptions, 'nonce' | 'timestampMs' | 'provider'> {
  /** 16 bytes; random unless given. The same nonce and fields make the same namespace. */
  readonly nonce?: Uint8Array;
  readonly timestampMs?: number;
}

/** A namespace that the node took. Its id follows from the genesis block. */
export interface CreatedNamespace {
  readonly namespace: NamespaceId;
  readonly genesis: Block;
  readonly hash: BlockHash;
}

/** Signs a genesis block and sends it. @throws ClientError `unauthorized` and codes of the node */
export async function createNamespace(
  context: ClientContext,
  options: CreateNamespaceOptions,
): Promise<CreatedNamespace> {
  const { signal, ...genesis } = options;
  const provider = await context.provider(plainAlgorithm(options.signer.algorithm));
  const { block, hash } = asUsage(() =>
    createGenesisBlock({
      ...genesis,
      nonce: options.nonce ?? context.random.bytes(16),
      timestampMs: options.timestampMs ?? context.clock.nowMs(),
      provider,
    }),
  );
  const [outcome] = await submitBlocks(context, [block], { signal });
  if (outcome?.status === 'rejected') {
    const code = outcome.code ?? 'http-error';
    throw new ClientError('rejected', code, outcome.message ?? `refused: ${code}`);
  }
  return { namespace: block.entry.header.namespace, genesis: block, hash };
}
