/** The command line with a fault that this file injects when it is signalled. */
import { run } from '../../src/run.ts';

const [fault, ...args] = process.argv.slice(2);

/** A private key, a token and a home folder: none of them may be told. */
const MESSAGE = `the fault of a test, token=abc123secret, key ${'ab'.repeat(32)}, in /home/alice/x`;

function fail(): void {
  if (fault === 'throw') throw new TypeError(MESSAGE, { cause: new Error('its cause') });
  if (fault === 'reject') void Promise.reject(new Error(MESSAGE));
  // oxlint-disable-next-line typescript/only-throw-error -- libraries do
  else throw MESSAGE;
}

process.on('SIGUSR2', () => setImmediate(fail));
await run(args);
