import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatFinding, readRepository, type SourceFile } from '../checks/files.ts';
import { checkFloors, findImports } from '../checks/floors.ts';

interface Seed {
  readonly package: string;
  readonly manifest?: object;
  /** Path inside the package to its text. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Runs the checker over one made-up package and gives the messages. */
function messagesFor({ package: name, manifest = {}, files = {} }: Seed): string[] {
  const folder = `${['cli', 'explorer', 'dashboard'].includes(name) ? 'apps' : 'packages'}/${name}`;
  const text = JSON.stringify({ name: `@basalt/${name}`, ...manifest });
  const sources: SourceFile[] = [
    { path: 'package.json', text: JSON.stringify({ devDependencies: { 'fast-check': '4.10.2' } }) },
    { path: `${folder}/package.json`, text },
    ...Object.entries(files).map(([path, content]) => ({
      path: `${folder}/${path}`,
      text: content,
    })),
  ];
  return checkFloors(sources).map(formatFinding);
}

test('the repository keeps the floors', () => {
  assert.deepEqual(checkFloors(readRepository()).map(formatFinding), []);
});

test('a package that imports downwards what it names passes', () => {
  const messages = messagesFor({
    package: 'ledger',
    manifest: { dependencies: { '@basalt/protocol': '*', zod: '4.6.7' } },
    files: {
      'src/index.ts':
        "import type { Block } from '@basalt/protocol';\nimport { a } from './a.ts';\n",
      'src/a.ts': "import { z } from 'zod';\n",
      'test/a.test.ts': [
        "import { test } from 'node:test';",
        "import fc from 'fast-check';",
        "import { a } from '../src/a.ts';",
        "import { conformanceFile } from '../../../tools/testing/conformance.ts';",
      ].join('\n'),
    },
  });
  assert.deepEqual(messages, []);
});

test('an arrow that goes up or sideways is found, in tests too', () => {
  for (const [path, target] of [
    ['src/a.ts', 'gateway'],
    ['src/a.ts', 'execution'],
    ['test/a.test.ts', 'gateway'],
  ]) {
    const messages = messagesFor({
      package: 'ledger',
      manifest: { devDependencies: { [`@basalt/${target}`]: '*' } },
      files: { [String(path)]: `import { a } from '@basalt/${target}';\n` },
    });
    assert.match(messages[0] ?? '', /may only go down/, `${path} to ${target}`);
  }
});

test('an import that package.json does not name is found', () => {
  const source = messagesFor({ package: 'store', files: { 'src/a.ts': "import 'lmdb';\n" } });
  assert.match(source[0] ?? '', /a\.ts:1: lmdb is not among the dependencies/);
  const inTest = messagesFor({
    package: 'store',
    files: { 'test/a.test.ts': "const a = await import('lmdb');\n" },
  });
  assert.match(inTest[0] ?? '', /neither a dependency nor a devDependency/);
});

test('a devDependency does not cover an import in src', () => {
  const messages = messagesFor({
    package: 'store',
    manifest: { devDependencies: { lmdb: '3.5.6' } },
    files: { 'src/a.ts': "import { open } from 'lmdb';\n" },
  });
  assert.match(messages[0] ?? '', /not among the dependencies/);
});

test('a dependency that nothing imports is found', () => {
  const messages = messagesFor({ package: 'store', manifest: { dependencies: { lmdb: '3.5.6' } } });
  assert.match(messages[0] ?? '', /nothing in src imports it/);
});

test('a version that is not exact is found', () => {
  for (const version of ['^3.5.6', '3.x', '*', 'latest']) {
    const messages = messagesFor({
      package: 'store',
      manifest: { devDependencies: { lmdb: version } },
    });
    assert.match(messages[0] ?? '', /not one exact version/, version);
  }
});

test('a Node module in code for the browser is found', () => {
  const files = { 'src/a.ts': "import { readFileSync } from 'node:fs';\n" };
  for (const name of ['protocol', 'client', 'explorer', 'dashboard']) {
    assert.match(messagesFor({ package: name, files })[0] ?? '', /runs in a browser/, name);
  }
  assert.deepEqual(messagesFor({ package: 'store', files }), []);
});

test('a relative import that leaves the package is found', () => {
  const messages = messagesFor({
    package: 'store',
    files: {
      'src/a.ts': "import { a } from '../../protocol/src/a.ts';\n",
      'src/b.ts': "import { b } from '../test/b.ts';\n",
    },
  });
  assert.equal(messages.length, 2);
  assert.match(messages[0] ?? '', /leads out of packages\/store\/src/);
});

test('a package without a floor is found', () => {
  assert.match(messagesFor({ package: 'attic' })[0] ?? '', /has no floor/);
});

test('imports are found in every form, comments are not imports', () => {
  const text = [
    "import a from 'one';",
    'import {',
    '  b,',
    '  c,',
    "} from 'two';",
    "import 'three';",
    "export { d } from 'four';",
    "  const e = await import('five');",
    "// import f from 'no';",
    " * import { g } from 'no';",
    " * await import('no');",
    "export const h = 'no';",
    "export const from = ['no'];",
  ].join('\n');
  const found = findImports(text).map(({ specifier, line }) => `${specifier}:${line}`);
  assert.deepEqual(found, ['one:1', 'two:5', 'three:6', 'four:7', 'five:8']);
});
