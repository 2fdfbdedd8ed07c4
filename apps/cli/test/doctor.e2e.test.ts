/** `basalt doctor` as a person runs it: before a start, beside a node, with bad settings. */
import assert from 'node:assert/strict';
import { chmodSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { lastJson, Sandbox, startTestNode } from './helpers/run-cli.ts';

const sandbox = new Sandbox();
after(() => sandbox[Symbol.dispose]());

interface Told {
  readonly bad: number;
  readonly findings: readonly { name: string; state: string; words: string; advice?: string }[];
}

const stateOf = ({ findings }: Told, name: string): string | undefined =>
  findings.find((finding) => finding.name === name)?.state;

test('a folder that is not there yet: nothing is made, and it says so', async () => {
  const told = await sandbox.run(['doctor', '--port', '0', '--data-dir', 'new']);
  assert.equal(told.code, 0, told.out);
  assert.match(told.out, /data folder +\S*.*new is made at the first start/);
  assert.match(told.out, /a small synced write takes/);
  assert.match(told.out, /0 bad: ready for a node/);
  assert.deepEqual(readdirSync(sandbox.work), []);
});

test('beside a node: its lock and port are its own; an open key file is bad', async () => {
  const node = await startTestNode(sandbox);
  const args = ['doctor', '--json', '--url', node.url, '--data-dir', node.dataDir];
  const own = [...args, '--port', new URL(node.url).port];
  const whole = await sandbox.run(own);
  assert.equal(whole.code, 0, whole.out);
  const told = lastJson<Told>(whole.out);
  assert.match(told.findings.find(({ name }) => name === 'lock')?.words ?? '', /runs on it/);
  // The node has the clock of this machine: what is told is what the system says.
  const clock = told.findings.find(({ name }) => name === 'clock');
  assert.match(clock?.words ?? '', /Z, (?:synchronized|not synchronized|compared with nothing)/);
  chmodSync(join(node.dataDir, 'admin.token'), 0o644);
  const open = await sandbox.run(own);
  assert.equal(open.code, 1);
  assert.equal(stateOf(lastJson<Told>(open.out), 'key files'), 'bad');
  const other = await sandbox.run([
    'doctor',
    '--json',
    '--data-dir',
    'elsewhere',
    '--port',
    new URL(node.url).port,
  ]);
  assert.equal(other.code, 1);
  assert.equal(stateOf(lastJson<Told>(other.out), 'port'), 'bad');
  const taken = ['--set', 'chain=true', '--set', `rpcPort=${new URL(node.url).port}`];
  const chain = await sandbox.run(['doctor', '--json', '--data-dir', 'c', '--port', '0', ...taken]);
  assert.equal(stateOf(lastJson<Told>(chain.out), 'RPC port'), 'bad');
  await node.stop();
  const silent = await sandbox.run(own);
  assert.equal(stateOf(lastJson<Told>(silent.out), 'node asked'), 'bad');
});

test('a configuration that cannot be read, and names that are no setting', async () => {
  writeFileSync(sandbox.path('wrong.json'), '{"prot": 80}');
  const wrong = await sandbox.run(['doctor', '--config', 'wrong.json', '--json']);
  assert.equal(wrong.code, 1);
  const [first] = lastJson<Told>(wrong.out).findings;
  assert.equal(first?.state, 'bad');
  assert.match(`${first?.words} ${first?.advice}`, /prot/);
  const env = { BASALT_PROT: '80' };
  const misspelt = await sandbox.run(['doctor', '--port', '0', '--json'], { env });
  assert.equal(stateOf(lastJson<Told>(misspelt.out), 'configuration'), 'warn');
  assert.equal(misspelt.code, 0);
});
