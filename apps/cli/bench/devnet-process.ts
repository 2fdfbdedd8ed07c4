import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startAnvil } from '../../../tools/bench/anvil-process.ts';

/** A devnet in a process of its own, seen from the bench. */
export interface DevnetProcess {
  readonly name: string;
  readonly pid: number;
  readonly url: string;
  stop(): Promise<void>;
}

const MAIN = join(import.meta.dirname, '..', 'src', 'main.ts');
const START_TIMEOUT_MS = 60_000;
export const BLOCK_GAS = 200_000_000n;

/** `basalt devnet` with its chain on a disk. */
export async function startOwn(folder: string): Promise<DevnetProcess> {
  const args = ['devnet', '--port', '0', '--quiet', '--gas-limit', String(BLOCK_GAS)];
  const child = spawn(process.execPath, [MAIN, ...args, '--data-dir', folder], {
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    let output = '';
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the devnet did not start: ${output}`));
    }, START_TIMEOUT_MS);
    child.once('exit', () => reject(new Error(`the devnet ended: ${output}`)));
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
      const found = /JSON-RPC\s+http:\/\/(127\.0\.0\.1:\d+)/.exec(output);
      if (found === null) return;
      clearTimeout(timer);
      resolve(`http://${found[1]}`);
    });
  });
  return {
    name: 'here',
    pid: child.pid ?? 0,
    url,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}

/** Anvil with the same gas in a block; in memory. */
export async function startPeer(): Promise<DevnetProcess> {
  const anvil = await startAnvil(['--hardfork', 'osaka', '--gas-limit', String(BLOCK_GAS)]);
  if (anvil === undefined) throw new Error('Anvil has no program for this machine');
  const { pid, url } = anvil;
  return { name: 'Anvil 1.7.1, in memory', pid, url, stop: () => anvil.stop() };
}

/** Anonymous resident memory of a process, in MiB: what it holds, without mapped files. */
export function anonymousMemoryMiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) / 1024;
}
