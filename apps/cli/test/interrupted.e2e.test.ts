/** The command line dies in the middle: no record twice, none left out. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { ended, lastJson, Sandbox, startTestNode, type TestNode } from './helpers/run-cli.ts';

const RECORDS = 12_000;
const ROUNDS = 5;

const sandbox = new Sandbox();
let node: TestNode;
let url: string[];

before(async () => {
  node = await startTestNode(sandbox);
  url = ['--url', node.url];
});

after(async () => {
  await node.stop();
  sandbox[Symbol.dispose]();
});

interface Appended {
  readonly appended: number;
  readonly known: number;
}

interface Listed {
  readonly payload: string;
  readonly payloadType: number;
}

async function payloadsOf(namespace: string): Promise<string[]> {
  const exported = await sandbox.ok([
    'list',
    '-n',
    namespace,
    '--from',
    '0',
    '-c',
    '1000000',
    '--json',
    ...url,
  ]);
  return exported.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Listed)
    .filter((block) => block.payloadType === 1)
    .map((block) => block.payload);
}

test('kill -9 at random moments of an append: the same command ends the job exactly', async () => {
  const lines = Array.from(
    { length: RECORDS },
    (_, i) => `{"n":${i % 1000},"t":"${'x'.repeat(80)}"}`,
  );
  writeFileSync(sandbox.path('many.ndjson'), lines.join('\n'));
  const args = ['append', '-n', 'many', 'many.ndjson', '--json', ...url];
  let killed = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const child = sandbox.spawn(args);
    const end = ended(child);
    await pause(300 + Math.floor(Math.random() * 400));
    child.kill('SIGKILL');
    if ((await end).signal === 'SIGKILL') killed++;
  }
  const last = lastJson<Appended>((await sandbox.ok(args)).out);
  assert.equal(last.appended + last.known, RECORDS);
  assert.ok(killed > 0, 'every run ended before it was killed: the test shows nothing');
  assert.deepEqual(await payloadsOf('many'), lines);
});

test('Ctrl+C ends in order and the next run goes on', async () => {
  const lines = Array.from({ length: RECORDS }, (_, i) => `line ${i}`);
  writeFileSync(sandbox.path('lines.log'), lines.join('\n'));
  const args = ['append', '-n', 'lines', 'lines.log', '--json', ...url];
  const child = sandbox.spawn(args);
  const end = ended(child);
  await pause(550);
  child.kill('SIGINT');
  const first = await end;
  assert.ok(first.code === 130 || first.code === 0, `${first.code} ${first.err}`);
  const second = lastJson<Appended>((await sandbox.ok(args)).out);
  assert.equal(second.appended + second.known, RECORDS);
  if (first.code === 130 && first.out !== '') {
    assert.ok(second.known >= lastJson<Appended>(first.out).appended);
  }
  assert.deepEqual(await payloadsOf('lines'), lines);
});

test('standard input, interrupted: the same goes on, a later one is new', async () => {
  const lines = Array.from({ length: RECORDS }, (_, i) => `entry ${i}`);
  const input = `${lines.join('\n')}\n`;
  const args = ['append', '-n', 'piped', '--format', 'lines', '--json', ...url];
  const child = sandbox.spawn(args, { input });
  const end = ended(child);
  await pause(550);
  child.kill('SIGKILL');
  await end;
  await sandbox.ok(args, { input });
  assert.deepEqual(await payloadsOf('piped'), lines);
  await sandbox.ok(args, { input: 'entry 0\n' });
  assert.deepEqual(await payloadsOf('piped'), [...lines, 'entry 0']);
});

test('the node dies: the append ends with 3, and goes on with the node', async () => {
  const own = await startTestNode(sandbox, [], `${sandbox.folder}/other data`);
  const port = new URL(own.url).port;
  const lines = Array.from({ length: RECORDS }, (_, i) => `row ${i}`);
  writeFileSync(sandbox.path('rows.log'), lines.join('\n'));
  const args = ['append', '-n', 'rows', 'rows.log', '--json', '--url', own.url];
  const child = sandbox.spawn(args);
  const end = ended(child);
  await pause(550);
  await own.kill();
  const failed = await end;
  assert.ok(failed.code === 3 || failed.code === 0, `${failed.code} ${failed.err}`);
  const again = await startTestNode(sandbox, ['--set', `port=${port}`], own.dataDir);
  const rest = await sandbox.ok(args.with(-1, again.url));
  assert.equal(lastJson<Appended>(rest.out).appended + lastJson<Appended>(rest.out).known, RECORDS);
  await again.stop();
  assert.equal((await sandbox.run(['fsck', own.dataDir])).code, 0);
});

test('two appends into one namespace at once: the second is told to wait', async () => {
  await sandbox.ok(['append', '-n', 'one', ...url], { input: 'first\n' });
  const holder = sandbox.spawn(['append', '-n', 'one', '--format', 'lines', ...url]);
  holder.stdin?.write('second\n');
  await pause(1_200);
  const refused = await sandbox.run(['append', '-n', 'one', ...url], { input: 'third\n' });
  const end = ended(holder);
  holder.stdin?.end();
  assert.equal(refused.code, 4, refused.err);
  assert.match(refused.err, /another basalt \(process \d+\) is writing/);
  assert.equal((await end).code, 0);
  assert.deepEqual(await payloadsOf('one'), ['first', 'second']);
});
