/**
 * The floors of the house: an arrow may only go down. A package imports packages of lower floors,
 * never its own floor, never a higher one, and its package.json names exactly what its `src`
 * imports, registry packages with exact versions. Tests and benches may also import what stands in
 * devDependencies (their own or the root's) and the tools folder.
 */
import type { Finding, SourceFile } from './files.ts';

/** Floor by folder name; docs/layout.md says what each room is for. */
export const FLOORS: Readonly<Record<string, number>> = {
  protocol: 0,
  evm: 0,
  telemetry: 0,
  erasure: 0,
  crypto: 1,
  store: 1,
  client: 1,
  network: 2,
  ledger: 2,
  execution: 2,
  consensus: 2,
  population: 2,
  federation: 3,
  sharding: 3,
  availability: 3,
  swarm: 3,
  rollup: 3,
  channels: 3,
  gateway: 4,
  'json-rpc': 4,
  node: 5,
  cli: 6,
  explorer: 6,
  dashboard: 6,
  simulator: 6,
  bench: 6,
};

/** Their source runs in a browser: no Node module in any file, shells aside. */
const BROWSER_SAFE: ReadonlySet<string> = new Set(['protocol', 'client', 'explorer', 'dashboard']);
const EXACT_VERSION = /^\d+\.\d+\.\d+(-[\w.]+)?$/;
const WORKSPACE = '@basalt/';

interface Manifest {
  readonly name?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Room {
  readonly name: string;
  /** Path of the folder, `packages/protocol` say. */
  readonly folder: string;
  readonly manifest: Manifest;
  readonly files: readonly SourceFile[];
}

export interface Import {
  readonly specifier: string;
  /** 1-based. */
  readonly line: number;
}

/** All findings over the whole repository, given as its files. */
export function checkFloors(files: readonly SourceFile[]): Finding[] {
  const root = parseManifest(files.find(({ path }) => path === 'package.json'));
  return findRooms(files).flatMap((room) => [
    ...checkManifest(room),
    ...room.files.flatMap((file) => checkFile(room, file, root)),
    ...checkUnusedDependencies(room),
  ]);
}

/**
 * The modules a file imports. Statements stand at the start of a line (the formatter sees to it),
 * so an example inside a comment is not taken for one; dynamic imports are taken from code lines.
 */
export function findImports(text: string): Import[] {
  const found: Import[] = [];
  const statement = /^(?:import|export)\b(?:[^'";]*?\bfrom)?\s*['"]([^'"]+)['"]/gm;
  const dynamic = /^(?!\s*(?:\*|\/\/)).*?\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm;
  for (const pattern of [statement, dynamic]) {
    for (const match of text.matchAll(pattern)) {
      const specifier = match[1];
      if (specifier === undefined) continue;
      const at = match.index + match[0].indexOf(specifier);
      found.push({ specifier, line: text.slice(0, at).split('\n').length });
    }
  }
  return found;
}

function parseManifest(file: SourceFile | undefined): Manifest {
  return file === undefined ? {} : (JSON.parse(file.text) as Manifest);
}

function findRooms(files: readonly SourceFile[]): Room[] {
  return files.flatMap((file) => {
    const match = /^((?:packages|apps)\/([^/]+))\/package\.json$/.exec(file.path);
    if (match?.[1] === undefined || match[2] === undefined) return [];
    const folder = match[1];
    const inside = files.filter(({ path }) => path.startsWith(`${folder}/`));
    return [{ name: match[2], folder, manifest: parseManifest(file), files: inside }];
  });
}

/** The package a specifier asks for, or undefined for a relative path or a Node module. */
function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return undefined;
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

function checkManifest({ name, folder, manifest }: Room): Finding[] {
  const path = `${folder}/package.json`;
  const findings: Finding[] = [];
  if (FLOORS[name] === undefined) {
    const message = `${name} has no floor: give it one in tools/checks/floors.ts`;
    findings.push({ path, message });
  }
  if (manifest.name !== WORKSPACE + name) {
    findings.push({ path, message: `named ${manifest.name}, expected ${WORKSPACE}${name}` });
  }
  const { dependencies, optionalDependencies, devDependencies } = manifest;
  const all = { ...dependencies, ...optionalDependencies, ...devDependencies };
  for (const [dependency, version] of Object.entries(all)) {
    const fits = dependency.startsWith(WORKSPACE) ? version === '*' : EXACT_VERSION.test(version);
    if (fits) continue;
    const wanted = dependency.startsWith(WORKSPACE) ? '"*"' : 'one exact version';
    findings.push({ path, message: `${dependency} is asked for as "${version}", not ${wanted}` });
  }
  return findings;
}

function isSource({ folder }: Room, path: string): boolean {
  return path.startsWith(`${folder}/src/`);
}

function isScript({ path }: SourceFile): boolean {
  return /\.(ts|tsx|mjs)$/.test(path) && !path.includes('/assembly/');
}

function checkFile(room: Room, file: SourceFile, root: Manifest): Finding[] {
  if (!isScript(file)) return [];
  const source = isSource(room, file.path);
  return findImports(file.text).flatMap(({ specifier, line }) => {
    const message =
      checkDirection(room, specifier) ??
      checkBounds(room, file.path, specifier, source) ??
      checkNamed(room, specifier, source, root);
    return message === undefined ? [] : [{ path: file.path, line, message }];
  });
}

/** Case 1: the arrow goes down. */
function checkDirection(room: Room, specifier: string): string | undefined {
  const target = packageOf(specifier);
  if (target === undefined || !target.startsWith(WORKSPACE)) return undefined;
  const name = target.slice(WORKSPACE.length);
  if (name === room.name) return undefined;
  const from = FLOORS[room.name];
  const to = FLOORS[name];
  if (from === undefined) return undefined; // said once, for the manifest
  if (to === undefined) return `${target} has no floor`;
  if (to < from) return undefined;
  return `floor ${from} (${room.name}) imports floor ${to} (${name}): an arrow may only go down`;
}

/** Case 2: a relative path stays in the room (tests may reach the tools); browsers have no Node. */
function checkBounds(
  room: Room,
  path: string,
  specifier: string,
  source: boolean,
): string | undefined {
  if (specifier.startsWith('.')) {
    const target = resolveRelative(path, specifier);
    const home = source ? `${room.folder}/src/` : `${room.folder}/`;
    if (target.startsWith(home) || target === `${room.folder}/package.json`) return undefined;
    if (!source && target.startsWith('tools/')) return undefined;
    return `${specifier} leads out of ${home}: import the package by its name`;
  }
  if (!source || !specifier.startsWith('node:')) return undefined;
  if (!BROWSER_SAFE.has(room.name) || path.endsWith('-shell.ts')) return undefined;
  return `${room.name} runs in a browser, ${specifier} does not`;
}

function resolveRelative(path: string, specifier: string): string {
  const parts = path.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}

/** Case 3: what is imported is named. */
function checkNamed(
  room: Room,
  specifier: string,
  source: boolean,
  root: Manifest,
): string | undefined {
  const target = packageOf(specifier);
  if (target === undefined || target === WORKSPACE + room.name) return undefined;
  const { dependencies = {}, optionalDependencies = {}, devDependencies = {} } = room.manifest;
  // An optional one is imported where its absence is caught.
  if (target in dependencies || target in optionalDependencies) return undefined;
  if (source) return `${target} is not among the dependencies of ${room.folder}/package.json`;
  if (target in devDependencies || target in (root.devDependencies ?? {})) return undefined;
  return `${target} is neither a dependency nor a devDependency of ${room.folder}/package.json`;
}

/** Case 4: what is named is imported. */
function checkUnusedDependencies(room: Room): Finding[] {
  const imported = new Set(
    room.files
      .filter((file) => isSource(room, file.path) && isScript(file))
      .flatMap(({ text }) => findImports(text))
      .map(({ specifier }) => packageOf(specifier)),
  );
  const { dependencies, optionalDependencies } = room.manifest;
  return Object.keys({ ...dependencies, ...optionalDependencies })
    .filter((name) => !imported.has(name))
    .map((name) => ({
      path: `${room.folder}/package.json`,
      message: `${name} is named, nothing in src imports it: drop it or make it a devDependency`,
    }));
}
