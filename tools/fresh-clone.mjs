#!/usr/bin/env node
// Does the checkout work for someone who has just cloned it? Clones HEAD into a clean folder whose
// path has spaces, with an empty home, and runs what the README says: `npm start` until its first
// screen answers, and `npm test`. Uses the Node on the PATH, not the pinned one.
//
//   node tools/fresh-clone.mjs                  both
//   node tools/fresh-clone.mjs start            only npm start
//   node tools/fresh-clone.mjs test [filter]    only npm test (with a path filter)
//   FRESH_CLONE_FOLDER=/somewhere node ...      clone there, not in the temporary folder

import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The promise of the README is two minutes from clone to first screen. */
const START_MS_MAX = 120_000;
const TEST_MS_MAX = 20 * 60_000;
const STOP_MS_MAX = 15_000;
/** The first screen names the address it answers on. */
const ADDRESS = /https?:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):\d+[\w./-]*/;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [which = 'both', ...filters] = process.argv.slice(2);
if (!['both', 'start', 'test'].includes(which)) {
  console.error(`"${which}" is not start, test or nothing`);
  process.exit(2);
}

const parent = process.env.FRESH_CLONE_FOLDER ?? realpathSync(tmpdir());
const work = mkdtempSync(join(parent, 'basalt fresh clone '));
let failed = false;
try {
  const clone = cloneHead();
  const env = freshEnvironment();
  say(`clone of ${git(root, 'rev-parse', '--short', 'HEAD')} in ${clone}`);
  say(`node ${capture('node', ['-v'], clone, env)}, npm ${capture('npm', ['-v'], clone, env)}`);
  if (which !== 'test') await checkStart(clone, env);
  if (which !== 'start') await checkTest(clone, env);
  checkClean(clone);
  say('everything works');
} catch (error) {
  failed = true;
  console.error(`fresh clone: ${error instanceof Error ? error.message : String(error)}`);
} finally {
  rmSync(work, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
process.exitCode = failed ? 1 : 0;

function cloneHead() {
  const clone = join(work, 'a checkout');
  git(root, 'clone', '--quiet', '--no-hardlinks', root, clone);
  return clone;
}

/** The PATH without node_modules/.bin, no npm variables, an empty home with npm's settings. */
function freshEnvironment() {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|XDG_|INIT_CWD$)/i.test(name)),
  );
  const folders = (process.env.PATH ?? '').split(delimiter);
  env.PATH = folders.filter((folder) => !folder.includes('node_modules')).join(delimiter);
  const home = join(work, 'a home');
  mkdirSync(home);
  const settings = join(homedir(), '.npmrc');
  if (existsSync(settings)) cpSync(settings, join(home, '.npmrc'));
  // Conformance vectors lie beside the checkout where there are any; a clone elsewhere names them.
  const data = join(root, '..', 'shared', 'data');
  if (env.BASALT_CONFORMANCE_DIR === undefined && existsSync(data)) {
    env.BASALT_CONFORMANCE_DIR = data;
  }
  return { ...env, HOME: home, USERPROFILE: home };
}

async function checkStart(clone, env) {
  const startedAt = Date.now();
  const child = run('npm', ['start'], clone, env);
  try {
    const address = await child.waitFor(ADDRESS, START_MS_MAX);
    say(`npm start named ${address} after ${seconds(startedAt)}`);
    const response = await fetch(address, { signal: AbortSignal.timeout(10_000) });
    if (!response.ok) throw new Error(`${address} answered ${response.status}`);
    say(`${address} answered ${response.status} after ${seconds(startedAt)}`);
    const shownBy = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    if (child.exitCode() !== undefined) throw new Error('npm start ended by itself');
    say(`still running ${seconds(shownBy)} later; its first screen:\n${child.output().trimEnd()}`);
  } catch (error) {
    throw new Error(`${error.message}\n--- output of npm start:\n${child.output()}`);
  } finally {
    const stoppedAt = Date.now();
    child.signal('SIGINT');
    const code = await child.ended(STOP_MS_MAX);
    if (code === undefined) {
      child.signal('SIGKILL');
      say(`npm start did not stop within ${STOP_MS_MAX / 1000} s of an interrupt`);
      failed = true;
    } else {
      say(`npm start stopped ${seconds(stoppedAt)} after an interrupt`);
    }
  }
}

async function checkTest(clone, env) {
  const startedAt = Date.now();
  const child = run('npm', ['test', ...(filters.length > 0 ? ['--', ...filters] : [])], clone, env);
  const code = await child.ended(TEST_MS_MAX);
  if (code === undefined) child.signal('SIGKILL');
  if (code !== 0)
    throw new Error(`npm test ended with ${code ?? 'a time-out'}:\n${child.output()}`);
  const closing = child.output().match(/^.*ℹ (tests|pass|fail|skipped) .*$/gm) ?? [];
  if (closing.length < 4) throw new Error(`npm test has no closing lines:\n${child.output()}`);
  say(`npm test passed after ${seconds(startedAt)}\n${closing.join('\n')}`);
}

function checkClean(clone) {
  const changes = git(clone, 'status', '--porcelain');
  if (changes !== '') throw new Error(`the commands left the tree dirty:\n${changes}`);
}

/** A child in its own process group with its output kept (bounded by the run's own length). */
function run(command, args, cwd, env) {
  const child = spawn(command, args, {
    cwd,
    env,
    detached: process.platform !== 'win32',
    shell: process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let code;
  const waiters = new Set();
  const wake = () => {
    for (const waiter of waiters) waiter();
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
      wake();
    });
  }
  child.on('close', (status, signal) => {
    code = status ?? signal;
    wake();
  });
  const until = (isDone, waitMs) =>
    new Promise((resolve) => {
      const waiter = () => isDone() && finish();
      const timer = setTimeout(() => finish(), waitMs);
      const finish = () => {
        clearTimeout(timer);
        waiters.delete(waiter);
        resolve();
      };
      waiters.add(waiter);
      waiter();
    });
  return {
    output: () => output,
    exitCode: () => code,
    async waitFor(pattern, waitMs) {
      await until(() => pattern.test(output) || code !== undefined, waitMs);
      const match = pattern.exec(output);
      if (match !== null) return match[0];
      if (code !== undefined) throw new Error(`${command} ended with ${code}`);
      throw new Error(`${command} showed nothing like ${pattern} within ${waitMs / 1000} s`);
    },
    async ended(waitMs) {
      await until(() => code !== undefined, waitMs);
      return code;
    },
    signal(name) {
      if (code !== undefined || child.pid === undefined) return;
      try {
        process.kill(process.platform === 'win32' ? child.pid : -child.pid, name);
      } catch {
        // it has ended meanwhile
      }
    },
  };
}

function git(cwd, ...args) {
  return capture('git', args, cwd, process.env);
}

function capture(command, args, cwd, env) {
  const shell = process.platform === 'win32' && command === 'npm';
  const done = spawnSync(command, args, { cwd, env, encoding: 'utf8', shell });
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.stderr}`);
  return done.stdout.trim();
}

function seconds(since) {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}

function say(text) {
  console.log(`fresh clone: ${text}`);
}
