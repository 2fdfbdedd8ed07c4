/**
 * Compute: the same bytecode in one run here, in EthereumJS, in EDR and in Anvil; a million gas a
 * processor second. Every engine must give the same output, or the bench fails.
 */
import assert from 'node:assert/strict';
import { median } from '../../../tools/bench/cpu-time.ts';
import { type BenchResult, compare, printResult } from '../../../tools/bench/report.ts';
import { createAnvil } from './engines/anvil.ts';
import { createEdr } from './engines/edr.ts';
import { createEthereumJS } from './engines/ethereumjs.ts';
import { createOwnEngine, type OwnEngine } from './engines/ours.ts';
import type { BenchEngine } from './engines/types.ts';
import { type BenchProgram, benchPrograms } from './programs.ts';

/** Targets: ours over the peer's, over all programs together. */
const TARGETS: Readonly<Record<string, number>> = {
  'EthereumJS 10.1.3': 40,
  'Anvil 1.7.1 (revm)': 0.9,
};
const ROUNDS = 3;
/** Processor time below which a round does not count: a peer's is read in steps of 10 ms. */
const ROUND_SECONDS_MIN = 0.5;
const RUNS_MAX = 400;

interface Measured {
  readonly program: string;
  readonly perEngine: ReadonlyMap<string, number>;
}

/** Runs until enough processor time has passed; seconds a run. */
async function timeRuns(engine: BenchEngine, secondsMin: number): Promise<number> {
  const before = engine.cpuSeconds();
  let runs = 0;
  let spent = 0;
  while (runs === 0 || (spent < secondsMin && runs < RUNS_MAX)) {
    await engine.run();
    runs++;
    spent = engine.cpuSeconds() - before;
  }
  return spent / runs;
}

async function measure(
  program: BenchProgram,
  own: OwnEngine,
  engines: readonly BenchEngine[],
): Promise<Measured> {
  const outputs = new Map<string, string>();
  for (const engine of engines) {
    await engine.load(program);
    outputs.set(engine.name, await engine.run());
  }
  const expected = outputs.get(own.name);
  for (const [name, output] of outputs) assert.equal(output, expected, `${program.name}: ${name}`);
  const seconds = new Map<string, number[]>(engines.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const engine of engines) {
      // EthereumJS takes seconds for one run; two of them tell enough.
      const isSlow = (seconds.get(engine.name)?.[0] ?? 0) > 1;
      if (isSlow && round === ROUNDS - 1) continue;
      seconds.get(engine.name)?.push(await timeRuns(engine, ROUND_SECONDS_MIN));
    }
  }
  const million = Number(own.gasUsed) / 1e6;
  const perEngine = new Map([...seconds].map(([name, each]) => [name, million / median(each)]));
  return { program: program.name, perEngine };
}

function result(
  name: string,
  value: number,
  peer: string,
  peerValue: number,
  ratio?: number,
): BenchResult {
  const target = ratio === undefined ? {} : { target: { ratio } };
  return compare({
    name,
    unit: 'Mgas/CPU-s',
    value,
    peer: { name: peer, value: peerValue },
    ...target,
  });
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

async function main(): Promise<void> {
  const own = await createOwnEngine();
  const anvil = await createAnvil();
  const peers = [
    await createEthereumJS(),
    await createEdr(),
    ...(anvil === undefined ? [] : [anvil]),
  ];
  const all: Measured[] = [];
  try {
    for (const program of benchPrograms()) {
      const measured = await measure(program, own, [own, ...peers]);
      all.push(measured);
      const value = measured.perEngine.get(own.name) ?? 0;
      for (const { name } of peers) {
        const peerValue = measured.perEngine.get(name) ?? 0;
        printResult(result(`EVM ${program.name}`, value, name, peerValue));
      }
    }
  } finally {
    for (const peer of peers) await peer.stop();
  }
  for (const { name } of peers) {
    const [value, peerValue] = [own.name, name].map((engine) =>
      geometricMean(all.map(({ perEngine }) => perEngine.get(engine) ?? 0)),
    ) as [number, number];
    printResult(
      result('EVM, geometric mean of the programs', value, name, peerValue, TARGETS[name]),
    );
  }
}

await main();
