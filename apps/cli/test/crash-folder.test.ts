/** Reports in a folder that other users write to: nothing of theirs is taken or deleted. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { privateFolderIn, storeReport } from '../src/crash/report-folder.ts';

/** A folder like /tmp, for one test. */
function within(use: (parent: string) => void): void {
  const parent = mkdtempSync(join(tmpdir(), 'basalt-crash-folder-'));
  try {
    use(parent);
  } finally {
    rmSync(parent, { recursive: true });
  }
}

const user = process.getuid?.();
const needsUsers = { skip: user === undefined ? 'users have no numbers here' : false };

test('a folder of ours alone is made once and taken again', () => {
  within((parent) => {
    const folder = privateFolderIn(parent, user);
    assert.equal(privateFolderIn(parent, user), folder);
    if (user !== undefined) assert.equal(lstatSync(folder).mode & 0o777, 0o700);
    if (user !== undefined) assert.notEqual(privateFolderIn(parent, user + 1), folder);
  });
});

test('a link, a file, an open folder, one of somebody else: another name', needsUsers, () => {
  const number = user ?? 0;
  const plant: readonly ((path: string, theirs: string) => void)[] = [
    (path, theirs) => symlinkSync(theirs, path),
    (path) => symlinkSync('/nowhere', path),
    (path) => writeFileSync(path, ''),
    (path) => {
      mkdirSync(path);
      chmodSync(path, 0o777);
    },
  ];
  for (const make of plant) {
    within((parent) => {
      const path = join(parent, `basalt-crashes-${number}`);
      const theirs = join(parent, 'theirs');
      mkdirSync(theirs, { mode: 0o700 });
      for (let i = 0; i < 20; i++) writeFileSync(join(theirs, `crash-${i}.json`), '');
      make(path, theirs);
      const folder = privateFolderIn(parent, number);
      assert.notEqual(folder, path);
      assert.equal(lstatSync(folder).mode & 0o777, 0o700);
      storeReport(folder, 'crash-x.json', '{}');
      assert.equal(readdirSync(theirs).length, 20);
    });
  }
  within((parent) => {
    const theirs = join(parent, `basalt-crashes-${number + 1}`);
    mkdirSync(theirs, { mode: 0o700 });
    assert.notEqual(privateFolderIn(parent, number + 1), theirs, 'its owner is not that user');
  });
});

test('ten reports stay; a report that is written counts where old ones cannot go', () => {
  within((parent) => {
    for (let i = 10; i < 25; i++) writeFileSync(join(parent, `crash-${i}.json`), '');
    storeReport(parent, 'crash-30.json', '{}');
    assert.equal(readdirSync(parent).length, 10);
    // Cannot be removed as a file: the removal throws.
    mkdirSync(join(parent, 'crash-00.json'));
    const path = storeReport(parent, 'crash-31.json', '{"a":1}');
    assert.equal(readFileSync(path, 'utf8'), '{"a":1}');
    assert.ok(existsSync(join(parent, 'crash-00.json')));
  });
});
