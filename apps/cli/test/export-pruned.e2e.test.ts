/** What a pruned node still has goes into a file; whoever reads it is told what is not there. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { lastJson, Sandbox, startTestNode, type TestNode } from './helpers/run-cli.ts';

const sandbox = new Sandbox();
const NAME = ['--namespace', 'audit'];
const RECORDS = 1_500;

suite('export of a pruned namespace', () => {
  const data = join(sandbox.folder, 'data');
  const file = sandbox.path('audit.basalt');
  const whole = sandbox.path('whole.basalt');
  let node: TestNode;

  before(async () => {
    node = await startTestNode(sandbox, [], data);
    const lines = Array.from({ length: RECORDS }, (_, i) =>
      i % 500 === 40 ? `{"large":"${'x'.repeat(2_000)}"}\n` : `{"record":${i}}\n`,
    );
    const at = ['--url', node.url];
    await sandbox.ok(['append', ...NAME, ...at], { input: lines.join('') });
    await sandbox.ok(['export', ...NAME, ...at, whole]);
    await node.stop();
    // A beginning that is gone, and gaps behind it.
    const rules = [{ action: 'prune', bytesMin: 2_000 }];
    writeFileSync(sandbox.path('rules.json'), JSON.stringify({ mode: 'selective', rules }));
    await sandbox.ok(['prune', data, '--policy', 'rules.json']);
    await sandbox.ok(['prune', data, '--policy', 'keep-recent:700']);
    node = await startTestNode(sandbox, [], data);
  });

  after(async () => {
    await node.stop();
    sandbox[Symbol.dispose]();
  });

  test('headers and what is left of payloads are there, the rest is marked', async () => {
    const made = await sandbox.ok(['export', ...NAME, '--url', node.url, file, '--json']);
    const facts = lastJson<Record<string, number>>(made.out);
    assert.equal(facts['size'], RECORDS + 1);
    // 1 to 800 but for the genesis, and one large one behind them.
    assert.equal(facts['payloadsAbsent'], 801);
    const checked = await sandbox.ok(['import', file, '--check', '--json']);
    const found = lastJson<Record<string, unknown>>(checked.out);
    assert.equal(found['valid'], true);
    assert.equal(found['payloadsAbsent'], 801);
    const text = (await sandbox.ok(['import', file, '--check'])).out;
    assert.match(text, /but 801 payloads that the exporting node had pruned/);
  });

  test('a file that was cut off is gone on with, to the same bytes', async () => {
    const bytes = readFileSync(file);
    for (const end of [bytes.length - 40_000, bytes.length - 1, 2_000]) {
      writeFileSync(file, bytes.subarray(0, end));
      await sandbox.ok(['export', ...NAME, '--url', node.url, file]);
      assert.deepEqual(readFileSync(file), bytes);
    }
  });

  test('a changed mark, header or payload is found', async () => {
    const bytes = readFileSync(file);
    const marks: number[] = [];
    for (let at = bytes.indexOf('004f4c0200', 0, 'hex'); at !== -1 && marks.length < 3; ) {
      marks.push(at);
      at = bytes.indexOf('004f4c0200', at + 1, 'hex');
    }
    const damages = [
      ...marks.map((at) => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)])),
      ...[marks[0]! + 100, bytes.length - 5].map((at) => {
        const copy = Buffer.from(bytes);
        copy[at] = (copy[at] ?? 0) ^ 1;
        return copy;
      }),
    ];
    const damaged = sandbox.path('damaged.basalt');
    for (const copy of damages) {
      writeFileSync(damaged, copy);
      const checked = await sandbox.run(['import', damaged, '--check']);
      assert.notEqual(checked.code, 0);
    }
  });

  test('a node that lacks those blocks is told why; one that has them goes on', async () => {
    const other = await startTestNode(sandbox, []);
    const at = ['--url', other.url];
    const refused = await sandbox.run(['import', file, ...at]);
    assert.equal(refused.code, 4);
    assert.match(refused.err, /the payload of block 1 is not in/);
    await sandbox.ok(['import', whole, ...at]);
    const again = lastJson<Record<string, unknown>>(
      (await sandbox.ok(['import', file, ...at, '--json'])).out,
    );
    assert.equal(again['imported'], 0);
    await other.stop();
  });
});
