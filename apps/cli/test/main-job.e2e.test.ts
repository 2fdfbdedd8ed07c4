/** The main job on real input: this repository's own history and live readings of this machine. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import {
  hasGit,
  lastJson,
  REPOSITORY,
  Sandbox,
  startTestNode,
  type TestNode,
} from './helpers/run-cli.ts';

const sandbox = new Sandbox();
let node: TestNode;
let url: string[];

before(async () => {
  node = await startTestNode(sandbox, ['--set', 'hostReadings=true']);
  url = ['--url', node.url];
});

after(async () => {
  await node.stop();
  sandbox[Symbol.dispose]();
});

const skip = hasGit ? false : 'this checkout has no git history';

interface Appended {
  readonly appended: number;
  readonly known: number;
  readonly firstIndex: number | null;
  readonly lastIndex: number | null;
  readonly namespace: string;
}

test('the git history is appended, commit by commit, and once only', { skip }, async () => {
  const commits = execFileSync('git', ['-C', REPOSITORY, 'log', '--reverse', '--format=%H'])
    .toString()
    .trim()
    .split('\n');
  const first = await sandbox.ok(['append', '-n', 'repo', '--git', REPOSITORY, '--json', ...url]);
  const appended = lastJson<Appended>(first.out);
  // Others may commit while this test runs.
  assert.ok(appended.appended >= commits.length);
  assert.equal(appended.firstIndex, 1);
  assert.match(first.err, /written by the new key .*repo\.key, not encrypted/);
  const again = await sandbox.ok(['append', '-n', 'repo', '--git', REPOSITORY, '--json', ...url]);
  assert.ok(lastJson<Appended>(again.out).known >= appended.appended);
  const listed = await sandbox.ok(['list', '-n', 'repo', '-c', '100000', '--json', ...url]);
  const hashes = listed.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { payload?: string; payloadType: number })
    .filter((block) => block.payloadType === 1)
    .map((block) => (JSON.parse(block.payload ?? '{}') as { hash: string }).hash);
  assert.deepEqual(hashes.slice(0, commits.length), commits);
  assert.equal(new Set(hashes).size, hashes.length);
});

test('a proof checks offline against policy and record; tampered copies are refused', {
  skip,
}, async () => {
  const proof = await sandbox.ok(['prove', '-n', 'repo', '3', '--key-blocks', 'repo.keys', ...url]);
  const policy = await sandbox.ok(['policy', ...url]);
  const record = await sandbox.ok(['get', '-n', 'repo', '3', '--payload', ...url]);
  writeFileSync(sandbox.path('3.tlog-proof'), proof.out);
  writeFileSync(sandbox.path('policy.txt'), policy.out);
  writeFileSync(sandbox.path('record.json'), record.bytes);
  const trust = ['--policy', 'policy.txt'];

  const good = await sandbox.ok([
    'verify',
    '3.tlog-proof',
    ...trust,
    '--record',
    'record.json',
    '--key-blocks',
    'repo.keys',
  ]);
  assert.match(good.out, /3\.tlog-proof holds/);
  assert.match(good.out, /✓ record .*byte for byte/);
  assert.match(good.out, /✓ signature .*who was the writer then/);
  assert.match(good.out, /– witnesses/);

  // Without a policy the key counts that this home has seen; a stranger's home has none.
  await sandbox.ok(['verify', '3.tlog-proof']);
  const stranger = { env: { BASALT_HOME: sandbox.path('stranger') } };
  const noTrust = await sandbox.run(['verify', '3.tlog-proof'], stranger);
  assert.equal(noTrust.code, 2);
  assert.match(noTrust.err, /policy/);
  await sandbox.ok(['verify', '3.tlog-proof', ...trust], stranger);

  const refuses = async (name: string, args: string[], words: RegExp): Promise<void> => {
    const result = await sandbox.run(['verify', ...args]);
    assert.equal(result.code, 1, `${name}: exit ${result.code} ${result.err}`);
    assert.match(result.err, words, name);
    assert.equal(result.out, '', name);
  };
  const changedRecord = Buffer.from(record.bytes);
  changedRecord[20] = (changedRecord[20] ?? 0) ^ 1;
  writeFileSync(sandbox.path('changed.json'), changedRecord);
  await refuses(
    'changed record',
    ['3.tlog-proof', ...trust, '--record', 'changed.json'],
    /not the record of this proof/,
  );
  const lines = proof.out.split('\n');
  /** Another base64 digit at a place; the ones here stand where every bit counts. */
  const flip = (pattern: RegExp): string =>
    proof.out.replace(
      pattern,
      (_, start: string, digit: string) => start + (digit === 'A' ? 'B' : 'A'),
    );
  const variants: [string, string][] = [
    ['other index', proof.out.replace('\nindex 3\n', '\nindex 4\n')],
    ['missing path node', lines.filter((_, at) => at !== 3).join('\n')],
    ['changed entry', flip(/(extra .{40})(.)/)],
    ['changed path', flip(/(\nindex 3\n)(.)/)],
    ['changed root', flip(/(\n\d+\n)(.)(?=.{43}\n\n)/)],
    ['changed signature', flip(/(— \S+ .{20})(.)/)],
    ['cut off', proof.out.slice(0, -40)],
    ['empty', ''],
  ];
  for (const [name, text] of variants) {
    assert.notEqual(text, proof.out, name);
    writeFileSync(sandbox.path('tampered.tlog-proof'), text);
    await refuses(name, ['tampered.tlog-proof', ...trust], /does not hold|does not carry/);
  }
  const otherKey = policy.out.replace(
    /\+([A-Za-z0-9+/]{44})\n/,
    (_, key: string) => `+${key.slice(0, 30)}${key[30] === 'A' ? 'B' : 'A'}${key.slice(31)}\n`,
  );
  writeFileSync(sandbox.path('other-policy.txt'), otherKey);
  const wrongKey = await sandbox.run(['verify', '3.tlog-proof', '--policy', 'other-policy.txt']);
  assert.notEqual(wrongKey.code, 0);
});

test('live readings of this machine are recorded, watched and verified', async () => {
  const watched = await sandbox.ok([
    'watch',
    '-n',
    'host',
    '--from',
    '1',
    '-c',
    '2',
    '--json',
    ...url,
  ]);
  const readings = watched.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { payload: string; verified: Record<string, unknown> });
  assert.equal(readings.length, 2);
  for (const { payload, verified } of readings) {
    const reading = JSON.parse(payload) as { load: number[]; memory: { totalBytes: number } };
    assert.equal(reading.load.length, 3);
    assert.ok(reading.memory.totalBytes > 0);
    assert.equal(verified['inclusion'], true);
    assert.equal(verified['signature'], true);
  }
  const head = lastJson<{ index: number }>(
    (await sandbox.ok(['head', '-n', 'host', '--json', ...url])).out,
  );
  await pause(1_500);
  const later = lastJson<{ index: number }>(
    (await sandbox.ok(['head', '-n', 'host', '--json', ...url])).out,
  );
  assert.ok(later.index > head.index);
});

test('lines, CSV, NDJSON, files, a folder and bytes all become blocks', async () => {
  writeFileSync(sandbox.path('trips.csv'), 'from,to,km\nA,"B, C",1.10\nD,E,2\n');
  writeFileSync(sandbox.path('r.ndjson'), '{"t":1}\r\n\n{"t": 2}');
  execFileSync('mkdir', ['-p', sandbox.path('docs/sub')]);
  writeFileSync(sandbox.path('docs/a.txt'), 'alpha\n');
  writeFileSync(sandbox.path('docs/sub/b.bin'), Buffer.from([0, 255, 10]));
  await sandbox.ok(['append', '-n', 'mix', 'trips.csv', 'r.ndjson', 'docs', ...url]);
  await sandbox.ok(['append', '-n', 'mix', ...url], { input: 'one\ntwo\n' });
  const bytes = Buffer.from(Array.from({ length: 10 }, (_, i) => i * 25));
  const chunked = ['append', '-n', 'mix', '--format', 'binary', '--chunk-size', '4', ...url];
  await sandbox.ok(chunked, { input: bytes });
  const listed = await sandbox.ok(['list', '-n', 'mix', '-c', '100', '--json', ...url]);
  const payloads = listed.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { payload?: string; payloadBase64?: string })
    .map(
      ({ payload, payloadBase64 }) =>
        payload ?? Buffer.from(payloadBase64 ?? '', 'base64').toString('hex'),
    );
  assert.deepEqual(payloads.slice(1, 6), [
    '{"from":"A","to":"B, C","km":"1.10"}',
    '{"from":"D","to":"E","km":"2"}',
    '{"t":1}',
    '{"t": 2}',
    '{"name":"a.txt","type":"text/plain","size":6}\nalpha\n',
  ]);
  assert.deepEqual(payloads.slice(7, 9), ['one', 'two']);
  assert.deepEqual(
    payloads.slice(-3).map((text) => text.length / 2),
    [4, 4, 2],
  );
  const file = await sandbox.ok(['get', '-n', 'mix', '6', '--file', ...url]);
  assert.deepEqual([...file.bytes], [0, 255, 10]);

  // A copy of a file elsewhere, by its path, is the record.
  await sandbox.ok(['prove', '-n', 'mix', '6', '-o', '6.tlog-proof', ...url]);
  const verified = await sandbox.ok(['verify', '6.tlog-proof', '--record', 'docs/sub/b.bin']);
  assert.match(verified.out, /the file that was appended/);
  writeFileSync(sandbox.path('docs/sub/b.bin'), Buffer.from([0, 255, 11]));
  const changed = await sandbox.run(['verify', '6.tlog-proof', '--record', 'docs/sub/b.bin']);
  assert.equal(changed.code, 1);
});

test('bad input is named and costs only what follows; mended, it goes on', async () => {
  writeFileSync(sandbox.path('broken.ndjson'), '{"a":1}\n{"a":2}\n{"a":\n{"a":4}\n');
  const broken = await sandbox.run(['append', '-n', 'broken', 'broken.ndjson', ...url]);
  assert.equal(broken.code, 2);
  assert.match(broken.err, /line 3 is not JSON/);
  writeFileSync(sandbox.path('broken.ndjson'), '{"a":1}\n{"a":2}\n{"a":3}\n{"a":4}\n');
  const mended = await sandbox.ok(['append', '-n', 'broken', 'broken.ndjson', '--json', ...url]);
  const result = lastJson<Appended>(mended.out);
  assert.deepEqual([result.known, result.appended, result.lastIndex], [2, 2, 4]);
});

test('exit codes: usage 2, no node 3, refused 4', async () => {
  assert.equal((await sandbox.run(['append', '-n', 'x', 'no-such-file', ...url])).code, 2);
  assert.equal((await sandbox.run(['append'])).code, 2);
  assert.equal((await sandbox.run(['nonsense'])).code, 2);
  assert.equal((await sandbox.run(['get', 'xyz', ...url])).code, 2);
  assert.equal(
    (await sandbox.run(['append', '-n', 'x', '--url', 'not a url'], { input: 'a' })).code,
    2,
  );
  const away = await sandbox.run(['namespaces', '--url', 'http://127.0.0.1:9', '--json']);
  assert.equal(away.code, 3);
  assert.equal((JSON.parse(away.err) as { error: { exitCode: number } }).error.exitCode, 3);
  const unknown = await sandbox.run(['head', '-n', 'no such name', ...url]);
  assert.equal(unknown.code, 4);
  assert.match(unknown.err, /basalt namespaces/);
  const foreign = await sandbox.run(['append', '-n', 'host', ...url], { input: 'x\n' });
  assert.notEqual(foreign.code, 0);
  assert.match(foreign.err, /key is not on this computer/);
});

test('keys: rotation hands over, the old key is refused, the new one writes', async () => {
  await sandbox.ok(['append', '-n', 'turn', ...url], { input: 'before\n' });
  const old = lastJson<{ keyId: string }>(
    (await sandbox.ok(['keys', 'show', 'turn', '--json'])).out,
  );
  await sandbox.ok(['keys', 'rotate', '-n', 'turn', ...url]);
  const now = lastJson<{ keyId: string }>(
    (await sandbox.ok(['keys', 'show', 'turn', '--json'])).out,
  );
  assert.notEqual(now.keyId, old.keyId);
  await sandbox.ok(['append', '-n', 'turn', ...url], { input: 'after\n' });
  const retired = `${sandbox.home}/keys/turn.retired-${old.keyId.slice(0, 8)}.key`;
  const refused = await sandbox.run(['append', '-n', 'turn', '--key', retired, ...url], {
    input: 'x\n',
  });
  assert.equal(refused.code, 4);
  assert.match(refused.err, /is written by the key/);
  const again = await sandbox.ok(['keys', 'rotate', '-n', 'turn', ...url]);
  assert.match(again.out, /from now on written by/);
});

test('keys: encrypted with a passphrase from the environment, refused without it', async () => {
  const secret = { env: { BASALT_PASSPHRASE: 'a long passphrase' } };
  await sandbox.ok(['keys', 'new', 'sealed'], secret);
  assert.doesNotMatch(
    readFileSync(`${sandbox.home}/keys/sealed.key`, 'utf8'),
    /"encryption": null/,
  );
  const without = await sandbox.run(['append', '-n', 'sealed', ...url], { input: 'x\n' });
  assert.equal(without.code, 2);
  assert.match(without.err, /BASALT_PASSPHRASE/);
  const wrong = await sandbox.run(['append', '-n', 'sealed', ...url], {
    input: 'x\n',
    env: { BASALT_PASSPHRASE: 'another one' },
  });
  assert.equal(wrong.code, 2);
  await sandbox.ok(['append', '-n', 'sealed', ...url], { input: 'x\n', ...secret });
  const next = readFileSync(`${sandbox.home}/keys/sealed.next.key`, 'utf8');
  assert.doesNotMatch(next, /"encryption": null/, 'the next key is protected as the key is');
  await sandbox.ok(['keys', 'rotate', '-n', 'sealed', ...url], secret);
  await sandbox.ok(['append', '-n', 'sealed', ...url], { input: 'y\n', ...secret });
  const exists = await sandbox.run(['keys', 'new', 'sealed'], secret);
  assert.equal(exists.code, 2);
});

test('every command has help with examples, itself or in its subcommands', async () => {
  const namesIn = (help: string): string[] =>
    [...help.matchAll(/^ {2}([a-z]+)(?: \S+)* {2,}/gm)]
      .map((match) => match[1] ?? '')
      .filter((name) => name !== 'help');
  const check = async (words: readonly string[]): Promise<void> => {
    const text = (await sandbox.ok([...words, '--help'])).out;
    if (/Examples:\n {2}\$ /.test(text)) return;
    const inner = namesIn(text.split('\nCommands:\n')[1] ?? '');
    assert.ok(inner.length > 0, `basalt ${words.join(' ')} has no examples`);
    for (const name of inner) await check([...words, name]);
  };
  const names = namesIn((await sandbox.ok(['--help'])).out.split('\nExamples:')[0] ?? '');
  assert.ok(names.length >= 17, names.join());
  for (const name of names) await check([name]);
});
