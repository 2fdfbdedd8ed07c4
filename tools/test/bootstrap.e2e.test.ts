/**
 * The bootstrap with a made-up npm: what it installs, when, and how it waits, fails and falls back.
 * (A real install from a fresh clone is tools/fresh-clone.mjs.)
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { REPOSITORY } from '../checks/files.ts';

/** Writes its arguments to calls.txt; on `ci` makes a Node that starts, unless told to break. */
const FAKE_NPM = `
const fs = require('node:fs');
fs.appendFileSync('calls.txt', process.argv.slice(2).join(' ') + '\\n');
if (process.env.FAKE_NPM_FAILS) process.exit(7);
const broken = process.argv[2] === 'ci' && process.env.FAKE_NODE_BROKEN;
fs.rmSync('node_modules', { recursive: true, force: true });
fs.mkdirSync('node_modules/.bin', { recursive: true });
const text = broken ? '#!/bin/sh\\nexit 127\\n' : '#!/bin/sh\\nexec "$REAL_NODE" "$@"\\n';
fs.writeFileSync('node_modules/.bin/node', text, { mode: 0o755 });
`;

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function createCheckout(): string {
  const folder = mkdtempSync(join(tmpdir(), 'basalt bootstrap '));
  folders.push(folder);
  cpSync(join(REPOSITORY, 'tools/bootstrap.mjs'), join(folder, 'tools/bootstrap.mjs'));
  writeFileSync(join(folder, 'package-lock.json'), '{ "packages": {} }');
  writeFileSync(join(folder, 'npm-cli.js'), FAKE_NPM);
  return folder;
}

function bootstrap(
  folder: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(folder, 'tools/bootstrap.mjs')], {
      cwd: tmpdir(),
      timeout: 60_000,
      env: {
        ...process.env,
        npm_execpath: join(folder, 'npm-cli.js'),
        npm_node_execpath: process.execPath,
        REAL_NODE: process.execPath,
        ...variables,
      },
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('close', (code) => resolve({ code, output }));
  });
}

function npmCalls(folder: string): string[] {
  const file = join(folder, 'calls.txt');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
}

const skip = process.platform === 'win32' ? 'the made-up Node is a shell script' : false;

test('installs once, again when the lock file changes, never runs install scripts', {
  skip,
}, async () => {
  const folder = createCheckout();
  assert.equal((await bootstrap(folder)).code, 0);
  assert.equal((await bootstrap(folder)).output, '', 'nothing to do, nothing to say');
  assert.equal(npmCalls(folder).length, 1);
  assert.match(npmCalls(folder)[0] ?? '', /^ci --ignore-scripts /);
  appendFileSync(join(folder, 'package-lock.json'), '\n');
  rmSync(join(folder, 'node_modules'), { recursive: true });
  assert.equal((await bootstrap(folder)).code, 0);
  assert.equal(npmCalls(folder).length, 2);
});

test('two at once install once', { skip }, async () => {
  const folder = createCheckout();
  const runs = await Promise.all([bootstrap(folder), bootstrap(folder), bootstrap(folder)]);
  assert.deepEqual(
    runs.map(({ code }) => code),
    [0, 0, 0],
  );
  assert.equal(npmCalls(folder).length, 1);
});

test('a lock left behind by a dead process is taken over', { skip }, async () => {
  const folder = createCheckout();
  mkdirSync(join(folder, '.installing'));
  const { pid } = spawn(process.execPath, ['-e', '0']).once('error', () => {});
  await new Promise((resolve) => setTimeout(resolve, 500));
  writeFileSync(join(folder, '.installing', 'pid'), String(pid));
  assert.equal((await bootstrap(folder)).code, 0);
  assert.equal(existsSync(join(folder, '.installing')), false);
});

test('a failing npm fails the bootstrap, says so and leaves no lock', { skip }, async () => {
  const folder = createCheckout();
  const { code, output } = await bootstrap(folder, { FAKE_NPM_FAILS: '1' });
  assert.equal(code, 1);
  assert.match(output, /npm ci ended with code 7/);
  assert.equal(existsSync(join(folder, '.installing')), false);
  assert.equal((await bootstrap(folder)).code, 0, 'the next run starts anew');
});

test('where the pinned Node does not start, the older line takes its place', { skip }, async () => {
  const folder = createCheckout();
  const { code, output } = await bootstrap(folder, { FAKE_NODE_BROKEN: '1' });
  assert.equal(code, 0, output);
  assert.match(npmCalls(folder)[1] ?? '', /^install --no-save --no-package-lock .*@24\.\d+\.\d+/);
});

test('a tree that already holds the lock file is kept', { skip }, async () => {
  const folder = createCheckout();
  await bootstrap(folder);
  const packages = { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-x' } };
  const elsewhere = { version: '1.0.0', optional: true, os: ['plan9'] };
  const lock = { packages: { ...packages, 'node_modules/a-plan9': elsewhere } };
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
  const hidden = join(folder, 'node_modules', '.package-lock.json');
  writeFileSync(hidden, JSON.stringify({ packages }));
  assert.equal((await bootstrap(folder)).code, 0);
  assert.equal(npmCalls(folder).length, 1, 'no second npm ci');
});

test('a build step runs when its sources change and not otherwise', { skip }, async () => {
  const folder = createCheckout();
  const room = join(folder, 'packages/kernel');
  mkdirSync(join(room, 'assembly'), { recursive: true });
  const manifest = { basalt: { build: ['assembly/build.mjs'] } };
  writeFileSync(join(room, 'package.json'), JSON.stringify(manifest));
  const script =
    "import { appendFileSync } from 'node:fs';\nappendFileSync('build/runs.txt', 'run\\n');\n";
  writeFileSync(join(room, 'assembly/build.mjs'), script);
  const runs = (): number => readFileSync(join(room, 'build/runs.txt'), 'utf8').length / 4;
  await bootstrap(folder);
  await bootstrap(folder);
  assert.equal(runs(), 1);
  writeFileSync(join(room, 'assembly/index.ts'), 'export const a = 1;\n');
  await bootstrap(folder);
  assert.equal(runs(), 2);
  rmSync(join(room, 'build'), { recursive: true });
  await bootstrap(folder);
  assert.equal(runs(), 1, 'a removed build folder is built anew');
  writeFileSync(join(room, 'assembly/build.mjs'), 'process.exit(3);\n');
  const { code, output } = await bootstrap(folder);
  assert.equal(code, 1);
  assert.match(output, /build\.mjs ended with code 3/);
});
