import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fork, Transaction } from '@basalt/evm';
import { type AnvilProcess, startAnvil } from '../../../../tools/bench/anvil-process.ts';
import { processCpuSeconds } from '../../../../tools/bench/cpu-time.ts';
import { type BenchBlock, type BlockEngine, toHex } from './types.ts';

/**
 * Native revm in Anvil: the block as one `eth_simulateV1`, which keeps nothing and runs every
 * call in its order. Reading the request and writing the answer is part of it, a root is not.
 */
export function createAnvil(): BlockEngine {
  let anvil: AnvilProcess | undefined;
  let request: readonly unknown[] = [];
  /** Of the processes before the running one. */
  let spent = 0;
  const stop = async (): Promise<void> => {
    spent += anvil === undefined ? 0 : (processCpuSeconds(anvil.pid) ?? 0);
    await anvil?.stop();
    anvil = undefined;
  };
  return {
    name: 'Anvil 1.7.1 (revm)',
    async load(block) {
      await stop();
      anvil = await startWith(block);
      request = [{ blockStateCalls: [simulated(block)], validation: false }, 'latest'];
    },
    async run() {
      if (anvil === undefined) throw new Error('no block was loaded');
      const [block] = (await anvil.request('eth_simulateV1', request)) as [{ gasUsed: string }];
      return BigInt(block.gasUsed);
    },
    cpuSeconds: () => spent + (anvil === undefined ? 0 : (processCpuSeconds(anvil.pid) ?? 0)),
    stop,
  };
}

async function startWith(block: BenchBlock): Promise<AnvilProcess> {
  const { environment, fork } = block;
  const folder = mkdtempSync(join(tmpdir(), 'basalt-anvil-'));
  const genesis = join(folder, 'genesis.json');
  writeFileSync(genesis, JSON.stringify(genesisOf(block)));
  try {
    const flags = {
      init: genesis,
      hardfork: HARDFORKS[fork] ?? fork,
      'chain-id': environment.chainId,
      number: environment.number - 1n,
      timestamp: environment.timestamp - 1n,
      'gas-limit': environment.gasLimit,
    };
    const values = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const anvil = await startAnvil([...values, '--no-mining', '--no-request-size-limit']);
    if (anvil === undefined) throw new Error('Anvil has no program for this machine');
    return anvil;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function genesisOf({ accounts, environment }: BenchBlock): object {
  const alloc = Object.fromEntries(
    accounts.map(({ address, account, code, storage }) => [
      toHex(address),
      {
        balance: quantity(account.balance),
        nonce: quantity(account.nonce),
        ...(code.length === 0 ? {} : { code: toHex(code) }),
        storage: Object.fromEntries(storage.map(({ slot, value }) => [toHex(slot), toHex(value)])),
      },
    ]),
  );
  return {
    config: { chainId: Number(environment.chainId) },
    gasLimit: quantity(environment.gasLimit),
    difficulty: '0x0',
    alloc,
  };
}

function simulated({ environment, transactions }: BenchBlock): object {
  return {
    blockOverrides: {
      number: quantity(environment.number),
      time: quantity(environment.timestamp),
      gasLimit: quantity(environment.gasLimit),
      feeRecipient: toHex(environment.coinbase),
      prevRandao: toHex(environment.prevRandao),
      baseFeePerGas: quantity(environment.baseFee),
    },
    calls: transactions.map(callOf),
  };
}

function callOf(transaction: Transaction): object {
  const { sender, to, nonce, gasLimit, value, data } = transaction;
  const fees =
    transaction.type < 2 && 'gasPrice' in transaction
      ? { gasPrice: quantity(transaction.gasPrice) }
      : 'maxFeePerGas' in transaction
        ? {
            maxFeePerGas: quantity(transaction.maxFeePerGas),
            maxPriorityFeePerGas: quantity(transaction.maxPriorityFeePerGas),
          }
        : {};
  const accessList =
    'accessList' in transaction && transaction.accessList.length > 0
      ? {
          accessList: transaction.accessList.map(({ address, slots }) => ({
            address: toHex(address),
            storageKeys: slots.map(toHex),
          })),
        }
      : {};
  return {
    from: toHex(sender),
    to: to === undefined ? null : toHex(to),
    nonce: quantity(nonce),
    gas: quantity(gasLimit),
    value: quantity(value),
    input: toHex(data),
    ...fees,
    ...accessList,
  };
}

function quantity(value: bigint): string {
  return `0x${value.toString(16)}`;
}

const HARDFORKS: Readonly<Partial<Record<Fork, string>>> = {
  tangerineWhistle: 'tangerine',
  spuriousDragon: 'spuriousdragon',
};
