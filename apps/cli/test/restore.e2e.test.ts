/** A pruned folder gets its payloads back from nodes that nobody trusts. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { LoopbackServer } from '../../../tools/testing/loopback.ts';
import { type ChangeAnswer, lastByteChanged, startForwarder } from './helpers/forwarder.ts';
import { lastJson, Sandbox, startTestNode, type TestNode } from './helpers/run-cli.ts';

const sandbox = new Sandbox();
const NAME = ['--namespace', 'audit'];
const RECORDS = 1_500;

interface Restored {
  readonly restored: number;
  readonly missing: number;
  readonly goAgain: number;
  readonly refused: readonly string[];
}

suite('restore of a pruned folder', () => {
  const pruned = join(sandbox.folder, 'pruned');
  const forwarders: LoopbackServer[] = [];
  let archive: TestNode;

  /** A copy of the pruned folder. */
  const copy = (name: string): string => {
    const folder = join(sandbox.folder, name);
    cpSync(pruned, folder, { recursive: true });
    return folder;
  };
  const between = async (change: ChangeAnswer): Promise<string> => {
    const forwarder = await startForwarder(archive.url, change);
    forwarders.push(forwarder);
    return forwarder.url;
  };
  const held = async (folder: string): Promise<number> => {
    const { out } = await sandbox.ok(['retention', folder, '--json']);
    return lastJson<{ payloads: number }>(out).payloads;
  };

  before(async () => {
    const node = await startTestNode(sandbox, [], pruned);
    const lines = Array.from({ length: RECORDS }, (_, i) =>
      i % 500 === 40 ? `{"large":"${'x'.repeat(40_000)}"}\n` : `{"record":${i}}\n`,
    );
    await sandbox.ok(['append', ...NAME, '--url', node.url], { input: lines.join('') });
    await node.stop();
    const whole = join(sandbox.folder, 'whole');
    cpSync(pruned, whole, { recursive: true });
    archive = await startTestNode(sandbox, [], whole);
    const rules = [{ action: 'prune', bytesMin: 2_000 }];
    writeFileSync(sandbox.path('rules.json'), JSON.stringify({ mode: 'selective', rules }));
    await sandbox.ok(['prune', pruned, '--policy', 'rules.json']);
    await sandbox.ok(['prune', pruned, '--policy', 'keep-recent:700']);
  });

  after(async () => {
    for (const forwarder of forwarders) await forwarder[Symbol.asyncDispose]();
    await archive.stop();
    sandbox[Symbol.dispose]();
  });

  test('everything comes back, fsck is content, and the policy is told of', async () => {
    const folder = copy('all');
    // 801 from the beginning on, and the large one of the rest.
    assert.equal(await held(folder), RECORDS + 1 - 802);
    const settings = { BASALT_RETENTION: 'keep-recent:700' };
    const from = ['--from', archive.url];
    const made = await sandbox.ok(['restore', folder, ...NAME, ...from, '--json'], {
      env: settings,
    });
    const facts = lastJson<Restored>(made.out);
    assert.deepEqual([facts.restored, facts.missing, facts.goAgain], [802, 0, 801]);
    assert.equal(await held(folder), RECORDS + 1);
    await sandbox.ok(['fsck', folder]);
    const again = await sandbox.ok(['restore', folder, ...NAME, ...from], { env: settings });
    assert.match(again.out, /0 payloads came back/);
    assert.match(again.out, /with retention keep-recent:700, .*lets 801 payloads go again/);
    const node = await startTestNode(sandbox, [], folder);
    const got = await sandbox.ok(['get', ...NAME, '5', '--url', node.url, '--payload']);
    assert.match(got.out, /{"record":4}/);
    await node.stop();
  });

  test('what a chain’s folder keeps whole is not said to go again', async () => {
    const chained = join(sandbox.folder, 'chained');
    const made = await startTestNode(sandbox, [], chained);
    const chain = ['--namespace', 'chain'];
    const input = '{"block":1}\n'.repeat(20);
    await sandbox.ok(['append', ...chain, '--url', made.url], { input });
    await made.stop();
    const other = join(sandbox.folder, 'chained too');
    cpSync(chained, other, { recursive: true });
    const source = await startTestNode(sandbox, [], other);
    const goAgain = async (): Promise<number> => {
      const args = ['restore', chained, ...chain, '--from', source.url, '--json'];
      const { out } = await sandbox.ok(args, { env: { BASALT_RETENTION: 'keep-recent:5' } });
      return lastJson<Restored>(out).goAgain;
    };
    assert.ok((await goAgain()) > 0, 'a namespace of that name alone is none of a chain');
    mkdirSync(join(chained, 'chain'), { recursive: true });
    writeFileSync(join(chained, 'chain', 'chain.json'), '{}');
    assert.equal(await goAgain(), 0);
    await source.stop();
  });

  test('one that lies is refused by its name, and another one stands in', async () => {
    const liar = await between(lastByteChanged);
    const folder = copy('lied to');
    const refused = await sandbox.run(['restore', folder, ...NAME, '--from', liar]);
    assert.equal(refused.code, 1);
    assert.match(refused.err, new RegExp(`${liar} sent what the headers here do not name`));
    // What it sent truly before may stay; fsck holds every payload against its header.
    const some = await held(folder);
    assert.ok(some < RECORDS + 1 - 500, `${some}`);
    await sandbox.ok(['fsck', folder]);
    const both = ['--from', liar, '--from', archive.url];
    const made = await sandbox.ok(['restore', folder, ...NAME, ...both, '--json']);
    const facts = lastJson<Restored>(made.out);
    assert.deepEqual([facts.restored, facts.refused], [RECORDS + 1 - some, [liar]]);
    assert.match(made.err, /not asked any more/);
    await sandbox.ok(['fsck', folder]);
  });

  test('an answer without an end fills no memory', async () => {
    const flood = await between((target, answer) =>
      target.includes('/blocks?') ? { ...answer, endless: true } : answer,
    );
    const made = await sandbox.run(['restore', copy('flooded'), ...NAME, '--from', flood]);
    assert.equal(made.code, 1);
    assert.match(made.err, /more than a page of blocks can have/);
  });

  test('one that goes away half-way leaves what it brought; the next run goes on', async () => {
    let pages = 0;
    const weak = await between((target, answer) =>
      target.includes('/blocks?') && ++pages > 2 ? undefined : answer,
    );
    const folder = copy('half');
    const broken = await sandbox.run(['restore', folder, ...NAME, '--from', weak]);
    assert.equal(broken.code, 3);
    assert.match(broken.err, /are still not here[\s\S]*it goes on/);
    const some = await held(folder);
    assert.ok(some > RECORDS + 1 - 802 && some < RECORDS + 1, `${some}`);
    const from = ['--from', archive.url];
    const made = await sandbox.ok(['restore', folder, ...NAME, ...from, '--json']);
    assert.equal(lastJson<Restored>(made.out).restored, RECORDS + 1 - some);
    await sandbox.ok(['fsck', folder]);
  });

  test('wrong use is told: no folder, a running node, a namespace that is not here', async () => {
    const from = ['--from', archive.url];
    const wrong = async (args: readonly string[], code: number, words: RegExp): Promise<void> => {
      const made = await sandbox.run(['restore', ...args, ...from]);
      assert.equal(made.code, code, made.err);
      assert.match(made.err, words);
    };
    await wrong(['nowhere', ...NAME], 2, /no data folder/);
    await wrong([archive.dataDir, ...NAME], 4, /in use|locked|process/);
    await wrong([copy('other'), '--namespace', 'elsewhere'], 2, /no namespace "elsewhere"/);
  });
});
