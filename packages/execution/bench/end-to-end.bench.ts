/**
 * From signed bytes to durable blocks: ERC-20 transfers among two thousand accounts, decoded,
 * recovered, pooled, executed, rooted and written, on two cores. EDR and Anvil get the same
 * bytes in the same run; they keep everything in memory.
 */
import { compare, printResult } from '../../../tools/bench/report.ts';
import { runAnvil, runEdr, runOwn } from './end-to-end/drivers.ts';
import { createSignedWork, type SignedWork } from './end-to-end/signed-work.ts';

/** Ten seconds and more: in the first ones V8 still compiles, a tenth of all time. */
const TRANSACTIONS = 200_000;
/** Before the clock starts: engines are made, code gets hot, threads start. */
const WARM_UP = 20_000;
/** The slow peers get the first of the same. */
const TRANSACTIONS_EDR = 4_000;
const TRANSACTIONS_ANVIL = 15_000;
const SENDERS = 2_000;
/** About four thousand transfers a block. */
const BLOCK_GAS = 200_000_000n;
/** Design: signed ERC-20 transfers a second on two cores. */
const TARGET = 20_000;

function first(work: SignedWork, count: number): SignedWork {
  return { ...work, raws: work.raws.slice(0, count) };
}

async function main(): Promise<void> {
  const work = await createSignedWork(TRANSACTIONS + WARM_UP, SENDERS, BLOCK_GAS);
  const own = await runOwn(work, WARM_UP, BLOCK_GAS);
  const peers = [
    await runEdr(first(work, TRANSACTIONS_EDR), BLOCK_GAS),
    await runAnvil(first(work, TRANSACTIONS_ANVIL), BLOCK_GAS),
  ];
  for (const { name, transactions, wallSeconds } of peers) {
    printResult(
      compare({
        name: 'signed ERC-20 transfers, from bytes to durable blocks, two cores',
        unit: 'tx/s',
        value: own.transactions / own.wallSeconds,
        peer: { name, value: transactions / wallSeconds },
        target: { value: TARGET },
      }),
    );
  }
  for (const { name, transactions, cpuSeconds } of peers) {
    printResult(
      compare({
        name: 'the same, per processor second',
        unit: 'tx/CPU-s',
        value: own.transactions / own.cpuSeconds,
        peer: { name, value: transactions / cpuSeconds },
      }),
    );
  }
}

await main();
// EDR's own threads would keep the process.
process.exit(0);
