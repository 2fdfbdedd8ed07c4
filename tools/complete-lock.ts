/**
 * `npm run lock`: adds to package-lock.json the optional platform packages that npm left out
 * because the registry it asked does not serve them (a mirror often keeps only the platforms it
 * needs). Without their entries `npm ci` calls the lock file out of step and installs nothing. An
 * entry made here names the exact version its parent asks for and the platform read from the
 * package's name; it has no integrity, as the package was never seen. Running it twice changes
 * nothing.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What of a lock file's entry matters here. */
export interface LockEntry {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly cpu?: readonly string[];
  readonly os?: readonly string[];
  readonly libc?: readonly string[];
  readonly engines?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** The lock file's `packages`: entry by path, `node_modules/hono` say. */
export type LockPackages = Readonly<Record<string, LockEntry>>;

const OS_NAMES: readonly string[] =
  'aix android darwin freebsd linux netbsd openbsd openharmony sunos win32'.split(' ');
const CPU_NAMES: readonly string[] =
  'arm arm64 ia32 loong64 mips64el ppc64 riscv64 s390x wasm32 x64'.split(' ');

/** The entries that `npm ci` would miss, by path. */
export function missingEntries(packages: LockPackages): Map<string, LockEntry> {
  const missing = new Map<string, LockEntry>();
  for (const [path, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (isInLock(packages, path, name)) continue;
      const { cpu, libc, os } = platformOf(name);
      missing.set(`node_modules/${name}`, {
        version,
        cpu: [cpu],
        ...(entry.dev === true ? { dev: true } : {}),
        ...(libc === undefined ? {} : { libc: [libc] }),
        ...(entry.license === undefined ? {} : { license: entry.license }),
        optional: true,
        os: [os],
        ...(entry.engines === undefined ? {} : { engines: entry.engines }),
      });
    }
  }
  return missing;
}

/** Looks where Node would: below the parent, then in every folder above it. */
function isInLock(packages: LockPackages, parent: string, name: string): boolean {
  for (let folder = parent; ; ) {
    if (`${folder}${folder === '' ? '' : '/'}node_modules/${name}` in packages) return true;
    if (folder === '') return false;
    const cut = folder.lastIndexOf('/node_modules/');
    folder = cut === -1 ? '' : folder.slice(0, cut);
  }
}

function platformOf(name: string): { cpu: string; libc: string | undefined; os: string } {
  const words = name.split(/[/-]/).map((word) => (word === 'amd64' ? 'x64' : word));
  const [cpu, ...otherCpus] = words.filter((word) => CPU_NAMES.includes(word));
  const [os, ...otherOses] = words.filter((word) => OS_NAMES.includes(word));
  if (cpu === undefined || os === undefined || otherCpus.length + otherOses.length > 0) {
    throw new Error(`${name} is absent from the lock file and its name tells no platform`);
  }
  const libcWord = words.find((word) => /^(musl|gnu)/.test(word));
  if (os !== 'linux' || libcWord === undefined) return { cpu, libc: undefined, os };
  return { cpu, libc: libcWord.startsWith('musl') ? 'musl' : 'glibc', os };
}

/** The workspace, the peers of the benches, the clients of the tests. */
const FOLDERS: readonly string[] = ['.', 'tools/bench/peers', 'tools/testing/clients'];

function main(): void {
  for (const folder of FOLDERS) completeLock(resolve(import.meta.dirname, '..', folder));
}

function completeLock(folder: string): void {
  const file = join(folder, 'package-lock.json');
  const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: LockPackages };
  const missing = missingEntries(lock.packages);
  if (missing.size === 0) return;
  const all = Object.entries({ ...lock.packages, ...Object.fromEntries(missing) });
  const packages = Object.fromEntries(
    all.toSorted(([one], [other]) => one.localeCompare(other, 'en')),
  );
  writeFileSync(file, `${JSON.stringify({ ...lock, packages }, null, 2)}\n`);
  console.log(`${file}: added ${[...missing.keys()].join(', ')}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
