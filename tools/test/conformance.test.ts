import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conformanceDir, conformanceFile, skipReason } from '../testing/conformance.ts';

function withVariable(value: string, run: () => void): void {
  const before = process.env['BASALT_CONFORMANCE_DIR'];
  process.env['BASALT_CONFORMANCE_DIR'] = value;
  try {
    run();
  } finally {
    if (before === undefined) delete process.env['BASALT_CONFORMANCE_DIR'];
    else process.env['BASALT_CONFORMANCE_DIR'] = before;
  }
}

test('the named folder of conformance vectors is taken', () => {
  withVariable(import.meta.dirname, () => {
    assert.equal(conformanceDir(), import.meta.dirname);
    assert.equal(conformanceFile('conformance.test.ts'), import.meta.filename);
    assert.equal(skipReason('conformance.test.ts'), false);
  });
});

test('a vector set that is not there skips with its name', () => {
  withVariable(import.meta.dirname, () => {
    assert.equal(conformanceFile('no-such-set'), undefined);
    assert.match(String(skipReason('no-such-set', 'a.json')), /no-such-set\/a\.json/);
  });
});

test('a mistyped folder is an error, not a skip', () => {
  withVariable('/no/such/folder', () => {
    assert.throws(() => conformanceDir(), /not a folder/);
  });
});
