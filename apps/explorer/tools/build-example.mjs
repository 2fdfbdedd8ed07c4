#!/usr/bin/env node
// Makes the page of example/: `node tools/build-example.mjs FOLDER` writes index.html, its script
// verified-record.js and the parts that the script loads only when it needs them. No network.
import { copyFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from '../../../tools/pages/build.mjs';

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'example');
const out = resolve(process.argv[2] ?? join(folder, 'dist'));

await bundle(folder, out, {
  build: {
    emptyOutDir: false,
    rollupOptions: {
      input: join(folder, 'verified-record.ts'),
      output: { entryFileNames: '[name].js' },
    },
  },
});
copyFileSync(join(folder, 'index.html'), join(out, 'index.html'));
