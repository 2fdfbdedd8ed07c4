/**
 * What two workers give over one: the same blocks, one after another and in parallel, wall time.
 * The state is at hand in memory, as it is for a node that follows its chain: values that blocks
 * before used are in shared memory. What a first touch costs is in the lines named `cold`.
 *
 * Runs of both modes alternate and the best of each counts: on a machine with as many cores as
 * workers anything else that runs takes a core from the parallel mode alone. What the machine gives
 * two plain threads over one is measured beside it: virtual cores may be less than they seem. The
 * lines named `processor time` do not depend on it: they say what two workers could give if each
 * had a core to itself all the time.
 */
import { Worker } from 'node:worker_threads';
import type { AccountChange } from '@basalt/evm';
import { compare, printResult } from '../../../tools/bench/report.ts';
import { createBlockExecutor } from '../src/executor/create-block-executor.ts';
import type { BlockExecutor, ExecutionJob, ExecutionStatistics } from '../src/executor/types.ts';
import { madeBlock, mainnetBlocks } from './blocks.ts';
import { jobOf } from './engines/ours.ts';
import type { BenchBlock } from './engines/types.ts';

/** Rounds of a block: as many as take so long one after another, within bounds. */
const ROUNDS_MS = 250;
const ROUNDS_MIN = 9;
const ROUNDS_MAX = 120;
const TRANSACTIONS = 1_000;
/** Blocks that take less one after another are not run on threads by default. */
const SHORT_MS = 1;

interface Mode {
  readonly name: string;
  readonly executor: BlockExecutor;
}

interface Best {
  ms: number;
  /** Of all rounds, all threads of the process. */
  cpuMs: number;
  statistics: ExecutionStatistics | undefined;
}

/** Changes that bring a state back to what it was below a block. */
function undoing(changes: readonly AccountChange[], { state }: ExecutionJob): AccountChange[] {
  return changes.map(({ address, storage }) => {
    const account = state.readAccount(address);
    const slots = storage.map(({ slot }) => ({ slot, value: state.readStorage(address, slot) }));
    return {
      address,
      account,
      storageCleared: account === undefined,
      storage: account === undefined ? [] : slots,
    };
  });
}

/** Best wall time of each mode, milliseconds. */
async function race(block: BenchBlock, modes: readonly Mode[], isCold = false): Promise<Best[]> {
  const job = jobOf(block);
  const best: Best[] = modes.map(() => ({
    ms: Number.POSITIVE_INFINITY,
    cpuMs: 0,
    statistics: undefined,
  }));
  for (const { executor } of modes) executor.forgetState();
  let undo: AccountChange[] | undefined;
  let rounds = ROUNDS_MIN;
  for (let round = 0; round < rounds; round++) {
    // Forth and back: whoever always follows the threads finds the caches as they left them.
    const order = round % 2 === 0 ? [...modes.keys()] : [...modes.keys()].reverse();
    for (const index of order) {
      const { executor } = modes[index] as Mode;
      if (isCold) executor.forgetState();
      else if (undo !== undefined && round > 0) executor.applyChanges(undo);
      const cpu = process.cpuUsage();
      const start = performance.now();
      const executed = await executor.execute(job);
      const ms = performance.now() - start;
      undo ??= undoing(executed.changes, job);
      if (executed.results.some(({ included }) => !included))
        throw new Error(`${block.name}: refused`);
      const mine = best[index];
      const spent = process.cpuUsage(cpu);
      // The first rounds start threads and compile.
      if (mine !== undefined && round > 2) mine.cpuMs += (spent.user + spent.system) / 1000;
      if (mine !== undefined && ms < mine.ms) {
        mine.ms = ms;
        mine.statistics = executed.statistics;
      }
    }
    const wanted = Math.ceil(ROUNDS_MS / (best[0]?.ms ?? 1));
    rounds = Math.max(ROUNDS_MIN, Math.min(ROUNDS_MAX, wanted));
  }
  return best;
}

function tell(name: string, ratio: number, target: number | undefined): void {
  printResult(
    compare({
      name,
      unit: 'x of one worker',
      value: ratio,
      peer: { name: 'one after another', value: 1 },
      ...(target === undefined ? {} : { target: { value: target } }),
    }),
  );
}

/** Two workers over one by processor time alone. */
function tellCpu(name: string, one: number, two: number): void {
  tell(`processor time, two workers, ${name}`, (2 * one) / two, undefined);
}

/** What two plain threads do in the time of one. */
async function measureMachine(when: string): Promise<void> {
  const code = `require('node:worker_threads').parentPort.on('message', () => {
    let sum = 0;
    for (let i = 0; i < 3e7; i++) sum = (Math.imul(sum, 31) + i) | 0;
    require('node:worker_threads').parentPort.postMessage(sum);
  });`;
  const threads = [0, 1].map(() => new Worker(code, { eval: true }));
  const timeOf = async (count: number): Promise<number> => {
    const start = performance.now();
    const turns = threads.slice(0, count).map(
      (thread) =>
        new Promise((resolve) => {
          thread.once('message', resolve);
          thread.postMessage(0);
        }),
    );
    await Promise.all(turns);
    return performance.now() - start;
  };
  const best = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < 6; round++) {
    for (const count of [1, 2]) {
      best[count - 1] = Math.min(best[count - 1] ?? 0, await timeOf(count));
    }
  }
  await Promise.all(threads.map((thread) => thread.terminate()));
  tell(
    `two plain threads, ${when}: what the machine gives`,
    (2 * (best[0] ?? 0)) / (best[1] ?? 1),
    undefined,
  );
}

function note(block: BenchBlock, modes: readonly Mode[], best: readonly Best[]): void {
  const count = block.transactions.length;
  const each = modes.map(({ name }, index) => {
    const { ms = 0, statistics } = best[index] ?? {};
    const { executions, aborts, suspensions, misses, fallback } = statistics ?? {};
    const attempts = `${executions} runs, ${aborts} aborts, ${suspensions} waits`;
    const rest = `${misses} misses${fallback === undefined ? '' : `, ${fallback}`}`;
    return `${name} ${((ms * 1000) / count).toFixed(2)} us/tx (${attempts}, ${rest})`;
  });
  console.error(`bench: ${block.name}, ${count} tx: ${each.join('; ')}`);
}

async function measureMade(modes: readonly Mode[]): Promise<void> {
  const works = [
    { title: 'ETH transfers, disjoint', options: { kind: 'ether' }, target: undefined },
    { title: 'ERC-20 transfers, disjoint', options: { kind: 'token' }, target: 1.7 },
    { title: 'ERC-20, 100 accounts', options: { kind: 'token', accounts: 100 }, target: undefined },
    { title: 'ERC-20, 10 accounts', options: { kind: 'token', accounts: 10 }, target: undefined },
    { title: 'ERC-20, 2 accounts', options: { kind: 'token', accounts: 2 }, target: undefined },
    { title: 'Uniswap v2 swaps, disjoint', options: { kind: 'swap' }, target: undefined },
  ] as const;
  for (const { title, options, target } of works) {
    const block = madeBlock({ ...options, transactions: TRANSACTIONS });
    const best = await race(block, modes);
    note(block, modes, best);
    const [one, two, adaptive] = best.map(({ ms }) => ms);
    tell(`two workers, ${title}`, (one ?? 0) / (two ?? 1), target);
    tell(`by default, ${title}`, (one ?? 0) / (adaptive ?? 1), 0.95);
    tellCpu(title, best[0]?.cpuMs ?? 0, best[1]?.cpuMs ?? 0);
  }
}

async function measureReal(modes: readonly Mode[], isCold: boolean): Promise<void> {
  const ratios: number[] = [];
  const byDefault: number[] = [];
  const cpu = [0, 0];
  for (const block of mainnetBlocks() ?? []) {
    const best = await race(block, modes, isCold);
    const [one, two, adaptive] = best.map(({ ms }) => ms);
    if (one === undefined || two === undefined || adaptive === undefined) continue;
    note(block, modes, best);
    if (one < SHORT_MS) continue;
    byDefault.push(one / adaptive);
    ratios.push(one / two);
    for (const index of [0, 1]) cpu[index] = (cpu[index] ?? 0) + (best[index]?.cpuMs ?? 0);
  }
  if (ratios.length === 0) return;
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  const title = `${ratios.length} real blocks of ${SHORT_MS} ms and more${isCold ? ', cold' : ''}`;
  tell(`two workers, mean of ${title}`, mean, isCold ? undefined : 1.5);
  tell(`by default, least of ${title}`, Math.min(...byDefault), 0.95);
  tellCpu(title, cpu[0] ?? 0, cpu[1] ?? 0);
}

async function main(): Promise<void> {
  const modes: Mode[] = [
    { name: 'one', executor: createBlockExecutor({ workers: 1, engine: 'interpreter' }) },
    {
      name: 'two',
      executor: createBlockExecutor({ workers: 2, engine: 'interpreter', parallel: 'always' }),
    },
    { name: 'default', executor: createBlockExecutor({ workers: 2, engine: 'interpreter' }) },
  ];
  await measureMachine('before made blocks');
  await measureMade(modes);
  await measureMachine('before real blocks');
  await measureReal(modes, false);
  await measureMachine('after real blocks');
  await measureReal(modes, true);
  await Promise.all(modes.map(({ executor }) => executor.close()));
}

await main();
