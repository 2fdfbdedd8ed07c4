import { type BlockEnvironment, type Evm, recoverAuthority, type StateReader } from '@basalt/evm';
import type { Block } from '@basalt/execution';
import { getBlock, getState } from '../blocks.ts';
import { invalidParams, RpcError } from '../errors.ts';
import type { BlockId } from '../params/block-id.ts';
import {
  type AccountOverride,
  type BlockOverrides,
  NO_BLOCK_OVERRIDES,
} from '../params/overrides.ts';
import type { TransactionArgs } from '../params/transaction-args.ts';
import type { Services } from '../services.ts';
import type { Deadline } from './engines.ts';
import {
  applyMessage,
  type Message,
  MessageError,
  type MessageResult,
  type MessageRules,
} from './message.ts';
import { applyOverrides, warmAddresses, withMoved } from './moved-precompiles.ts';
import { nextEnvironment } from './next-environment.ts';
import { Overlay } from './overlay.ts';

/** Everything that a call on the state of a block needs. */
export interface CallContext {
  readonly block: Block;
  readonly evm: Evm;
  readonly state: StateReader;
  readonly overlay: Overlay;
  readonly environment: BlockEnvironment;
  readonly deadline: Deadline;
  readonly warm: readonly Uint8Array[];
}

const NO_DATA = new Uint8Array(0);
const NO_ADDRESS = new Uint8Array(20);

/** @throws RpcError for an unknown block, a state that is not kept, overrides that contradict */
export async function openCall(
  services: Services,
  id: BlockId,
  overrides: readonly AccountOverride[] = [],
  blockOverrides: BlockOverrides = NO_BLOCK_OVERRIDES,
): Promise<CallContext> {
  const { chain, engines, limits } = services;
  const deadline = engines.deadline(limits.callMs);
  const block = await getBlock(services, id);
  const isPending = 'tag' in id && id.tag === 'pending';
  const found = isPending ? nextEnvironment(services) : chain.environment(block.header);
  const { number, timestamp } = found;
  const { fork } = chain.config.forkAt(number, timestamp);
  const overlay = new Overlay(getState(services, block), chain.blockHashFor(number));
  const moved = applyOverrides(overlay, overrides, fork);
  const evm = await engines.get(fork, moved?.set);
  const environment = overrideBlock(found, blockOverrides);
  const state = withMoved(overlay, moved);
  return { block, evm, state, overlay, environment, deadline, warm: warmAddresses(moved) };
}

function overrideBlock(environment: BlockEnvironment, given: BlockOverrides): BlockEnvironment {
  return {
    ...environment,
    number: given.number ?? environment.number,
    timestamp: given.time ?? environment.timestamp,
    gasLimit: given.gasLimit ?? environment.gasLimit,
    coinbase: given.feeRecipient ?? environment.coinbase,
    prevRandao: given.prevRandao ?? environment.prevRandao,
    difficulty: given.difficulty ?? environment.difficulty,
    baseFee: given.baseFee ?? environment.baseFee,
    blobBaseFee: given.blobBaseFee ?? environment.blobBaseFee,
  };
}

/** Fills in what a caller left out, for a call that nobody pays for. */
export function toMessage(
  args: TransactionArgs,
  gasCap: bigint,
  chainId: bigint,
  nonce: bigint = args.nonce ?? 0n,
): Message {
  if (args.chainId !== undefined && args.chainId !== chainId) {
    const figures = `(have=${args.chainId}, want=${chainId})`;
    throw invalidParams(`chainId does not match node's ${figures}`);
  }
  const gas = args.gas ?? gasCap;
  return {
    from: args.from ?? NO_ADDRESS,
    to: args.to,
    nonce,
    gasLimit: gas < gasCap ? gas : gasCap,
    feeCap: args.gasPrice ?? args.maxFeePerGas ?? 0n,
    tipCap: args.gasPrice ?? args.maxPriorityFeePerGas ?? 0n,
    value: args.value ?? 0n,
    data: args.data ?? NO_DATA,
    accessList: args.accessList ?? [],
    blobHashes: args.blobHashes,
    blobFeeCap: args.maxFeePerBlobGas ?? 0n,
    authorizations: args.authorizations?.map((each) => ({
      chainId: each.chainId,
      address: each.address,
      nonce: each.nonce,
      authority: recoverAuthority(each),
    })),
  };
}

/**
 * Runs one call. A call without fees sees base fees of zero, so that GASPRICE is never below
 * BASEFEE (as geth).
 *
 * @throws RpcError for a message that can not be carried out, and when the time is used up
 */
export function runCall(
  services: Services,
  context: CallContext,
  message: Message,
  rules: Partial<MessageRules> = {},
): MessageResult {
  const { evm, state, deadline, warm } = context;
  const { environment } = context;
  const isFree = message.feeCap === 0n && message.tipCap === 0n;
  const block: BlockEnvironment = {
    ...environment,
    baseFee: isFree ? 0n : environment.baseFee,
    blobBaseFee: message.blobFeeCap === 0n && isFree ? 0n : environment.blobBaseFee,
  };
  const options = { skipsNonce: true, mayBeFree: true, warm, ...rules };
  return services.engines.run(deadline, () => {
    try {
      return applyMessage(evm, state, message, block, options);
    } catch (error) {
      throw error instanceof MessageError ? toCallError(error, message.gasLimit) : error;
    }
  });
}

/** As geth words it where a call could not begin. */
export function toCallError(error: MessageError, gas: bigint): RpcError {
  const code = error.code < -38_000 ? -32_000 : error.code;
  return new RpcError(code, `err: ${error.message} (supplied gas ${gas})`);
}
