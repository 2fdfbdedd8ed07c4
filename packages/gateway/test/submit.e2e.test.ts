import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import {
  decodeBlock,
  decodeMultiProof,
  fromHex,
  leafHash,
  parseCheckpoint,
  parseNote,
  verifyInclusion,
  verifyMultiProof,
} from '@basalt/protocol';
import { BATCH_TYPE, BLOCK_TYPE, BLOCKS_TYPE } from '../src/media-types.ts';
import { ChainWriter } from './support/ledger.ts';
import { ask, post, type Served, serve, until } from './support/serve.ts';

interface Result {
  readonly status: string;
  readonly hash: string;
  readonly index: number;
  readonly checkpoint?: string;
  readonly proof?: { readonly size: number; readonly hashes: readonly string[] };
}

let served: Served;
before(async () => {
  served = await serve({ adminToken: 'secret' });
});
after(() => served.close());

const submit = (body: Uint8Array, headers: Record<string, string> = {}) =>
  post(served.port, '/blocks', BLOCK_TYPE, body, headers);

suite('submitting blocks', () => {
  test('a new block: 201, its place, and a proof that verifies', async () => {
    const chain = new ChainWriter(1);
    await submit(chain.wire(0));
    const block = chain.add(Buffer.from('x'));
    const answer = await submit(chain.wire(1));
    assert.equal(answer.status, 201);
    assert.equal(answer.headers['location'], `/blocks/${chain.hash(1)}`);
    const result = answer.json<Required<Result>>();
    assert.equal(result.status, 'accepted');
    assert.equal(result.hash, chain.hash(1));
    assert.equal(result.index, 1);
    const checkpoint = parseCheckpoint(parseNote(result.checkpoint).text);
    assert.equal(checkpoint.size, result.proof.size);
    verifyInclusion({
      leafHash: leafHash(block.entry.bytes),
      index: 1,
      size: result.proof.size,
      root: checkpoint.root,
      proof: result.proof.hashes.map((hash) => fromHex(hash) as never),
    });
  });

  test('the same block again: 200 with the same body', async () => {
    const chain = new ChainWriter(2);
    const first = (await submit(chain.wire(0))).json<Result>();
    const again = await submit(chain.wire(0));
    assert.equal(again.status, 200);
    const result = again.json<Result>();
    assert.equal(result.status, 'duplicate');
    assert.equal(result.hash, first.hash);
    assert.ok(result.proof !== undefined);
  });

  test('Prefer: durable answers without proof, respond-async before the commit', async () => {
    const chain = new ChainWriter(3);
    const durable = await submit(chain.wire(0), { prefer: 'durable' });
    assert.equal(durable.status, 201);
    assert.equal(durable.headers['preference-applied'], 'durable');
    assert.equal(durable.json<Result>().proof, undefined);
    chain.add(Buffer.from('later'));
    const queued = await submit(chain.wire(1), { prefer: 'respond-async, wait=10' });
    assert.equal(queued.status, 202);
    assert.equal(queued.headers['preference-applied'], 'respond-async');
    const url = queued.headers['location'] as string;
    assert.equal(url, `/blocks/${chain.hash(1)}/status`);
    const states = new Set<string>();
    await until(async () => {
      const { status } = (await ask(served.port, url)).json<Result>();
      states.add(status);
      return status === 'checkpointed';
    });
    for (const state of states) assert.match(state, /^(queued|committed|checkpointed)$/);
    assert.equal((await ask(served.port, `/blocks/${'0'.repeat(64)}/status`)).status, 404);
  });

  test('a block that was queued and then refused says why', async () => {
    const chain = new ChainWriter(4);
    await submit(chain.wire(0));
    chain.add(Buffer.from('a'));
    chain.add(Buffer.from('gap'));
    const queued = await submit(chain.wire(2), { prefer: 'respond-async' });
    assert.equal(queued.status, 202);
    const url = queued.headers['location'] as string;
    const last = await until(async () => {
      const value = (await ask(served.port, url)).json<Result & { code?: string }>();
      return value.status === 'rejected' && value;
    });
    assert.equal(last.code, 'invalid-index');
  });

  test('If-Match is a compare-and-swap on the head', async () => {
    const chain = new ChainWriter(5);
    await submit(chain.wire(0));
    chain.add(Buffer.from('a'));
    const moved = await submit(chain.wire(1), { 'if-match': `"${'0'.repeat(64)}"` });
    assert.equal(moved.status, 412);
    assert.equal(moved.json()['code'], 'head-moved');
    const head = await ask(served.port, `/chains/${chain.namespace}/head`);
    const swapped = await submit(chain.wire(1), { 'if-match': head.headers['etag'] as string });
    assert.equal(swapped.status, 201);
    for (const bad of ['*', 'W/"x"', '"a", "b"', '"short"', 'x']) {
      const answer = await submit(chain.wire(1), { 'if-match': bad });
      assert.equal(answer.status, 400, bad);
    }
  });
});

suite('refusals', () => {
  test('what the rules refuse has its own status and code', async () => {
    const chain = new ChainWriter(6);
    await submit(chain.wire(0));
    chain.add(Buffer.from('first'));
    await submit(chain.wire(1));
    chain.add(Buffer.from('second'));
    const wire = chain.wire(2);
    const changed = (offset: number): Uint8Array => {
      const copy = Uint8Array.from(wire);
      copy[offset]! ^= 1;
      return copy;
    };
    const table: readonly [string, Uint8Array, number, string][] = [
      ['empty', new Uint8Array(0), 400, 'malformed'],
      ['cut', wire.subarray(0, 100), 400, 'malformed'],
      ['cut payload', wire.subarray(0, wire.length - 1), 400, 'malformed'],
      ['two blocks', Buffer.concat([wire, wire]), 413, 'body-too-large'],
      ['version', changed(2), 400, 'version-mismatch'],
      ['signature', changed(150), 422, 'invalid-signature'],
      ['payload', changed(wire.length - 1), 422, 'payload-mismatch'],
      ['namespace', changed(4), 404, 'unknown-namespace'],
    ];
    for (const [name, body, status, code] of table) {
      const answer = await submit(body);
      assert.equal(answer.status, status, `${name}: ${answer.body.toString()}`);
      assert.equal(answer.headers['content-type'], 'application/problem+json');
      const problem = answer.json();
      assert.equal(problem['code'], code, name);
      assert.equal(problem['type'], `urn:basalt:error:${code}`);
      assert.equal(problem['status'], status);
    }
    const fork = new ChainWriter(6);
    fork.add(Buffer.from('another first'));
    const forked = await submit(fork.wire(1));
    assert.equal(forked.status, 409, forked.body.toString());
    const problem = forked.json();
    assert.equal(problem['code'], 'fork');
    assert.match(forked.headers['link'] as string, /\/forks>; rel="describedby"/);
    const forks = (await ask(served.port, problem['forkProofs'] as string)).json<
      { hash: string; url: string }[]
    >();
    assert.equal(forks.length, 1);
    const proof = await ask(served.port, forks[0]!.url);
    assert.equal(proof.status, 200);
    assert.equal(proof.headers['etag'], `"${forks[0]!.hash}"`);
    assert.equal((await ask(served.port, `/forks/${forks[0]!.hash}`)).status, 200);
    const frozen = await submit(wire);
    assert.equal(frozen.status, 423);
    assert.equal(frozen.json()['code'], 'namespace-frozen');
  });

  test('a gap says where the head is', async () => {
    const chain = new ChainWriter(7);
    await submit(chain.wire(0));
    chain.add(Buffer.from('a'));
    chain.add(Buffer.from('b'));
    const answer = await submit(chain.wire(2));
    assert.equal(answer.status, 409);
    const problem = answer.json();
    assert.equal(problem['code'], 'invalid-index');
    assert.equal(problem['headIndex'], 0);
    assert.equal(problem['headHash'], chain.hash(0));
  });
});

suite('batches', () => {
  test('a batch: an outcome for each block, and the head', async () => {
    const chain = new ChainWriter(8);
    for (let i = 0; i < 20; i++) chain.add(Buffer.from(`record ${i}`));
    const wires = chain.blocks.map((_, i) => Uint8Array.from(chain.wire(i)));
    wires[20]![160]! ^= 1;
    const body = Buffer.concat([...wires, wires[3]!]);
    const answer = await post(served.port, '/blocks/batch', BLOCKS_TYPE, body);
    assert.equal(answer.status, 200);
    interface Batch {
      readonly outcomes: readonly (Result & { readonly code?: string })[];
      readonly head: { readonly index: number; readonly hash: string };
    }
    const { outcomes, head } = answer.json<Batch>();
    assert.equal(outcomes.length, 22);
    for (const [i, outcome] of outcomes.slice(0, 20).entries()) {
      assert.deepEqual(
        [outcome.status, outcome.index, outcome.hash],
        ['accepted', i, chain.hash(i)],
      );
    }
    assert.equal(outcomes[20]!.code, 'invalid-signature');
    assert.equal(outcomes[21]!.status, 'duplicate');
    assert.deepEqual(head, { index: 19, hash: chain.hash(19) });
  });

  test('a batch of more than 256 blocks is refused whole', async () => {
    const chain = new ChainWriter(9);
    for (let i = 0; i < 256; i++) chain.add(Buffer.of(i));
    const body = Buffer.concat(chain.blocks.map((_, i) => chain.wire(i)));
    const answer = await post(served.port, '/blocks/batch', BLOCKS_TYPE, body);
    assert.equal(answer.status, 413);
    assert.equal(answer.json()['blocksMax'], 256);
    assert.equal((await ask(served.port, `/chains/${chain.namespace}`)).status, 404);
  });

  test('many blocks by hash, in order, with one proof for all', async () => {
    const chain = new ChainWriter(10);
    for (let i = 0; i < 5; i++) chain.add(Buffer.from(`payload ${i}`));
    const body = Buffer.concat(chain.blocks.map((_, i) => chain.wire(i)));
    await post(served.port, '/blocks/batch', BLOCKS_TYPE, body, { prefer: 'wait-checkpoint' });
    const hashes = [chain.hash(4), '00'.repeat(32), chain.hash(2)];
    const question = JSON.stringify({ hashes, proofs: true });
    const answer = await post(served.port, '/blocks/fetch', 'application/json', question);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-type'], BATCH_TYPE);
    let rest = answer.body;
    const take = (prefix: number): Buffer => {
      const length = rest.readUInt32BE(prefix);
      const piece = rest.subarray(prefix + 4, prefix + 4 + length);
      rest = rest.subarray(prefix + 4 + length);
      return piece;
    };
    const markers = hashes.map(() => ({ marker: rest[0], bytes: take(1) }));
    assert.deepEqual(
      markers.map(({ marker }) => marker),
      [1, 0, 1],
    );
    assert.deepEqual(markers[0]!.bytes, Buffer.from(chain.wire(4)));
    assert.equal(markers[1]!.bytes.length, 0);
    const note = take(0).toString();
    const checkpoint = parseCheckpoint(parseNote(note).text);
    const proof = decodeMultiProof(take(0));
    assert.equal(rest.length, 0);
    assert.deepEqual(proof.indexes, [2, 4]);
    const leafHashes = [2, 4].map((index) => leafHash(chain.blocks[index]!.entry.bytes));
    verifyMultiProof({ root: checkpoint.root, leafHashes, proof });
    const headers = { hashes: [chain.hash(1)], payloads: false };
    const bare = await post(
      served.port,
      '/blocks/fetch',
      'application/json',
      JSON.stringify(headers),
    );
    assert.equal(decodeBlock(bare.body.subarray(5)).payload, undefined);
  });

  const badQuestions: readonly string[] = [
    '',
    '{',
    '[]',
    '{}',
    '{"hashes":[]}',
    '{"hashes":["00"]}',
    '{"hashes":[1]}',
    `{"hashes":["${'00'.repeat(32)}"],"unknown":1}`,
    JSON.stringify({ hashes: Array.from({ length: 257 }, () => '00'.repeat(32)) }),
  ];
  for (const question of badQuestions) {
    test(`the question ${question.slice(0, 40)} is refused`, async () => {
      const answer = await post(served.port, '/blocks/fetch', 'application/json', question);
      assert.equal(answer.status, 400);
      assert.equal(answer.json()['code'], 'bad-request');
    });
  }
});

suite('at the door', () => {
  test('media types and codings that are not ours are 415', async () => {
    const chain = new ChainWriter(11);
    const text = await post(served.port, '/blocks', 'text/plain', chain.wire(0));
    assert.equal(text.status, 415);
    assert.match(text.headers['accept'] as string, /x-olocus-block/);
    const coded = await submit(chain.wire(0), { 'content-encoding': 'gzip' });
    assert.equal(coded.status, 415);
  });

  test('pages of other origins may read, and nothing else', async () => {
    const preflight = (path: string) =>
      ask(served.port, path, { method: 'OPTIONS', headers: { origin: 'https://example.com' } });
    const allowed = (await preflight('/blocks')).headers;
    assert.equal(allowed['access-control-allow-methods'], 'GET, HEAD');
    assert.equal(
      (await preflight('/admin/flush')).headers['access-control-allow-origin'],
      undefined,
    );
    const chain = new ChainWriter(12);
    const answer = await submit(chain.wire(0));
    assert.equal(answer.headers['access-control-allow-origin'], undefined);
  });
});
