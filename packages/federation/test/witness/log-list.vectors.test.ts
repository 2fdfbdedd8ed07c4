import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createCosigner, createNoteSigner, formatVerifierKey } from '@basalt/protocol';
import { conformanceFile, skipReason } from '../../../../tools/testing/conformance.ts';
import { WitnessError } from '../../src/witness/errors.ts';
import { knownLogs } from '../../src/witness/known-logs.ts';
import { parseLogList } from '../../src/witness/log-list.ts';
import { seededSigner } from '../support/fake-log.ts';

const FOLDER = 'witness-network-lists';

test('the public log lists are read whole', { skip: skipReason(FOLDER) }, () => {
  const folder = conformanceFile(FOLDER) as string;
  const files = readdirSync(folder).filter((name) => name.includes('log-list'));
  assert.ok(files.length >= 3);
  for (const file of files) {
    const text = readFileSync(join(folder, file), 'utf8');
    const logs = parseLogList(text);
    const keys = logs.flatMap((log) => log.keys.map(formatVerifierKey));
    const wanted = Array.from(text.matchAll(/^vkey (\S+)$/gm), ([, vkey]) => vkey);
    assert.deepEqual(new Set(keys), new Set(wanted), file);
    for (const { requestsPerDay = 0, contact = '' } of logs) {
      assert.ok(requestsPerDay >= 1 && contact !== '');
    }
    assert.equal(knownLogs(logs, []).size, logs.length);
  }
});

const vkey = formatVerifierKey(createNoteSigner('log.example', seededSigner(1)).key);
const cosigning = formatVerifierKey(createCosigner('log.example', seededSigner(1)).key);

test('a list item: spaces, comments, another origin', () => {
  const text = `# list\n\n  logs/v0\nvkey ${vkey}\norigin the log\n qpd 24 \ncontact a (at) b\n`;
  const [log, ...rest] = parseLogList(text);
  assert.equal(rest.length, 0);
  assert.equal(log?.origin, 'the log');
  assert.equal(log.requestsPerDay, 24);
  assert.equal(log.contact, 'a (at) b');
});

const refused: readonly (readonly [string, string])[] = [
  ['no header', `vkey ${vkey}\nqpd 1\ncontact a\n`],
  ['nothing', ''],
  ['another format', 'logs/v1\n'],
  ['a key that cosigns', `logs/v0\nvkey ${cosigning}\nqpd 1\ncontact a\n`],
  [
    'a wrong id',
    `logs/v0\nvkey ${vkey.replace(/\+[0-9a-f]{8}\+/, '+00000000+')}\nqpd 1\ncontact a`,
  ],
  ['no qpd', `logs/v0\nvkey ${vkey}\ncontact a\n`],
  ['no contact', `logs/v0\nvkey ${vkey}\nqpd 1\n`],
  ['order', `logs/v0\nvkey ${vkey}\nqpd 1\norigin x\ncontact a\n`],
  ['qpd 0', `logs/v0\nvkey ${vkey}\nqpd 0\ncontact a\n`],
  ['qpd 2^31', `logs/v0\nvkey ${vkey}\nqpd 2147483648\ncontact a\n`],
  ['leading zero', `logs/v0\nvkey ${vkey}\nqpd 01\ncontact a\n`],
  ['a key twice', `logs/v0\n${`vkey ${vkey}\nqpd 1\ncontact a\n`.repeat(2)}`],
  ['an unknown line', `logs/v0\nkey ${vkey}\n`],
];

for (const [what, text] of refused) {
  test(`a log list is refused for ${what}`, () => {
    assert.throws(
      () => parseLogList(text),
      (error) => error instanceof WitnessError && error.code === 'invalid-log-list',
    );
  });
}
