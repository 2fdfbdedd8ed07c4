import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { processCpuSeconds } from '../../../../tools/bench/cpu-time.ts';
import { loadPeer, peerFolder } from '../../../../tools/bench/peers.ts';
import { type BenchEngine, CALLER, CONTRACT, GAS_LIMIT, toHex } from './types.ts';

const START_TIMEOUT_MS = 15_000;
const PLATFORMS: Readonly<Record<string, string>> = {
  'linux x64': 'linux-amd64',
  'linux arm64': 'linux-arm64',
  'darwin x64': 'darwin-amd64',
  'darwin arm64': 'darwin-arm64',
};

/** Native revm behind JSON-RPC; its processor time is that of its own process. */
export async function createAnvil(): Promise<BenchEngine | undefined> {
  const platform = PLATFORMS[`${process.platform} ${process.arch}`];
  if (platform === undefined) return undefined;
  loadPeer('solc/package.json');
  const binary = join(
    peerFolder(),
    'node_modules',
    '@foundry-rs',
    `anvil-${platform}`,
    'bin',
    'anvil',
  );
  const args = ['--port', '0', '--hardfork', 'osaka', '--no-mining'];
  const child = spawn(binary, [...args, '--gas-limit', String(GAS_LIMIT)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const url = await listeningUrl(child);
  let call: object = {};
  return {
    name: 'Anvil 1.7.1 (revm)',
    async load(program) {
      await request(url, 'anvil_setCode', [toHex(CONTRACT), toHex(program.code)]);
      call = {
        from: toHex(CALLER),
        to: toHex(CONTRACT),
        data: toHex(program.data),
        gas: `0x${GAS_LIMIT.toString(16)}`,
      };
    },
    run: () => request(url, 'eth_call', [call, 'latest']),
    cpuSeconds: () => processCpuSeconds(child.pid ?? 0) ?? 0,
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

async function request(url: string, method: string, params: readonly unknown[]): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const answer = (await response.json()) as { result?: string; error?: { message: string } };
  if (answer.error !== undefined) throw new Error(`Anvil: ${answer.error.message}`);
  return answer.result ?? '';
}
