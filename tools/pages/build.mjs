// How pages are bundled: one run of Vite, no network, files that run under a policy without inline
// scripts. Packages that build with it name this folder among their sources, so that a change here
// builds them again (tools/bootstrap.mjs).

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, mergeConfig } from 'vite';

const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * Writes the page of a package into its `dist/`. Skips the work when a build of exactly the
 * sources that its package.json names is there, so it may be run at any time.
 *
 * @param {string} folder of the package, with index.html
 * @param {import('vite').InlineConfig} own what this page wants beside what all have
 * @returns {Promise<void>}
 */
export async function buildPage(folder, own) {
  const dist = join(folder, 'dist');
  const stamp = join(dist, '.sources');
  const hash = hashOf(sourcesOf(folder));
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  rmSync(dist, { recursive: true, force: true });
  await bundle(folder, dist, mergeConfig({ base: './' }, own));
  writeFileSync(stamp, hash);
}

/**
 * @param {string} folder where the sources lie
 * @param {string} out folder that is written to
 * @param {import('vite').InlineConfig} own what this bundle wants beside what all have
 * @returns {Promise<void>}
 */
export async function bundle(folder, out, own) {
  const common = {
    root: folder,
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    plugins: [plainDynamicImports()],
    build: {
      outDir: out,
      target: 'es2023',
      // Everything is a file of its own: the pages' policy forbids inline scripts and styles.
      assetsInlineLimit: 0,
      modulePreload: false,
      reportCompressedSize: false,
    },
  };
  await build(mergeConfig(common, own));
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

function sourcesOf(folder) {
  const { basalt } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const named = basalt.sources.map((path) => join(folder, path));
  return [...named, join(repository, 'package-lock.json')];
}

function hashOf(paths) {
  const sum = createHash('sha256');
  for (const file of paths.flatMap(filesBelow)) {
    sum.update(`${relative(repository, file)}\0`);
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
