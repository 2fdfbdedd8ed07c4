import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  ALGORITHM,
  concatBytes,
  createBlocks,
  createGenesisBlock,
  createSigner,
  encodeBlock,
  encodeV1Block,
  type Hash32,
  isMerkleAlgorithm,
  plainAlgorithm,
  tipAfter,
} from '@basalt/protocol';
import {
  BATCH_TYPE,
  BLOCK_TYPE,
  BLOCKS_TYPE,
  EVENTS_TYPE,
  HEADER_TYPE,
  JSON_TYPE,
} from '../src/media-types.ts';
import { makeOffer, sendOffer } from './support/handshake.ts';
import { ChainWriter, provider, seededSigner } from './support/ledger.ts';
import { type Answer, ask, post, type Served, serve } from './support/serve.ts';

/** Nothing is advertised that is not asked for here: an unknown member fails the test. */
type Document = {
  readonly blockVersions: readonly number[];
  readonly algorithms: readonly number[];
  readonly mediaTypes: readonly string[];
  readonly codings: readonly string[];
  readonly consistency: readonly string[];
  readonly handshake: { readonly path: string; readonly sessionMs: number };
  readonly limits: Readonly<Record<string, number>>;
  readonly openNamespaces: boolean;
};

let served: Served;
let document: Document;
let chain: ChainWriter;

before(async () => {
  served = await serve({
    node: {
      version: '1',
      roles: ['origin'],
      algorithms: Object.values(ALGORITHM),
      signer: seededSigner(9),
    },
    batchBlocksMax: 8,
    eventStreamsMax: 2,
    sessionMs: 123_000,
  });
  document = (await ask(served.port, '/.well-known/basalt')).json<Document>();
  chain = new ChainWriter(80, 'probed');
  for (let i = 0; i < 7; i++) chain.add(Buffer.alloc(400, `probe ${i} `));
  const all = chain.blocks.map((_, index) => chain.wire(index));
  await post(served.port, '/blocks/batch', BLOCKS_TYPE, Buffer.concat(all));
});
after(() => served.close());

test('the document has no member that is not probed below', () => {
  const facts = ['name', 'version', 'roles', 'origin', 'superNamespace', 'superVerifierKey'];
  const others = ['startedMs', 'signature'];
  const probed = ['blockVersions', 'algorithms', 'mediaTypes', 'codings', 'consistency'];
  const more = ['handshake', 'limits', 'openNamespaces'];
  assert.deepEqual(Object.keys(document).sort(), [...facts, ...others, ...probed, ...more].sort());
});

test('each media type comes when it is asked for', async () => {
  const hash = chain.hash(1);
  const page = '/chains/probed/blocks?from=0&count=2';
  const get = (path: string, accept: string): Promise<Answer> =>
    ask(served.port, path, { headers: { accept } });
  const probes: Readonly<Record<string, () => Promise<Answer>>> = {
    [BLOCK_TYPE]: () => get(`/blocks/${hash}`, BLOCK_TYPE),
    [JSON_TYPE]: () => get(`/blocks/${hash}`, JSON_TYPE),
    [BLOCKS_TYPE]: () => get(page, BLOCKS_TYPE),
    [HEADER_TYPE]: () => get(page, HEADER_TYPE),
    [BATCH_TYPE]: () =>
      post(served.port, '/blocks/fetch', JSON_TYPE, JSON.stringify({ hashes: [hash] })),
  };
  for (const type of document.mediaTypes) {
    if (type === EVENTS_TYPE) {
      const stream = await openStream();
      assert.equal(stream.mediaType, type);
      stream.end();
      continue;
    }
    const reply = await probes[type]?.();
    assert.equal(reply?.status, 200, type);
    assert.equal(reply?.headers['content-type'], type);
  }
});

test('each coding comes when only it is accepted', async () => {
  for (const coding of document.codings) {
    const headers = { 'accept-encoding': `${coding}, *;q=0` };
    const reply = await ask(served.port, '/chains/probed/blocks?count=8', { headers });
    const expected = coding === 'identity' ? undefined : coding;
    assert.equal(reply.headers['content-encoding'], expected);
  }
});

test('each algorithm signs blocks that are taken', async () => {
  for (const algorithm of document.algorithms) {
    const id = algorithm as (typeof ALGORITHM)[keyof typeof ALGORITHM];
    const suite = provider.suite(plainAlgorithm(id));
    const seed = new Uint8Array(suite.seedBytes).fill(algorithm);
    const signer = createSigner(suite.keyPairFromSeed(seed), provider);
    const genesis = createGenesisBlock({
      label: `algorithm-${algorithm}`,
      nonce: new Uint8Array(16).fill(algorithm),
      timestampMs: 1_000,
      signer,
      provider,
    });
    const blocks = [encodeBlock(genesis.block)];
    if (isMerkleAlgorithm(id)) {
      const content = { timestampMs: 1_000, payloadType: 1, payload: Buffer.from('under a tree') };
      const made = createBlocks({
        namespace: genesis.block.entry.header.namespace,
        tip: tipAfter(genesis.block, genesis.hash),
        contents: [content, content],
        signer,
        provider,
      });
      blocks.push(...made.map(({ block }) => encodeBlock(block)));
      assert.equal(made[0]?.block.entry.header.algorithm, algorithm);
    }
    const body = concatBytes(...blocks);
    const reply = await post(served.port, '/blocks/batch', BLOCKS_TYPE, body);
    const { outcomes } = reply.json<{ outcomes: { status: string }[] }>();
    assert.deepEqual(new Set(outcomes.map(({ status }) => status)), new Set(['accepted']));
  }
});

test('each block version is taken', async () => {
  const writer = new ChainWriter(81, 'second version');
  const blocks: Readonly<Record<number, Uint8Array>> = { 1: firstVersion(), 2: writer.wire(0) };
  for (const version of document.blockVersions) {
    const wire = blocks[version] as Uint8Array;
    assert.equal((await post(served.port, '/blocks', BLOCK_TYPE, wire)).status, 201);
  }
});

test('each consistency level answers as it says', async () => {
  const prefer = { immediate: 'wait-checkpoint', durable: 'durable', eventual: 'respond-async' };
  const writer = new ChainWriter(82, 'levels');
  await post(served.port, '/blocks', BLOCK_TYPE, writer.wire(0));
  for (const level of document.consistency) {
    writer.add(Buffer.from(level));
    const headers = { prefer: prefer[level as keyof typeof prefer] };
    const wire = writer.wire(writer.blocks.length - 1);
    const reply = await post(served.port, '/blocks', BLOCK_TYPE, wire, headers);
    assert.equal(reply.status, level === 'eventual' ? 202 : 201, level);
    assert.equal('proof' in reply.json(), level === 'immediate', level);
    if (level !== 'eventual') continue;
    const location = String(reply.headers['location']);
    assert.equal((await ask(served.port, location)).status, 200);
  }
});

test('each limit lets in what it says and not more', async () => {
  const { limits } = document;
  const known = new Set(Object.keys(limits));
  const within = async (name: string, probe: (count: number) => Promise<number>, no: number) => {
    assert.ok(known.delete(name), name);
    const max = limits[name] as number;
    assert.equal(await probe(max), 200, `${name} ${max}`);
    assert.equal(await probe(max + 1), no, `${name} ${max + 1}`);
  };
  const statusOf = async (path: string): Promise<number> => (await ask(served.port, path)).status;
  await within('pageRowsMax', (rows) => statusOf(`/chains?count=${rows}`), 400);
  await within(
    'questionItemsMax',
    async (count) => {
      const hashes = Array.from({ length: count }, () => chain.hash(1));
      const body = JSON.stringify({ hashes, payloads: false });
      return (await post(served.port, '/blocks/fetch', JSON_TYPE, body)).status;
    },
    400,
  );
  await within(
    'batchBlocksMax',
    async (count) => {
      const blocks = Array.from({ length: count }, () => chain.wire(1));
      return (await post(served.port, '/blocks/batch', BLOCKS_TYPE, Buffer.concat(blocks))).status;
    },
    413,
  );
  const big = new ChainWriter(83, 'big');
  await post(served.port, '/blocks', BLOCK_TYPE, big.wire(0));
  await within(
    'payloadBytesMax',
    async (bytes) => {
      if (bytes > (limits['payloadBytesMax'] as number)) {
        // No writer makes such a block; its length in the header is enough to refuse it.
        const wire = big.wire(0).slice();
        new DataView(wire.buffer, wire.byteOffset).setUint32(104, bytes);
        return (await post(served.port, '/blocks', BLOCK_TYPE, wire)).status;
      }
      big.add(new Uint8Array(bytes));
      const reply = await post(served.port, '/blocks', BLOCK_TYPE, big.wire(1));
      return reply.status === 201 ? 200 : reply.status;
    },
    413,
  );
  known.delete('eventStreamsMax');
  const streams = await Promise.all([openStream(), openStream()]);
  assert.equal(await statusOf('/events'), 503, 'a stream too many');
  for (const stream of streams) stream.end();
  // Loopback has a rate of its own; the bucket itself is in bounds.test.ts.
  known.delete('requestsPerSecond');
  assert.deepEqual([...known], []);
});

test('the handshake is where it says, for as long as it says', async () => {
  const { path, sessionMs } = document.handshake;
  assert.equal(path, '/handshake');
  assert.equal((await sendOffer(served.port, makeOffer().bytes)).status, 200);
  assert.equal(sessionMs, 123_000);
});

test('open namespaces are what it says', async () => {
  const closed = await serve({ openNamespaces: false });
  try {
    for (const [port, isOpen] of [
      [served.port, document.openNamespaces],
      [closed.port, false],
    ] as const) {
      const told = (await ask(port, '/.well-known/basalt')).json<Document>();
      assert.equal(told.openNamespaces, isOpen);
      const writer = new ChainWriter(84, 'may I');
      const { status } = await post(port, '/blocks', BLOCK_TYPE, writer.wire(0));
      assert.equal(status, isOpen ? 201 : 401);
    }
  } finally {
    await closed.close();
  }
});

async function openStream(): Promise<{ readonly mediaType: string | null; end(): void }> {
  const controller = new AbortController();
  const reply = await fetch(`${served.url}/events`, { signal: controller.signal });
  assert.equal(reply.status, 200);
  return { mediaType: reply.headers.get('content-type'), end: () => controller.abort() };
}

function firstVersion(): Uint8Array {
  const parts = {
    wireVersion: 0x0107,
    index: 0,
    timestampSeconds: 1_700_000_000,
    previous: new Uint8Array(32) as Hash32,
    payloadType: 1,
    payload: Buffer.from('version 1'),
  };
  return encodeV1Block(parts, seededSigner(85));
}
