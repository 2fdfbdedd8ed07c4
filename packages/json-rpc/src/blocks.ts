import type { Block, StateView } from '@basalt/execution';
import { equalBytes } from '@basalt/protocol';
import { serverError } from './errors.ts';
import type { BlockId } from './params/block-id.ts';
import type { Services } from './services.ts';

/**
 * The block that is meant. `pending`, `safe` and `finalized` are the head: a chain with one writer
 * takes nothing back by itself.
 *
 * @returns undefined where there is no such block
 * @throws RpcError for a hash off the canonical chain where that was asked for
 */
export async function findBlock(services: Services, id: BlockId): Promise<Block | undefined> {
  const { chain } = services;
  if ('tag' in id) return id.tag === 'earliest' ? chain.block(0) : chain.head();
  if ('number' in id) {
    const head = chain.head();
    if (id.number > head.header.number) return undefined;
    return id.number === head.header.number ? head : chain.block(Number(id.number));
  }
  const block = await chain.blockByHash(id.hash);
  if (block === undefined || !id.requireCanonical) return block;
  const canonical = chain.hashOf(Number(block.header.number));
  if (canonical === undefined || !equalBytes(canonical, id.hash)) {
    throw serverError('hash is not currently canonical');
  }
  return block;
}

/** @throws RpcError where there is no such block */
export async function getBlock(services: Services, id: BlockId): Promise<Block> {
  const block = await findBlock(services, id);
  if (block === undefined) throw serverError('header not found');
  return block;
}

/**
 * What reads it on an engine ends when the request's time is used up.
 *
 * @throws RpcError where the state is outside of the window that is kept
 */
export function getState(services: Services, block: Block): StateView {
  const number = Number(block.header.number);
  const hash = services.chain.hashOf(number);
  const isCanonical = hash !== undefined && equalBytes(hash, block.hash);
  const state = isCanonical ? services.chain.stateAt(number) : undefined;
  if (state !== undefined) return services.engines.timedState(state);
  throw serverError(`the state after block ${number} is not kept`);
}

/** The state after the block that is meant. */
export async function findState(services: Services, id: BlockId): Promise<StateView> {
  return getState(services, await getBlock(services, id));
}
