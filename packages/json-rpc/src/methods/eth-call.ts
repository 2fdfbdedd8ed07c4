import { getBlock } from '../blocks.ts';
import { createAccessList } from '../engine/access-list.ts';
import { openCall, runCall, toMessage } from '../engine/call-context.ts';
import { estimateGas } from '../engine/estimate.ts';
import { simulate } from '../engine/simulate/simulate.ts';
import { haltMessage, revertError, serverError } from '../errors.ts';
import { type BlockId, blockId, LATEST } from '../params/block-id.ts';
import { type Decoder, optional } from '../params/decode.ts';
import { toHex, toQuantity } from '../params/hex.ts';
import {
  type AccountOverride,
  type BlockOverrides,
  blockOverrides,
  NO_BLOCK_OVERRIDES,
  stateOverrides,
} from '../params/overrides.ts';
import { type SimulateArgs, simulateArgs } from '../params/simulate.ts';
import { type TransactionArgs, transactionArgs } from '../params/transaction-args.ts';
import type { Services } from '../services.ts';
import { accessListView, type View } from '../views/transaction.ts';
import { type MethodFamily, method } from './method.ts';

const at: Decoder<BlockId> = optional(blockId, LATEST);
const withState: Decoder<AccountOverride[]> = optional(stateOverrides, []);
const withBlock: Decoder<BlockOverrides> = optional(blockOverrides, NO_BLOCK_OVERRIDES);

async function call(
  services: Services,
  args: TransactionArgs,
  id: BlockId,
  overrides: readonly AccountOverride[],
  block: BlockOverrides,
): Promise<string> {
  const context = await openCall(services, id, overrides, block);
  const message = toMessage(args, services.limits.callGas, services.chain.config.chainId);
  const { halt, output } = runCall(services, context, message);
  if (halt === undefined) return toHex(output);
  throw halt === 'revert' ? revertError(output) : serverError(haltMessage(halt));
}

async function estimate(
  services: Services,
  args: TransactionArgs,
  given: BlockId | undefined,
  overrides: readonly AccountOverride[],
  block: BlockOverrides,
): Promise<string> {
  // On a devnet what is estimated is sent next, after time was moved without a block, say.
  const id = given ?? { tag: services.devnet === undefined ? 'latest' : 'pending' };
  const context = await openCall(services, id, overrides, block);
  const { chainId } = services.chain.config;
  const nonce = args.nonce ?? context.overlay.readAccount(args.from ?? NO_ADDRESS)?.nonce ?? 0n;
  // Without a limit of its own a message is bounded by the block.
  const gas = args.gas ?? context.environment.gasLimit;
  const message = toMessage({ ...args, gas }, gas, chainId, nonce);
  return toQuantity(estimateGas(services, context, message));
}

const NO_ADDRESS = new Uint8Array(20);

async function accessList(
  services: Services,
  args: TransactionArgs,
  id: BlockId,
  overrides: readonly AccountOverride[],
): Promise<View> {
  const context = await openCall(services, id, overrides);
  const { limits, chain } = services;
  const message = toMessage(args, limits.callGas, chain.config.chainId);
  const { accessList, gasUsed, error } = createAccessList(services, context, message);
  return {
    accessList: accessList.map(accessListView),
    ...(error === undefined ? {} : { error }),
    gasUsed: toQuantity(gasUsed),
  };
}

async function simulateV1(services: Services, args: SimulateArgs, id: BlockId): Promise<View[]> {
  return simulate(services, await getBlock(services, id), args);
}

/** Code that runs without being part of any block. */
export const ETH_CALL: MethodFamily = {
  eth_call: method([transactionArgs, at, withState, withBlock], call),
  eth_estimateGas: method(
    [transactionArgs, optional(blockId, undefined), withState, withBlock],
    estimate,
  ),
  eth_createAccessList: method([transactionArgs, at, withState], accessList),
  eth_simulateV1: method([simulateArgs, at], simulateV1),
};
