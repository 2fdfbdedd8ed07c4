/**
 * A witness with keys of three kinds, and an origin whose policy needs that of ML-DSA-44: what it
 * cosigned is read from the command line, how long ago is told, and an old checkpoint that somebody
 * in between shows again is refused with `--max-age`.
 */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { createNativeProvider } from '@basalt/crypto';
import {
  createBlsCollector,
  createBlsCommittee,
  createFetchTransport,
  verifyBlsAggregate,
} from '@basalt/federation';
import { fromBase64, NOTE_KEY_TYPE, type Policy, parseNote, parsePolicy } from '@basalt/protocol';
import { json, until } from './helpers/federation.ts';
import { startForwarder } from './helpers/forwarder.ts';
import { lastJson, Sandbox, startTestNode, type TestNode } from './helpers/run-cli.ts';

const { sha256 } = createNativeProvider();
const sandbox = new Sandbox();
let origin: TestNode;
let witness: TestNode;
let policy: Policy;
const trust = ['--policy', 'policy.txt'];

interface Witnessed {
  readonly witnessed: { witnesses: string[]; witnessedMs: number; ageSeconds: number };
}

const get = (url: string, block: string, ...more: string[]): ReturnType<Sandbox['run']> =>
  sandbox.run(['get', block, '--namespace', 'audit', '--url', url, ...more]);

before(async () => {
  const dataDir = join(sandbox.folder, 'origin');
  origin = await startTestNode(sandbox, [], dataDir);
  const port = new URL(origin.url).port;
  const keys = ['witnessAlgorithms=ed25519,ml-dsa-44', `witnessBlsKeyFile=${dataDir}-bls.key`];
  const settings = keys.flatMap((pair) => ['--set', pair]);
  const roles = ['--role', 'witness', '--upstream', origin.url, ...settings];
  witness = await startTestNode(sandbox, roles, join(sandbox.folder, 'witness'));
  const asked = ['policy', '--url', origin.url, '--witness', witness.url];
  const { out } = await sandbox.ok([...asked, '--witness-algorithm', 'ml-dsa-44']);
  policy = parsePolicy(out);
  writeFileSync(sandbox.path('policy.txt'), out);
  await origin.stop();
  const asking = ['--witness-policy', 'policy.txt', '--port', port];
  origin = await startTestNode(sandbox, asking, dataDir);
  const input = { input: 'one\ntwo\nthree\n' };
  await sandbox.ok(['append', '--namespace', 'audit', '--url', origin.url, '-'], input);
});

after(async () => {
  for (const node of [origin, witness]) await node?.kill();
  sandbox[Symbol.dispose]();
});

suite('a witness with an ML-DSA-44 and a BLS key', () => {
  test('the policy names the ML-DSA-44 key, and blocks are shown to lie below it', async () => {
    assert.deepEqual(
      policy.witnesses.map(({ key }) => key.type),
      [NOTE_KEY_TYPE.cosignatureMlDsa44],
    );
    assert.ok(existsSync(join(sandbox.folder, 'witness', 'witness-ml-dsa-44.key')));
    await until('a witnessed super-root covers the blocks', async () => {
      return (await get(origin.url, '2', ...trust)).code === 0;
    });
    const read = await get(origin.url, '2', ...trust, '--max-age', '600', '--json');
    assert.equal(read.code, 0, read.err);
    const { witnessed } = lastJson<Witnessed>(read.out);
    assert.deepEqual(witnessed.witnesses, ['w1']);
    assert.ok(witnessed.ageSeconds >= 0 && witnessed.ageSeconds < 60, read.out);
    const { out } = await get(origin.url, '2', ...trust);
    assert.match(out, /witnesses +cosigned by w1, the quorum at 20.*Z, .* s ago/);
    assert.match(out, /two/);
    const { hash } = lastJson<{ hash: string }>(read.out);
    assert.match((await get(origin.url, hash, ...trust)).out, /cosigned by w1/);
  });

  test('a proof of a block has no cosignature, and the refusal says who has one', async () => {
    const prove = ['prove', '2', '--namespace', 'audit', '--url', origin.url];
    writeFileSync(sandbox.path('2.tlog-proof'), (await sandbox.ok(prove)).out);
    const refused = await sandbox.run(['verify', '2.tlog-proof', ...trust]);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /witnesses cosign the super-log alone/);
  });

  test('an old checkpoint that is shown again is told by its age, and refused by it', async () => {
    const kept = new Map<string, Buffer>();
    await using between = await startForwarder(origin.url, (target, answer) => {
      if (!target.endsWith('/super')) return answer;
      const body = kept.get(target) ?? answer.body;
      kept.set(target, body);
      return { ...answer, body };
    });
    assert.equal((await get(between.url, '1', ...trust, '--max-age', '600')).code, 0);
    // More than a start of the command takes on a busy machine.
    const limit = ['--max-age', '5'];
    await pause(5_500);
    const more = ['append', '--namespace', 'audit', '--again', '--url', origin.url, '-'];
    await until('the origin shows a new one', async () => {
      await sandbox.ok(more, { input: 'one more\n' });
      return (await get(origin.url, '1', ...trust, ...limit)).code === 0;
    });
    const replayed = await get(between.url, '1', ...trust, ...limit);
    assert.equal(replayed.code, 1, replayed.out);
    assert.match(replayed.err, /cosigned this checkpoint \d+ s ago, more than the 5 s/);
    assert.equal((await get(between.url, '1', ...trust)).code, 0);
    const aimless = await get(origin.url, '1', ...limit);
    assert.equal(aimless.code, 2);
    assert.match(aimless.err, /only witnesses tell/);
  });

  test('its share of a BLS aggregate holds for what it cosigned', async () => {
    const { bls, name } = await json<{
      name: string;
      bls: { publicKey: string; proofOfPossession: string };
    }>(`${witness.url}/witness`);
    const member = {
      name,
      publicKey: fromBase64(bls.publicKey),
      proofOfPossession: fromBase64(bls.proofOfPossession),
    };
    const committee = createBlsCommittee([member]);
    const after = (delayMs: number, run: () => void): (() => void) => {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    };
    const collect = createBlsCollector({
      committee,
      urlOf: () => `${witness.url}/witness`,
      transport: createFetchTransport({ fetch: globalThis.fetch, scheduler: { after } }),
      sha256,
    });
    const note = await (await fetch(`${origin.url}/super/checkpoint`)).text();
    const aggregate = await collect(note);
    assert.ok(aggregate);
    assert.deepEqual(verifyBlsAggregate(aggregate, parseNote(note).text, committee), [name]);
    const ids = new Set(parseNote(note).signatures.map(({ id }) => id));
    assert.ok(policy.witnesses.every(({ key }) => ids.has(key.id)));
  });

  test('a key of another kind, or one that signs already, is refused at the start', async () => {
    const { dataDir } = witness;
    const key = join(dataDir, 'witness.key');
    const start = ['node', '--role', 'witness', '--data-dir', 'other', '--upstream', origin.url];
    const kinds = ['--set', 'witnessAlgorithms=ml-dsa-44', '--set', `witnessMlDsaKeyFile=${key}`];
    const wrong = await sandbox.run([...start, ...kinds]);
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /expected a key of ml-dsa-44, found/i);
    const twice = ['--set', `witnessKeyFile=${key}`, '--set', `witnessBlsKeyFile=${key}`];
    const same = await sandbox.run([...start, ...twice]);
    assert.equal(same.code, 2);
    assert.match(same.err, /signs nothing else/);
  });
});
