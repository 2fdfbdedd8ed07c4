import { encodeBlock, encodeHeader, encodeReceipt } from '@basalt/execution';
import { findBlock, getBlock } from '../blocks.ts';
import { openCall, runCall, toMessage } from '../engine/call-context.ts';
import { TraceBudget } from '../engine/trace/budget.ts';
import { traceBlock } from '../engine/trace/trace-block.ts';
import { createTracer } from '../engine/trace/tracers.ts';
import { serverError } from '../errors.ts';
import { receiptsOf } from '../logs/find-logs.ts';
import { type BlockId, blockId, blockNumber, LATEST } from '../params/block-id.ts';
import { type Decoder, hash, optional } from '../params/decode.ts';
import { toHex } from '../params/hex.ts';
import { DEFAULT_TRACER, type TracerConfig, tracerConfig } from '../params/trace-config.ts';
import { type TransactionArgs, transactionArgs } from '../params/transaction-args.ts';
import type { Services } from '../services.ts';
import type { View } from '../views/transaction.ts';
import { type MethodFamily, method } from './method.ts';

const config: Decoder<TracerConfig> = optional(tracerConfig, DEFAULT_TRACER);

async function traceTransaction(
  services: Services,
  transactionHash: Uint8Array,
  options: TracerConfig,
): Promise<unknown> {
  const place = services.chain.locate(transactionHash);
  if (place === undefined) throw serverError('transaction not found');
  const block = await getBlock(services, { number: BigInt(place.blockNumber) });
  const [view] = await traceBlock(services, block, options, place.index);
  return view?.['result'] ?? null;
}

async function traceById(services: Services, id: BlockId, options: TracerConfig): Promise<View[]> {
  const block = await findBlock(services, id);
  if (block === undefined) throw serverError('block not found');
  return traceBlock(services, block, options);
}

async function traceCall(
  services: Services,
  args: TransactionArgs,
  id: BlockId,
  options: TracerConfig,
): Promise<View> {
  const context = await openCall(services, id, options.stateOverrides, options.blockOverrides);
  const { chain, engines, limits } = services;
  const message = toMessage(args, limits.callGas, chain.config.chainId);
  const traced = createTracer(options, new TraceBudget());
  const { tracer } = traced;
  const rules = tracer === undefined ? {} : { tracer: engines.timed(tracer) };
  const result = runCall(services, context, message, rules);
  return engines.run(context.deadline, () =>
    traced.view({ ...result, gasLimit: message.gasLimit, before: context.overlay }),
  );
}

async function rawBlock(services: Services, id: BlockId): Promise<string> {
  return toHex(encodeBlock(await getBlock(services, id)));
}

async function rawHeader(services: Services, id: BlockId): Promise<string> {
  return toHex(encodeHeader((await getBlock(services, id)).header));
}

async function rawReceipts(services: Services, id: BlockId): Promise<string[]> {
  const receipts = await receiptsOf(services, await getBlock(services, id));
  return receipts.map((receipt) => toHex(encodeReceipt(receipt)));
}

async function rawTransaction(services: Services, transactionHash: Uint8Array): Promise<string> {
  const { chain, pool } = services;
  const pooled = pool.find(transactionHash);
  if (pooled !== undefined) return toHex(pooled.transaction.raw);
  const place = chain.locate(transactionHash);
  const block = place === undefined ? undefined : await chain.block(place.blockNumber);
  const raw = block?.transactions[place?.index ?? 0]?.raw;
  return raw === undefined ? '0x' : toHex(raw);
}

/** Steps of what ran, and blocks as they are encoded. */
export const DEBUG: MethodFamily = {
  debug_traceTransaction: method([hash, config], traceTransaction),
  debug_traceBlockByNumber: method([blockNumber, config], traceById),
  debug_traceBlockByHash: method([hash, config], (services, value, options) =>
    traceById(services, { hash: value, requireCanonical: false }, options),
  ),
  debug_traceCall: method([transactionArgs, optional(blockId, LATEST), config], traceCall),
  debug_getRawBlock: method([blockId], rawBlock),
  debug_getRawHeader: method([blockId], rawHeader),
  debug_getRawReceipts: method([blockId], rawReceipts),
  debug_getRawTransaction: method([hash], rawTransaction),
  eth_getRawTransactionByHash: method([hash], rawTransaction),
};
