/**
 * The differential fuzzer: random and mutated cases through this engine and through EthereumJS;
 * every difference is made small, printed and kept in the corpus.
 *
 *   npm run fuzz -- --seconds 60 --seed 7     so much processor time; the seed gives the cases
 *   npm run fuzz -- --seed 7 --only 1234      one case again, with what differs
 *   npm run fuzz -- --anvil                   asks Anvil (revm) too, where it has an answer
 *   npm run fuzz -- --engine tiered           generated code for everything
 *   npm run fuzz -- --no-corpus               writes nothing
 *
 * Case n of a seed is the same on every machine. Ends with 1 when there was a difference.
 */
import { parseArgs } from 'node:util';
import { conformanceFile } from '../../../tools/testing/conformance.ts';
import type { Evm } from '../src/evm.ts';
import { loadRecover } from '../src/precompiles/recover.ts';
import { FIXTURE_FORKS, type StateTest } from '../src/state-test/fixture.ts';
import type { TraceStep } from '../src/trace/types.ts';
import type { Fork } from '../src/types.ts';
import { type AnvilOracle, createAnvilOracle } from './anvil-oracle.ts';
import { writeCorpus } from './corpus.ts';
import { createEngine, type EngineName } from './engines.ts';
import { type FuzzCase, generateCase } from './generate-case.ts';
import { loadSeeds, mutateCase } from './mutate-case.ts';
import { runOracle } from './oracle.ts';
import { differences, type Outcome } from './outcome.ts';
import { createRandom } from './random.ts';
import { runOurs } from './run-ours.ts';
import { shrink } from './shrink.ts';

/** After so many differences one looks at them instead of finding more. */
const DIFFERENCES_MAX = 10;
const MUTATION_SHARE = 0.3;
const PROGRESS_SECONDS = 60;
const BLOCKHASH = 0x40;

interface Comparison {
  readonly ours: Outcome;
  readonly theirs: Outcome;
  readonly found: readonly string[];
}

interface Fuzzer {
  readonly seed: number;
  readonly seeds: readonly StateTest[];
  compare(fuzzCase: FuzzCase): Promise<Comparison>;
}

async function createFuzzer(
  seed: number,
  engine: EngineName,
  anvil: AnvilOracle | undefined,
): Promise<Fuzzer> {
  const recover = await loadRecover();
  const engines = new Map<Fork, Evm>();
  const published = conformanceFile('state-tests', 'core.ndjson.gz');
  return {
    seed,
    seeds: published === undefined ? [] : loadSeeds(published),
    async compare(fuzzCase) {
      const fork = FIXTURE_FORKS[fuzzCase.forkName] ?? 'osaka';
      const evm = engines.get(fork) ?? (await createEngine(fork, engine));
      engines.set(fork, evm);
      const theirs = await runOracle(fuzzCase);
      const ours = attempt(() => runOurs(evm, fuzzCase, { recover }));
      let asksHashes = false;
      const onStep = ({ opcode }: TraceStep): void => {
        asksHashes ||= opcode === BLOCKHASH;
      };
      const traced = attempt(() => runOurs(evm, fuzzCase, { recover, tracer: { onStep } }));
      const inTrace = differences(traced, theirs).map((line) => `traced: ${line}`);
      // Anvil has hashes of its own for earlier blocks.
      const inAnvil = asksHashes ? [] : ((await anvil?.differences(fuzzCase, ours)) ?? []);
      return { ours, theirs, found: [...differences(ours, theirs), ...inTrace, ...inAnvil] };
    },
  };
}

/** A throw of ours is a difference, not the end of the run. */
function attempt(run: () => Outcome): Outcome {
  try {
    return run();
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return {
      included: true,
      end: 'exception',
      gasUsed: -1n,
      output: Buffer.from(reason),
      logs: [],
      state: [],
    };
  }
}

function makeCase({ seed, seeds }: Fuzzer, index: number): FuzzCase {
  const random = createRandom(seed, index);
  const name = `fuzz-${seed}-${index}`;
  const isMutation = seeds.length > 0 && random.chance(MUTATION_SHARE);
  return isMutation ? mutateCase(random, seeds, name) : generateCase(random, name);
}

/** Makes a difference small, tells of it and keeps it. */
async function report(
  fuzzer: Fuzzer,
  index: number,
  first: FuzzCase,
  keep: boolean,
): Promise<void> {
  const smallest = await shrink(first, async (candidate) => {
    const { found } = await fuzzer.compare(candidate);
    return found.length > 0;
  });
  const { theirs, found } = await fuzzer.compare(smallest);
  console.log(`\ncase ${index} of seed ${fuzzer.seed}, ${smallest.forkName}:`);
  for (const line of found) console.log(`  ${line}`);
  const { pre, transaction } = smallest.test;
  console.log(JSON.stringify({ pre, transaction }));
  const name = `${smallest.forkName}-${fuzzer.seed}-${index}`;
  if (keep) console.log(`  kept as ${writeCorpus(smallest, theirs, name)}`);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '30' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
      'no-corpus': { type: 'boolean', default: false },
      anvil: { type: 'boolean', default: false },
      engine: { type: 'string', default: 'interpreter' },
    },
  });
  const { engine } = values;
  if (engine !== 'interpreter' && engine !== 'tiered') throw new Error(`no engine ${engine}`);
  const anvil = values.anvil ? await createAnvilOracle() : undefined;
  if (values.anvil && anvil === undefined) throw new Error('no Anvil for this machine');
  const fuzzer = await createFuzzer(Number(values.seed), engine, anvil);
  const keep = !values['no-corpus'];
  try {
    return await work(fuzzer, { seconds: Number(values.seconds), only: values.only, keep });
  } finally {
    await anvil?.stop();
  }
}

interface Wanted {
  readonly seconds: number;
  readonly only: string | undefined;
  readonly keep: boolean;
}

async function work(fuzzer: Fuzzer, { seconds, only, keep }: Wanted): Promise<number> {
  if (only !== undefined) {
    const index = Number(only);
    const one = makeCase(fuzzer, index);
    const { ours, found } = await fuzzer.compare(one);
    console.log(JSON.stringify(one.test));
    console.log(ours.included ? `${ours.end}, gas ${ours.gasUsed}` : ours.reason);
    if (found.length > 0) await report(fuzzer, index, one, keep);
    return found.length === 0 ? 0 : 1;
  }
  return run(fuzzer, seconds, keep);
}

/** Case after case until the time is used up or enough differ. */
async function run(fuzzer: Fuzzer, seconds: number, keep: boolean): Promise<number> {
  const ends = { success: 0, revert: 0, exception: 0, refused: 0 };
  const before = process.cpuUsage();
  const cpuSeconds = (): number => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  };
  let differing = 0;
  let gas = 0n;
  let index = 0;
  let nextProgress = PROGRESS_SECONDS;
  for (; cpuSeconds() < seconds && differing < DIFFERENCES_MAX; index++) {
    const one = makeCase(fuzzer, index);
    const { theirs, found } = await fuzzer.compare(one);
    ends[theirs.included ? theirs.end : 'refused']++;
    if (theirs.included) gas += theirs.gasUsed;
    if (cpuSeconds() > nextProgress) {
      console.error(`fuzz: ${index + 1} cases, ${differing} differ, ${nextProgress} s`);
      nextProgress += PROGRESS_SECONDS;
    }
    if (found.length === 0) continue;
    differing++;
    await report(fuzzer, index, one, keep);
  }
  const spent = cpuSeconds().toFixed(1);
  console.log(
    `seed ${fuzzer.seed}: ${index} cases in ${spent} CPU seconds, ${gas} gas, ${differing} differ;`,
    Object.entries(ends)
      .map(([end, count]) => `${end} ${count}`)
      .join(', '),
  );
  return differing === 0 ? 0 : 1;
}

process.exitCode = await main();
