import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtocolError } from '@basalt/protocol';
import { parsePolicyFile, parsePolicyWord } from '../../src/index.ts';

test('policies in one word', () => {
  assert.deepEqual(parsePolicyWord('none'), { mode: 'none' });
  assert.deepEqual(parsePolicyWord('after-checkpoint'), { mode: 'after-checkpoint' });
  assert.deepEqual(parsePolicyWord('keep-headers'), { mode: 'keep-headers' });
  assert.deepEqual(parsePolicyWord('keep-recent:500'), { mode: 'keep-recent', blocks: 500 });
  assert.deepEqual(parsePolicyWord('keep-recent:30d'), { mode: 'keep-recent', days: 30 });
  for (const word of ['', 'all', 'keep-recent', 'keep-recent:', 'keep-recent:-1', 'selective']) {
    assert.equal(parsePolicyWord(word), undefined);
  }
});

test('a policy file with every field', () => {
  const text = JSON.stringify({
    mode: 'selective',
    rules: [
      { action: 'keep', namespaces: ['audit'], payloadTypes: [1, '0x0100-0x01ff'] },
      { action: 'prune', bytesMin: 1_000, bytesMax: 2_000, olderThanDays: 30 },
    ],
    otherwise: 'keep',
  });
  assert.deepEqual(parsePolicyFile(text), {
    mode: 'selective',
    rules: [
      {
        action: 'keep',
        namespaces: ['audit'],
        payloadTypes: [
          [1, 1],
          [0x100, 0x1ff],
        ],
      },
      { action: 'prune', bytesMin: 1_000, bytesMax: 2_000, olderThanDays: 30 },
    ],
    otherwise: 'keep',
  });
  const both = '{"mode":"keep-recent","blocks":5,"days":2}';
  assert.deepEqual(parsePolicyFile(both), { mode: 'keep-recent', blocks: 5, days: 2 });
});

test('what is not understood is refused: it could delete what was meant to stay', () => {
  const rule = (fields: object): unknown => ({
    mode: 'selective',
    rules: [{ action: 'prune', ...fields }],
  });
  const wrong: unknown[] = [
    [],
    null,
    'none',
    {},
    { mode: 'everything' },
    { mode: 'none', days: 3 },
    { mode: 'keep-recent' },
    { mode: 'keep-recent', days: -1 },
    { mode: 'keep-recent', days: 1.5 },
    { mode: 'keep-recent', days: 1e9 },
    { mode: 'selective' },
    { mode: 'selective', rules: [{}] },
    { mode: 'selective', rules: [{ action: 'delete' }] },
    { mode: 'selective', rules: [], otherwise: 'drop' },
    rule({ olderThenDays: 3 }),
    rule({ namespaces: [] }),
    rule({ namespaces: [3] }),
    rule({ namespaces: 'audit' }),
    rule({ payloadTypes: ['0x01ff-0x0100'] }),
    rule({ payloadTypes: ['many'] }),
    rule({ payloadTypes: [-1] }),
    rule({ payloadTypes: [2 ** 40] }),
    rule({ bytesMin: '5' }),
  ];
  const isRefusal = (error: unknown): boolean =>
    error instanceof ProtocolError && error.code === 'malformed';
  for (const value of wrong) {
    assert.throws(() => parsePolicyFile(JSON.stringify(value)), isRefusal, JSON.stringify(value));
  }
  assert.throws(() => parsePolicyFile('{'), isRefusal);
});
