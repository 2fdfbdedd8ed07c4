#!/usr/bin/env node
// Makes the checkout ready to run: installs what the lock file names when it changed, makes sure
// that the pinned Node starts on this machine, and runs the build steps the packages name. Plain
// JavaScript for any Node >= 18, because the first run happens before the pinned Node is there.
//
// A package names its build steps in its package.json:
//   "basalt": { "build": ["assembly/build.mjs"], "sources": ["assembly"] }
// Each step is a script relative to the package, run by the pinned Node with the package as working
// directory. It writes below `<package>/build/`. It runs again only when the script, a file under
// `sources` (default: "assembly") or package-lock.json changed, or when `build/` was removed.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Oldest line the code runs on; used where the pinned build cannot start (no libatomic, say). */
const FALLBACK_NODE_VERSION = '24.21.0';
/** A lock whose owner is alive is waited for this long: an install on a slow line takes minutes. */
const LOCK_WAIT_MS = 10 * 60_000;
/** A lock without a readable owner is given this long before it counts as left behind. */
const LOCK_ORPHAN_MS = 10_000;
const LOCK_POLL_MS = 100;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const lockFolder = join(root, '.installing');
const stampFile = join(root, 'node_modules', '.installed');
const pinnedNode = join(
  root,
  'node_modules',
  '.bin',
  process.platform === 'win32' ? 'node.cmd' : 'node',
);

main();

function main() {
  const lockHash = sha256([readFileSync(join(root, 'package-lock.json'))]);
  if (isInstalled(lockHash) && pendingBuilds(lockHash).length === 0) return;
  takeLock();
  try {
    if (!isInstalled(lockHash)) install(lockHash);
    for (const build of pendingBuilds(lockHash)) runBuild(build);
  } catch (error) {
    console.error(`basalt: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1; // not process.exit(): the lock is removed below
  } finally {
    rmSync(lockFolder, { recursive: true, force: true });
  }
}

// ---- install -------------------------------------------------------------------------------

function isInstalled(lockHash) {
  return readText(stampFile) === stampText(lockHash) && existsSync(pinnedNode);
}

function stampText(lockHash) {
  return `${lockHash} ${process.platform}-${process.arch}\n`;
}

function install(lockHash) {
  if (!isTreeCurrent()) {
    console.error('basalt: installing what package-lock.json names (once, some seconds) ...');
    // --ignore-scripts: nothing in the tree needs an install script, so none gets to run.
    const code = npm(['ci', '--ignore-scripts', '--include=dev', '--include=optional']);
    if (code !== 0) throw new Error(`npm ci ended with code ${code}; see its words above`);
  }
  ensureNodeStarts();
  writeFileSync(stampFile, stampText(lockHash));
}

/**
 * True when node_modules already holds what the lock file names, as after `npm install <name>` by
 * hand. `npm ci` would remove the tree under processes that run from it.
 */
function isTreeCurrent() {
  const wanted = readJson(join(root, 'package-lock.json'))?.packages;
  const present = readJson(join(root, 'node_modules', '.package-lock.json'))?.packages;
  if (!wanted || !present) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) return true;
    const found = present[path];
    if (found === undefined) return entry.optional === true && !fitsPlatform(entry);
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}

function fitsPlatform(entry) {
  const fits = (list, value) =>
    list === undefined || list.includes(value) || list.some((item) => item[0] === '!');
  return (
    fits(entry.os, process.platform) && fits(entry.cpu, process.arch) && fits(entry.libc, libc())
  );
}

function libc() {
  if (process.platform !== 'linux') return undefined;
  return process.report?.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl';
}

/** Starts the pinned Node once; where it cannot, puts the older line in its place. */
function ensureNodeStarts() {
  if (nodeStarts()) return;
  const folder = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node';
  const system = process.platform === 'win32' ? 'win' : process.platform;
  const name = `${folder}-${system}-${process.arch}@${FALLBACK_NODE_VERSION}`;
  console.error(`basalt: the pinned Node does not start here, taking ${name} instead ...`);
  const code = npm(['install', '--no-save', '--no-package-lock', '--ignore-scripts', name]);
  if (code !== 0 || !nodeStarts()) {
    throw new Error(
      `neither the pinned Node nor ${name} starts on this machine (npm ended with ${code}); ` +
        'install Node 24 or newer and put it first on the PATH',
    );
  }
}

function nodeStarts() {
  if (!existsSync(pinnedNode)) return false;
  const probe = runNode(['-p', 'process.versions.node'], { stdio: 'pipe', timeout: 60_000 });
  return probe.status === 0 && Number.parseInt(String(probe.stdout), 10) >= 24;
}

function runNode(args, options) {
  // A .cmd file needs a shell; nothing below carries a quote.
  const shell = process.platform === 'win32';
  const quoted = shell ? args.map((arg) => `"${arg}"`) : args;
  return spawnSync(shell ? `"${pinnedNode}"` : pinnedNode, quoted, {
    cwd: root,
    shell,
    ...options,
  });
}

/** Runs npm and gives its exit code. Quiet: npm under an older Node would warn about engines. */
function npm(args) {
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  // npm is run by the Node that npm itself came with: `npm ci` replaces the pinned one.
  const script = process.env.npm_execpath;
  const viaScript = script !== undefined && /^npm(-cli)?\.c?js$/.test(basename(script));
  const command = viaScript ? (process.env.npm_node_execpath ?? process.execPath) : 'npm';
  const run = spawnSync(command, [...(viaScript ? [script] : []), ...args, ...quiet], {
    cwd: root,
    stdio: ['ignore', 2, 2], // its words go to stderr: stdout belongs to the command that follows
    shell: !viaScript && process.platform === 'win32',
    env: { ...process.env, npm_config_workspaces: undefined, npm_config_workspace: undefined },
  });
  if (run.error) throw new Error(`npm cannot be started: ${run.error.message}`);
  return run.status ?? 1;
}

// ---- build steps ---------------------------------------------------------------------------

function pendingBuilds(lockHash) {
  return packageFolders()
    .flatMap((folder) => {
      const settings = readJson(join(folder, 'package.json'))?.basalt;
      const sources = settings?.sources ?? ['assembly'];
      return (settings?.build ?? []).map((script) => ({ folder, script, sources }));
    })
    .map((build) => ({
      ...build,
      stamp: join(build.folder, 'build', `.${basename(build.script)}.stamp`),
      hash: sourceHash(build, lockHash),
    }))
    .filter((build) => readText(build.stamp) !== build.hash);
}

function packageFolders() {
  return ['packages', 'apps'].flatMap((group) => {
    const folder = join(root, group);
    if (!existsSync(folder)) return [];
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(folder, entry.name))
      .sort();
  });
}

function sourceHash({ folder, script, sources }, lockHash) {
  const files = [script, ...sources].flatMap((path) => filesBelow(join(folder, path)));
  const parts = files.flatMap((file) => [`${relative(folder, file)}\0`, readFileSync(file)]);
  return sha256([lockHash, ...parts]);
}

function runBuild({ folder, script, stamp, hash }) {
  const name = relative(root, join(folder, script));
  console.error(`basalt: building ${name} ...`);
  mkdirSync(dirname(stamp), { recursive: true });
  const run = runNode([join(folder, script)], { cwd: folder, stdio: ['ignore', 2, 2] });
  if (run.error) throw new Error(`${name} cannot be started: ${run.error.message}`);
  if (run.status !== 0) throw new Error(`${name} ended with code ${run.status ?? run.signal}`);
  writeFileSync(stamp, hash);
}

function filesBelow(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesBelow(join(path, name)));
}

// ---- one at a time -------------------------------------------------------------------------

/** `npm start` and `npm test` may be launched together: mkdir is the atomic test-and-set. */
function takeLock() {
  const deadline = Date.now() + LOCK_WAIT_MS;
  while (!tryLock()) {
    if (isLockLeftBehind()) {
      rmSync(lockFolder, { recursive: true, force: true });
    } else if (Date.now() > deadline) {
      throw new Error(`another install holds ${lockFolder}; remove that folder if none runs`);
    } else {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_POLL_MS);
    }
  }
}

function tryLock() {
  try {
    mkdirSync(lockFolder);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(join(lockFolder, 'pid'), String(process.pid));
  return true;
}

function isLockLeftBehind() {
  const owner = Number.parseInt(readText(join(lockFolder, 'pid')) ?? '', 10);
  if (Number.isInteger(owner)) return !isAlive(owner);
  try {
    return Date.now() - statSync(lockFolder).mtimeMs > LOCK_ORPHAN_MS;
  } catch {
    return false; // just removed by its owner
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM'; // alive, but another user's
  }
}

// ---- small helpers -------------------------------------------------------------------------

function sha256(parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

function readText(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function readJson(file) {
  const text = readText(file);
  return text === undefined ? undefined : JSON.parse(text);
}
