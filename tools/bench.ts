/**
 * `npm run bench -- <name>...`: runs the benches of the named packages beside their peers, one
 * process a file, one after the other. `all` names every package; without a name the known ones are
 * listed.
 *
 *   npm run bench -- ledger               a table: the log from signature to HTTP
 *   npm run bench -- ledger --json        one JSON object a line
 *   npm run bench -- ledger --update      fills the region of docs/performance.md too
 *
 * An unmet target is said, not punished: the exit code tells whether the measurement worked.
 */
import { spawn, spawnSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine, fillRegion } from './bench/performance-doc.ts';
import { type BenchResult, formatTable, parseResults } from './bench/report.ts';

const ROOT = resolve(import.meta.dirname, '..');
const PERFORMANCE = join(ROOT, 'docs', 'performance.md');
/** Names that stand for benches of several rooms, by beginnings of their paths: one table each. */
const SUBJECTS: Readonly<Record<string, readonly string[]>> = {
  ledger: [
    ...['ledger', 'crypto', 'store', 'gateway'].map((name) => `packages/${name}/`),
    'packages/node/bench/ingest',
  ],
  execution: ['packages/execution/', 'apps/cli/bench/devnet'],
  serving: [
    'apps/cli/bench/serving/gateway',
    'packages/node/bench/snapshot',
    'packages/federation/bench/federation',
    'apps/cli/bench/serving/',
  ],
  operations: ['packages/node/bench/observation'],
};
/** A file that takes longer hangs: no bench needs a quarter of it. */
const FILE_TIMEOUT_MS = 15 * 60_000;

/** Bench files by name of a room or subject, in path order or in that of the subject's parts. */
function findBenches(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const patterns = ['packages/*/bench/**/*.bench.ts', 'apps/*/bench/**/*.bench.ts'];
  const files = globSync(patterns, { cwd: ROOT }).map((path) => path.replaceAll('\\', '/'));
  for (const path of files.toSorted()) {
    const name = path.split('/')[1] ?? '';
    found.set(name, [...(found.get(name) ?? []), path]);
  }
  for (const [name, beginnings] of Object.entries(SUBJECTS)) {
    const parts = beginnings.flatMap((begin) => files.filter((path) => path.startsWith(begin)));
    found.set(name, [...new Set(parts)]);
  }
  return found;
}

/** Each file once: the subjects, and rooms with benches that belong to none. */
function everything(benches: ReadonlyMap<string, readonly string[]>): string[] {
  const subjects = Object.keys(SUBJECTS);
  const covered = new Set(subjects.flatMap((name) => benches.get(name) ?? []));
  const rooms = [...benches.keys()].filter((name) => !subjects.includes(name));
  const left = rooms.filter((name) => benches.get(name)?.some((file) => !covered.has(file)));
  return [...subjects, ...left];
}

/** Runs one file and gives what it printed; its stderr passes through. */
function runFile(path: string): Promise<string> {
  return new Promise((resolveOutput, reject) => {
    const child = spawn(process.execPath, ['--expose-gc', join(ROOT, path), '--json'], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: FILE_TIMEOUT_MS,
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolveOutput(Buffer.concat(chunks).toString('utf8'));
      else reject(new Error(`${path} ended with ${signal ?? `code ${code}`}`));
    });
  });
}

async function measure(files: readonly string[], asJson: boolean): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  for (const file of files) {
    console.error(`bench: ${file} ...`);
    const found = parseResults(await runFile(file));
    if (found.length === 0) throw new Error(`${file} printed no result`);
    if (asJson) for (const result of found) console.log(JSON.stringify(result));
    results.push(...found);
  }
  return results;
}

function describeMoment(): string {
  const git = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' });
  const commit = git.status === 0 ? ` at ${git.stdout.trim()}` : '';
  return new Date().toISOString().slice(0, 10) + commit;
}

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { json: { type: 'boolean' }, update: { type: 'boolean' } },
  });
  const benches = findBenches();
  const names = positionals.includes('all') ? everything(benches) : positionals;
  const unknown = names.filter((name) => !benches.has(name));
  if (names.length === 0 || unknown.length > 0) {
    const problem = unknown.length > 0 ? `no bench named ${unknown.join(', ')}` : 'name a package';
    console.error(`${problem}; there are ${[...benches.keys()].join(', ') || 'none yet'}, or all`);
    return 2;
  }
  const machine = describeMachine();
  const asJson = values.json === true;
  if (!asJson) console.log(machine);
  for (const name of names) {
    const results = await measure(benches.get(name) ?? [], asJson);
    if (!asJson) console.log(`\n${name}\n\n${formatTable(results)}`);
    if (values.update === true) {
      const measurement = { name, results, machine, when: describeMoment() };
      writeFileSync(PERFORMANCE, fillRegion(readFileSync(PERFORMANCE, 'utf8'), measurement));
      console.error(`bench: docs/performance.md has the figures of ${name}`);
    }
  }
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
