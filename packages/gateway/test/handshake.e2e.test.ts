import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { openAnswer, ProtocolError, toHex } from '@basalt/protocol';
import { BATCH_TYPE, BLOCK_TYPE, BLOCKS_TYPE, JSON_TYPE } from '../src/media-types.ts';
import { makeOffer, OFFERED, sendOffer, shakeHands } from './support/handshake.ts';
import { ChainWriter, provider, seededSigner } from './support/ledger.ts';
import { ask, post, type Served, serve } from './support/serve.ts';

const node = { version: '1', roles: ['origin'], algorithms: [1, 3] as const };
let served: Served;
let chain: ChainWriter;

before(async () => {
  served = await serve({
    node: { ...node, signer: seededSigner(9) },
    adminToken: 'a'.repeat(32),
    sessionMs: 60_000,
  });
  chain = new ChainWriter(90, 'sessions');
  for (let i = 0; i < 40; i++) chain.add(Buffer.alloc(600, `record ${i} `));
  const all = chain.blocks.map((_, index) => chain.wire(index));
  const reply = await post(served.port, '/blocks/batch', BLOCKS_TYPE, Buffer.concat(all));
  assert.equal(reply.status, 200);
});
after(() => served.close());

suite('a handshake', () => {
  test('gives a signed answer that both sides compute alike', async () => {
    const { answer } = await shakeHands(served.port);
    assert.deepEqual(answer.negotiated, {
      ...OFFERED,
      codings: ['gzip', 'zstd', 'identity'],
    });
    assert.equal(toHex(answer.key.publicKey), toHex(seededSigner(9).publicKey));
    assert.equal(answer.expiresMs - answer.createdMs, 60_000);
  });

  test('is refused: replayed, wrongly signed, of another time, nothing in common', async () => {
    const offer = makeOffer();
    assert.equal((await sendOffer(served.port, offer.bytes)).status, 200);
    const again = await sendOffer(served.port, offer.bytes);
    assert.deepEqual([again.status, again.json()['code']], [409, 'handshake-replayed']);
    const late = await sendOffer(served.port, makeOffer({}, Date.now() - 600_000).bytes);
    assert.deepEqual([late.status, late.json()['code']], [409, 'clock-skew']);
    const wrong = makeOffer().bytes.slice();
    wrong[50] = (wrong[50] as number) ^ 1;
    assert.equal((await sendOffer(served.port, wrong)).json()['code'], 'invalid-handshake');
    const foreign = makeOffer({ mediaTypes: ['text/html'] });
    const none = await sendOffer(served.port, foreign.bytes);
    assert.deepEqual([none.status, none.json()['code']], [422, 'no-common-capability']);
    const long = await sendOffer(served.port, new Uint8Array(70_000));
    assert.equal(long.status, 413);
    assert.equal((await sendOffer(served.port, new Uint8Array(0))).status, 400);
  });

  test('a node without a key makes none and says so', async () => {
    const keyless = await serve({ node });
    try {
      const document = (await ask(keyless.port, '/.well-known/basalt')).json();
      assert.equal('handshake' in document, false);
      assert.equal((await sendOffer(keyless.port, makeOffer().bytes)).status, 404);
    } finally {
      await keyless.close();
    }
  });

  test('an answer to somebody else’s offer does not open', async () => {
    const [ours, other] = [makeOffer(), makeOffer({ codings: [] })];
    const reply = await sendOffer(served.port, other.bytes);
    assert.throws(
      () => openAnswer(reply.body, ours, provider),
      (error) => error instanceof ProtocolError && error.code === 'handshake-downgrade',
    );
  });
});

suite('what was negotiated is honoured', () => {
  test('the coding, in the order of the session and within Accept-Encoding', async () => {
    const path = '/chains/sessions/blocks?from=0&count=5';
    const table: readonly [readonly string[], string | undefined, string | undefined][] = [
      [['gzip', 'zstd'], undefined, 'gzip'],
      [['zstd', 'gzip'], undefined, 'zstd'],
      [['gzip', 'zstd'], 'zstd, gzip', 'gzip'],
      [['gzip', 'zstd'], 'zstd', 'zstd'],
      [['br', 'zstd'], undefined, 'br'],
      [['gzip', 'zstd'], 'identity', undefined],
      [[], 'zstd, gzip', undefined],
    ];
    for (const [codings, accepts, expected] of table) {
      const { field } = await shakeHands(served.port, { codings });
      const headers = accepts === undefined ? field : { ...field, 'accept-encoding': accepts };
      const reply = await ask(served.port, path, { headers });
      assert.equal(reply.headers['content-encoding'], expected, `${codings} for ${accepts}`);
      const without = accepts === undefined ? {} : { 'accept-encoding': accepts };
      const usual = (await ask(served.port, path, { headers: { accept: JSON_TYPE, ...without } }))
        .headers['content-encoding'];
      const named = await ask(served.port, path, { headers: { ...headers, accept: JSON_TYPE } });
      assert.equal(named.headers['content-encoding'], expected);
      const isTold = String(named.headers['vary']).includes('Basalt-Session');
      assert.equal(isTold, usual !== expected, 'told where the session made the choice');
    }
    const { field } = await shakeHands(served.port);
    const block = await ask(served.port, `/blocks/${chain.hash(1)}/header`, { headers: field });
    assert.doesNotMatch(String(block.headers['vary']), /Basalt-Session/, 'one form for all');
    const plain = await ask(served.port, path);
    assert.doesNotMatch(String(plain.headers['vary']), /Basalt-Session/);
  });

  test('the media type, where the request names none', async () => {
    const table: readonly [readonly string[], string, string][] = [
      [[JSON_TYPE, BLOCKS_TYPE, BLOCK_TYPE], `/blocks/${chain.hash(1)}`, JSON_TYPE],
      [[BLOCK_TYPE, JSON_TYPE], `/blocks/${chain.hash(1)}`, BLOCK_TYPE],
      [[BLOCKS_TYPE, JSON_TYPE], '/chains/sessions/blocks?from=0&count=2', BLOCKS_TYPE],
      [[BLOCK_TYPE, BLOCKS_TYPE], '/chains/sessions', JSON_TYPE],
    ];
    for (const [mediaTypes, path, expected] of table) {
      const { field } = await shakeHands(served.port, { mediaTypes });
      for (const headers of [field, { ...field, accept: '*/*' }]) {
        const reply = await ask(served.port, path, { headers });
        assert.equal(reply.headers['content-type'], expected, path);
        const varies = path.includes('/blocks');
        assert.equal(String(reply.headers['vary']).includes('Basalt-Session'), varies, path);
      }
      const named = { ...field, accept: JSON_TYPE };
      const reply = await ask(served.port, path, { headers: named });
      assert.equal(reply.headers['content-type'], JSON_TYPE, 'what a request names counts');
    }
  });

  test('the limits of both sides', async () => {
    const { field: headers } = await shakeHands(served.port);
    const page = (count: number): string => `/chains/sessions/blocks?from=0&count=${count}`;
    assert.equal((await ask(served.port, page(5), { headers })).status, 200);
    assert.equal((await ask(served.port, page(6), { headers })).status, 400);
    const proofs = (list: string): string => `/chains/sessions/proofs?indexes=${list}`;
    assert.equal((await ask(served.port, proofs('1,2'), { headers })).status, 200);
    assert.equal((await ask(served.port, proofs('1,2,3'), { headers })).status, 400);
    const wire = [1, 2, 3, 4].map((index) => chain.wire(index));
    const send = (blocks: readonly Uint8Array[]) =>
      post(served.port, '/blocks/batch', BLOCKS_TYPE, Buffer.concat(blocks), headers);
    assert.equal((await send(wire.slice(0, 3))).status, 200);
    assert.equal((await send(wire)).status, 413);
    const fetched = (hashes: readonly string[]) =>
      post(served.port, '/blocks/fetch', JSON_TYPE, JSON.stringify({ hashes }), headers);
    assert.equal(
      (await fetched([chain.hash(1), chain.hash(2)])).headers['content-type'],
      BATCH_TYPE,
    );
    assert.equal((await fetched([1, 2, 3].map((index) => chain.hash(index)))).status, 413);
    const big = new ChainWriter(91, 'big');
    big.add(new Uint8Array(4_097));
    assert.equal(
      (await post(served.port, '/blocks', BLOCK_TYPE, big.wire(0), headers)).status,
      201,
    );
    assert.equal(
      (await post(served.port, '/blocks', BLOCK_TYPE, big.wire(1), headers)).status,
      413,
    );
  });

  test('the consistency of submissions that say nothing else', async () => {
    const writer = new ChainWriter(92, 'levels');
    for (let i = 0; i < 4; i++) writer.add(Buffer.from(`level ${i}`));
    await post(served.port, '/blocks', BLOCK_TYPE, writer.wire(0));
    const table = [
      ['eventual', 202],
      ['durable', 201],
      ['immediate', 201],
    ] as const;
    for (const [place, [level, status]] of table.entries()) {
      const { field } = await shakeHands(served.port, { consistency: [level] });
      const reply = await post(served.port, '/blocks', BLOCK_TYPE, writer.wire(place + 1), field);
      assert.equal(reply.status, status, level);
      assert.equal('proof' in reply.json(), level === 'immediate', level);
    }
    const { field } = await shakeHands(served.port, { consistency: ['eventual'] });
    const said = { ...field, prefer: 'wait-checkpoint' };
    const reply = await post(served.port, '/blocks', BLOCK_TYPE, writer.wire(4), said);
    assert.equal(reply.status, 201, 'what a request names counts');
  });
});

suite('a session token', () => {
  test('that is unknown, cut, doubled or over is refused, and nothing is served', async () => {
    const { field } = await shakeHands(served.port);
    const token = field['basalt-session'];
    for (const wrong of [
      token.slice(1),
      `${token}, ${token}`,
      'f'.repeat(64),
      token.toUpperCase(),
    ]) {
      const headers = { 'basalt-session': wrong };
      const reply = await ask(served.port, `/blocks/${chain.hash(1)}`, { headers });
      assert.deepEqual([reply.status, reply.json()['code']], [412, 'session-refused']);
      assert.match(String(reply.headers['cache-control']), /no-store/);
    }
    const brief = await serve({ node: { ...node, signer: seededSigner(9) }, sessionMs: 1 });
    try {
      const over = await shakeHands(brief.port);
      await new Promise<void>((resolve) => setTimeout(resolve, 5));
      const reply = await ask(brief.port, '/chains', { headers: over.field });
      assert.equal(reply.json()['code'], 'session-refused');
      const elsewhere = await ask(brief.port, '/chains', { headers: field });
      assert.equal(elsewhere.json()['code'], 'session-refused', 'a token of another node');
    } finally {
      await brief.close();
    }
  });

  test('authorises no write, whoever uses it', async () => {
    const closed = await serve({
      node: { ...node, signer: seededSigner(9) },
      adminToken: 'a'.repeat(32),
      openNamespaces: false,
    });
    try {
      const { field } = await shakeHands(closed.port);
      const writer = new ChainWriter(93, 'stranger');
      const created = await post(closed.port, '/blocks', BLOCK_TYPE, writer.wire(0), field);
      assert.equal(created.status, 401);
      for (const fields of [field, { authorization: `Bearer ${field['basalt-session']}` }]) {
        assert.equal((await ask(closed.port, '/admin/config', { headers: fields })).status, 401);
        const flush = { method: 'POST', headers: fields };
        assert.equal((await ask(closed.port, '/admin/flush', flush)).status, 401);
      }
    } finally {
      await closed.close();
    }
  });
});
