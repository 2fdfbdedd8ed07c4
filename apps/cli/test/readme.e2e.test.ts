/**
 * The README's commands, as a reader would paste them: every ```sh block that follows the line
 * `<!-- test -->` runs, in order, in one folder (a clone of this repository) against a fresh node.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasGit, REPOSITORY, Sandbox, startTestNode } from './helpers/run-cli.ts';
import { makeCommands, markedBlocks } from './helpers/run-document.ts';

const README = join(REPOSITORY, 'README.md');

const blocks = existsSync(README) ? markedBlocks(readFileSync(README, 'utf8')) : [];
const skip = !hasGit
  ? 'this checkout has no git history'
  : blocks.length === 0
    ? 'README.md has no block marked <!-- test -->'
    : false;

test('only marked sh blocks are taken', () => {
  const text =
    '```sh\nno\n```\n<!-- test -->\n```sh\nyes 1\nyes 2\n```\n<!-- test -->\n```ts\nno\n```\n';
  assert.deepEqual(markedBlocks(text), ['yes 1\nyes 2\n']);
  const withWord = `${text}<!-- test: nginx -->\n\`\`\`sh\nproxy\n\`\`\`\n`;
  assert.deepEqual(markedBlocks(withWord), ['yes 1\nyes 2\n']);
  assert.deepEqual(markedBlocks(withWord, ['nginx']), ['yes 1\nyes 2\n', 'proxy\n']);
});

test('the commands of the README work', { skip }, async (t) => {
  using sandbox = new Sandbox();
  const clone = join(sandbox.folder, 'clone');
  execFileSync('git', ['clone', '--quiet', REPOSITORY, clone], { stdio: 'ignore' });
  makeCommands(join(sandbox.folder, 'bin'));
  const settings = ['hostReadings=true', 'chain=true', 'rpcPort=0'];
  const node = await startTestNode(
    sandbox,
    settings.flatMap((setting) => ['--set', setting]),
  );
  const env = {
    ...process.env,
    BASALT_HOME: sandbox.home,
    BASALT_URL: node.url,
    BASALT_RPC_URL: node.rpcUrl,
    PATH: `${join(sandbox.folder, 'bin')}:${process.env['PATH']}`,
  };
  for (const block of blocks) {
    const run = spawnSync('sh', ['-eu', '-c', block], {
      cwd: clone,
      env,
      encoding: 'utf8',
      timeout: 60_000,
    });
    assert.equal(run.status, 0, `${block}\n${run.stdout}\n${run.stderr}`);
    t.diagnostic(`${block.trim().split('\n').length} lines of the README ran`);
  }
  assert.equal((await node.stop()).code, 0);
});

test('what the first screen proposes works by copy and paste', {
  skip: hasGit ? false : skip,
}, async () => {
  using sandbox = new Sandbox();
  const clone = join(sandbox.folder, 'clone');
  execFileSync('git', ['clone', '--quiet', REPOSITORY, clone], { stdio: 'ignore' });
  makeCommands(join(sandbox.folder, 'bin'));
  const child = sandbox.spawn([
    'start',
    '--port',
    '0',
    '--set',
    'rpcPort=0',
    '--data-dir',
    join(sandbox.folder, 'd'),
  ]);
  let screen = '';
  child.stdout?.on('data', (piece: Buffer) => {
    screen += piece.toString();
  });
  const started = Date.now();
  while (!screen.includes('--value 1ether')) {
    assert.ok(Date.now() - started < 20_000, `no screen within 20 s:\n${screen}`);
    await new Promise((wake) => setTimeout(wake, 20));
  }
  assert.ok(!screen.includes('\u001b'), 'plain lines without a terminal');
  const commands = [...screen.matchAll(/^ +(npx basalt .*)$/gm)].map((match) => match[1] ?? '');
  assert.equal(commands.length, 4);
  for (const command of commands) {
    const run = spawnSync('sh', ['-eu', '-c', command], {
      cwd: clone,
      env: {
        ...process.env,
        BASALT_HOME: sandbox.home,
        PATH: `${join(sandbox.folder, 'bin')}:${process.env['PATH']}`,
      },
      encoding: 'utf8',
      timeout: 60_000,
    });
    assert.equal(run.status, 0, `${command}\n${run.stdout}\n${run.stderr}`);
  }
  const ended = new Promise((done) => child.once('close', done));
  child.kill('SIGINT');
  assert.equal(await ended, 0);
});
