/** The linter's house rules, each tripped by a seeded bug: a rule that cannot fail is no rule. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { REPOSITORY } from '../checks/files.ts';

interface Diagnostic {
  readonly code: string;
  readonly message: string;
  readonly filename: string;
}

const CORE = 'packages/protocol/src';
const SEEDS: readonly (readonly [path: string, text: string, rule: string])[] = [
  [`${CORE}/clock.ts`, 'export const a = (): number => Date.now();\n', 'no-restricted-globals'],
  [`${CORE}/random.ts`, 'export const a = (): number => Math.random();\n', 'no-restricted-prop'],
  [`${CORE}/timer.ts`, 'export const a = (): void => void setTimeout(a, 1);\n', 'globals'],
  [`${CORE}/uuid.ts`, 'export const a = (): string => crypto.randomUUID();\n', 'globals'],
  [`${CORE}/disk.ts`, "import { statSync } from 'node:fs';\nexport { statSync };\n", 'imports'],
  ['packages/client/src/disk.ts', "export { statSync } from 'node:fs';\n", 'imports'],
  ['packages/ledger/src/clock.ts', 'export const a = (): number => Date.now();\n', 'globals'],
  ['packages/store/src/default.ts', 'const a = 1;\nexport default a;\n', 'no-default-export'],
  ['packages/store/src/any.ts', 'export const a = (b: any): unknown => b;\n', 'no-explicit-any'],
  ['packages/store/src/one.ts', "export { b as a } from './two.ts';\n", 'no-cycle'],
  [
    'packages/store/src/two.ts',
    "import { a } from './one.ts';\nexport const b: number = 1 + a;\n",
    'no-cycle',
  ],
  [
    'packages/store/src/long.ts',
    `export function a(b: number): number {\n  let c = b;\n${'  c += b;\n'.repeat(70)}` +
      '  return c;\n}\n',
    'max-lines-per-function',
  ],
  [
    'packages/store/src/floating.ts',
    'async function a(): Promise<void> {}\nexport function b(): void {\n  a();\n}\n',
    'no-floating-promises',
  ],
  [
    'packages/store/src/switch.ts',
    "export function a(b: 'x' | 'y'): void {\n  switch (b) {\n    case 'x':\n" +
      '      break;\n  }\n}\n',
    'switch-exhaustiveness-check',
  ],
];
const ALLOWED: readonly (readonly [path: string, text: string])[] = [
  ['packages/ledger/src/timer-shell.ts', 'export const a = (): number => Date.now();\n'],
  ['packages/store/src/clock.ts', 'export const a = (): number => Date.now();\n'],
  ['packages/protocol/test/clock.test.ts', 'export const a = (): number => Date.now();\n'],
];

let folder = '';
let diagnostics: readonly Diagnostic[] = [];

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'basalt lint '));
  for (const file of ['.oxlintrc.json', 'tsconfig.base.json']) {
    cpSync(join(REPOSITORY, file), join(folder, file));
  }
  const tsconfig = { extends: './tsconfig.base.json', include: ['packages'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
  symlinkSync(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'), 'dir');
  for (const [path, text] of [...SEEDS, ...ALLOWED]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const oxlint = join(REPOSITORY, 'node_modules', 'oxlint', 'bin', 'oxlint');
  const run = spawnSync(process.execPath, [oxlint, '--type-aware', '--format=json', 'packages'], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
  });
  const report = JSON.parse(run.stdout) as { diagnostics: readonly Diagnostic[] };
  diagnostics = report.diagnostics;
});

after(() => rmSync(folder, { recursive: true, force: true }));

function rulesFor(path: string): string[] {
  return diagnostics
    .filter(({ filename }) => filename.replaceAll('\\', '/').endsWith(path))
    .map(({ code }) => code);
}

for (const [path, , rule] of SEEDS) {
  test(`${path} trips ${rule}`, () => {
    const rules = rulesFor(path);
    assert.ok(
      rules.some((code) => code.includes(rule)),
      `found ${JSON.stringify(rules)}`,
    );
  });
}

test('shells, other floors and tests may read a clock', () => {
  for (const [path] of ALLOWED) assert.deepEqual(rulesFor(path), [], path);
});
