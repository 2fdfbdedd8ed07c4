#!/usr/bin/env node
// Makes the page of example/: `node tools/build-example.mjs FOLDER` writes index.html, its script
// verified-record.js and the parts that the script loads only when it needs them. No network.
import { copyFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'example');
const out = resolve(process.argv[2] ?? join(folder, 'dist'));

await build({
  root: folder,
  configFile: false,
  logLevel: 'warn',
  publicDir: false,
  plugins: [plainDynamicImports()],
  build: {
    outDir: out,
    emptyOutDir: false,
    target: 'es2023',
    modulePreload: false,
    reportCompressedSize: false,
    rollupOptions: {
      input: join(folder, 'verified-record.ts'),
      output: { entryFileNames: '[name].js' },
    },
  },
});
copyFileSync(join(folder, 'index.html'), join(out, 'index.html'));

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
