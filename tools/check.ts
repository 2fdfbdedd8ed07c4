/**
 * `npm run check`: everything that can be said about the code without running it. Each step prints
 * one line with its time; a step that fails prints its words below its line. All steps run, so one
 * look shows everything.
 *
 * Arguments choose steps by name: `npm run check -- types lint`.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { styleText } from 'node:util';
import { formatFinding, REPOSITORY, readRepository } from './checks/files.ts';
import { checkFloors } from './checks/floors.ts';
import { checkTidy, type Ratchet } from './checks/tidy.ts';

interface Outcome {
  readonly passed: boolean;
  /** Shown only when the step failed. */
  readonly words: string;
}

interface Step {
  readonly name: string;
  readonly run: () => Promise<Outcome>;
}

/** No step takes a quarter of this on the slowest machine seen; a hang must end. */
const STEP_TIMEOUT_MS = 300_000;

const STEPS: readonly Step[] = [
  // --force: 7.0.2 keeps the diagnostics of before when only a tsconfig changed.
  { name: 'types', run: () => runTool('typescript/bin/tsc', ['-b', '--force']) },
  { name: 'lint', run: () => runTool('oxlint/bin/oxlint', ['--type-aware']) },
  { name: 'format', run: () => runTool('@biomejs/biome/bin/biome', ['check']) },
  {
    name: 'unused',
    run: () => runTool('knip/bin/knip.js', ['--no-config-hints', '--no-progress']),
  },
  { name: 'tidy', run: tidyStep },
  { name: 'floors', run: floorsStep },
];

/** Runs a tool's script by its path: no shell, so a path with spaces needs no care. */
function runTool(script: string, args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(REPOSITORY, 'node_modules', script), ...args], {
      cwd: REPOSITORY,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: STEP_TIMEOUT_MS,
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (error) => resolve({ passed: false, words: error.message }));
    child.on('close', (code, signal) => {
      const ending = signal === null ? '' : `\nended by ${signal}`;
      const words = Buffer.concat(chunks).toString('utf8') + ending;
      resolve({ passed: code === 0, words });
    });
  });
}

function tidyStep(): Promise<Outcome> {
  const ratchetFile = join(REPOSITORY, 'tools', 'checks', 'tidy-ratchet.json');
  const ratchet = JSON.parse(readFileSync(ratchetFile, 'utf8')) as Ratchet;
  const findings = checkTidy(readRepository(), ratchet);
  const words = findings.map(formatFinding).join('\n');
  return Promise.resolve({ passed: findings.length === 0, words });
}

function floorsStep(): Promise<Outcome> {
  const findings = checkFloors(readRepository());
  const words = findings.map(formatFinding).join('\n');
  return Promise.resolve({ passed: findings.length === 0, words });
}

async function main(names: readonly string[]): Promise<number> {
  const known = STEPS.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    console.error(`no step named ${unknown.join(', ')}; there are ${known.join(', ')}`);
    return 2;
  }
  let failed = 0;
  for (const step of STEPS) {
    if (names.length > 0 && !names.includes(step.name)) continue;
    const start = performance.now();
    const { passed, words } = await step.run();
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const mark = passed ? styleText('green', 'ok  ') : styleText('red', 'FAIL');
    console.log(`${mark} ${step.name.padEnd(8)} ${seconds.padStart(5)} s`);
    if (!passed) {
      failed += 1;
      console.log(words.trimEnd().replace(/^/gm, '     '));
    }
  }
  console.log(failed === 0 ? 'check: everything passed' : `check: ${failed} steps failed`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
