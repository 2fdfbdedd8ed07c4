import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type BlockHash,
  blockHash,
  concatBytes,
  createNoteKey,
  decodeBlockPrefix,
  encodeV1Block,
  formatVerifierKey,
  fromUtf8,
  NOTE_KEY_TYPE,
  toHex,
  utf8,
  v1NamespaceId,
} from '@basalt/protocol';
import { ClientError, createMemoryStorage } from '../src/index.ts';
import { binary, type FakeChain, problem, seededSigner } from './fake-node.ts';
import { createOpenStorage, createSetup, isCode } from './setup.ts';

const ALL = {
  payloadHash: true,
  signature: true,
  writer: true,
  inclusion: true,
  checkpoint: true,
  consistency: false,
  policy: false,
};

test('a block by place is verified and says what was checked', async () => {
  const { client, chain } = createSetup();
  const block = await client.get({ namespace: chain.namespace, index: 7 });
  assert.equal(block.status, 'verified');
  assert.deepEqual(block.verified, { ...ALL, trust: 'first-use' });
  assert.equal(fromUtf8(block.block.payload ?? new Uint8Array()), '{"reading":7}');
  assert.equal(block.proof?.size, 13);
  assert.deepEqual(block.writer?.publicKey, chain.signer.publicKey);
});

test('a block by hash is the same block', async () => {
  const { client, chain } = createSetup();
  const stored = chain.blocks[5];
  assert.ok(stored);
  const hash = toHex(blockHash(stored.entry));
  const block = await client.get(hash.toUpperCase());
  assert.equal(block.index, 5);
  assert.equal(toHex(block.hash), hash);
  assert.deepEqual(block.verified, { ...ALL, trust: 'first-use' });
});

test('the first verified block costs less than 10 KB of answers', async () => {
  const { client, chain, node } = createSetup(1_000);
  await client.get({ namespace: chain.namespace, index: 777 });
  assert.ok(node.bytesSent < 10_000, `${node.bytesSent} bytes`);
});

test('consistency is claimed only against a checkpoint held before', async () => {
  const { client, chain, node } = createSetup();
  const { namespace } = chain;
  assert.equal((await client.get({ namespace, index: 1 })).verified.consistency, false);
  node.add(chain, 'more');
  assert.equal((await client.get({ namespace, index: 1 })).verified.consistency, true);
});

test('a new client with the old storage continues from the checkpoint it holds', async () => {
  const { another, chain, node } = createSetup();
  const storage = createOpenStorage();
  await another({ storage }).checkpoint(chain.namespace);
  assert.equal(storage.map.size, 2, 'one key and one checkpoint');
  node.add(chain, 'more');
  const seen = node.seen.length;
  const next = await another({ storage }).checkpoint(chain.namespace);
  assert.equal(next.verified.consistency, true);
  assert.equal(next.checkpoint.size, 14);
  const asked = node.seen.slice(seen).map(({ path }) => path.split('?')[0]);
  assert.ok(asked.includes(`/chains/${chain.namespace}/consistency`));
  assert.ok(!asked.includes(`/chains/${chain.namespace}`), 'the key is not asked for twice');
});

test('a proof under an older checkpoint is taken when it is a prefix of the held one', async () => {
  const { client, chain, node } = createSetup();
  const { namespace } = chain;
  await client.checkpoint(namespace);
  node.intercept = (request) =>
    request.path.includes('/proof?') ? Response.json(node.proofFor(chain, 3, 9)) : undefined;
  const block = await client.get({ namespace, index: 3 });
  assert.equal(block.proof?.size, 9);
  assert.equal(block.verified.consistency, true);
});

test('a rewritten log is refused with both notes as evidence', async () => {
  const { client, chain, node } = createSetup();
  const { namespace } = chain;
  const held = await client.checkpoint(namespace);
  chain.blocks.pop();
  chain.leaves.pop();
  node.add(chain, 'rewritten');
  const forged = node.noteFor(chain);
  await assert.rejects(client.checkpoint(namespace), (error) => {
    isCode('inconsistent-checkpoint', 'refused')(error);
    assert.ok(error instanceof ClientError);
    assert.equal(error.metadata['heldNote'], held.note);
    assert.equal(error.metadata['note'], forged);
    return true;
  });
  node.add(chain, 'and longer');
  await assert.rejects(client.checkpoint(namespace), isCode('inconsistent-checkpoint', 'refused'));
});

test('pinned keys: the node-wide key, the log key, a policy, a wrong key', async () => {
  const { another, node, chain } = createSetup();
  const { namespace } = chain;
  const line = node.verifierKey(chain);
  const pinned = await another({ verifierKeys: [line] }).get({ namespace, index: 2 });
  assert.equal(pinned.verified.trust, 'pinned');
  assert.equal(pinned.verified.policy, false);
  const policy = `log ${line}\nquorum none\n`;
  const byPolicy = await another({ policy }).get({ namespace, index: 2 });
  assert.equal(byPolicy.verified.policy, true);
  assert.equal(byPolicy.verified.trust, 'pinned');
  const name = node.origin;
  const key = createNoteKey(name, NOTE_KEY_TYPE.ed25519, node.logSigner.publicKey);
  const byNode = another({ verifierKeys: [formatVerifierKey(key)] });
  assert.equal((await byNode.get({ namespace, index: 2 })).verified.trust, 'pinned');
  assert.equal((await byNode.superProof(namespace)).checkpoint.verified.trust, 'pinned');
  const foreign = createSetup();
  foreign.node.logSigner = seededSigner(201);
  const wrong = another({ verifierKeys: [foreign.node.verifierKey(foreign.chain)] });
  await assert.rejects(wrong.get({ namespace, index: 2 }), isCode('invalid-signature', 'refused'));
  const elsewhere = another({ verifierKeys: [node.verifierKey(node.superChain)] });
  await assert.rejects(elsewhere.get({ namespace, index: 2 }), isCode('no-trust', 'usage'));
});

test('a key that changes after first use is refused', async () => {
  const { another, node, chain } = createSetup();
  const storage = createMemoryStorage();
  await another({ storage }).checkpoint(chain.namespace);
  node.logSigner = seededSigner(201);
  node.add(chain, 'more');
  await assert.rejects(
    another({ storage }).checkpoint(chain.namespace),
    isCode('log-key-changed', 'refused'),
  );
});

test('rotated keys: each block is checked with the writer of its time', async () => {
  const { client, node, chain } = createSetup(3);
  const { namespace } = chain;
  const first = chain.signer.publicKey;
  await client.get({ namespace, index: 2 });
  const second = seededSigner(2);
  node.rotate(chain, second);
  node.add(chain, 'after');
  const after = await client.get({ namespace, index: 5 });
  assert.deepEqual(after.writer?.publicKey, second.publicKey);
  assert.deepEqual((await client.get({ namespace, index: 4 })).writer?.publicKey, first);
  chain.signer = seededSigner(1);
  node.add(chain, 'by the old key');
  await assert.rejects(client.get({ namespace, index: 6 }), isCode('wrong-writer', 'refused'));
});

test('key blocks seen before are not asked for again below the known size', async () => {
  const { client, node, chain } = createSetup();
  const { namespace } = chain;
  await client.get({ namespace, index: 9 });
  const seen = node.seen.length;
  await client.get({ namespace, index: 4 });
  const asked = node.seen.slice(seen).map(({ path }) => path);
  assert.deepEqual(
    asked.filter((path) => path.includes('/keys')),
    [],
  );
  assert.equal(asked.length, 2, 'block and proof');
});

test('a block that no checkpoint covers yet is waited for, or told as it is', async () => {
  const { client, node, chain, time } = createSetup();
  const { namespace } = chain;
  await client.checkpoint(namespace);
  chain.autoCover = false;
  node.add(chain, 'young');
  const young = await client.get({ namespace, index: 13 }, { inclusion: 'if-covered' });
  assert.equal(young.status, 'verified');
  assert.deepEqual(
    { ...young.verified },
    { ...ALL, inclusion: false, checkpoint: false, trust: 'none' },
  );
  let looks = 0;
  node.intercept = (request) => {
    if (request.path.includes('/proof?') && ++looks === 4) node.cover(chain);
    return undefined;
  };
  const covered = await client.get({ namespace, index: 13 });
  assert.equal(covered.verified.inclusion, true);
  assert.equal(looks, 4);
  assert.ok(time.delaysMs.length > 3);
});

test('an emptied page is no end of the log: a checkpoint says where that is', async () => {
  const { client, chain, node } = createSetup();
  const { namespace } = chain;
  const isPage = (path: string, from: number): boolean => path.includes(`/blocks?from=${from}&`);
  node.intercept = (request) => (isPage(request.path, 5) ? binary(new Uint8Array(0)) : undefined);
  const isMissing = isCode('missing-block', 'refused');
  await assert.rejects(client.list({ namespace, from: 5, count: 3 }), isMissing);
  const read: number[] = [];
  const walk = async (): Promise<void> => {
    for await (const { index } of client.iterate({ namespace, pageBlocks: 5 })) read.push(index);
  };
  await assert.rejects(walk(), isMissing);
  assert.deepEqual(read, [0, 1, 2, 3, 4]);
  assert.deepEqual(await client.list({ namespace, from: 13, count: 3 }), [], 'the end of all');
  // A block that came just after the page was made is read with the next look.
  let looks = 0;
  node.intercept = (request) => {
    if (!isPage(request.path, 13) || ++looks > 1) return undefined;
    node.add(chain, 'just now');
    return binary(new Uint8Array(0));
  };
  const [late] = await client.list({ namespace, from: 13, count: 3 });
  assert.equal(late?.index, 13);
});

test('list and iterate give verified blocks in order, under one proof a page', async () => {
  const { client, node, chain } = createSetup(300);
  const { namespace } = chain;
  const page = await client.list({ namespace, from: 10, count: 100 });
  assert.deepEqual(
    page.map(({ index }) => index),
    Array.from({ length: 100 }, (_, i) => i + 10),
  );
  assert.ok(page.every(({ verified }) => verified.inclusion && verified.signature));
  assert.equal(node.seen.filter(({ path }) => path.includes('/proofs?')).length, 2);
  const indexes: number[] = [];
  for await (const { index } of client.iterate({ namespace, from: 250, pageBlocks: 20 })) {
    indexes.push(index);
  }
  assert.deepEqual(
    indexes,
    Array.from({ length: 51 }, (_, i) => i + 250),
  );
  const bounded: number[] = [];
  for await (const { index } of client.iterate({ namespace, from: 5, to: 8 })) bounded.push(index);
  assert.deepEqual(bounded, [5, 6, 7]);
});

test('one bad block in a page is told alone, list refuses the page', async () => {
  const { client, node, chain } = createSetup();
  const { namespace } = chain;
  node.intercept = async (request, answer) => {
    if (!request.path.includes('/blocks?')) return answer();
    const bytes = new Uint8Array(await (await answer()).arrayBuffer());
    const one = bytes.length / 5;
    bytes[2 * one + one - 3] = (bytes[2 * one + one - 3] as number) ^ 1;
    return binary(bytes);
  };
  const reports = await client.examineRange({ namespace, from: 3, count: 5 });
  assert.deepEqual(
    reports.map(({ status }) => status),
    ['verified', 'verified', 'refused', 'verified', 'verified'],
  );
  const refused = reports[2];
  assert.ok(refused?.status === 'refused');
  assert.equal(refused.error.code, 'payload-mismatch');
  assert.equal(refused.verified.signature, true, 'the rest is told as it is');
  assert.equal(refused.verified.inclusion, true);
  await assert.rejects(
    client.list({ namespace, from: 3, count: 5 }),
    isCode('payload-mismatch', 'refused'),
  );
});

test('head is verified by its writer, refused when it lies before a held checkpoint', async () => {
  const { client, node, chain } = createSetup();
  const { namespace } = chain;
  const head = await client.head(namespace);
  assert.equal(head.block.entry.header.index, 12);
  await client.checkpoint(namespace);
  const old = chain.blocks[4];
  assert.ok(old);
  node.intercept = (request) =>
    request.path.endsWith('/head') ? binary(old.entry.bytes.slice()) : undefined;
  await assert.rejects(client.head(namespace), isCode('stale-head', 'refused'));
});

test('verify none returns what is served and claims nothing', async () => {
  const { another, node, chain } = createSetup();
  const { namespace } = chain;
  const client = another({ verify: 'none' });
  node.intercept = async (_request, answer) => {
    const bytes = new Uint8Array(await (await answer()).arrayBuffer());
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
    return binary(bytes);
  };
  const block = await client.get({ namespace, index: 3 });
  assert.equal(block.status, 'unchecked');
  assert.ok(Object.values(block.verified).every((value) => value === false || value === 'none'));
  assert.equal(node.seen.length, 1);
});

test('namespaces, one namespace by label, super proof, snapshot, consistency', async () => {
  const { client, chain } = createSetup();
  const { namespace } = chain;
  const labels: string[] = [];
  for await (const { label } of client.namespaces()) labels.push(label);
  assert.deepEqual(labels, ['super', 'audit']);
  assert.equal((await client.namespace('audit')).namespace, namespace);
  const proof = await client.superProof(namespace);
  assert.equal(proof.value?.size, 13);
  assert.equal(proof.checkpoint.checkpoint.origin, 'node.test/super');
  const snapshot = await client.snapshot(namespace, 8);
  assert.equal(snapshot.consistency.to.checkpoint.size, 13);
  const from = { size: 8, root: snapshot.root };
  assert.equal((await client.consistency(namespace, from)).from.size, 8);
  const wrong = { size: 8, root: proof.superRoot.root };
  await assert.rejects(client.consistency(namespace, wrong), isCode('invalid-proof', 'refused'));
});

test('the namespace list follows next links on the same node only', async () => {
  const { client, node, chain } = createSetup();
  const summary = (await (await node.fetch('/chains', {})).json()) as unknown[];
  node.intercept = (request) => {
    if (request.path === '/chains') {
      const link = '</chains?after=1>; rel="next", <//other.test/>; rel="last"';
      return Response.json(summary.slice(0, 1), { headers: { link } });
    }
    if (request.path !== '/chains?after=1') return undefined;
    const link = '<//other.test/chains>; rel="next"';
    return Response.json(summary.slice(1), { headers: { link } });
  };
  const found: string[] = [];
  for await (const { namespace } of client.namespaces()) found.push(namespace);
  assert.deepEqual(found, [node.superChain.namespace, chain.namespace]);
});

test('a chain of version 1 resolves its writer from its first block', async () => {
  const { client, node } = createSetup(1);
  const signer = seededSigner(40);
  const namespace = v1NamespaceId(signer.publicKey);
  const chain: FakeChain = {
    namespace,
    label: '',
    origin: `${node.origin}/ns/${namespace}`,
    signer,
    blocks: [],
    leaves: [],
    covered: 0,
    autoCover: true,
  };
  node.chains.set(namespace, chain);
  let previous = new Uint8Array(32) as BlockHash;
  for (let index = 0; index < 3; index++) {
    const payload = utf8(`old ${index}`);
    const place = { wireVersion: 0x0105, index, timestampSeconds: 1_760_000_000 + index, previous };
    const bytes = encodeV1Block({ ...place, payloadType: 1, payload }, signer);
    const block = decodeBlockPrefix(bytes, 0).block;
    previous = blockHash(block.entry, payload);
    node.push(chain, block);
  }
  const block = await client.get({ namespace, index: 2 });
  assert.equal(block.block.entry.header.version, 1);
  assert.deepEqual(block.verified, { ...ALL, trust: 'first-use' });
});

test('pruned payloads: header forms verify without a claim about the payload', async () => {
  const { client, node, chain } = createSetup(8);
  const { namespace } = chain;
  node.intercept = (request) => {
    if (!request.path.includes('/blocks?')) return undefined;
    if (!request.path.endsWith('&payloads=0')) return problem(410, 'pruned');
    return binary(concatBytes(...chain.blocks.slice(2, 5).map(({ entry }) => entry.bytes)));
  };
  const page = await client.list({ namespace, from: 2, count: 3 });
  assert.deepEqual(
    page.map(({ verified }) => [verified.payloadHash, verified.signature, verified.inclusion]),
    Array.from({ length: 3 }, () => [false, true, true]),
  );
});
