import { DEFAULT_LIMITS, type RpcLimits } from '@basalt/json-rpc';
import { z } from 'zod';
import { RPC_HOSTS_MAX, RPC_PORT_DEFAULT, RPC_WAIT_MS_MAX } from './limits.ts';

/** Where a chain's JSON-RPC listens, who may ask, and how much. */
export interface RpcKeys {
  readonly rpcHost: string;
  readonly rpcPort: number;
  readonly rpcOrigins: readonly string[];
  readonly rpcHosts: readonly string[];
  readonly rpcBatchRequestsMax: number;
  readonly rpcLogBlocksMax: number;
  readonly rpcCallGasMax: number;
  readonly rpcCallMs: number;
  readonly rpcRequestMs: number;
}

const milliseconds = (byDefault: number): z.ZodDefault<z.ZodInt> =>
  z.int().min(1).max(RPC_WAIT_MS_MAX).default(byDefault);

export const RPC_SHAPE: { readonly [Key in keyof RpcKeys]-?: z.ZodType<RpcKeys[Key]> } = {
  rpcHost: z.string().min(1).default('127.0.0.1').describe('address of its JSON-RPC'),
  rpcPort: z
    .int()
    .min(0)
    .max(65_535)
    .default(RPC_PORT_DEFAULT)
    .describe('port of its JSON-RPC; 0 takes a free one'),
  rpcOrigins: z
    .array(z.string().refine(isOrigin, 'expected origins like https://remix.ethereum.org, or *'))
    .max(RPC_HOSTS_MAX)
    .default([])
    .describe('origins of pages that may ask beside those of this machine; * is any'),
  rpcHosts: z
    .array(z.string().regex(/^(?:\*|[\w.-]{1,253})$/, 'expected names without a port, or *'))
    .max(RPC_HOSTS_MAX)
    .default([])
    .describe('names that it may be called by beside localhost and addresses; * is any'),
  rpcBatchRequestsMax: z
    .int()
    .min(1)
    .max(10_000)
    .default(DEFAULT_LIMITS.batchRequests)
    .describe('requests in one batch'),
  rpcLogBlocksMax: z
    .int()
    .min(1)
    .max(100_000_000)
    .default(DEFAULT_LIMITS.logBlocks)
    .describe('blocks of one question for logs'),
  rpcCallGasMax: z
    .int()
    .min(21_000)
    .max(100_000_000_000)
    .default(Number(DEFAULT_LIMITS.callGas))
    .describe('gas of one call, and of all calls of one simulation'),
  rpcCallMs: milliseconds(DEFAULT_LIMITS.callMs).describe(
    'computing for one request; others wait meanwhile',
  ),
  rpcRequestMs: milliseconds(DEFAULT_LIMITS.requestMs).describe('any other wait of one request'),
};

/** The bounds of a server as an operator wants them. */
export function rpcLimits(config: RpcKeys): Partial<RpcLimits> {
  return {
    batchRequests: config.rpcBatchRequestsMax,
    logBlocks: config.rpcLogBlocksMax,
    callGas: BigInt(config.rpcCallGasMax),
    callMs: config.rpcCallMs,
    requestMs: config.rpcRequestMs,
  };
}

/** A browser names an origin without a path, and a slash at its end would match none. */
function isOrigin(text: string): boolean {
  if (text === '*') return true;
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text.toLowerCase();
}
