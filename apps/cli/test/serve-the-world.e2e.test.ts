/**
 * Everybody at once, each a process of its own: an origin with three witnesses, two relays one
 * behind the other, an archive, a cache, nginx in front of it, and a page in a browser. Then the
 * origin is gone for good, one way lies, and what was published verifies on all the others; the
 * archive gives a pruned relay its payloads back.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ClientError, createClient, readWitnessedRecord } from '@basalt/client';
import { createNativeProvider } from '@basalt/crypto';
import {
  ALGORITHM,
  createNoteKey,
  createSigner,
  decodeBlock,
  encodeBlock,
  headerForm,
  type NamespaceId,
  type Policy,
  parsePolicy,
  sha256,
  toHex,
  utf8,
} from '@basalt/protocol';
import type { Browser } from 'playwright-core';
import { buildExample, chromiumAbsent, launchBrowser } from '../../../tools/testing/browser.ts';
import { type LoopbackServer, listenOnLoopback } from '../../../tools/testing/loopback.ts';
import {
  type Card,
  checkMirrored,
  json,
  until,
  witnessedCheckpoint,
} from './helpers/federation.ts';
import { lastByteChanged, startForwarder } from './helpers/forwarder.ts';
import { noProxy, startProxy, type TestProxy } from './helpers/proxy.ts';
import { lastJson, Sandbox, startTestNode, type TestNode } from './helpers/run-cli.ts';

const SIZE = 601;
const INDEX = 300;
const RECORD = `record ${INDEX - 1}`;

const provider = createNativeProvider();
const signer = createSigner(
  provider.suite(ALGORITHM.ed25519).keyPairFromSeed(new Uint8Array(32).fill(5)),
  provider,
);
const sandbox = new Sandbox();
const witnesses: TestNode[] = [];
let origin: TestNode;
let near: TestNode;
/** Copies the other relay. */
let far: TestNode;
let archive: TestNode;
let cache: TestNode;
let proxy: TestProxy | undefined;
let liar: LoopbackServer;
let page: LoopbackServer;
let browser: Browser | undefined;
let policyText: string;
let policy: Policy;
/** Of the origin's key alone, as readers of single namespaces have it. */
let logPolicy: string;
let namespace: NamespaceId;

const copying = (role: string, ...upstreams: string[]): string[] => [
  '--role',
  role,
  '--set',
  'compareIntervalMs=500',
  ...upstreams.flatMap((url) => ['--upstream', url]),
];

async function sizeAt({ url }: TestNode): Promise<number> {
  const response = await fetch(`${url}/chains/${namespace}`);
  if (!response.ok) return 0;
  return ((await response.json()) as { checkpointSize: number }).checkpointSize;
}

before(async () => {
  const dataDir = join(sandbox.folder, 'origin');
  origin = await startTestNode(sandbox, [], dataDir);
  const port = new URL(origin.url).port;
  for (let i = 0; i < 3; i++) {
    witnesses.push(await startTestNode(sandbox, ['--role', 'witness', '--upstream', origin.url]));
  }
  logPolicy = (await sandbox.ok(['policy', '--url', origin.url])).out;
  const asked = witnesses.flatMap(({ url }) => ['--witness', url]);
  policyText = (await sandbox.ok(['policy', '--url', origin.url, ...asked, '--quorum', '3'])).out;
  policy = parsePolicy(policyText);
  writeFileSync(sandbox.path('policy.txt'), policyText);
  await origin.stop();
  const settings = ['--witness-policy', 'policy.txt', '--set', 'federation=true'];
  origin = await startTestNode(sandbox, [...settings, '--port', port], dataDir);
  const writer = createClient({ url: origin.url });
  ({ namespace } = await writer.createNamespace({ label: 'audit', signer }));
  const records = Array.from({ length: SIZE - 1 }, (_, i) => ({ payload: utf8(`record ${i}`) }));
  await writer.append(namespace, records, { signer, until: 'checkpoint' });
  near = await startTestNode(sandbox, copying('relay', origin.url));
  far = await startTestNode(sandbox, copying('relay', near.url));
  archive = await startTestNode(sandbox, copying('archive', origin.url));
  cache = await startTestNode(sandbox, ['--role', 'cache', '--upstream', origin.url]);
  if (noProxy === false) proxy = await startProxy(join(sandbox.folder, 'nginx'), cache.url);
  liar = await startForwarder(near.url, lastByteChanged);
});

after(async () => {
  await browser?.close();
  await page?.[Symbol.asyncDispose]();
  await liar?.[Symbol.asyncDispose]();
  await proxy?.stop();
  for (const node of [origin, near, far, archive, cache, ...witnesses]) await node?.kill();
  sandbox[Symbol.dispose]();
});

/** nginx, or the cache itself where there is none. */
const front = (): string => proxy?.url ?? cache.url;

/** The example page of the explorer, made for this record, on a server that knows nothing else. */
function servePage(url = front(), text = policyText): Promise<LoopbackServer> {
  const folder = mkdtempSync(join(sandbox.folder, 'page-'));
  buildExample(folder);
  const html = readFileSync(join(folder, 'index.html'), 'utf8')
    .replace('http://127.0.0.1:4711', url)
    .replace('NAMESPACE', namespace)
    .replace('INDEX', String(INDEX))
    .replace('POLICY', text);
  writeFileSync(join(folder, 'index.html'), html);
  const server = createServer((request, response) => {
    const name = request.url === '/' ? '/index.html' : (request.url ?? '');
    const isThere = /^(\/assets)?\/[\w-]+\.(html|js)$/.test(name) && existsSync(folder + name);
    if (!isThere) {
      response.writeHead(404).end();
      return;
    }
    const type = name.endsWith('.js') ? 'text/javascript' : 'text/html';
    response.writeHead(200, { 'content-type': type, 'content-encoding': 'gzip' });
    response.end(gzipSync(readFileSync(folder + name), { level: 9 }));
  });
  return listenOnLoopback(server);
}

/** Opens the page as somebody who was never there; bytes on the wire, header fields included. */
async function look(at = page): Promise<{ text: string; script: number; data: number }> {
  browser ??= await launchBrowser();
  const context = await browser.newContext();
  const tab = await context.newPage();
  const session = await context.newCDPSession(tab);
  await session.send('Network.enable');
  const urls = new Map<string, string>();
  const sums = { script: 0, data: 0 };
  session.on('Network.responseReceived', ({ requestId, response }) => {
    urls.set(requestId, response.url);
  });
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const url = urls.get(requestId) ?? '';
    if (url.endsWith('.js')) sums.script += encodedDataLength;
    else if (url.startsWith(front())) sums.data += encodedDataLength;
  });
  await tab.goto(at.url);
  await tab.locator('verified-record[data-state]').waitFor({ timeout: 20_000 });
  const text = (await tab.locator('verified-record').textContent()) ?? '';
  await context.close();
  return { text, ...sums };
}

suite('a namespace served to the world', () => {
  test('all copies follow, and a checkpoint of the super-log has three cosignatures', async () => {
    for (const node of [near, far, archive]) {
      await until(`${node.url} has all`, async () => (await sizeAt(node)) === SIZE);
    }
    const { superVerifierKey } = await json<Card>(`${origin.url}/.well-known/basalt`);
    const url = `${origin.url}/super/checkpoint`;
    await until('a witnessed super-root covers the blocks', async () => {
      const reader = createClient({ url: origin.url, policy: policyText });
      const proof = await reader.superProof(namespace).catch(() => undefined);
      return proof?.value?.size === SIZE;
    });
    const { witnesses: names } = await witnessedCheckpoint(policy, url, superVerifierKey);
    assert.equal(names.length, 3);
  });

  test('a page shows a verified record: script below 40 KB, data below 10 KB', {
    skip: chromiumAbsent,
  }, async (t) => {
    page = await servePage();
    const { text, script, data } = await look();
    t.diagnostic(`script ${script} B and data ${data} B on the wire, through ${front()}`);
    assert.match(text, new RegExp(`^${RECORD}Block ${INDEX} of ${SIZE}`), text);
    assert.match(text, /cosigned by 3 witnesses: w1, w2, w3, the quorum by 20\d\d-.*Z\.$/);
    assert.ok(script > 10_000 && script < 40_000, `${script} bytes of script`);
    assert.ok(data > 1_000 && data < 10_000, `${data} bytes of data`);
  });

  test('a page shows no blank record, and none that nobody has witnessed', {
    skip: chromiumAbsent,
  }, async () => {
    // Somebody in between takes the payload out, as a node does that has pruned it.
    await using stripping = await startForwarder(origin.url, (target, answer) => {
      const open = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' };
      const passed = { ...answer, fields: { ...answer.fields, ...open } };
      if (!target.endsWith(`/blocks/${INDEX}`)) return passed;
      return { ...passed, body: Buffer.from(encodeBlock(headerForm(decodeBlock(answer.body)))) };
    });
    const { block, payload } = await readWitnessedRecord(
      { url: stripping.url, policy },
      { namespace, index: INDEX },
    );
    assert.equal(payload.status, 'absent');
    assert.equal(block.verified.inclusion, true);
    await using blank = await servePage(stripping.url);
    assert.match((await look(blank)).text, /^Not shown: .*came without its record/);
    await using alone = await servePage(front(), logPolicy);
    assert.match((await look(alone)).text, /^Not shown: .*asks for no witness/);
  });

  test('a witness too few, or a record changed on its way, and nothing is shown', async () => {
    const [one, two] = policy.witnesses;
    assert.ok(one !== undefined && two !== undefined);
    const key = createNoteKey('stranger', one.key.type, signer.publicKey);
    const other: Policy = { ...policy, witnesses: [one, two, { name: 'w3', key }] };
    const wanted = { namespace, index: INDEX };
    const refuses = async (url: string, wantedBy: Policy, code: string): Promise<void> => {
      const options = { url, policy: wantedBy, provider, retries: 0 };
      await assert.rejects(
        readWitnessedRecord(options, wanted),
        (error) => error instanceof ClientError && error.code === code,
      );
    };
    await refuses(origin.url, other, 'policy-unsatisfied');
    await using changing = await startForwarder(origin.url, (target, answer) => {
      if (!target.endsWith(`/blocks/${INDEX}`)) return answer;
      answer.body[answer.body.length - 1] = (answer.body.at(-1) ?? 0) ^ 1;
      return answer;
    });
    await refuses(changing.url, policy, 'payload-mismatch');
    const { block, checkpoint } = await readWitnessedRecord({ url: origin.url, policy }, wanted);
    assert.deepEqual(block.block.payload, utf8(RECORD));
    assert.equal(checkpoint.witnesses.length, 3);
  });

  test('with the origin gone and one way that lies, all the others verify', async (t) => {
    const { origin: name, superVerifierKey } = await json<Card>(`${origin.url}/.well-known/basalt`);
    const mirror = `/mirrors/${toHex(sha256(utf8(name)))}`;
    const log = `${mirror}/ns/${namespace}`;
    for (const [node, path] of [
      [near, log],
      [archive, log],
      [archive, `${mirror}/super`],
    ] as const) {
      await until(
        `${node.url} keeps ${path}`,
        async () => (await fetch(`${node.url}${path}/checkpoint`)).ok,
      );
    }
    const before = await createClient({ url: front() }).get({ namespace, index: INDEX });
    await origin.kill();

    // What the proxy and the cache have answered once they answer on.
    for (const url of [front(), cache.url]) {
      const reader = createClient({ url, policy: logPolicy, retries: 0 });
      const { verified, hash } = await reader.get({ namespace, index: INDEX });
      assert.ok(verified.signature && verified.writer && verified.inclusion && verified.policy);
      assert.deepEqual(hash, before.hash);
    }
    if (chromiumAbsent === false) assert.match((await look()).text, /cosigned by 3 witnesses/);
    else t.diagnostic(chromiumAbsent);

    // Copies answer under their own names, and the origin's notes and tiles verify at them.
    for (const node of [near, far, archive]) {
      const reader = createClient({ url: node.url, retries: 0 });
      const { verified, hash } = await reader.get({ namespace, index: INDEX });
      assert.ok(verified.signature && verified.writer && verified.inclusion);
      assert.deepEqual(hash, before.hash);
    }
    // Under the origin's key too, by its own note that they keep; what a copy of a copy does not.
    writeFileSync(sandbox.path('log-policy.txt'), logPolicy);
    const get = ['get', String(INDEX), '--namespace', namespace, '--policy', 'log-policy.txt'];
    for (const node of [near, archive]) {
      const { out } = await sandbox.ok([...get, '--url', node.url]);
      assert.match(out, new RegExp(`the tree is signed by the key you gave[^]*${RECORD}`));
    }
    const unknown = await sandbox.run([...get, '--url', far.url]);
    assert.equal(unknown.code, 1);
    assert.match(unknown.err, /is signed by .* and not by .*, whose key you gave/);
    const witnessed = await sandbox.run([...get.slice(0, -1), 'policy.txt', '--url', archive.url]);
    assert.equal(witnessed.code, 2);
    assert.match(witnessed.err, /for which the policy has no key: a relay or archive has one/);
    const [line] = policy.logs;
    assert.equal(line?.key.name, name);
    for (const node of [near, archive]) {
      assert.equal(await checkMirrored(node.url + log, line.key, namespace), SIZE);
    }
    const kept = `${archive.url}${mirror}/super/checkpoint`;
    const { witnesses: names } = await witnessedCheckpoint(policy, kept, superVerifierKey);
    assert.equal(names.length, 3);

    // The one that lies is caught by a reader, and a new relay gets nothing false from it.
    const deceived = createClient({ url: liar.url, retries: 0 });
    await assert.rejects(
      deceived.list({ namespace, from: INDEX, count: 1 }),
      (error) => error instanceof ClientError && error.kind === 'refused',
    );
    const fresh = await startTestNode(sandbox, copying('relay', liar.url, archive.url));
    await until('a new relay has all', async () => (await sizeAt(fresh)) === SIZE);
    const copy = await createClient({ url: fresh.url }).get({ namespace, index: INDEX });
    assert.deepEqual(copy.hash, before.hash);
    assert.equal((await fresh.stop()).code, 0);
  });

  test('the archive gives a pruned relay its payloads back; the liar cannot', async () => {
    assert.equal((await far.stop()).code, 0);
    const name = ['--namespace', namespace];
    await sandbox.ok(['prune', far.dataDir, '--policy', 'keep-headers']);
    const refused = await sandbox.run(['restore', far.dataDir, ...name, '--from', liar.url]);
    assert.equal(refused.code, 1);
    assert.match(refused.err, new RegExp(`${liar.url} sent what the headers here do not name`));
    const from = ['--from', liar.url, '--from', archive.url];
    const made = await sandbox.ok(['restore', far.dataDir, ...name, ...from, '--json']);
    assert.equal(lastJson<{ missing: number }>(made.out).missing, 0);
    await sandbox.ok(['fsck', far.dataDir]);
    far = await startTestNode(sandbox, copying('relay', near.url), far.dataDir);
    const { block } = await createClient({ url: far.url }).get({ namespace, index: INDEX });
    assert.deepEqual(block.payload, utf8(RECORD));
  });
});
