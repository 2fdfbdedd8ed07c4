import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  type BlockReport,
  ClientError,
  createClient,
  createHandshakes,
  createMemoryStorage,
} from '@basalt/client';
import { fromUtf8, type NamespaceId, utf8 } from '@basalt/protocol';
import { flipAt, startProxy, type TamperingProxy } from './proxy.ts';
import { startTestNode, type TestNode, testSigner } from './running-node.ts';

/** The client against a whole node over HTTP: gateway, ledger and store as they are. */

let running: TestNode;
let proxy: TamperingProxy;

before(async () => {
  running = await startTestNode();
  proxy = await startProxy(running.url);
});

after(async () => {
  await proxy[Symbol.asyncDispose]();
  await running[Symbol.asyncDispose]();
});

function records(count: number, word = 'record'): { payload: Uint8Array }[] {
  return Array.from({ length: count }, (_, i) => ({ payload: utf8(`${word} ${i}`) }));
}

test('found, append, read back, prove and verify offline', async () => {
  const client = createClient({ url: running.url });
  const signer = testSigner(1);
  const { namespace } = await client.createNamespace({ label: 'round-trip', signer });
  const appended = await client.append(namespace, records(600), { signer });
  assert.equal(appended.length, 600);
  const texts: string[] = [];
  for await (const { block, verified } of client.iterate({ namespace, from: 1, pageBlocks: 200 })) {
    assert.ok(verified.signature && verified.writer && verified.inclusion && verified.payloadHash);
    texts.push(fromUtf8(block.payload as Uint8Array));
  }
  assert.deepEqual(
    texts,
    Array.from({ length: 600 }, (_, i) => `record ${i}`),
  );
  const { text } = await client.prove({ namespace, index: 300 });
  const { verifierKey } = await client.namespace('round-trip');
  const policy = `log ${verifierKey}\nquorum none\n`;
  const offline = createClient({ url: '', fetch: () => assert.fail('no network') });
  const { verified, header } = await offline.verify({
    proof: text,
    policy,
    payload: utf8('record 299'),
  });
  assert.equal(header.index, 300);
  assert.ok(verified.inclusion && verified.payloadHash && verified.policy);
});

test('a session with a real node, and a proxy that touches the handshake', async () => {
  const storage = createMemoryStorage();
  const client = createClient({ url: proxy.url, handshakes: createHandshakes(), storage });
  const signer = testSigner(11);
  const { namespace } = await client.createNamespace({ label: 'session', signer });
  await client.append(namespace, records(300), { signer, until: 'checkpoint' });
  const session = await client.negotiated();
  const codings = ['zstd', 'br', 'gzip', 'identity'];
  assert.deepEqual(session?.answer.negotiated.codings, codings);
  for (const coding of codings) assert.ok(await isRead(namespace, coding), coding);
  assert.equal((await client.get({ namespace, index: 300 })).status, 'verified');
  proxy.tamper = (path, body) => (path === '/handshake' ? flipAt(body, body.length - 1) : body);
  const later = createClient({ url: proxy.url, handshakes: createHandshakes(), storage });
  await assert.rejects(
    later.get({ namespace, index: 300 }),
    (error) => error instanceof ClientError && error.code === 'invalid-handshake',
  );
  proxy.tamper = (_path, body) => body;
  assert.equal((await later.get({ namespace, index: 300 })).status, 'verified');
});

/** Whether a page that came in a coding is read. */
async function isRead(namespace: NamespaceId, coding: string): Promise<boolean> {
  const seen = new Set<string | null>();
  const client = createClient({
    url: running.url,
    handshakes: createHandshakes(),
    fetch: async (url, init) => {
      const headers = { ...(init.headers as Record<string, string>), 'accept-encoding': coding };
      const response = await fetch(url, { ...init, headers });
      seen.add(response.headers.get('content-encoding') ?? 'identity');
      return response;
    },
  });
  const page = await client.list({ namespace, from: 1, count: 100 });
  return seen.has(coding) && page.every(({ status }) => status === 'verified');
}

test('super proof, snapshot and consistency of a real ledger', async () => {
  const client = createClient({ url: running.url });
  const signer = testSigner(2);
  const { namespace } = await client.createNamespace({ label: 'super', signer });
  await client.append(namespace, records(40), { signer, until: 'checkpoint' });
  await running.node.ledger.flush();
  const { value, checkpoint } = await client.superProof(namespace);
  assert.equal(value?.size, 41);
  assert.ok(checkpoint.checkpoint.origin.endsWith('/super'));
  const snapshot = await client.snapshot(namespace, 17);
  assert.equal(snapshot.consistency.to.checkpoint.size, 41);
  await client.append(namespace, records(5), { signer, until: 'checkpoint' });
  const { to } = await client.consistency(namespace, { size: 17, root: snapshot.root });
  assert.equal(to.checkpoint.size, 46);
  assert.equal(to.verified.consistency, true);
});

test('a subscription sees every block of a busy writer, verified', async () => {
  const client = createClient({ url: running.url });
  const signer = testSigner(3);
  const { namespace } = await client.createNamespace({ label: 'busy', signer });
  const reports: BlockReport[] = [];
  const reading = (async () => {
    for await (const report of client.subscribe({ namespace, from: 1 })) {
      reports.push(report);
      if (reports.length === 200) return;
    }
  })();
  for (let round = 0; round < 20; round++) await client.append(namespace, records(10), { signer });
  await reading;
  assert.ok(reports.every(({ status }) => status === 'verified'));
  assert.deepEqual(
    reports.map(({ index }) => index),
    Array.from({ length: 200 }, (_, i) => i + 1),
  );
});

test('two processes with one key get by without a fork', async () => {
  const one = createClient({ url: running.url });
  const two = createClient({ url: running.url });
  const signer = testSigner(4);
  const { namespace } = await one.createNamespace({ label: 'shared', signer });
  await Promise.all([
    one.append(namespace, records(60, 'one'), { signer, batchBlocks: 7 }),
    two.append(namespace, records(60, 'two'), { signer, batchBlocks: 11 }),
  ]);
  const texts: string[] = [];
  for await (const { block } of one.iterate({ namespace, from: 1 })) {
    texts.push(fromUtf8(block.payload as Uint8Array));
  }
  const expected = [...records(60, 'one'), ...records(60, 'two')].map(({ payload }) =>
    fromUtf8(payload),
  );
  assert.deepEqual(texts.toSorted(), expected.toSorted());
  assert.equal((await one.namespace(namespace)).frozenAt, undefined);
});

test('answers that get lost neither double nor lose a record', async () => {
  const client = createClient({ url: proxy.url, retries: 8 });
  const signer = testSigner(5);
  const { namespace } = await client.createNamespace({ label: 'lossy', signer });
  let posts = 0;
  proxy.tamper = (path, body) => (path === '/blocks/batch' && posts++ % 2 === 0 ? undefined : body);
  await client.append(namespace, records(50), { signer, batchBlocks: 10 });
  proxy.tamper = (_path, body) => body;
  assert.ok(posts >= 10, `${posts} posts`);
  const page = await client.list({ namespace, from: 1, count: 256 });
  const texts = page.map(({ block }) => fromUtf8(block.payload as Uint8Array));
  assert.deepEqual(
    texts,
    Array.from({ length: 50 }, (_, i) => `record ${i}`),
  );
});

test('what a proxy changes is refused, whatever it changes', async () => {
  const signer = testSigner(6);
  const honest = createClient({ url: running.url });
  const { namespace } = await honest.createNamespace({ label: 'tampered', signer });
  await honest.append(namespace, records(30), { signer, until: 'checkpoint' });
  const cases: readonly (readonly [string, RegExp, (body: Buffer) => Buffer, string])[] = [
    ['payload', /\/blocks\/20$/, (body) => flipAt(body, -1), 'payload-mismatch'],
    ['signature', /\/blocks\/20$/, (body) => flipAt(body, 160), 'invalid-signature'],
    ['previous hash', /\/blocks\/20$/, (body) => flipAt(body, 40), 'invalid-signature'],
    ['key blocks', /\/keys$/, (body) => flipAt(body, 60), 'invalid-signature'],
    ['another namespace', /\/blocks\/20$/, (body) => flipAt(body, 5), 'wrong-namespace'],
    [
      'size of the proof',
      /\/proof\?/,
      (body) => replaced(body, '"size":31', '"size":30'),
      'invalid-proof',
    ],
    [
      'checkpoint',
      /\/proof\?/,
      (body) => replaced(body, '\\n31\\n', '\\n32\\n'),
      'invalid-signature',
    ],
  ];
  for (const [name, target, change, code] of cases) {
    proxy.tamper = (path, body) => (target.test(path) ? change(body) : body);
    const client = createClient({ url: proxy.url, storage: createMemoryStorage() });
    const report = await client.examine({ namespace, index: 20 });
    assert.ok(report.status === 'refused', name);
    assert.equal(report.error.code, code, `${name}: ${report.error.message}`);
    assert.equal(report.error.kind, 'refused');
  }
  proxy.tamper = (_path, body) => body;
});

test('the first verified block costs less than 10 KB of answers', async () => {
  const signer = testSigner(7);
  const writer = createClient({ url: running.url });
  const { namespace } = await writer.createNamespace({ label: 'cost', signer });
  await writer.append(namespace, records(2_000), { signer, until: 'checkpoint' });
  let bytes = 0;
  let asked = 0;
  const client = createClient({
    url: running.url,
    fetch: async (url, init) => {
      const headers = {
        ...(init.headers as Record<string, string>),
        'accept-encoding': 'identity',
      };
      const response = await fetch(url, { ...init, headers });
      asked++;
      for (const [name, value] of response.headers) bytes += name.length + value.length + 4;
      bytes += (await response.clone().arrayBuffer()).byteLength;
      return response;
    },
  });
  assert.equal((await client.get({ namespace, index: 1_234 })).status, 'verified');
  console.log(`first verified block: ${bytes} B in ${asked} answers, header fields included`);
  assert.ok(bytes < 10_000, `${bytes} bytes`);
});

test('what the node says no to keeps its code', async () => {
  const client = createClient({ url: running.url });
  await assert.rejects(client.get('00'.repeat(32)), (error) => {
    assert.ok(error instanceof ClientError);
    assert.equal(error.kind, 'rejected');
    assert.equal(error.metadata['status'], 404);
    return true;
  });
  await assert.rejects(client.namespace('nothing-here'), (error) => {
    assert.ok(error instanceof ClientError);
    assert.equal(error.code, 'unknown-namespace');
    return true;
  });
});

function replaced(body: Buffer, from: string, to: string): Buffer {
  const text = body.toString();
  assert.ok(text.includes(from), `expected ${from} in ${text}`);
  return Buffer.from(text.replace(from, to));
}
