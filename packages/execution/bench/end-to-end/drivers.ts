/** Brings signed transactions into blocks: here, in EDR, in Anvil. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startAnvil } from '../../../../tools/bench/anvil-process.ts';
import { processCpuSeconds } from '../../../../tools/bench/cpu-time.ts';
import { createEdrProvider } from '../../../../tools/bench/edr-provider.ts';
import { ownCpuSeconds, toHex } from '../engines/types.ts';
import { WORKLOAD_CHAIN_ID } from '../workloads.ts';
import { openOwnChain } from './own-chain.ts';
import type { SignedWork } from './signed-work.ts';

/** From the first byte handed over until the last transaction is in a block. */
export interface Throughput {
  readonly name: string;
  readonly transactions: number;
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
}

/** Of each transaction; a block is filled by it. */
const TRANSFER_GAS_LIMIT = 70_000n;
/** Transactions that go to a pool in one call. */
const BATCH = 512;
/** Calls that wait for their answers at once, as of many clients: while a block is made, too. */
const CALLS = 8;

/**
 * Here: decoded, recovered, pooled, executed, rooted; each block durable in its log, state and
 * index on the disk at the end. Full blocks are made while transactions still arrive.
 */
export async function runOwn(
  { raws, genesis }: SignedWork,
  warmUp: number,
  blockGasLimit: bigint,
): Promise<Throughput> {
  const own = await openOwnChain(genesis);
  const { chain, pool } = own;
  const full = Number(blockGasLimit / TRANSFER_GAS_LIMIT);
  const pass = async (part: readonly Uint8Array[]): Promise<void> => {
    let isSubmitted = false;
    let next = 0;
    const client = async (): Promise<void> => {
      while (next < part.length) {
        const from = next;
        next += BATCH;
        const answers = await pool.addMany(part.slice(from, next));
        for (const answer of answers) if (answer instanceof Error) throw answer;
      }
    };
    const submit = async (): Promise<void> => {
      await Promise.all(Array.from({ length: CALLS }, client));
      isSubmitted = true;
    };
    const build = async (): Promise<void> => {
      for (let built = 0; built < part.length; ) {
        if (!isSubmitted && pool.stats().pending < full) {
          await pause(1);
          continue;
        }
        const { timestamp } = chain.head().header;
        const candidates = pool.best({
          baseFee: chain.nextBaseFee() ?? 0n,
          blobBaseFee: chain.nextBlobBaseFee(timestamp + 1n),
          gas: blockGasLimit,
        });
        const { block } = await chain.propose(candidates, {
          timestamp: timestamp + 1n,
          coinbase: new Uint8Array(20).fill(0xcb),
          gasLimit: blockGasLimit,
          prevRandao: new Uint8Array(32),
        });
        pool.advance(block.transactions);
        built += block.transactions.length;
      }
    };
    await Promise.all([submit(), build()]);
    await own.flush();
  };
  try {
    await pass(raws.slice(0, warmUp));
    const cpuBefore = ownCpuSeconds();
    const wallBefore = performance.now();
    await pass(raws.slice(warmUp));
    return {
      name: 'here',
      transactions: raws.length - warmUp,
      wallSeconds: (performance.now() - wallBefore) / 1000,
      cpuSeconds: ownCpuSeconds() - cpuBefore,
    };
  } finally {
    await own.close();
  }
}

/** EDR in this process, by its JSON-RPC; nothing is kept on a disk. */
export async function runEdr(
  { raws, genesis }: SignedWork,
  blockGasLimit: bigint,
): Promise<Throughput> {
  const edr = await createEdrProvider({
    chainId: WORKLOAD_CHAIN_ID,
    blockGasLimit,
    autoMine: false,
  });
  for (const [address, { balance, code, storage = {} }] of Object.entries(genesis.alloc)) {
    // The system contracts, which stand in the document without the prefix, EDR has by itself.
    if (!address.startsWith('0x')) continue;
    await edr.request('hardhat_setBalance', [address, balance]);
    if (code !== undefined) await edr.request('hardhat_setCode', [address, code]);
    for (const [slot, value] of Object.entries(storage)) {
      await edr.request('hardhat_setStorageAt', [address, quantity(slot), value]);
    }
  }
  const cpuBefore = ownCpuSeconds();
  const wallBefore = performance.now();
  for (const raw of raws) await edr.request('eth_sendRawTransaction', [toHex(raw)]);
  await mineAll((method, params) => edr.request(method, params), raws.length);
  return {
    name: 'EDR 0.22.0 (revm), in memory',
    transactions: raws.length,
    wallSeconds: (performance.now() - wallBefore) / 1000,
    cpuSeconds: ownCpuSeconds() - cpuBefore,
  };
}

/** Anvil over HTTP, in batches; nothing is kept on a disk. */
export async function runAnvil(
  { raws, genesis }: SignedWork,
  blockGasLimit: bigint,
): Promise<Throughput> {
  const folder = mkdtempSync(join(tmpdir(), 'basalt-anvil-'));
  const file = join(folder, 'genesis.json');
  writeFileSync(file, JSON.stringify(genesis));
  const flags = ['--init', file, '--chain-id', String(WORKLOAD_CHAIN_ID), '--hardfork', 'osaka'];
  const gas = ['--gas-limit', String(blockGasLimit), '--no-mining', '--no-request-size-limit'];
  const anvil = await startAnvil([...flags, ...gas]);
  rmSync(folder, { recursive: true, force: true });
  if (anvil === undefined) throw new Error('Anvil has no program for this machine');
  try {
    const cpuBefore = processCpuSeconds(anvil.pid) ?? 0;
    const wallBefore = performance.now();
    for (let at = 0; at < raws.length; at += BATCH) {
      await sendBatch(anvil.url, raws.slice(at, at + BATCH));
    }
    await mineAll((method, params) => anvil.request(method, params), raws.length);
    return {
      name: 'Anvil 1.7.1 (revm), in memory',
      transactions: raws.length,
      wallSeconds: (performance.now() - wallBefore) / 1000,
      cpuSeconds: (processCpuSeconds(anvil.pid) ?? 0) - cpuBefore,
    };
  } finally {
    await anvil.stop();
  }
}

/** One HTTP request with many transactions. */
async function sendBatch(url: string, raws: readonly Uint8Array[]): Promise<void> {
  const calls = raws.map((raw, id) => ({
    jsonrpc: '2.0',
    id,
    method: 'eth_sendRawTransaction',
    params: [toHex(raw)],
  }));
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(calls) });
  const answers = (await response.json()) as { error?: { message: string } }[];
  for (const { error } of answers) if (error !== undefined) throw new Error(error.message);
}

type Request = (method: string, params: readonly unknown[]) => Promise<unknown>;

/** Blocks until all are in one. */
async function mineAll(request: Request, transactions: number): Promise<void> {
  for (let mined = 0; mined < transactions; ) {
    await request('evm_mine', []);
    const count = Number(await request('eth_getBlockTransactionCountByNumber', ['latest']));
    if (count === 0) throw new Error(`${transactions - mined} transactions were left behind`);
    mined += count;
  }
}

/** A word without the zeros before it. */
function quantity(word: string): string {
  return `0x${BigInt(word).toString(16)}`;
}
