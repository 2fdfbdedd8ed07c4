/**
 * A chain to test clients against: `basalt devnet` as a child process, or, to see what the others
 * do, Anvil (`BASALT_TEST_DEVNET=anvil`) or any address (`BASALT_TEST_DEVNET=http://...`).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before } from 'node:test';
import { clientFile, clientsSkipReason } from '../../../../../tools/testing/clients.ts';

export interface TestDevnet {
  readonly kind: 'basalt' | 'anvil' | 'other';
  /** `http://127.0.0.1:8545` say. */
  readonly url: string;
  /** The same for WebSocket. */
  readonly webSocketUrl: string;
  /** What the process wrote so far; for the words of a failed test. */
  output(): string;
  stop(): Promise<void>;
}

const MAIN = resolve(import.meta.dirname, '..', '..', '..', 'src', 'main.ts');
/** On a machine that others use too. */
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;
const ANVIL_PLATFORMS: Readonly<Record<string, string>> = {
  'linux x64': 'linux-amd64',
  'linux arm64': 'linux-arm64',
  'darwin x64': 'darwin-amd64',
  'darwin arm64': 'darwin-arm64',
};

/** One devnet for the tests of a file, started before the first and stopped after the last. */
export interface DevnetFixture {
  /** For `{ skip }`: why the tests can not run here. */
  readonly skip: string | false;
  /** Only inside of tests. */
  readonly devnet: () => TestDevnet;
}

/**
 * Called once in a test file, outside of its tests.
 *
 * @param prepare once the devnet runs, before the first test
 */
export function useDevnet(
  prepare: (devnet: TestDevnet) => Promise<void> | void = () => {},
  flags: readonly string[] = [],
): DevnetFixture {
  const skip = clientsSkipReason();
  let running: TestDevnet | undefined;
  if (skip === false) {
    before(async () => {
      running = await startDevnet(flags);
      await prepare(running);
    });
    after(() => running?.stop());
  }
  return {
    skip,
    devnet() {
      if (running === undefined) throw new Error('no devnet outside of tests');
      return running;
    },
  };
}

/** Starts the devnet that tests are to use. */
export function startDevnet(flags: readonly string[] = []): Promise<TestDevnet> {
  const wanted = process.env['BASALT_TEST_DEVNET'] ?? '';
  if (wanted === 'anvil') return startAnvil();
  if (wanted === '') return startBasalt(flags);
  const webSocketUrl = wanted.replace(/^http/, 'ws');
  const stop = (): Promise<void> => Promise.resolve();
  return Promise.resolve({ kind: 'other', url: wanted, webSocketUrl, output: () => '', stop });
}

/** `basalt devnet` with a home of its own, which goes when it stops. */
async function startBasalt(flags: readonly string[]): Promise<TestDevnet> {
  const home = mkdtempSync(join(tmpdir(), 'basalt-devnet-'));
  const args = [MAIN, 'devnet', '--port', '0', ...flags];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, BASALT_HOME: home, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const removeHome = (): void => rmSync(home, { recursive: true, force: true });
  try {
    return await whenListening(
      'basalt',
      child,
      /JSON-RPC\s+http:\/\/(127\.0\.0\.1:\d+)/,
      removeHome,
    );
  } catch (error) {
    removeHome();
    throw error;
  }
}

/** The peer whose answers clients were written against; Osaka, so that every type is valid. */
export async function startAnvil(): Promise<TestDevnet> {
  const platform = ANVIL_PLATFORMS[`${process.platform} ${process.arch}`] ?? 'linux-amd64';
  const program = clientFile(`@foundry-rs/anvil-${platform}/bin/anvil`);
  const args = ['--port', '0', '--hardfork', 'osaka'];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  return whenListening('anvil', child, /Listening on ([\d.]+:\d+)/, () => {});
}

function whenListening(
  kind: 'basalt' | 'anvil',
  child: ChildProcess,
  pattern: RegExp,
  cleanUp: () => void,
): Promise<TestDevnet> {
  return new Promise((resolveDevnet, reject) => {
    let output = '';
    const fail = (reason: string): void => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      reject(new Error(`${kind} did not start (${reason}): ${output}`));
    };
    const timer = setTimeout(() => fail('no address in time'), START_TIMEOUT_MS);
    const onExit = (code: number | null): void => fail(`ended with ${code}`);
    child.once('error', (error) => fail(error.message));
    child.once('exit', onExit);
    const onOutput = (chunk: Buffer): void => {
      output += chunk.toString('utf8');
      const address = pattern.exec(output)?.[1];
      if (address === undefined) return;
      clearTimeout(timer);
      child.off('exit', onExit);
      resolveDevnet({
        kind,
        url: `http://${address}`,
        webSocketUrl: `ws://${address}`,
        output: () => output,
        stop: () => stopChild(child).then(cleanUp),
      });
    };
    child.stdout?.on('data', onOutput);
    child.stderr?.on('data', onOutput);
  });
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolveEnded) => child.once('exit', () => resolveEnded()));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}
