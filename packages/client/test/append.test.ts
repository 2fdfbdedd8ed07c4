import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALGORITHM, equalBytes, fromUtf8, utf8 } from '@basalt/protocol';
import type { AppendRecord } from '../src/index.ts';
import { json, problem, seededSigner } from './fake-node.ts';
import { createSetup, isCode } from './setup.ts';

const RECORDS: readonly AppendRecord[] = ['a', 'b', 'c', 'd', 'e'].map((text) => ({
  payload: utf8(text),
}));

function texts(chain: {
  readonly blocks: readonly { readonly payload: Uint8Array | undefined }[];
}): string[] {
  return chain.blocks.slice(3).map(({ payload }) => fromUtf8(payload ?? new Uint8Array()));
}

test('records are signed onto the head, sent in batches and then verify', async () => {
  const { client, node, chain } = createSetup(2);
  const { namespace, signer } = chain;
  const appended = await client.append(namespace, RECORDS, { signer, batchBlocks: 2 });
  assert.deepEqual(
    appended.map(({ index, isDuplicate }) => [index, isDuplicate]),
    [3, 4, 5, 6, 7].map((index) => [index, false]),
  );
  assert.deepEqual(texts(chain), ['a', 'b', 'c', 'd', 'e']);
  assert.equal(node.seen.filter(({ method }) => method === 'POST').length, 3);
  const page = await client.list({ namespace, from: 3, count: 5 });
  assert.ok(page.every(({ verified }) => verified.signature && verified.inclusion));
  assert.ok(appended.every(({ hash }, i) => equalBytes(hash, page[i]?.hash ?? hash)));
});

test('one Merkle signature for a batch', async () => {
  const { client, chain } = createSetup(2);
  const { namespace, signer } = chain;
  await client.append(namespace, RECORDS, { signer, merkleSigned: true });
  const block = await client.get({ namespace, index: 5 });
  assert.equal(block.block.entry.header.algorithm, ALGORITHM.merkleEd25519);
  assert.equal(block.verified.signature, true);
});

test('an answer that is lost after the blocks were taken does not double them', async () => {
  const { client, node, chain } = createSetup(2);
  const { namespace, signer } = chain;
  let losses = 0;
  node.intercept = async (request, answer) => {
    if (request.method !== 'POST' || losses > 0) return answer();
    losses++;
    await answer();
    throw new TypeError('socket closed');
  };
  const appended = await client.append(namespace, RECORDS, { signer });
  assert.deepEqual(texts(chain), ['a', 'b', 'c', 'd', 'e']);
  assert.ok(appended.every(({ isDuplicate }) => isDuplicate));
});

test('a batch of which a part was taken before the answer was lost is completed', async () => {
  const { client, node, chain } = createSetup(2);
  const { namespace, signer } = chain;
  let losses = 0;
  node.intercept = async (request, answer) => {
    if (request.method !== 'POST' || losses > 0) return answer();
    losses++;
    await answer();
    // The node kept two of five blocks and went away.
    chain.blocks.splice(5);
    chain.leaves.splice(5);
    chain.covered = 5;
    return problem(500, 'internal');
  };
  const appended = await client.append(namespace, RECORDS, { signer });
  assert.deepEqual(texts(chain), ['a', 'b', 'c', 'd', 'e']);
  assert.deepEqual(
    appended.map(({ index, isDuplicate }) => [index, isDuplicate]),
    [3, 4, 5, 6, 7].map((index) => [index, index < 5]),
  );
});

test('when the head has moved, records are signed anew behind it', async () => {
  const { client, node, chain } = createSetup(2);
  const { namespace, signer } = chain;
  let moves = 0;
  node.intercept = (request) => {
    if (request.method === 'POST' && moves++ === 0) node.add(chain, 'somebody else');
    return undefined;
  };
  const appended = await client.append(namespace, RECORDS, { signer });
  assert.deepEqual(texts(chain), ['somebody else', 'a', 'b', 'c', 'd', 'e']);
  assert.equal(appended[0]?.index, 4);
});

test('a head that always moves is given up', async () => {
  const { client, node, chain } = createSetup(1);
  const { namespace, signer } = chain;
  node.intercept = (request) =>
    request.method === 'POST' ? problem(412, 'head-moved') : undefined;
  const asked = client.append(namespace, RECORDS, { signer });
  await assert.rejects(asked, isCode('head-moved', 'rejected'));
});

test('every batch names the head it was built on', async () => {
  const { client, node, chain } = createSetup(1);
  const { namespace, signer } = chain;
  await client.append(namespace, RECORDS, { signer, batchBlocks: 3 });
  const posts = node.seen.filter(({ method }) => method === 'POST');
  assert.ok(posts.every(({ headers }) => /^"[0-9a-f]{64}"$/.test(headers.get('if-match') ?? '')));
});

test('another key is told before anything is signed', async () => {
  const { client, node, chain } = createSetup(1);
  const { namespace } = chain;
  const asked = client.append(namespace, RECORDS, { signer: seededSigner(5) });
  await assert.rejects(asked, isCode('wrong-writer', 'usage'));
  assert.equal(node.seen.filter(({ method }) => method === 'POST').length, 0);
});

test('a time before the head is the caller own mistake', async () => {
  const { client, chain } = createSetup(1);
  const { namespace, signer } = chain;
  const record = { payload: utf8('x'), timestampMs: 5 };
  await assert.rejects(
    client.append(namespace, [record], { signer }),
    isCode('timestamp-regression', 'usage'),
  );
});

test('what the node refuses in a batch is told with its place', async () => {
  const { client, node, chain } = createSetup(1);
  const { namespace, signer } = chain;
  node.intercept = async (request, answer) => {
    if (request.method !== 'POST') return answer();
    const object = (await (await answer()).json()) as { outcomes: Record<string, unknown>[] };
    object.outcomes[2] = { ...object.outcomes[2], status: 'rejected', code: 'namespace-frozen' };
    return json(object);
  };
  await assert.rejects(client.append(namespace, RECORDS, { signer }), (error) => {
    isCode('namespace-frozen', 'rejected')(error);
    assert.equal((error as { metadata: Record<string, unknown> }).metadata['taken'], 2);
    return true;
  });
});

test('a namespace is founded and then appended to', async () => {
  const { client } = createSetup(1);
  const signer = seededSigner(9);
  const made = await client.createNamespace({ label: 'doors', signer });
  await client.append(made.namespace, RECORDS, { signer });
  const block = await client.get({ namespace: made.namespace, index: 5 });
  assert.equal(block.verified.writer, true);
});

test('a stream of records holds one batch and stops when it is left', async () => {
  const { client, chain } = createSetup(2);
  const { namespace, signer } = chain;
  let produced = 0;
  async function* endless(): AsyncGenerator<AppendRecord> {
    for (;;) yield { payload: utf8(`${produced++}`) };
  }
  let batches = 0;
  for await (const batch of client.appendStream(namespace, endless(), { signer, batchBlocks: 4 })) {
    assert.equal(batch.length, 4);
    if (++batches === 3) break;
  }
  assert.ok(produced <= 13, `${produced} records were read for 12 blocks`);
});
