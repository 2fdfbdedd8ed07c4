/**
 * Execution of whole blocks, senders known, nothing kept: here on one worker, in EthereumJS and
 * in Anvil; a million gas (real blocks) or transactions (made ones) a processor second. What two
 * workers give over one is in parallel.bench.ts, what signatures, roots and a disk cost in
 * end-to-end.bench.ts.
 *
 * Anvil gets a block as one eth_simulateV1. It refuses blocks with a creation that way, and
 * where a contract asks for what a simulation does not know its gas differs; real blocks are
 * compared where it is the same to 1 %, made ones to the unit.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadPeer } from '../../../tools/bench/peers.ts';
import { compare, printResult } from '../../../tools/bench/report.ts';
import { madeBlock, mainnetBlocks } from './blocks.ts';
import { compileContracts } from './compile-contracts.ts';
import { createAnvil } from './engines/anvil.ts';
import { createEthereumJS } from './engines/ethereumjs.ts';
import { createOwn } from './engines/ours.ts';
import type { BenchBlock, BlockEngine } from './engines/types.ts';
import { type Measured, type MeasureOptions, measure } from './measure.ts';

/** A round of half a second: the peer's clock goes in steps of 10 ms, and code gets hot here. */
const NATIVE: MeasureOptions = { secondsMin: 1.5, runsMax: 300 };
/** A run takes half a second: one a round tells enough. */
const ETHEREUMJS: MeasureOptions = { secondsMin: 0, runsMax: 1, isReloaded: true };
/** Shares of gas by which a simulated block may differ from the real one. */
const GAS_TOLERANCE = 0.01;
const MADE_TRANSACTIONS = 2_000;
/** Of the same workload, for the slow peer. */
const MADE_TRANSACTIONS_SLOW = 200;

interface Total {
  gas: number;
  seconds: number;
}

function add(total: Total, { gas, cpuSeconds }: Measured): void {
  total.gas += Number(gas);
  total.seconds += cpuSeconds;
}

function rateOf({ gas, seconds }: Total): number {
  return gas / 1e6 / seconds;
}

function isSameWork(one: Measured, other: Measured): boolean {
  return Math.abs(Number(one.gas) / Number(other.gas) - 1) <= GAS_TOLERANCE;
}

/** Undefined where the engine refuses the block. */
async function tryMeasure(
  engine: BlockEngine,
  block: BenchBlock,
  options: MeasureOptions,
): Promise<Measured | undefined> {
  try {
    return await measure(engine, block, options);
  } catch (error) {
    console.error(`bench: ${engine.name}, ${block.name}: ${(error as Error).message}`);
    return undefined;
  }
}

async function measureReal(engines: Engines): Promise<void> {
  const blocks = mainnetBlocks();
  if (blocks === undefined) return;
  const { own, ethereumJS, anvil } = engines;
  const beside = { ethereumJS: pair(), anvil: pair() };
  let [shared, all] = [0, 0];
  for (const block of blocks) {
    const ours = await measure(own, block, NATIVE);
    const slow = await measure(ethereumJS, block, ETHEREUMJS);
    // One block verifies a blob's proof, which takes a library that EthereumJS comes without.
    assert(isSameWork(ours, slow), `${block.name}: gas of ${ethereumJS.name}`);
    add(beside.ethereumJS.ours, ours);
    add(beside.ethereumJS.peer, slow);
    all++;
    const native = await tryMeasure(anvil, block, NATIVE);
    if (native === undefined || !isSameWork(ours, native)) continue;
    add(beside.anvil.ours, ours);
    add(beside.anvil.peer, native);
    shared++;
  }
  const target = { ethereumJS: 20, anvil: 1 } as const;
  for (const [peer, count] of [['ethereumJS', all] as const, ['anvil', shared] as const]) {
    printResult(
      compare({
        name: `real blocks, execution only, one worker, ${count} blocks`,
        unit: 'Mgas/CPU-s',
        value: rateOf(beside[peer].ours),
        peer: { name: engines[peer].name, value: rateOf(beside[peer].peer) },
        target: { ratio: target[peer] },
      }),
    );
  }
}

function pair(): { readonly ours: Total; readonly peer: Total } {
  return { ours: { gas: 0, seconds: 0 }, peer: { gas: 0, seconds: 0 } };
}

/** Transfers, tokens between ever fewer accounts, swaps in the original's pairs. */
async function measureMade({ own, ethereumJS, anvil }: Engines): Promise<void> {
  const pairCode = uniswapPairCode();
  const works = [
    { kind: 'ether' },
    { kind: 'token' },
    { kind: 'token', accounts: 100 },
    { kind: 'token', accounts: 10 },
    { kind: 'token', accounts: 2 },
    { kind: 'swap', pairCode },
    { kind: 'swap', pairs: 1, pairCode },
  ] as const;
  const titles = { ether: 'ETH transfers', token: 'ERC-20 transfers', swap: 'Uniswap v2 swaps' };
  for (const work of works) {
    const block = madeBlock({ ...work, transactions: MADE_TRANSACTIONS });
    const few = madeBlock({ ...work, transactions: MADE_TRANSACTIONS_SLOW });
    const detail = block.name.split(', ').slice(1).join(', ');
    const title = `${titles[work.kind]}, ${detail}`;
    const ours = await measure(own, block, NATIVE);
    const native = await measure(anvil, block, NATIVE);
    assert.equal(ours.gas, native.gas, `${title}: gas of ${anvil.name}`);
    const slow = await measure(ethereumJS, few, ETHEREUMJS);
    const value = MADE_TRANSACTIONS / ours.cpuSeconds;
    for (const [name, peer, count] of [
      [anvil.name, native, MADE_TRANSACTIONS],
      [ethereumJS.name, slow, MADE_TRANSACTIONS_SLOW],
    ] as const) {
      printResult(
        compare({
          name: title,
          unit: 'tx/CPU-s',
          value,
          peer: { name, value: count / peer.cpuSeconds },
        }),
      );
    }
  }
}

interface Engines {
  readonly own: BlockEngine;
  readonly ethereumJS: BlockEngine;
  readonly anvil: BlockEngine;
}

/** The original's code as its package ships it. */
function uniswapPairCode(): Uint8Array {
  const { evm } = loadPeer('@uniswap/v2-core/build/UniswapV2Pair.json') as {
    evm: { deployedBytecode: { object: string } };
  };
  return Uint8Array.from(Buffer.from(evm.deployedBytecode.object, 'hex'));
}

/** The committed code is what the sources beside it compile to. */
function assertContracts(): void {
  for (const [name, code] of compileContracts()) {
    const file = join(import.meta.dirname, 'contracts', `${name}.hex`);
    assert.equal(readFileSync(file, 'utf8').trim(), code, `${name}.hex is not of ${name}.sol`);
  }
}

async function main(): Promise<void> {
  assertContracts();
  const engines = { own: createOwn(1), ethereumJS: createEthereumJS(), anvil: createAnvil() };
  try {
    await measureMade(engines);
    await measureReal(engines);
  } finally {
    for (const engine of Object.values(engines)) await engine.stop();
  }
}

await main();
// The second tier's worker thread would keep the process.
process.exit(0);
