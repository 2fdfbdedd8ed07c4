/**
 * A node behind nginx with `ops/nginx/basalt.conf`, asked from outside: every row of the caching
 * table, at the node itself and through the proxy; then the node is gone.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type Client, createClient } from '@basalt/client';
import { createNativeProvider } from '@basalt/crypto';
import {
  ALGORITHM,
  createBlock,
  createSigner,
  HASH_KIND,
  type Hash32,
  type NamespaceId,
  PAYLOAD_TYPE,
  type Signer,
  utf8,
  verifyChunk,
} from '@basalt/protocol';
import { type Answer, exchange, noProxy, startProxy, type TestProxy } from './helpers/proxy.ts';
import { Sandbox, startTestNode, type TestNode } from './helpers/run-cli.ts';

const CHUNK = 16 * 1024;
const RECORDS = 300;
const BIG_INDEX = RECORDS + 1;

const provider = createNativeProvider();
const sandbox = new Sandbox();
let node: TestNode;
let proxy: TestProxy;
let namespace: NamespaceId;
let rows: readonly Row[];
let payloadOfBig: string;
const signer = seededSigner(7);
const big = Uint8Array.from({ length: 5 * CHUNK + 100 }, (_, i) => (i * i) >>> 3);

interface Row {
  readonly name: string;
  readonly path: string;
  readonly caching: RegExp;
  /** Has to take Range. */
  readonly isRanged?: boolean;
  /** Comes coded where the reader takes it. */
  readonly isCoded?: boolean;
  readonly fields?: Readonly<Record<string, RegExp>>;
}

const IMMUTABLE = /^public, max-age=31536000, immutable$/;
const HEAD = /^public, max-age=1, stale-while-revalidate=5, stale-if-error=86400$/;
const SHORT = /^public, max-age=\d{1,3}$/;
const DIGEST = { 'repr-digest': /^sha-256=:[\w+/]{43}=:$/ };

function seededSigner(seed: number): Signer {
  const keyPair = provider.suite(ALGORITHM.ed25519).keyPairFromSeed(new Uint8Array(32).fill(seed));
  return createSigner(keyPair, provider);
}

/** Two blocks for one place: the node keeps the proof and freezes the namespace. */
async function makeFork(client: Client): Promise<NamespaceId> {
  const owner = seededSigner(8);
  const made = await client.createNamespace({ label: 'torn', signer: owner });
  const { timestampMs } = made.genesis.entry.header;
  const tip = { size: 1, headHash: made.hash, timestampMs };
  for (const text of ['one', 'other']) {
    const { block } = createBlock({
      namespace: made.namespace,
      tip,
      timestampMs,
      payloadType: PAYLOAD_TYPE.opaque,
      payload: utf8(text),
      signer: owner,
    });
    await client.submit([block], { until: 'checkpoint' });
  }
  return made.namespace;
}

async function listRows(torn: NamespaceId): Promise<readonly Row[]> {
  const hashOf = async (index: number): Promise<string> => {
    const at = await exchange(`${node.url}/chains/${namespace}/blocks/${index}?view=json`);
    return (JSON.parse(at.body.toString()) as { hash: string }).hash;
  };
  const hash = await hashOf(5);
  payloadOfBig = `/blocks/${await hashOf(BIG_INDEX)}/payload`;
  const forks = await exchange(`${node.url}/chains/${torn}/forks`);
  const [fork] = JSON.parse(forks.body.toString()) as { url: string }[];
  assert.ok(fork, 'expected a fork proof');
  const size = BIG_INDEX + 1;
  const log = `/ns/${namespace}`;
  const list = `/chains/${namespace}/blocks`;
  const whole = { caching: IMMUTABLE, isRanged: true, fields: DIGEST };
  const tile = { caching: IMMUTABLE, fields: DIGEST };
  return [
    { name: 'block', path: `/blocks/${hash}`, ...whole },
    { name: 'header', path: `/blocks/${hash}/header`, ...whole },
    { name: 'payload', path: `/blocks/${hash}/payload`, ...whole },
    { name: 'fork proof', path: fork.url, ...whole },
    { name: 'full tile', path: `${log}/tile/0/000`, ...tile, isRanged: true },
    { name: 'full bundle', path: `${log}/tile/entries/000`, ...tile, isCoded: true },
    { name: 'partial tile', path: `${log}/tile/0/001.p/${size - 256}`, caching: SHORT },
    { name: 'partial bundle', path: `${log}/tile/entries/001.p/${size - 256}`, caching: SHORT },
    { name: 'checkpoint', path: `${log}/checkpoint`, caching: HEAD },
    { name: 'checkpoint of the super-log', path: '/super/checkpoint', caching: HEAD },
    { name: 'head', path: `/chains/${namespace}/head`, caching: HEAD },
    {
      name: 'aligned list',
      path: `${list}?from=0&count=256`,
      caching: IMMUTABLE,
      isCoded: true,
      fields: { link: /rel="next"/ },
    },
    { name: 'list', path: `${list}?from=3&count=99`, caching: SHORT, isCoded: true },
  ];
}

if (noProxy === false) {
  before(async () => {
    node = await startTestNode(sandbox, ['--set', 'openNamespaces=false']);
    const token = readFileSync(join(node.dataDir, 'admin.token'), 'utf8').trim();
    const operator = createClient({ url: node.url, token });
    ({ namespace } = await operator.createNamespace({ label: 'served', signer }));
    const torn = await makeFork(operator);
    proxy = await startProxy(join(sandbox.folder, 'proxy'), node.url);
    // Through the proxy: the client compares and swaps with If-Match.
    const writer = createClient({ url: proxy.url });
    const records = Array.from({ length: RECORDS }, (_, i) => ({
      payload: utf8(`record ${i}, and some more words that a coding can leave out; `.repeat(3)),
    }));
    await writer.append(namespace, records, { signer });
    const last = { payload: big, payloadHashKind: HASH_KIND.sha256Tree };
    await writer.append(namespace, [last], { signer, until: 'checkpoint' });
    await pause(1_200); // a super-root covers it
    rows = await listRows(torn);
  });
}
after(async () => {
  await proxy?.stop();
  await node?.kill();
  sandbox[Symbol.dispose]();
});

/** Checks of one row, whoever answers. */
async function checkRow(row: Row, url: string): Promise<void> {
  const whole = await exchange(url);
  assert.equal(whole.status, 200);
  assert.match(whole.fields['cache-control'] ?? '', row.caching);
  for (const [name, value] of Object.entries(row.fields ?? {})) {
    assert.match(whole.fields[name] ?? '', value, name);
  }
  const etag = whole.fields['etag'] ?? '';
  assert.match(etag, /^"[^"]+"$/, 'a strong tag');
  const head = await exchange(url, {}, 'HEAD');
  assert.equal(head.status, 200);
  assert.equal(head.body.length, 0);
  for (const name of ['etag', 'content-length', 'content-type', 'cache-control', 'repr-digest']) {
    assert.equal(head.fields[name], whole.fields[name], `HEAD ${name}`);
  }
  await checkConditions(url, etag, row);
  const takesRanges = whole.fields['accept-ranges'] === 'bytes';
  assert.ok(takesRanges || row.isRanged !== true, 'expected Accept-Ranges');
  if (takesRanges) await checkRanges(url, etag, whole);
  else assert.equal((await exchange(url, { range: 'bytes=0-9' })).body.length, whole.body.length);
  if (row.isCoded === true) await checkCodings(url, whole);
}

async function checkConditions(url: string, etag: string, row: Row): Promise<void> {
  const known = await exchange(url, { 'if-none-match': `"x", W/${etag}` });
  assert.equal(known.status, 304);
  assert.equal(known.body.length, 0);
  assert.equal(known.fields['etag'], etag);
  assert.match(known.fields['cache-control'] ?? '', row.caching);
  assert.equal((await exchange(url, { 'if-none-match': '"x"' })).status, 200);
  assert.equal((await exchange(url, { 'if-match': '"x"' })).status, 412);
  assert.equal((await exchange(url, { 'if-match': etag })).status, 200);
  assert.equal((await exchange(url, { 'if-none-match': etag }, 'HEAD')).status, 304);
}

async function checkRanges(url: string, etag: string, whole: Answer): Promise<void> {
  const { length } = whole.body;
  const part = await exchange(url, { range: 'bytes=10-19' });
  assert.equal(part.status, 206);
  assert.equal(part.fields['content-range'], `bytes 10-19/${length}`);
  assert.equal(part.fields['etag'], etag);
  assert.deepEqual(part.body, whole.body.subarray(10, 20));
  const end = await exchange(url, { range: 'bytes=-7', 'if-range': etag });
  assert.equal(end.status, 206);
  assert.deepEqual(end.body, whole.body.subarray(-7));
  const stale = await exchange(url, { range: 'bytes=-7', 'if-range': '"other"' });
  assert.equal(stale.status, 200);
  assert.equal(stale.body.length, length);
  const beyond = await exchange(url, { range: `bytes=${length}-` });
  assert.equal(beyond.status, 416);
  assert.equal(beyond.fields['content-range'], `bytes */${length}`);
  const several = await exchange(url, { range: 'bytes=0-1,5-6' });
  assert.equal(several.status, 200);
}

async function checkCodings(url: string, whole: Answer): Promise<void> {
  const tags = new Set([whole.fields['etag']]);
  for (const coding of ['gzip', 'br', 'zstd']) {
    const coded = await exchange(url, { 'accept-encoding': coding });
    assert.equal(coded.fields['content-encoding'], coding);
    assert.match(coded.fields['vary'] ?? '', /Accept-Encoding/);
    assert.ok(coded.body.length < whole.body.length);
    tags.add(coded.fields['etag']);
    const etag = coded.fields['etag'] ?? '';
    const known = await exchange(url, { 'accept-encoding': coding, 'if-none-match': etag });
    assert.equal(known.status, 304);
  }
  assert.equal(tags.size, 4, 'each form has its own tag');
  assert.deepEqual((await exchange(url)).body, whole.body);
}

suite('a node behind nginx', { skip: noProxy }, () => {
  test('every row of the caching table, at the node and through the proxy', async (t) => {
    for (const row of rows) {
      for (const at of ['node', 'proxy', 'proxy']) {
        await checkRow(row, (at === 'node' ? node : proxy).url + row.path).catch((error) => {
          throw new Error(`${row.name} at the ${at}: ${String(error)}`, { cause: error });
        });
      }
    }
    t.diagnostic(`${rows.length} rows`);
  });

  test('what cannot change is kept; heads are asked for again', async () => {
    const statusOf = async (path: string): Promise<string | undefined> =>
      (await exchange(proxy.url + path)).fields['cache-status'];
    for (const { path, caching } of rows) {
      if (caching === IMMUTABLE) assert.equal(await statusOf(path), 'nginx; hit', path);
    }
    const path = `/ns/${namespace}/checkpoint`;
    await statusOf(path);
    await pause(2_100);
    assert.equal(await statusOf(path), 'nginx; hit; detail=stale');
    let status: string | undefined;
    for (let i = 0; i < 100 && status !== 'nginx; hit'; i++) {
      await pause(50);
      status = await statusOf(path);
    }
    assert.equal(status, 'nginx; hit', 'asked for behind the scenes');
    const list = `/chains/${namespace}/blocks?from=3&count=99`;
    await statusOf(list);
    await pause(2_100);
    assert.equal(await statusOf(list), 'nginx; hit; detail=revalidated', '304 from the node');
  });

  test('a part of a payload comes with the proof of its chunks', async () => {
    const range = `bytes=${CHUNK}-${3 * CHUNK - 1}`;
    const part = await exchange(proxy.url + payloadOfBig, { range });
    assert.equal(part.status, 206);
    const proofs = Buffer.from(part.fields['basalt-chunk-proof'] ?? '', 'base64');
    const payloadHash = await hashOfBig();
    let offset = 0;
    for (const chunkIndex of [1, 2]) {
      const nodes = proofs[offset++] ?? 0;
      const proof = Array.from({ length: nodes }, (_, i) =>
        proofs.subarray(offset + 32 * i, offset + 32 * (i + 1)),
      );
      offset += 32 * nodes;
      const chunk = part.body.subarray((chunkIndex - 1) * CHUNK, chunkIndex * CHUNK);
      verifyChunk({ chunk, chunkIndex, payloadLength: big.length, payloadHash, proof });
    }
    assert.equal(offset, proofs.length);
  });

  test('the operator’s paths are not there, and strangers found nothing', async () => {
    const token = readFileSync(join(node.dataDir, 'admin.token'), 'utf8').trim();
    const authorization = `Bearer ${token}`;
    const spelt = ['/admin/config', '/%61dmin/config', '/x/../admin/config'];
    const told = ['/metrics', '/control', '/log-levels', '/status', '/status/events', '/alerts'];
    for (const path of [...spelt, ...told, '/dashboard/']) {
      assert.equal((await exchange(proxy.url + path, { authorization })).status, 404, path);
    }
    const stranger = createClient({ url: proxy.url, retries: 0 });
    const founding = stranger.createNamespace({ label: 'spam', signer: seededSigner(9) });
    await assert.rejects(founding, { code: 'unauthorized' });
  });

  test('one client that writes too fast is told to wait', async () => {
    const calls = Array.from({ length: 700 }, () =>
      exchange(`${proxy.url}/blocks`, { 'content-type': 'text/plain' }, 'POST', utf8('x')),
    );
    const answers = await Promise.all(calls);
    const refused = answers.filter(({ status }) => status === 429);
    assert.ok(refused.length > 0 && refused.length < 700, String(refused.length));
    assert.equal(refused[0]?.fields['retry-after'], '1');
    const problem = JSON.parse(refused[0]?.body.toString() ?? '') as { code: string };
    assert.equal(problem.code, 'too-many-requests');
  });

  test('with the node gone, what was read before is served and verifies', async () => {
    const reads = async (client: Client): Promise<number> => {
      for (const index of [0, 5, BIG_INDEX]) {
        const { verified } = await client.get({ namespace, index });
        const { payloadHash, signature, writer, inclusion, checkpoint } = verified;
        assert.ok(payloadHash && signature && writer && inclusion && checkpoint, `block ${index}`);
      }
      return (await client.list({ namespace, from: 0, count: 256 })).length;
    };
    await reads(createClient({ url: proxy.url }));
    await exchange(proxy.url + payloadOfBig);
    await node.kill();
    await pause(2_100); // heads and lists are no longer fresh
    assert.equal(await reads(createClient({ url: proxy.url, retries: 0 })), 256);
    for (const { name, path } of rows) {
      const kept = await exchange(proxy.url + path);
      assert.equal(kept.status, 200, name);
      assert.match(kept.fields['cache-status'] ?? '', /^nginx; hit/, name);
    }
    const part = await exchange(proxy.url + payloadOfBig, { range: 'bytes=5-9' });
    assert.equal(part.status, 206);
    assert.deepEqual(new Uint8Array(part.body), big.slice(5, 10));
    const never = await exchange(`${proxy.url}/chains/${namespace}/blocks?from=17&count=3`);
    assert.equal(never.status, 503);
    assert.equal(never.fields['retry-after'], '5');
    assert.match(never.fields['content-type'] ?? '', /problem\+json/);
  });
});

async function hashOfBig(): Promise<Hash32> {
  const at = await exchange(`${node.url}/chains/${namespace}/blocks/${BIG_INDEX}?view=json`);
  const { payloadHash } = JSON.parse(at.body.toString()) as { payloadHash: string };
  assert.match(payloadHash, /^[0-9a-f]{64}$/);
  return Buffer.from(payloadHash, 'hex') as Uint8Array as Hash32;
}
