/**
 * Compute: the same bytecode in one run here, in EthereumJS, in EDR and in Anvil; a million gas a
 * processor second. Every engine must give the same output, or the bench fails.
 */
import assert from 'node:assert/strict';
import { median } from '../../../tools/bench/cpu-time.ts';
import { compare, printResult } from '../../../tools/bench/report.ts';
import { compileNow } from '../src/jit/compile.ts';
import { createAnvil } from './engines/anvil.ts';
import { createEdr } from './engines/edr.ts';
import { createEthereumJS } from './engines/ethereumjs.ts';
import { createOwnEngine, type OwnEngine } from './engines/ours.ts';
import { type BenchEngine, ownCpuSeconds } from './engines/types.ts';
import { type BenchProgram, benchPrograms } from './programs.ts';

/** Targets of the geometric means: ours over the peer's, by tier. */
const TARGETS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  interpreter: { 'EthereumJS 10.1.3': 40, 'Anvil 1.7.1 (revm)': 0.9 },
  tiered: { 'Anvil 1.7.1 (revm)': 1.5 },
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
async function timeRuns(engine: BenchEngine): Promise<number> {
  const before = engine.cpuSeconds();
  let runs = 0;
  let spent = 0;
  while (runs === 0 || (spent < ROUND_SECONDS_MIN && runs < RUNS_MAX)) {
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
      seconds.get(engine.name)?.push(await timeRuns(engine));
    }
  }
  const million = Number(own.gasUsed) / 1e6;
  const perEngine = new Map([...seconds].map(([name, each]) => [name, million / median(each)]));
  return { program: program.name, perEngine };
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** A line for each of ours beside each peer. */
function tell(
  name: string,
  peers: readonly string[],
  valueOf: (engine: string) => number,
  targets: typeof TARGETS = {},
): void {
  for (const tier of Object.keys(TARGETS)) {
    for (const peer of peers) {
      const ratio = targets[tier]?.[peer];
      printResult(
        compare({
          name: `EVM ${tier}, ${name}`,
          unit: 'Mgas/CPU-s',
          value: valueOf(tier),
          peer: { name: peer, value: valueOf(peer) },
          ...(ratio === undefined ? {} : { target: { ratio } }),
        }),
      );
    }
  }
}

/** Generating WASM: microseconds of processor time a byte of code, over the compiled contracts. */
function measureGeneration(programs: readonly BenchProgram[]): void {
  const codes = programs.map(({ code }) => code).filter(({ length }) => length > 200);
  const hash = new Uint8Array(32);
  const generateAll = (): void => {
    for (const code of codes) compileNow({ fork: 'osaka', hash, code, isShared: false });
  };
  for (let round = 0; round < GENERATION_ROUNDS; round++) generateAll();
  const before = ownCpuSeconds();
  for (let round = 0; round < GENERATION_ROUNDS; round++) generateAll();
  const spent = ownCpuSeconds() - before;
  const bytes = GENERATION_ROUNDS * codes.reduce((sum, { length }) => sum + length, 0);
  printResult(
    compare({
      name: 'EVM tiered, generating and compiling code',
      unit: 'us/byte',
      better: 'lower',
      value: (spent * 1e6) / bytes,
      target: { value: 1 },
    }),
  );
}

/** The first call of a code nobody has seen, with the interpreter, over a warm one. */
async function measureFirstCall(program: BenchProgram): Promise<void> {
  const cold = await createOwnEngine('interpreter');
  await cold.load(program);
  const before = ownCpuSeconds();
  await cold.run();
  const spent = ownCpuSeconds() - before;
  printResult(
    compare({
      name: `EVM interpreter, first call of a new engine, ${program.name}`,
      unit: 'Mgas/CPU-s',
      value: Number(cold.gasUsed) / 1e6 / spent,
    }),
  );
}

const GENERATION_ROUNDS = 20;

async function main(): Promise<void> {
  const own = [await createOwnEngine('interpreter'), await createOwnEngine('tiered')] as const;
  const programs = benchPrograms();
  for (const program of programs) await measureFirstCall(program);
  measureGeneration(programs);
  const anvil = await createAnvil();
  const edr = await createEdr();
  const peers = [await createEthereumJS(), edr, ...(anvil === undefined ? [] : [anvil])];
  const names = peers.map(({ name }) => name);
  const all: Measured[] = [];
  try {
    for (const program of programs) {
      const measured = await measure(program, own[0], [...own, ...peers]);
      all.push(measured);
      tell(measured.program, names, (engine) => measured.perEngine.get(engine) ?? 0);
    }
  } finally {
    for (const peer of peers) await peer.stop();
  }
  const meanOf = (engine: string): number =>
    geometricMean(all.map(({ perEngine }) => perEngine.get(engine) ?? 0));
  tell('geometric mean of the programs', names, meanOf, TARGETS);
}

await main();
// The second tier's worker thread and EDR's own threads would keep the process.
process.exit(0);
