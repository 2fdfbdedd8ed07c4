import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEngine } from '../fuzz/engines.ts';
import { type FuzzCase, generateCase } from '../fuzz/generate-case.ts';
import { runOracle } from '../fuzz/oracle.ts';
import { differences, type Outcome } from '../fuzz/outcome.ts';
import { createRandom } from '../fuzz/random.ts';
import { runOurs } from '../fuzz/run-ours.ts';
import type { Evm } from '../src/evm.ts';
import { FIXTURE_FORKS } from '../src/state-test/fixture.ts';
import type { Fork } from '../src/types.ts';
import { compileMutants, createMutant, MUTANTS } from './support/mutants.ts';

const SEED = 20_251_203;
const CASES = 400;

interface Expected {
  readonly fork: Fork;
  readonly fuzzCase: FuzzCase;
  readonly outcome: Outcome;
}

let expected: Promise<Expected[]> | undefined;

/** The same cases for all tests here, with EthereumJS's outcome; made once. */
function expectations(): Promise<Expected[]> {
  expected ??= (async () => {
    const made: Expected[] = [];
    for (let index = 0; index < CASES; index++) {
      const fuzzCase = generateCase(createRandom(SEED, index), `case ${index}`);
      const fork = FIXTURE_FORKS[fuzzCase.forkName] ?? 'osaka';
      made.push({ fork, fuzzCase, outcome: await runOracle(fuzzCase) });
    }
    return made;
  })();
  return expected;
}

/** The first case in which an engine differs, with how; undefined when none does. */
async function firstDifference(
  make: (fork: Fork) => Promise<Evm>,
): Promise<readonly string[] | undefined> {
  const engines = new Map<Fork, Evm>();
  for (const { fork, fuzzCase, outcome } of await expectations()) {
    const evm = engines.get(fork) ?? (await make(fork));
    engines.set(fork, evm);
    const found = differences(runOurs(evm, fuzzCase), outcome);
    if (found.length > 0) return [`${fuzzCase.test.name}, ${fuzzCase.forkName}`, ...found];
  }
  return undefined;
}

test('generated code ends as in EthereumJS too', async () => {
  assert.equal(await firstDifference((fork) => createEngine(fork, 'tiered')), undefined);
});

test('generated cases of all forks end as in EthereumJS', async () => {
  assert.equal(await firstDifference((fork) => createEngine(fork, 'interpreter')), undefined);
  const included = (await expectations()).filter(({ outcome }) => outcome.included);
  assert(included.length > CASES / 2, 'most cases are valid transactions');
});

test('every seeded fault of the kernel is noticed by the same comparison', async () => {
  const module = await compileMutants();
  assert.equal(await firstDifference((fork) => createMutant(module, fork, 0)), undefined);
  for (const [index, { name }] of MUTANTS.entries()) {
    const found = await firstDifference((fork) => createMutant(module, fork, index + 1));
    assert.notEqual(found, undefined, `not noticed: ${name}`);
  }
});
