import { createEvm } from '../create-evm.ts';
import type { EvmOptions } from '../evm.ts';
import { compileNow } from '../jit/compile.ts';
import { runStateTests, type StateTestOutcome } from '../state-test/state-tests-shell.ts';

export interface RunTestsOptions {
  /** Lines of JSON instead of words; the last one is the summary in any case. */
  readonly json: boolean;
  /** `tiered` generates every code at its first frame; the interpreter runs all where absent. */
  readonly engine?: 'interpreter' | 'tiered';
  /** Takes a line without its end. */
  readonly write: (line: string) => void;
}

/** Nothing is run twice: a wrong result must show. */
const ALL_GENERATED: NonNullable<EvmOptions['tier']> = {
  hotGas: 0n,
  compile: compileNow,
  sampleEvery: 0,
  sampleFirst: 0,
};

/**
 * `basalt evm test`: runs the state tests of files and folders, names those that fail, and ends
 * with `{"passed":n,"failed":n,"skipped":n}`, or the same in words.
 *
 * @returns whether none failed
 * @throws {Error} when a path does not exist or holds something else than state tests
 */
export async function runTestsCommand(
  paths: readonly string[],
  { json, write, engine = 'interpreter' }: RunTestsOptions,
): Promise<boolean> {
  const tell = (outcome: StateTestOutcome): void => {
    if (outcome.status === 'passed') return;
    write(json ? JSON.stringify(outcome) : inWords(outcome));
  };
  const { passed, failed, skipped } = await runStateTests(paths, {
    createEngine: (fork) => createEvm({ fork, engine, tier: ALL_GENERATED }),
    onCase: tell,
  });
  const summary = `${passed} passed, ${failed} failed, ${skipped} skipped`;
  write(json ? JSON.stringify({ passed, failed, skipped }) : summary);
  return failed === 0;
}

function inWords({ status, name, fork, reason }: StateTestOutcome): string {
  return `${status === 'failed' ? 'FAILED' : 'skipped'}  ${fork}  ${name}\n        ${reason}`;
}
