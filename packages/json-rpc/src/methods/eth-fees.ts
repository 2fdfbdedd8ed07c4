import { FORK_RULES } from '@basalt/evm';
import {
  type Block,
  baseFeeAfter,
  blobBaseFee,
  excessBlobGasAfter,
  GAS_PER_BLOB,
  type Receipt,
} from '@basalt/execution';
import { findBlock } from '../blocks.ts';
import { invalidParams, serverError } from '../errors.ts';
import { ascending, suggestGasPrice, suggestTip } from '../fees.ts';
import { FEE_HISTORY_BLOCKS_MAX, FEE_PERCENTILES_MAX } from '../limits.ts';
import { receiptsOf } from '../logs/find-logs.ts';
import { type BlockId, blockNumber } from '../params/block-id.ts';
import { finite, list, looseQuantity, optional } from '../params/decode.ts';
import { toQuantity } from '../params/hex.ts';
import type { Services } from '../services.ts';
import { takeTurns } from '../turns.ts';
import { effectiveGasPrice, type View } from '../views/transaction.ts';
import { type MethodFamily, method } from './method.ts';

async function feeHistory(
  services: Services,
  count: bigint,
  newest: BlockId,
  percentiles: readonly number[],
): Promise<View> {
  assertPercentiles(percentiles);
  const head = services.chain.head().header.number;
  if ('number' in newest && newest.number > head) {
    throw serverError(`request beyond head block: requested ${newest.number}, head ${head}`);
  }
  const last = await findBlock(services, newest);
  if (last === undefined || count === 0n) return { oldestBlock: '0x0', gasUsedRatio: [] };
  const rows = await rowsUpTo(services, last, count, percentiles);
  const next = nextFees(services, last);
  return {
    oldestBlock: toQuantity(rows[0]?.number ?? 0n),
    ...(percentiles.length === 0 ? {} : { reward: rows.map(({ reward }) => reward) }),
    baseFeePerGas: [...rows.map(({ baseFee }) => baseFee), next.baseFee].map(toQuantity),
    gasUsedRatio: rows.map(({ gasRatio }) => gasRatio),
    baseFeePerBlobGas: [...rows.map(({ blobFee }) => blobFee), next.blobFee].map(toQuantity),
    blobGasUsedRatio: rows.map(({ blobRatio }) => blobRatio),
  };
}

function assertPercentiles(percentiles: readonly number[]): void {
  for (const [index, value] of percentiles.entries()) {
    const before = percentiles[index - 1] ?? 0;
    if (value < 0 || value > 100) throw invalidParams(`invalid reward percentile: ${value}`);
    if (value < before) {
      throw invalidParams(
        `invalid reward percentile: #${index - 1}:${before} > #${index}:${value}`,
      );
    }
  }
}

/** One after another, so that a thousand full blocks are not held at once. */
async function rowsUpTo(
  services: Services,
  last: Block,
  count: bigint,
  percentiles: readonly number[],
): Promise<Row[]> {
  const newest = Number(last.header.number);
  const length = Math.min(Number(count), FEE_HISTORY_BLOCKS_MAX, newest + 1);
  const rows: Row[] = [];
  const turns = takeTurns(services);
  for (let number = newest - length + 1; number < newest; number++) {
    if (turns.isOver()) await turns.next();
    const block = await services.chain.block(number);
    if (block !== undefined) rows.push(await rowOf(services, block, percentiles));
  }
  return [...rows, await rowOf(services, last, percentiles)];
}

interface Row {
  readonly number: bigint;
  readonly baseFee: bigint;
  readonly gasRatio: number;
  readonly blobFee: bigint;
  readonly blobRatio: number;
  readonly reward: readonly string[];
}

async function rowOf(
  services: Services,
  block: Block,
  percentiles: readonly number[],
): Promise<Row> {
  const { header } = block;
  const { blobs } = services.chain.config.forkAt(header.number, header.timestamp);
  const { excessBlobGas = 0n, blobGasUsed = 0n, gasLimit, gasUsed } = header;
  const blobGasMax = blobs === undefined ? 0n : BigInt(blobs.max) * GAS_PER_BLOB;
  const receipts = percentiles.length === 0 ? [] : await receiptsOf(services, block);
  return {
    number: header.number,
    baseFee: header.baseFee ?? 0n,
    gasRatio: ratio(gasUsed, gasLimit),
    blobFee: blobs === undefined ? 0n : blobBaseFee(excessBlobGas, blobs),
    blobRatio: ratio(blobGasUsed, blobGasMax),
    reward: rewards(block, receipts, percentiles).map(toQuantity),
  };
}

function ratio(part: bigint, whole: bigint): number {
  return whole === 0n ? 0 : Number(part) / Number(whole);
}

/** Tips at percentiles of the gas that was used, cheapest first. */
function rewards(
  { header, transactions }: Block,
  receipts: readonly Receipt[],
  percentiles: readonly number[],
): bigint[] {
  const paid = transactions.map(({ fields }, index) => ({
    tip: effectiveGasPrice(fields, header.baseFee) - (header.baseFee ?? 0n),
    gas: receipts[index]?.gasUsed ?? 0n,
  }));
  paid.sort((one, other) => ascending(one.tip, other.tip));
  let at = 0;
  let sum = paid[0]?.gas ?? 0n;
  return percentiles.map((percentile) => {
    const wanted = BigInt(Math.floor((Number(header.gasUsed) * percentile) / 100));
    while (sum < wanted && at < paid.length - 1) sum += paid[++at]?.gas ?? 0n;
    return paid[at]?.tip ?? 0n;
  });
}

/** Fees of the block after, by the rules that hold at its parent's time. */
function nextFees(
  { chain }: Services,
  { header }: Block,
): { readonly baseFee: bigint; readonly blobFee: bigint } {
  const { fork, blobs } = chain.config.forkAt(header.number + 1n, header.timestamp);
  const excess = blobs === undefined ? 0n : excessBlobGasAfter(header, fork, blobs);
  return {
    baseFee: FORK_RULES[fork].hasBaseFee ? baseFeeAfter(header) : 0n,
    blobFee: blobs === undefined ? 0n : blobBaseFee(excess, blobs),
  };
}

/** What a unit of gas costs. */
export const ETH_FEES: MethodFamily = {
  eth_gasPrice: method([], async (services) => toQuantity(await suggestGasPrice(services))),
  eth_maxPriorityFeePerGas: method([], async (services) => toQuantity(await suggestTip(services))),
  eth_baseFee: method([], ({ chain }) => {
    const fee = chain.nextBaseFee();
    return fee === undefined ? null : toQuantity(fee);
  }),
  eth_blobBaseFee: method([], ({ chain }) =>
    toQuantity(chain.nextBlobBaseFee(chain.head().header.timestamp) ?? 0n),
  ),
  eth_feeHistory: method(
    [looseQuantity(64), blockNumber, optional(list(finite, FEE_PERCENTILES_MAX), [])],
    feeHistory,
  ),
};
