import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { loadPeer, peerFolder } from './peers.ts';

const START_TIMEOUT_MS = 15_000;
const PLATFORMS: Readonly<Record<string, string>> = {
  'linux x64': 'linux-amd64',
  'linux arm64': 'linux-arm64',
  'darwin x64': 'darwin-amd64',
  'darwin arm64': 'darwin-arm64',
};

/** A running Anvil: native revm behind JSON-RPC. */
export interface AnvilProcess {
  readonly pid: number;
  /** `http://127.0.0.1:8545` say. */
  readonly url: string;
  /** @throws {Error} with the message of a refused request */
  request(method: string, params: readonly unknown[]): Promise<unknown>;
  stop(): Promise<void>;
}

/** Starts it on a free port; undefined where its package has no binary for this machine. */
export async function startAnvil(args: readonly string[]): Promise<AnvilProcess | undefined> {
  const platform = PLATFORMS[`${process.platform} ${process.arch}`];
  if (platform === undefined) return undefined;
  // Installs the peers where they are not there yet.
  loadPeer('solc/package.json');
  const folder = join(peerFolder(), 'node_modules', '@foundry-rs', `anvil-${platform}`);
  const child = spawn(join(folder, 'bin', 'anvil'), ['--port', '0', ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const url = await listeningUrl(child);
  return {
    pid: child.pid ?? 0,
    url,
    request: (method, params) => request(url, method, params),
    stop() {
      child.kill();
      return new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) resolve();
        else child.once('exit', () => resolve());
      });
    },
  };
}

function listeningUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    const timer = setTimeout(() => {
      child.kill();
      reject(new Error(`Anvil did not start: ${output}`));
    }, START_TIMEOUT_MS);
    child.once('error', reject);
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
      const found = /Listening on ([\d.]+:\d+)/.exec(output);
      if (found === null) return;
      clearTimeout(timer);
      resolve(`http://${found[1]}`);
    });
  });
}

async function request(url: string, method: string, params: readonly unknown[]): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const answer = (await response.json()) as { result?: unknown; error?: { message: string } };
  if (answer.error !== undefined) throw new Error(`Anvil: ${answer.error.message}`);
  return answer.result;
}
