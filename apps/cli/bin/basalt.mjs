#!/usr/bin/env node
// Plain JavaScript for any Node: the program itself needs 24 or newer, and a checkout brings that
// along. Where the Node on the PATH is older, the pinned one is started in its place.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Strips types, and has what the packages use. */
const NODE_MAJOR_MIN = 24;

const here = dirname(fileURLToPath(import.meta.url));

if (Number.parseInt(process.versions.node, 10) >= NODE_MAJOR_MIN) {
  await import('../src/main.ts');
} else {
  startPinned();
}

function startPinned() {
  const name = process.platform === 'win32' ? 'node.cmd' : 'node';
  const pinned = join(here, '..', '..', '..', 'node_modules', '.bin', name);
  if (!existsSync(pinned)) {
    console.error(
      `basalt: needs Node ${NODE_MAJOR_MIN} or newer, this is ${process.versions.node}\n` +
        '  try: `npm start` or `npm test` once in the checkout: they bring the right one along',
    );
    process.exitCode = 2;
    return;
  }
  const script = fileURLToPath(import.meta.url);
  const child = spawn(pinned, [script, ...process.argv.slice(2)], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  // Ctrl+C reaches both; the child decides when to end.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGKILL' ? 137 : 1);
  });
}
