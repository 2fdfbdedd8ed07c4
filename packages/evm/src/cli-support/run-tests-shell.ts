import { createEvm } from '../create-evm.ts';
import { runStateTests, type StateTestOutcome } from '../state-test/state-tests-shell.ts';

export interface RunTestsOptions {
  /** Lines of JSON instead of words; the last one is the summary in any case. */
  readonly json: boolean;
  /** Takes a line without its end. */
  readonly write: (line: string) => void;
}

/**
 * `basalt evm test`: runs the state tests of files and folders, names those that fail, and ends with
 * `{"passed":n,"failed":n,"skipped":n}`, or the same in words.
 *
 * @returns whether none failed
 * @throws {Error} when a path does not exist or holds something else than state tests
 */
export async function runTestsCommand(
  paths: readonly string[],
  { json, write }: RunTestsOptions,
): Promise<boolean> {
  const tell = (outcome: StateTestOutcome): void => {
    if (outcome.status === 'passed') return;
    write(json ? JSON.stringify(outcome) : inWords(outcome));
  };
  const { passed, failed, skipped } = await runStateTests(paths, {
    createEngine: (fork) => createEvm({ fork }),
    onCase: tell,
  });
  const summary = `${passed} passed, ${failed} failed, ${skipped} skipped`;
  write(json ? JSON.stringify({ passed, failed, skipped }) : summary);
  return failed === 0;
}

function inWords({ status, name, fork, reason }: StateTestOutcome): string {
  return `${status === 'failed' ? 'FAILED' : 'skipped'}  ${fork}  ${name}\n        ${reason}`;
}
