/**
 * Hardhat through its command line, over a project as people have them: compile, deploy by a
 * script, test with the network helpers. Nothing in the project knows what devnet it meets.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  clientFile,
  clientsBuildFolder,
  clientsFolder,
} from '../../../../tools/testing/clients.ts';
import { account } from './support/accounts.ts';
import { useDevnet } from './support/devnet.ts';
import { result } from './support/rpc.ts';

/** The compiler alone takes seconds. */
const TIMEOUT_MS = 180_000;
const { skip, devnet } = useDevnet();
const output = skip === false ? mkdtempSync(join(clientsBuildFolder(), 'hardhat-')) : '';
after(() => {
  if (output !== '') rmSync(output, { recursive: true, force: true });
});

async function hardhat(...args: readonly string[]): Promise<{ code: number | null; text: string }> {
  const child = spawn(process.execPath, [clientFile('hardhat/dist/src/cli.js'), ...args], {
    cwd: join(clientsFolder(), 'hardhat-project'),
    env: {
      ...process.env,
      DEVNET_URL: devnet().url,
      HARDHAT_OUTPUT: output,
      HARDHAT_DISABLE_TELEMETRY: 'true',
      // A run of node's tests inside of one would report to the outer one.
      NODE_TEST_CONTEXT: undefined,
      NO_COLOR: '1',
    },
    // Nobody is there to answer a question.
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, text };
}

test('hardhat run: a script compiles and deploys', { skip }, async () => {
  const { code, text } = await hardhat('run', 'scripts/deploy.js', '--network', 'devnet');
  assert.equal(code, 0, text);
  const found = /deployed (0x[0-9a-fA-F]{40}) by (0x[0-9a-fA-F]{40}) with 5/.exec(text);
  assert(found !== null, text);
  assert.equal(found[2], account(0).address);
  const stored = await result(devnet().url, 'eth_getCode', [found[1], 'latest']);
  assert(String(stored).length > 200);
});

test('hardhat test: fixtures, time, impersonation, snapshots', { skip }, async () => {
  const { code, text } = await hardhat('test', 'nodejs', '--network', 'devnet');
  assert.equal(code, 0, text);
  assert.match(text, /7 passing/);
});
