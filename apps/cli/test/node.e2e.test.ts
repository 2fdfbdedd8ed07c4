/** A node as a service: start, stop, crash, and what it leaves behind. */
import assert from 'node:assert/strict';
import {
  cpSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { lastJson, Sandbox, startTestNode } from './helpers/run-cli.ts';

const sandbox = new Sandbox();

after(() => sandbox[Symbol.dispose]());

test('two nodes on one data folder: the second refuses, the first goes on', async () => {
  const node = await startTestNode(sandbox);
  const second = await sandbox.run(['node', '--port', '0', '--data-dir', node.dataDir]);
  assert.equal(second.code, 4, second.err);
  assert.match(second.err, /is in use by process \d+/);
  await sandbox.ok(['namespaces', '--url', node.url]);
  for (const [path, title] of [
    ['/', 'Basalt explorer'],
    ['/dashboard/', 'Overview'],
  ] as const) {
    assert.match(await (await fetch(node.url + path)).text(), new RegExp(`<title>${title}`));
  }
  const port = new URL(node.url).port;
  const taken = await sandbox.run(['node', '--port', port, '--data-dir', sandbox.path('x')]);
  assert.equal(taken.code, 2, taken.err);
  assert.match(taken.err, /another program listens/);
  const stopped = await node.stop();
  assert.equal(stopped.code, 0);
  assert.match(stopped.err, /"message":"stopped"/);
});

test('files that hold secrets are for their owner only', async () => {
  const node = await startTestNode(sandbox);
  for (const name of ['log.key', 'admin.token']) {
    assert.equal(statSync(join(node.dataDir, name)).mode & 0o777, 0o600, name);
  }
  assert.equal(statSync(node.dataDir).mode & 0o777, 0o700);
  const token = readFileSync(join(node.dataDir, 'admin.token'), 'utf8').trim();
  const ask = (authorization: string): Promise<Response> =>
    fetch(`${node.url}/admin/config`, { headers: { authorization } });
  assert.equal((await ask('Bearer wrong')).status, 401);
  assert.equal((await ask(`Bearer ${token}`)).status, 200);
  await node.stop();
});

test('a node that was set back to an older copy gets no second block for an index', async () => {
  const first = await startTestNode(sandbox);
  const port = new URL(first.url).port;
  const append = (lines: string, url: string): ReturnType<typeof sandbox.run> => {
    writeFileSync(sandbox.path('set-back.log'), lines);
    const args = ['append', '-n', 'set-back', 'set-back.log', '--again', '--json', '--url', url];
    return sandbox.run(args);
  };
  assert.equal((await append('a\nb', first.url)).code, 0);
  await first.stop();
  const copy = `${first.dataDir} copy`;
  cpSync(first.dataDir, copy, { recursive: true });
  const set = ['--set', `port=${port}`];
  const second = await startTestNode(sandbox, set, first.dataDir);
  assert.equal((await append('c\nd', second.url)).code, 0);
  await second.stop();
  const third = await startTestNode(sandbox, set, copy);
  const refused = await append('e', third.url);
  assert.equal(refused.code, 4, refused.err);
  assert.match(refused.err, /up to block 2, and block 4 of this computer was in it before/);
  await third.stop();
});

test('a stop under load: what was acknowledged is there afterwards', async () => {
  const node = await startTestNode(sandbox);
  const url = ['--url', node.url];
  const lines = Array.from({ length: 20_000 }, (_, i) => `n ${i}`).join('\n');
  writeFileSync(sandbox.path('load.log'), lines);
  const load = sandbox.run(['append', '-n', 'load', 'load.log', '--json', ...url]);
  await new Promise((resolve) => setTimeout(resolve, 700));
  const stopped = await node.stop();
  assert.equal(stopped.code, 0, stopped.err);
  await load;
  const port = new URL(node.url).port;
  const again = await startTestNode(sandbox, ['--set', `port=${port}`], node.dataDir);
  const rest = await sandbox.ok(['append', '-n', 'load', 'load.log', '--json', '--url', again.url]);
  const { appended, known } = lastJson<{ appended: number; known: number }>(rest.out);
  assert.equal(appended + known, 20_000);
  await again.stop();
  const clean = await sandbox.ok(['fsck', again.dataDir, '--json']);
  assert.equal(lastJson<{ findings: number }>(clean.out).findings, 0);
});

test('export, check, import into another node: the same chain, proof for proof', async () => {
  const node = await startTestNode(sandbox);
  const url = ['--url', node.url];
  const lines = Array.from({ length: 1_500 }, (_, i) => `record ${i} ${'y'.repeat(i % 300)}`);
  await sandbox.ok(['append', '-n', 'moved', ...url], { input: lines.join('\n') });
  await sandbox.ok(['keys', 'rotate', '-n', 'moved', ...url]);
  await sandbox.ok(['append', '-n', 'moved', ...url], { input: 'the last one\n' });
  await sandbox.ok(['export', '-n', 'moved', 'moved.basalt', ...url]);
  await sandbox.ok(['policy', ...url]).then(({ out }) => writeFileSync(sandbox.path('p.txt'), out));
  const bytes = readFileSync(sandbox.path('moved.basalt'));

  // The same again, and one that was cut off, give the same bytes.
  await sandbox.ok(['export', '-n', 'moved', 'twin.basalt', ...url]);
  assert.deepEqual(readFileSync(sandbox.path('twin.basalt')), bytes);
  truncateSync(sandbox.path('twin.basalt'), Math.floor(bytes.length * 0.6));
  const cut = await sandbox.run(['import', 'twin.basalt', '--check']);
  assert.equal(cut.code, 5, cut.err);
  await sandbox.ok(['export', '-n', 'moved', 'twin.basalt', ...url]);
  assert.deepEqual(readFileSync(sandbox.path('twin.basalt')), bytes);

  await sandbox.ok(['import', 'moved.basalt', '--check', '--policy', 'p.txt']);
  const places = [0.3, 0.6, 0.9].map((share) => Math.floor(bytes.length * share));
  for (const place of places) {
    const changed = Buffer.from(bytes);
    changed[place] = (changed[place] ?? 0) ^ 0x10;
    writeFileSync(sandbox.path('changed.basalt'), changed);
    const refused = await sandbox.run(['import', 'changed.basalt', '--check']);
    assert.ok(refused.code === 1 || refused.code === 5, `byte ${place}: exit ${refused.code}`);
  }
  writeFileSync(sandbox.path('longer.basalt'), Buffer.concat([bytes, Buffer.from('x')]));
  assert.equal((await sandbox.run(['import', 'longer.basalt', '--check'])).code, 5);

  const other = await startTestNode(sandbox, [], join(sandbox.folder, 'second data'));
  const first = await sandbox.ok(['import', 'moved.basalt', '--url', other.url, '--json']);
  assert.equal(lastJson<{ imported: number }>(first.out).imported, 1_503);
  const again = await sandbox.ok(['import', 'moved.basalt', '--url', other.url, '--json']);
  assert.equal(lastJson<{ imported: number }>(again.out).imported, 0);
  const heads = await Promise.all(
    [node.url, other.url].map(async (address, at) => {
      const env = { BASALT_HOME: sandbox.path(`home ${at}`) };
      const { out } = await sandbox.ok(['head', '-n', 'moved', '--json', '--url', address], {
        env,
      });
      const { hash, checkpoint } = lastJson<{ hash: string; checkpoint: { root: string } }>(out);
      return { hash, root: checkpoint.root };
    }),
  );
  assert.deepEqual(heads[0], heads[1]);
  const env = { BASALT_HOME: sandbox.path('auditor') };
  const audit = await sandbox.ok(['fsck', '--url', other.url, '--json'], { env });
  assert.equal(lastJson<{ findings: number }>(audit.out).findings, 0);
  await node.stop();
  await other.stop();
});

test('fsck names what is damaged and ends with 5; a running node is not touched', async () => {
  const dataDir = join(sandbox.folder, 'damaged data');
  const node = await startTestNode(sandbox, [], dataDir);
  const secret = 'a payload that will be changed on disk '.repeat(8);
  await sandbox.ok(['append', '-n', 'd', '--url', node.url], { input: `${secret}\n` });
  const running = await sandbox.run(['fsck', dataDir]);
  assert.equal(running.code, 4, running.err);
  await node.stop();
  await sandbox.ok(['fsck', dataDir]);
  const file = join(dataDir, 'store', 'data.mdb');
  const bytes = readFileSync(file);
  let found = 0;
  for (let at = bytes.indexOf(secret); at !== -1; at = bytes.indexOf(secret, at + 1)) {
    bytes[at] = 0x41;
    found++;
  }
  assert.ok(found > 0);
  writeFileSync(file, bytes);
  const damaged = await sandbox.run(['fsck', dataDir]);
  assert.equal(damaged.code, 5, damaged.out + damaged.err);
  assert.match(damaged.out, /✗ /);
  const none = await sandbox.run(['fsck', sandbox.path('nothing')]);
  assert.equal(none.code, 2);
});

test('prune takes payloads from a stopped node; proofs made afterwards hold', async () => {
  const dataDir = join(sandbox.folder, 'pruned data');
  const node = await startTestNode(sandbox, [], dataDir);
  const lines = Array.from({ length: 300 }, (_, i) => `reading ${i} ${'z'.repeat(i % 100)}`);
  await sandbox.ok(['append', '-n', 'thin', '--url', node.url], { input: lines.join('\n') });
  const running = await sandbox.run(['prune', dataDir, '--policy', 'keep-headers', '--dry-run']);
  assert.equal(running.code, 4, running.err);
  await node.stop();

  const policy = ['--policy', 'keep-recent:100'];
  const table = await sandbox.ok(['retention', dataDir, ...policy]);
  assert.match(table.out, /^thin +301 +\S+ \w+ +301 /m);
  const looked = await sandbox.ok(['prune', dataDir, ...policy, '--dry-run']);
  assert.match(looked.out, /201 payloads would go/);
  interface Pruned {
    readonly label: string;
    readonly payloads: number;
  }
  const went = await sandbox.ok(['prune', dataDir, ...policy, '--json']);
  const { label, payloads } = lastJson<Pruned>(went.out);
  assert.deepEqual([label, payloads], ['thin', 201]);
  assert.match((await sandbox.ok(['prune', dataDir, ...policy])).out, /nothing went/);
  const rules = { mode: 'selective', rules: [{ action: 'prune', bytesMin: 100 }] };
  writeFileSync(sandbox.path('rules.json'), JSON.stringify(rules));
  const ruled = await sandbox.ok(['prune', dataDir, '--policy', 'rules.json', '--json']);
  assert.equal(lastJson<Pruned>(ruled.out).payloads, 12);
  const wrong = await sandbox.run(['prune', dataDir, '--policy', 'keep-rescent:5']);
  assert.equal(wrong.code, 2, wrong.out);
  await sandbox.ok(['fsck', dataDir]);

  const again = await startTestNode(sandbox, [], dataDir);
  const url = ['--url', again.url];
  for (const index of ['7', '295']) {
    const gone = await sandbox.run(['get', '-n', 'thin', index, '--payload', ...url]);
    assert.equal(gone.code, 4, gone.err);
    assert.match(gone.err, /pruned/);
    const proof = await sandbox.ok(['prove', '-n', 'thin', index, ...url]);
    writeFileSync(sandbox.path('thin.tlog-proof'), proof.out);
    await sandbox.ok(['verify', 'thin.tlog-proof']);
  }
  const { namespace } = lastJson<{ namespace: string }>(went.out);
  const blocks = `${again.url}/chains/${namespace}/blocks?from=7&count=1`;
  const answer = await fetch(blocks, { headers: { accept: 'application/x-basalt-blocks' } });
  assert.equal(answer.status, 410);
  assert.match(await answer.text(), /pruned/);
  const kept = await sandbox.ok(['get', '-n', 'thin', '230', '--payload', ...url]);
  assert.match(kept.out, /^reading 229 z/);
  await again.stop();
});

test('prune lets nothing go where archives are named, unless it is forced', async () => {
  const dataDir = join(sandbox.folder, 'handed over');
  const archive = `http://127.0.0.1:1 ${MIRROR_KEY}`;
  const node = await startTestNode(sandbox, ['--set', `archives=${archive}`], dataDir);
  await sandbox.ok(['append', '-n', 'kept', '--url', node.url], { input: 'a\nb\nc\n' });
  await node.stop();
  const prune = ['prune', dataDir, '--policy', 'keep-headers'];
  const refused = await sandbox.run(prune);
  assert.equal(refused.code, 4, refused.out);
  assert.match(refused.err, /nothing went: .* archives have them \(http:\/\/127\.0\.0\.1:1\)/);
  const looked = await sandbox.ok([...prune, '--dry-run']);
  assert.match(looked.out, /4 payloads would go/);
  assert.match(looked.err, /no archive was asked/);
  // A node that names none takes the note away; a configuration that does is enough.
  await (await startTestNode(sandbox, [], dataDir)).stop();
  assert.match((await sandbox.ok([...prune, '--dry-run'])).out, /4 payloads would go/);
  writeFileSync(sandbox.path('archived.json'), JSON.stringify({ dataDir, archives: [archive] }));
  const config = ['--config', sandbox.path('archived.json')];
  assert.equal((await sandbox.run([...prune, ...config])).code, 4);
  await assertArchivesCount(dataDir, archive);
  assert.match((await sandbox.ok([...prune, ...config, '--force'])).out, /4 payloads went/);
});

/** However the folder of a node is written, and wherever its configuration says nothing of it. */
async function assertArchivesCount(dataDir: string, archive: string): Promise<void> {
  const link = sandbox.path('linked');
  symlinkSync(dataDir, link);
  const rest = ['--policy', 'keep-headers'];
  const write = (file: string, content: object): void =>
    writeFileSync(sandbox.path(file), JSON.stringify({ ...content, archives: [archive] }));
  const codeOf = async (args: readonly string[], env = {}): Promise<number | null> =>
    (await sandbox.run(['prune', ...args, ...rest], { env })).code;
  write('elsewhere.json', { dataDir: sandbox.path('another') });
  write('folderless.json', {});
  for (const file of ['archived.json', 'elsewhere.json', 'folderless.json']) {
    assert.equal(await codeOf([link, '--config', sandbox.path(file)]), 4, file);
  }
  assert.equal(await codeOf([dataDir], { BASALT_CONFIG: sandbox.path('folderless.json') }), 4);
  // The file that lies in the working folder.
  for (const [content, path] of [
    [{ dataDir }, link],
    [{ dataDir: link }, dataDir],
    [{}, dataDir],
  ] as const) {
    write('basalt.config.json', content);
    assert.equal(await codeOf([path]), 4, JSON.stringify(content));
  }
  write('basalt.config.json', { dataDir: sandbox.path('another') });
  const looked = await sandbox.ok(['prune', link, ...rest, '--dry-run']);
  assert.doesNotMatch(looked.err, /no archive was asked/);
  rmSync(sandbox.path('basalt.config.json'));
}

/** The example of golang.org/x/mod/sumdb/note: nobody answers under it here. */
const MIRROR_KEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';

test('bench runs bounded and prints a table', async () => {
  const node = await startTestNode(sandbox);
  const args = ['bench', '--seconds', '1', '--writers', '1', '--url', node.url];
  const table = await sandbox.ok(args);
  assert.match(table.out, /append +[\d,]+ +[\d,]+/);
  const rows = (await sandbox.ok([...args, '--json'])).out.trim().split('\n');
  for (const row of rows) assert.ok((JSON.parse(row) as { perSecond: number }).perSecond > 0);
  await node.stop();
});

test('the configuration is printed with its sources, and a wrong one is refused', async () => {
  writeFileSync(sandbox.path('c.json'), '{"port": 8080, "logLevel": "debug"}');
  const env = { BASALT_CHECKPOINT_INTERVAL_MS: '50' };
  const shown = await sandbox.ok(['config', '--config', 'c.json', '--host', '0.0.0.0'], { env });
  assert.match(shown.out, /^port +8080 +file/m);
  assert.match(shown.out, /^checkpointIntervalMs +50 +environment/m);
  assert.match(shown.out, /^host +0\.0\.0\.0 +flag/m);
  assert.match(shown.out, /^superEpochMs +1000 +default/m);
  writeFileSync(sandbox.path('bad.json'), '{"prot": 1}');
  const bad = await sandbox.run(['node', '--config', 'bad.json']);
  assert.equal(bad.code, 2);
  assert.match(bad.err, /bad\.json: no such key: prot/);
});
