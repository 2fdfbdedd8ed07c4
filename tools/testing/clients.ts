/**
 * Ethereum clients and contracts that tests use for real: viem, ethers, Hardhat, OpenZeppelin,
 * Uniswap, ERC-4337, solc, Anvil, an independent trie. They have a lock file of their own and are
 * installed by the first test that asks for them, so that people who only start the program never
 * wait for them.
 *
 * Where they can not be installed (no network), tests that need them are skipped with a clear word;
 * with `BASALT_REQUIRE_CLIENTS=1` they fail instead.
 *
 * @example
 * const skip = clientsSkipReason();
 * test('viem deploys a token', { skip }, async () => {
 *   const viem = loadClient('viem') as Viem;
 * });
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';

const FOLDER = join(import.meta.dirname, 'clients');
const STAMP = join(FOLDER, 'node_modules', '.installed');
/** Compiled contracts and what failed; ignored by git. */
const BUILD = join(FOLDER, 'build');
const LOCK = join(BUILD, 'install.lock');
const FAILURE = join(BUILD, 'install-failed.txt');
/** The last two: whoever has no network learns it soon. */
const INSTALL_FLAGS: readonly string[] = [
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
  '--fetch-retries=1',
  '--fetch-retry-mintimeout=1000',
];
const INSTALL_TIMEOUT_MS = 4 * 60_000;
/** Whoever waits for another process's install looks this often. */
const LOCK_POLL_MS = 200;
/** After a failure the next test files do not try again for a while: each would wait in vain. */
const RETRY_AFTER_MS = 10 * 60_000;

const require = createRequire(join(FOLDER, 'package.json'));

/**
 * For `{ skip }` of node:test: false where the clients are there or could be installed now, else
 * the reason in words.
 *
 * @throws {Error} when they can not be installed and `BASALT_REQUIRE_CLIENTS` is set
 */
export function clientsSkipReason(): string | false {
  const problem = installClients();
  if (problem === undefined) return false;
  if ((process.env['BASALT_REQUIRE_CLIENTS'] ?? '') !== '') {
    throw new Error(`BASALT_REQUIRE_CLIENTS is set, and ${problem}`);
  }
  return `${problem} (tools/testing/clients)`;
}

/**
 * One of the installed packages, as `require` gives it. Ask `clientsSkipReason` first.
 *
 * @throws {Error} when it is not installed
 */
export function loadClient(name: string): unknown {
  return require(name);
}

/** Path of a file of an installed package, `@uniswap/v2-core/build/UniswapV2Pair.json` say. */
export function clientFile(path: string): string {
  return join(FOLDER, 'node_modules', path);
}

/** The folder with the packages' `node_modules`. */
export function clientsFolder(): string {
  return FOLDER;
}

/** An ignored folder for what is made of the packages; it exists after the call. */
export function clientsBuildFolder(): string {
  mkdirSync(BUILD, { recursive: true });
  return BUILD;
}

/** Undefined when everything is there afterwards, else what went wrong. */
function installClients(): string | undefined {
  const wanted = wantedStamp();
  if (isInstalled(wanted)) return undefined;
  const failure = recentFailure();
  if (failure !== undefined) return failure;
  const release = takeLock();
  try {
    if (isInstalled(wanted)) return undefined;
    return recentFailure() ?? runInstall(wanted);
  } finally {
    release();
  }
}

function wantedStamp(): string {
  const lock = readFileSync(join(FOLDER, 'package-lock.json'));
  return createHash('sha256').update(lock).digest('hex');
}

function isInstalled(wanted: string): boolean {
  return existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted;
}

function recentFailure(): string | undefined {
  const stat = statSync(FAILURE, { throwIfNoEntry: false });
  if (stat === undefined || Date.now() - stat.mtimeMs > RETRY_AFTER_MS) return undefined;
  return readFileSync(FAILURE, 'utf8');
}

function runInstall(wanted: string): string | undefined {
  console.error('tests: installing Ethereum clients (once, about 300 MB) ...');
  // npm under an older Node leaves out packages that ask for a newer one, without a word.
  const path = `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`;
  const result = spawnSync('npm', ['ci', ...INSTALL_FLAGS], {
    cwd: FOLDER,
    env: { ...process.env, PATH: path },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: INSTALL_TIMEOUT_MS,
  });
  if (result.status === 0) {
    rmSync(FAILURE, { force: true });
    writeFileSync(STAMP, wanted);
    return undefined;
  }
  const words = result.error?.message ?? result.stderr.toString('utf8').trim().split('\n')[0];
  const problem = `the Ethereum clients could not be installed: ${words ?? 'no reason given'}`;
  writeFileSync(FAILURE, problem);
  return problem;
}

/** Test files run in processes of their own; one installs, the others wait for it. */
function takeLock(): () => void {
  clientsBuildFolder();
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const deadline = Date.now() + INSTALL_TIMEOUT_MS + 10_000;
  for (;;) {
    try {
      writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
      return () => rmSync(LOCK, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (Date.now() > deadline) throw new Error(`${LOCK} was held for too long`);
    if (isLockStale()) rmSync(LOCK, { force: true });
    else Atomics.wait(pause, 0, 0, LOCK_POLL_MS);
  }
}

/** Its owner is gone: killed in mid-install. */
function isLockStale(): boolean {
  let owner: number;
  try {
    owner = Number(readFileSync(LOCK, 'utf8'));
  } catch {
    return false; // released just now
  }
  // Empty for the moment between creation and the write.
  if (!Number.isInteger(owner) || owner <= 0) return false;
  try {
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
