#!/usr/bin/env node
// Builds the page into dist/ where its sources changed (tools/pages/build.mjs).
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPage } from '../../../tools/pages/build.mjs';

/** What the first file shares with those that come later. */
const SHARED = [
  /@noble\/hashes\/(?:_u64|utils|_md|sha2|_blake|blake2|blake3)\.js$/,
  /protocol\/src\/(?:assert|bytes|errors|limits|suite|tree\/hash)\.ts$/,
  /client\/src\/reasons\.ts$/,
  /protocol\/src\/(?:block\/payload-types|suites\/noble-hashes)\.ts$/,
  /explorer\/src\/(?:dom|format|state-mark)\.ts$/,
];

await buildPage(dirname(dirname(fileURLToPath(import.meta.url))), {
  build: { rollupOptions: { output: { manualChunks: sharedFile } } },
});

/** One file for all of it: left alone it becomes six, each a request, and each packed worse. */
function sharedFile(id) {
  return SHARED.some((pattern) => pattern.test(id)) ? 'shared' : undefined;
}
