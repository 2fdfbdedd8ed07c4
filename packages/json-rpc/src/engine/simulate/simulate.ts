import { setImmediate as nextTurn } from 'node:timers/promises';
import { type BlockEnvironment, FORK_RULES, type Fork, isAtLeast } from '@basalt/evm';
import {
  type Block,
  type BlockHeader,
  baseFeeAfter,
  EMPTY_OMMERS_HASH,
  EMPTY_TRIE_ROOT,
  excessBlobGasAfter,
} from '@basalt/execution';
import { getState } from '../../blocks.ts';
import type { BlockOverrides } from '../../params/overrides.ts';
import type { SimulateArgs } from '../../params/simulate.ts';
import type { Services } from '../../services.ts';
import { blockView } from '../../views/block.ts';
import type { View } from '../../views/transaction.ts';
import { applyOverrides, withMoved } from '../moved-precompiles.ts';
import { Overlay } from '../overlay.ts';
import { type BlockParts, closeBlock, openBlock } from './block-frame.ts';
import { type CallRun, runSimulatedCall } from './call-runner.ts';
import { type PlannedBlock, planBlocks } from './plan.ts';
import { callView, type SimulatedCall } from './simulated-call.ts';

const ZERO_HASH = new Uint8Array(32);

/**
 * `eth_simulateV1`: blocks of calls on top of a block, each seeing what those before it left. The
 * blocks have hashes, roots and receipts as if they were real; nothing of them is kept.
 *
 * @throws RpcError as the method's specification numbers them: -38010 to -38026
 */
export async function simulate(
  services: Services,
  base: Block,
  args: SimulateArgs,
): Promise<View[]> {
  const { chain, engines, limits } = services;
  const deadline = engines.deadline(limits.callMs);
  const hashes = new Map<bigint, Uint8Array>([[base.header.number, base.hash]]);
  const canonical = chain.blockHashFor(base.header.number);
  const blockHash = (number: bigint): Uint8Array => hashes.get(number) ?? canonical(number);
  const overlay = new Overlay(getState(services, base), blockHash);
  const views: View[] = [];
  let parent = base;
  let budget = limits.callGas;
  for (const planned of planBlocks(base.header, args.blocks)) {
    const { fork } = chain.config.forkAt(planned.number, planned.timestamp);
    const header = draftHeader(services, planned, parent, args.validation, fork);
    const environment = environmentOf(services, header, planned.blockOverrides);
    const moved = applyOverrides(overlay, planned.stateOverrides, fork);
    const evm = await engines.get(fork, moved?.set);
    const reader = withMoved(overlay, moved);
    const run: CallRun = { evm, reader, overlay, moved, environment, ...args };
    const parts = engines.run(deadline, () => {
      openBlock({ evm, environment, state: overlay, blockHash }, header);
      const calls: SimulatedCall[] = [];
      let gasUsed = 0n;
      for (const each of planned.calls) {
        const call = runSimulatedCall(run, each, gasUsed, budget);
        gasUsed += call.result.gasUsed;
        budget -= call.result.gasUsed;
        calls.push(call);
      }
      const frame = { evm, environment, state: overlay, blockHash };
      const { withdrawals } = planned.blockOverrides;
      return closeBlock(services.chain, frame, { base, header, calls, gasUsed, withdrawals });
    });
    views.push(showBlock(parts, args.returnFullTransactions));
    hashes.set(planned.number, parts.block.hash);
    parent = parts.block;
    await nextTurn();
  }
  return views;
}

/** Everything of the header that is known before its calls ran. */
function draftHeader(
  { chain }: Services,
  { blockOverrides: given, number, timestamp }: PlannedBlock,
  parent: Block,
  isValidated: boolean,
  fork: Fork,
): BlockHeader {
  const before = parent.header;
  const { blobs } = chain.config.forkAt(number, timestamp);
  const expectedFee = isValidated ? baseFeeAfter(before) : 0n;
  const isStaked = chain.config.isProofOfStake(number, timestamp);
  const difficulty = isStaked ? 0n : (given.difficulty ?? before.difficulty);
  return {
    parentHash: parent.hash,
    ommersHash: EMPTY_OMMERS_HASH,
    coinbase: given.feeRecipient ?? before.coinbase,
    stateRoot: before.stateRoot,
    transactionsRoot: EMPTY_TRIE_ROOT,
    receiptsRoot: EMPTY_TRIE_ROOT,
    logsBloom: new Uint8Array(256),
    difficulty,
    number,
    gasLimit: given.gasLimit ?? before.gasLimit,
    gasUsed: 0n,
    timestamp,
    extraData: new Uint8Array(0),
    mixHash: given.prevRandao ?? ZERO_HASH,
    nonce: new Uint8Array(8),
    baseFee: FORK_RULES[fork].hasBaseFee ? (given.baseFee ?? expectedFee) : undefined,
    withdrawalsRoot: isAtLeast(fork, 'shanghai') ? EMPTY_TRIE_ROOT : undefined,
    blobGasUsed: isAtLeast(fork, 'cancun') ? 0n : undefined,
    excessBlobGas: blobs === undefined ? undefined : excessBlobGasAfter(before, fork, blobs),
    parentBeaconBlockRoot: isAtLeast(fork, 'cancun') ? (given.beaconRoot ?? ZERO_HASH) : undefined,
    requestsHash: undefined,
  };
}

function environmentOf(
  { chain }: Services,
  header: BlockHeader,
  { blobBaseFee }: BlockOverrides,
): BlockEnvironment {
  const environment = chain.environment(header);
  return blobBaseFee === undefined ? environment : { ...environment, blobBaseFee };
}

function showBlock({ block, calls }: BlockParts, isFull: boolean): View {
  let logIndex = 0;
  const views = calls.map((call, transactionIndex) => {
    const place = {
      blockHash: block.hash,
      blockNumber: block.header.number,
      blockTimestamp: block.header.timestamp,
      transactionHash: call.transaction.hash,
      transactionIndex,
    };
    const view = callView(call, place, logIndex);
    logIndex += call.emitted;
    return view;
  });
  return { ...blockView(block, isFull), calls: views };
}
