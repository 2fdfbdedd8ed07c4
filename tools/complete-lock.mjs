#!/usr/bin/env node
// Adds to package-lock.json the optional platform packages that npm left out because the registry it
// asked does not serve them (a mirror often keeps only the platforms it needs). Without their entries
// `npm ci` calls the lock file out of step and installs nothing. An entry made here names the exact
// version its parent asks for and the platform read from the package's name; it has no integrity,
// as the package was never seen. Run after adding a dependency; running it twice changes nothing.

import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const OS_NAMES = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const CPU_NAMES = [
  'arm',
  'arm64',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
  'x64',
];

/**
 * The entries that `npm ci` would miss, as [path, entry] pairs in no particular order.
 *
 * @param {Record<string, any>} packages the lock file's `packages`
 */
export function missingEntries(packages) {
  const missing = new Map();
  for (const [path, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (isInLock(packages, path, name)) continue;
      missing.set(`node_modules/${name}`, {
        version,
        ...platformOf(name),
        license: entry.license,
        ...(entry.dev ? { dev: true } : {}),
        optional: true,
        ...(entry.engines ? { engines: entry.engines } : {}),
      });
    }
  }
  return [...missing];
}

/** Looks where Node would: below the parent, then in every folder above it. */
function isInLock(packages, parent, name) {
  for (let folder = parent; ; ) {
    if (`${folder}${folder === '' ? '' : '/'}node_modules/${name}` in packages) return true;
    if (folder === '') return false;
    const cut = folder.lastIndexOf('/node_modules/');
    folder = cut === -1 ? '' : folder.slice(0, cut);
  }
}

function platformOf(name) {
  const words = name.split(/[/-]/);
  const cpu = words.filter((word) => CPU_NAMES.includes(word));
  const os = words.filter((word) => OS_NAMES.includes(word));
  const libc = words.some((word) => word.startsWith('musl'))
    ? ['musl']
    : words.some((word) => word.startsWith('gnu'))
      ? ['glibc']
      : undefined;
  if (os.length !== 1 || cpu.length !== 1) {
    throw new Error(`${name} is absent from the lock file and its name tells no platform`);
  }
  return { cpu, ...(libc && os[0] === 'linux' ? { libc } : {}), os };
}

function main() {
  const file = join(dirname(dirname(fileURLToPath(import.meta.url))), 'package-lock.json');
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  const missing = missingEntries(lock.packages);
  const sorted = Object.entries({ ...lock.packages, ...Object.fromEntries(missing) }).sort(
    ([one], [other]) => one.localeCompare(other, 'en'),
  );
  if (missing.length === 0) return;
  lock.packages = Object.fromEntries(sorted);
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`package-lock.json: added ${missing.map(([path]) => path.slice(13)).join(', ')}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
