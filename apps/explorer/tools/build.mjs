#!/usr/bin/env node
// Builds the page into dist/. Skips the work when a build of exactly these sources is there, so it
// may be run at any time. One bundler run, no network.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const root = join(folder, '..', '..');
const dist = join(folder, 'dist');
const stamp = join(dist, '.sources');

const sources = [
  join(folder, 'index.html'),
  join(folder, 'assets'),
  join(folder, 'src'),
  join(folder, 'tools'),
  join(root, 'packages', 'client', 'src'),
  join(root, 'packages', 'protocol', 'src'),
  join(root, 'package-lock.json'),
];

/** What the first file shares with those that come later. */
const SHARED = [
  /@noble\/hashes\/(?:_u64|utils|_md|sha2|_blake|blake2|blake3)\.js$/,
  /protocol\/src\/(?:assert|bytes|errors|limits|suite|tree\/hash)\.ts$/,
  /client\/src\/reasons\.ts$/,
  /protocol\/src\/(?:block\/payload-types|suites\/noble-hashes)\.ts$/,
  /explorer\/src\/(?:dom|format|state-mark)\.ts$/,
];

const hash = hashOf(sources);
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== hash) {
  rmSync(dist, { recursive: true, force: true });
  await build({
    root: folder,
    base: './',
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    plugins: [plainDynamicImports()],
    build: {
      outDir: dist,
      target: 'es2023',
      // Everything is a file of its own: the page's policy forbids inline scripts and styles.
      assetsInlineLimit: 0,
      modulePreload: false,
      reportCompressedSize: false,
      rollupOptions: { output: { manualChunks: sharedFile } },
    },
  });
  writeFileSync(stamp, hash);
}

/** One file for all of it: left alone it becomes six, each a request, and each packed worse. */
function sharedFile(id) {
  return SHARED.some((pattern) => pattern.test(id)) ? 'shared' : undefined;
}

/** Vite wraps dynamic imports to preload what they need; ours need nothing, and 1 KB is 1 KB. */
function plainDynamicImports() {
  return {
    name: 'plain-dynamic-imports',
    enforce: 'pre',
    load: (id) =>
      id.includes('vite/preload-helper')
        ? 'export const __vitePreload = (load) => load();'
        : undefined,
  };
}

function hashOf(paths) {
  const sum = createHash('sha256');
  for (const file of paths.flatMap(filesBelow)) {
    sum.update(`${relative(root, file)}\0`);
    sum.update(readFileSync(file));
  }
  return sum.digest('hex');
}

function filesBelow(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesBelow(join(path, name)));
}
