import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KEY_PERIODS_MAX } from '@basalt/protocol';
import { KEY_BLOCKS_MAX } from '../src/limits.ts';

test('a client reads every key block that a namespace may have', () => {
  // Each key comes with one block, a rotation that contradicts a recovery with two.
  assert.ok(KEY_BLOCKS_MAX >= 2 * KEY_PERIODS_MAX);
});
