/** What a sharded import refuses, by code, and what a node refuses of it: each says what to do. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { createClient } from '@basalt/client';
import { Sandbox, startTestNode, type TestNode } from './helpers/run-cli.ts';

const sandbox = new Sandbox();
let node: TestNode;

before(async () => {
  node = await startTestNode(sandbox, ['--set', 'superEpochMs=200']);
});
after(async () => {
  await node.stop();
  sandbox[Symbol.dispose]();
});

const DAY = 86_400;
const START = Date.UTC(2025, 10, 1) / 1_000;
const lines = (...records: object[]): string =>
  records.map((one) => JSON.stringify(one)).join('\n');

interface Refused {
  readonly rc: number | null;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** Imports by day unless told otherwise, and reads the error; the code is '' where all is well. */
async function importText(
  name: string,
  text: string,
  { by = 'time=at:1d', env = {}, input = false } = {},
): Promise<Refused> {
  const file = `${name}.ndjson`;
  if (!input) writeFileSync(sandbox.path(file), text);
  const from = input ? ['-f', 'ndjson'] : [file];
  const sharded = by === '' ? [] : ['--shard-by', by];
  const args = ['append', '-n', name, ...from, ...sharded, '--json', '--url', node.url];
  const { code: rc, err } = await sandbox.run(args, { env, ...(input ? { input: text } : {}) });
  const last = err.trim().split('\n').at(-1) ?? '';
  if (rc === 0) return { rc, code: '', message: '', hint: '' };
  const { error } = JSON.parse(last) as { readonly error: Omit<Refused, 'rc'> };
  return { ...error, rc };
}

test('a clock that is ten minutes ahead is named as what is wrong', async () => {
  const script = 'const now=Date.now;Date.now=()=>now()+600000';
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` };
  const record = lines({ at: START, value: 1 });
  assert.equal((await importText('plain', record, { by: '' })).rc, 0);
  const more = `${record}\n${lines({ at: START, value: 2 })}`;
  const grown = await importText('plain', more, { by: '', env });
  const sharded = await importText('ahead', record, { env });
  const founded = await importText('fresh', record, { by: '', env });
  for (const { rc, code, hint } of [grown, sharded, founded]) {
    assert.deepEqual([rc, code], [4, 'too-far-in-future']);
    assert.match(hint, /the clock of this computer is probably wrong/);
  }
  assert.equal((await importText('plain', more, { by: '' })).rc, 0);
  assert.equal((await importText('ahead', record)).rc, 0);
});

test('a record of a closed time is a late record, in the same input and in the next', async () => {
  const days = [0, 1].map((number) => ({ at: START + number * DAY, value: number }));
  const late = { at: START + 60, value: 'late' };
  for (const input of [true, false]) {
    const one = await importText(`one-${input}`, lines(...days, late), { input });
    assert.deepEqual([one.rc, one.code], [4, 'late-record']);
    assert.match(one.message, /^record 3 /);
  }
  assert.equal((await importText('two', lines(...days))).rc, 0);
  const next = await importText('two', lines(late, days[1] as object), { input: true });
  assert.deepEqual([next.rc, next.code], [4, 'late-record']);
  assert.match(next.message, /two\/2025-11-01T00:00:00Z, a time shard that is closed/);
  assert.doesNotMatch(next.hint, /goes on/);
  assert.equal((await importText('two', lines(...days))).rc, 0);
});

test('a file with such a record, or with too many regions, makes and closes nothing', async () => {
  const now = Math.floor(Date.now() / 1_000);
  const bad: readonly [string, object[], string, RegExp][] = [
    ['micro', [{ at: now }, { at: now * 1_000_000 }], 'not-routable', /record 2 .*milliseconds/],
    ['huge', [{ at: now }, { at: 1e300 }], 'not-routable', /record 2 /],
    ['order', [{ at: now }, { at: now - 2 * DAY }], 'late-record', /record 2 /],
    ['many', Array.from({ length: 257 }, (_, site) => ({ site })), 'too-many-shards', /257/],
  ];
  for (const [name, records, wanted, message] of bad) {
    const by = name === 'many' ? 'region=site' : 'time=at:1d';
    const { rc, code, message: found } = await importText(name, lines(...records), { by });
    assert.deepEqual([rc, code], [wanted === 'late-record' ? 4 : 2, wanted]);
    assert.match(found, message);
  }
  for await (const { label } of createClient({ url: node.url }).namespaces()) {
    assert.ok(!bad.some(([name]) => label.startsWith(`${name}/`)), label);
  }
  // Of standard input what came before is written, in a shard that stays open for what is right.
  const micro = lines({ at: now }, { at: now * 1_000_000 });
  const piped = await importText('pipe', micro, { input: true });
  assert.equal(piped.code, 'not-routable');
  assert.equal((await importText('pipe', lines({ at: now, value: 2 }), { input: true })).rc, 0);
});
