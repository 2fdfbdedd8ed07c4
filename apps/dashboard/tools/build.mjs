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

const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
const sources = [
  ...manifest.basalt.sources.map((path) => join(folder, path)),
  join(root, 'package-lock.json'),
];

/** What of the chart library no page here draws, and what stands in its place. */
const UNUSED = [
  ['(paths.bars    = bars);', ''],
  ['(paths.spline  = monotoneCubic);', ''],
  ['uPlot.join = join;', ''],
  ['uPlot.tzDate  = tzDate;', ''],
  ['uPlot.rangeAsinh = rangeAsinh;', ''],
  ['const showLegend = legend.show;', 'const showLegend = false;'],
  ['const cursorFocus = focus.prox >= 0;', 'const cursorFocus = false;'],
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
    plugins: [plainDynamicImports(), linesOnly()],
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      outDir: dist,
      target: 'es2023',
      // Styles say light and dark in one; browsers since 2024 read that as it is.
      cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
      // Everything is a file of its own: the page's policy forbids inline scripts and styles.
      assetsInlineLimit: 0,
      modulePreload: false,
      reportCompressedSize: false,
    },
  });
  writeFileSync(stamp, hash);
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

/** The chart library's bars, splines, joins and legend are left out: 4 KB. */
function linesOnly() {
  return {
    name: 'lines-only',
    transform(code, id) {
      if (!id.endsWith('uPlot.esm.js')) return undefined;
      return UNUSED.reduce((text, [line, instead]) => {
        if (!text.includes(line)) throw new Error(`uPlot has changed: no ${line} in it`);
        return text.replace(line, instead);
      }, code);
    },
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
