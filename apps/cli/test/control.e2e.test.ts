/** What an operator asks about tuning, and his hand on it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { lastJson, Sandbox, startTestNode, type TestNode } from './helpers/run-cli.ts';

const sandbox = new Sandbox();
let node: TestNode;
let url: string[];
let token: string[];

before(async () => {
  node = await startTestNode(sandbox);
  url = ['--url', node.url];
  token = ['--token-file', `${node.dataDir}/admin.token`];
});

after(async () => {
  await node.stop();
  sandbox[Symbol.dispose]();
});

const NAME = 'gateway.prepared-bytes';

interface Told {
  readonly mode: string;
  readonly value: number;
  readonly bounds: { readonly min: number; readonly max: number };
  readonly changes: readonly { readonly reason: string }[];
}

test('each tunable is a row; one alone has its story', async () => {
  const all = await sandbox.ok(['control', ...url]);
  assert.match(all.out, /gateway\.prepared-bytes +64 MiB +4\.0 MiB +64 MiB/);
  const one = await sandbox.ok(['control', NAME, ...url]);
  assert.match(one.out, /It has not changed\./);
});

test('a value is held by hand, told, and released', async () => {
  await sandbox.ok(['control', NAME, '--hold', '8MB', ...url, ...token]);
  const held = lastJson<Told>((await sandbox.ok(['control', NAME, '--json', ...url])).out);
  assert.deepEqual([held.mode, held.value], ['held', 8_388_608]);
  const shown = await sandbox.ok(['control', NAME, ...url]);
  assert.match(shown.out, /T\d\d:\d\d:\d\dZ {2}64 MiB → 8\.0 MiB {2}set by hand/);
  await sandbox.ok(['control', NAME, '--release', ...url, ...token]);
  await sandbox.ok(['control', '--off', ...url, ...token]);
  const off = lastJson<Told>((await sandbox.ok(['control', NAME, '--json', ...url])).out);
  assert.deepEqual([off.mode, off.value], ['off', off.bounds.max]);
});

test('what is not done as it was asked for is said', async () => {
  const hold = async (name: string, value: string): Promise<string> =>
    (await sandbox.ok(['control', name, '--hold', value, ...url, ...token])).err;
  const groups = 'ledger.group-blocks';
  const off = await hold(groups, '300');
  assert.match(off, /Control is off: 300 is kept for when it is on again; .* stays 4096\./);
  const shown = await sandbox.ok(['control', groups, ...url]);
  assert.match(shown.out, /4,096 blocks +off; then 300 blocks/);
  await sandbox.ok(['control', '--on', ...url, ...token]);
  assert.equal(await hold(groups, '500'), '');
  assert.match(await hold(groups, '9000'), /9000 is cut to 4096, the most/);
  assert.match(await hold(groups, '99.5'), /99\.5 is rounded to 100\./);
});

test('without the token, a wrong name, half a question: refused with what to do', async () => {
  const bare = await sandbox.run(['control', '--on', ...url]);
  assert.equal(bare.code, 2);
  assert.match(bare.err, /--token-file/);
  const unknown = await sandbox.run(['control', 'nothing', ...url]);
  assert.match(unknown.err, /there are .*gateway\.prepared-bytes/);
  const half = await sandbox.run(['control', '--hold', '5', ...url, ...token]);
  assert.equal(half.code, 2);
});

test('what is no number, or a name with --off, changes nothing', async () => {
  const told = async (): Promise<string> => (await sandbox.ok(['control', '--json', ...url])).out;
  const before = await told();
  for (const change of [
    ['--hold', '32X'],
    ['--hold', 'NaN'],
    ['--hold', ''],
    ['--off'],
    ['--on'],
  ]) {
    const refused = await sandbox.run(['control', NAME, ...change, ...url, ...token]);
    assert.equal(refused.code, 2, `${change.join(' ')}: ${refused.err}`);
    assert.match(refused.err, /expected a number|are for all values/);
  }
  const two = ['--hold', '8M', '--release'];
  assert.equal((await sandbox.run(['control', NAME, ...two, ...url, ...token])).code, 2);
  assert.equal(await told(), before);
});
