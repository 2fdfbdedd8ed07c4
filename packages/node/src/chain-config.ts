import { availableParallelism } from 'node:os';
import { FORKS, type Fork } from '@basalt/evm';
import { z } from 'zod';
import { CHAIN_WORKERS_MAX } from './limits.ts';
import { RPC_SHAPE, type RpcKeys } from './rpc-config.ts';

/** What a node is told about the chain that runs beside its log. */
export interface ChainKeys extends RpcKeys {
  readonly chain: boolean;
  readonly chainId: number;
  readonly chainFork: Fork;
  readonly chainGasLimit: number;
  readonly chainBlockTimeMs: number;
  readonly chainAccounts: number;
  readonly chainBalance: number;
  readonly chainSeed?: string | undefined;
  readonly chainWorkers: number;
  readonly chainEngine: 'interpreter' | 'tiered';
}

/** Keys of the configuration; what founds a chain counts at its first start alone. */
export const CHAIN_SHAPE: { readonly [Key in keyof ChainKeys]-?: z.ZodType<ChainKeys[Key]> } = {
  chain: z.boolean().default(false).describe('run a development chain beside the log'),
  ...RPC_SHAPE,
  chainId: z
    .int()
    .min(1)
    .max(Number.MAX_SAFE_INTEGER)
    .default(31_337)
    .describe('chain id of a new chain'),
  chainFork: z
    .enum(FORKS)
    .default('osaka')
    .describe('rules of a new chain from its first block on: paris to osaka'),
  chainGasLimit: z
    .int()
    .min(5_000)
    .max(1_000_000_000)
    .default(30_000_000)
    .describe('gas of a block of a new chain'),
  chainBlockTimeMs: z
    .int()
    .min(0)
    .max(86_400_000)
    .default(0)
    .describe('time between blocks, and what running one may take; 0: one with each transaction'),
  chainAccounts: z.int().min(1).max(1_000).default(10).describe('funded accounts of a new chain'),
  chainBalance: z.int().min(0).max(1_000_000_000).default(10_000).describe('ether of each of them'),
  chainSeed: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('makes a new chain that repeats: accounts, times and chance follow from it'),
  chainWorkers: z
    .int()
    .min(1)
    .max(CHAIN_WORKERS_MAX)
    .default(() => Math.min(CHAIN_WORKERS_MAX, availableParallelism()))
    .describe('threads that run transactions; 1: one after another'),
  chainEngine: z
    .enum(['interpreter', 'tiered'])
    .default('tiered')
    .describe('tiered: code that is hot runs as WebAssembly of its own'),
};
