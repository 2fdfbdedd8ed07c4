import assert from 'node:assert/strict';
import { statfsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { diskFault } from '../src/disk-fault.ts';

test('a file system that does not tell its room has no fault; one that is gone has a code', () => {
  for (const code of ['ENOSYS', 'ENOTSUP', 'EOPNOTSUPP']) {
    assert.equal(diskFault(Object.assign(new Error('statfs'), { code })), undefined);
  }
  assert.equal(diskFault(Object.assign(new Error('statfs'), { code: 'EIO' })), 'EIO');
  assert.equal(diskFault(new Error('no code')), 'unknown');
  assert.equal(diskFault('thrown'), 'unknown');
  let thrown: unknown;
  try {
    statfsSync(join(import.meta.dirname, 'no such folder'));
  } catch (error) {
    thrown = error;
  }
  assert.equal(diskFault(thrown), 'ENOENT');
});
