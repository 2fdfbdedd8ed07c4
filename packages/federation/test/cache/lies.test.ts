import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  type Block,
  blockHash,
  encodeBlock,
  encodeBundle,
  leafHash,
  nodeHash,
  toHex,
} from '@basalt/protocol';
import {
  ask,
  FakeNet,
  type FakeUpstream,
  field,
  HEAD,
  hashes,
  IMMUTABLE,
  text,
} from '../support/fake-upstreams.ts';
import { seededSigner, signedChain } from '../support/node.ts';

const NS = '/ns/00000000-0000-4000-8000-000000000000';
const TILE = { 'cache-control': IMMUTABLE, 'content-type': 'application/octet-stream' };

function setUp(): { net: FakeNet; liar: FakeUpstream; honest: FakeUpstream } {
  const net = new FakeNet();
  return { net, liar: net.upstream('http://liar.test'), honest: net.upstream('http://b.test') };
}

const blocks = signedChain(seededSigner(5), 3);
const [, block, other] = blocks as [Block, Block, Block];
const wire = encodeBlock(block);
const name = toHex(blockHash(block.entry, block.payload));
const target = `/blocks/${name}`;

function blockPage(body: Uint8Array, tag = name, type = 'application/x-olocus-block') {
  return { fields: { etag: `"${tag}"`, 'cache-control': IMMUTABLE, 'content-type': type }, body };
}

suite('cache: what can be checked is checked before it is stored', () => {
  const changed = Uint8Array.from(wire);
  changed[wire.length - 1] = (changed[wire.length - 1] ?? 0) ^ 1;
  const cases: [string, ReturnType<typeof blockPage>][] = [
    ['another block', blockPage(encodeBlock(other))],
    ['a changed payload', blockPage(changed)],
    ['a block cut short', blockPage(wire.subarray(0, 100))],
    ['no block at all', blockPage(Buffer.from('<html>'))],
    ['a wrong entity tag', blockPage(wire, 'cd'.repeat(32))],
  ];
  for (const [lie, page] of cases) {
    test(`${lie} is refused and the next upstream asked`, async () => {
      const { net, liar, honest } = setUp();
      liar.pages.set(target, page);
      const cache = await net.cache();
      assert.equal((await ask(cache, target)).status, 404);
      assert.equal(cache.stats().refusedAnswers, 1);
      honest.pages.set(target, blockPage(wire));
      net.nowMs += 3_000;
      const answer = await ask(cache, target);
      assert.deepEqual(Buffer.from(answer.body), Buffer.from(wire));
      assert.equal(field(answer, 'etag'), `"${name}"`);
    });
  }

  test('a payload is checked when its block is held', async () => {
    const { net, liar, honest } = setUp();
    const fields = { 'cache-control': IMMUTABLE };
    liar.pages.set(target, blockPage(wire));
    liar.pages.set(`${target}/payload`, { fields, body: 'invented' });
    honest.pages.set(`${target}/payload`, { fields, body: block.payload ?? '' });
    const cache = await net.cache();
    await ask(cache, target);
    assert.equal(text(await ask(cache, `${target}/payload`)), 'record 1');
  });

  test('a body that its Repr-Digest does not name is refused', async () => {
    const { net, liar, honest } = setUp();
    const digest = Buffer.from(hashes.sha256(Buffer.from('list'))).toString('base64');
    const fields = { 'cache-control': IMMUTABLE, 'repr-digest': `sha-256=:${digest}:` };
    liar.pages.set('/list', { fields, body: 'lis' });
    honest.pages.set('/list', { fields, body: 'list' });
    assert.equal(text(await ask(await net.cache(), '/list')), 'list');
  });

  test('a tile of another length, and one that its parent does not name', async () => {
    const { net, liar, honest } = setUp();
    const leaves = tileOf(1);
    liar.pages.set(`${NS}/tile/0/000`, { fields: TILE, body: leaves.subarray(32) });
    honest.pages.set(`${NS}/tile/0/000`, { fields: TILE, body: leaves });
    const cache = await net.cache();
    assert.equal((await ask(cache, `${NS}/tile/0/000`)).body.length, 8192);

    const parent = Buffer.concat([
      rootOf(leaves),
      rootOf(tileOf(2)),
      ...Array(254).fill(leaves.subarray(0, 32)),
    ]);
    honest.pages.set(`${NS}/tile/1/000`, { fields: TILE, body: parent });
    await ask(cache, `${NS}/tile/1/000`);
    liar.pages.set(`${NS}/tile/0/001`, { fields: TILE, body: tileOf(3) });
    honest.pages.set(`${NS}/tile/0/001`, { fields: TILE, body: tileOf(2) });
    assert.deepEqual(Buffer.from((await ask(cache, `${NS}/tile/0/001`)).body), tileOf(2));
    assert.equal(cache.stats().refusedAnswers, 2);
  });

  test('where nobody fits to a held tile, neither is kept and the reader decides', async () => {
    const { net, liar, honest } = setUp();
    const entries = Array.from({ length: 256 }, (_, i) => Buffer.from(`entry ${i}`));
    const bundle = { fields: TILE, body: encodeBundle(entries) };
    liar.pages.set(`${NS}/tile/0/000`, { fields: TILE, body: tileOf(9) });
    liar.pages.set(`${NS}/tile/entries/000`, bundle);
    honest.pages.set(`${NS}/tile/entries/000`, bundle);
    const cache = await net.cache();
    await ask(cache, `${NS}/tile/0/000`);
    const answer = await ask(cache, `${NS}/tile/entries/000`);
    assert.match(field(answer, 'cache-status') ?? '', /detail=bundle-against-tile$/);
    const tile = Buffer.concat(entries.map((entry) => leafHash(entry)));
    liar.pages.set(`${NS}/tile/0/000`, { fields: TILE, body: tile });
    assert.deepEqual(Buffer.from((await ask(cache, `${NS}/tile/0/000`)).body), tile);
    await ask(cache, `${NS}/tile/entries/000`);
    assert.equal(cache.stats().entries, 2);
  });

  test('a false bundle meets the tile that is held', async () => {
    const { net, liar, honest } = setUp();
    const entries = Array.from({ length: 256 }, (_, i) => Buffer.from(`entry ${i}`));
    const tile = Buffer.concat(entries.map((entry) => leafHash(entry)));
    const lie = entries.with(17, Buffer.from('invented'));
    honest.pages.set(`${NS}/tile/0/000`, { fields: TILE, body: tile });
    liar.pages.set(`${NS}/tile/entries/000`, { fields: TILE, body: encodeBundle(lie) });
    honest.pages.set(`${NS}/tile/entries/000`, { fields: TILE, body: encodeBundle(entries) });
    const cache = await net.cache();
    await ask(cache, `${NS}/tile/0/000`);
    const answer = await ask(cache, `${NS}/tile/entries/000`);
    assert.deepEqual(Buffer.from(answer.body), Buffer.from(encodeBundle(entries)));
  });
});

suite('cache: old and changing answers', () => {
  const checkpoint = (size: number, root = `root${size}`) => ({
    fields: { etag: `"${size}${root}"`, 'cache-control': HEAD },
    body: `log\n${size}\n${root}\n\n- signature\n`,
  });

  test('an old head takes nothing back, and one out of the air is believed a minute', async () => {
    const { net, liar, honest } = setUp();
    const path = `${NS}/checkpoint`;
    honest.pages.set(path, checkpoint(10));
    liar.isAway = true;
    const cache = await net.cache();
    await ask(cache, path);
    liar.isAway = false;
    liar.pages.set(path, checkpoint(7));
    net.nowMs += 10_000;
    const answer = await ask(cache, path);
    assert.match(text(answer), /^log\n10\n/);
    liar.pages.set(path, checkpoint(10, 'fork'));
    net.nowMs += 10_000;
    assert.match(text(await ask(cache, path)), /root10/);
    assert.equal(cache.stats().refusedAnswers, 2);
    liar.pages.set(path, checkpoint(10 ** 15));
    net.nowMs += 10_000;
    assert.match(text(await ask(cache, path)), /^log\n10{15}\n/);
    liar.isAway = true;
    net.nowMs += 10_000;
    assert.match(text(await ask(cache, path)), /^log\n10{15}\n/);
    net.nowMs += 61_000;
    assert.match(text(await ask(cache, path)), /^log\n10\n/);
  });

  test('a partial tile is cut from the full one, and gone once the full one came', async () => {
    const { net, liar, honest } = setUp();
    const fields = { ...TILE, etag: '"p"', 'cache-control': 'public, max-age=300' };
    const full = tileOf(4);
    honest.pages.set(`${NS}/tile/0/000.p/5`, { fields, body: full.subarray(0, 160) });
    // A partial tile of a CDN that is shorter than its name says.
    liar.pages.set(`${NS}/tile/0/000.p/5`, { fields, body: full.subarray(0, 96) });
    const cache = await net.cache();
    assert.equal((await ask(cache, `${NS}/tile/0/000.p/5`)).body.length, 160);
    honest.pages.set(`${NS}/tile/0/000`, { fields: TILE, body: full });
    await ask(cache, `${NS}/tile/0/000`);
    assert.equal(cache.stats().entries, 1);
    const cut = await ask(cache, `${NS}/tile/0/000.p/7`);
    assert.deepEqual(Buffer.from(cut.body), full.subarray(0, 224));
    assert.notEqual(field(cut, 'etag'), '"p"');
    assert.equal(field(cut, 'cache-control'), 'public, max-age=300');
  });

  test('304 for another form than the held one: asked for again, whole', async () => {
    const { net, honest } = setUp();
    let isLying = false;
    honest.pages.set('/doc', ({ fields }) => {
      const told = { etag: '"new"', 'cache-control': 'max-age=1' };
      if (!isLying) return { fields: { ...told, etag: '"old"' }, body: 'old' };
      const isAsked = fields.some(([field]) => field === 'if-none-match');
      return isAsked ? { status: 304, fields: told } : { fields: told, body: 'new' };
    });
    const cache = await net.cache({ upstreams: ['http://b.test'] });
    await ask(cache, '/doc');
    isLying = true;
    net.nowMs += 5_000;
    assert.equal(text(await ask(cache, '/doc')), 'new');
  });

  test('one strong tag for two bodies: neither stays', async () => {
    const { net, honest } = setUp();
    const page = (body: string) => () => ({
      status: 200,
      fields: { etag: '"t"', 'cache-control': 'max-age=1' },
      body,
    });
    honest.pages.set('/doc', page('one'));
    const cache = await net.cache({ upstreams: ['http://b.test'] });
    await ask(cache, '/doc');
    honest.pages.set('/doc', page('two'));
    net.nowMs += 5_000;
    const answer = await ask(cache, '/doc');
    assert.equal(text(answer), 'two');
    assert.match(field(answer, 'cache-status') ?? '', /detail=entity-tag/);
    assert.equal(cache.stats().entries, 0);
  });
});

suite('cache: several upstreams', () => {
  test('a failed one is asked last for five seconds, a block is looked for at all', async () => {
    const { net, liar, honest } = setUp();
    const fields = { 'cache-control': 'no-store' };
    liar.pages.set('/x', { status: 503 });
    honest.pages.set('/x', { fields, body: 'x' });
    const cache = await net.cache();
    assert.equal(text(await ask(cache, '/x')), 'x');
    assert.equal(text(await ask(cache, '/x')), 'x');
    assert.deepEqual([liar.asked.length, honest.asked.length], [1, 2]);
    net.nowMs += 5_001;
    liar.pages.set('/x', { fields, body: 'back' });
    assert.equal(text(await ask(cache, '/x')), 'back');
    honest.pages.set(target, blockPage(wire));
    assert.equal((await ask(cache, target)).status, 200);
  });

  test('more questions than the bound are refused with a word', async () => {
    const { net, honest } = setUp();
    honest.pages.set('/ready', { fields: { 'cache-control': IMMUTABLE }, body: 'r' });
    const cache = await net.cache({ upstreams: ['http://b.test'] });
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const slow = async () => {
      await gate;
      return { body: 's' };
    };
    await ask(cache, '/ready');
    for (let i = 0; i < 200; i++) honest.pages.set(`/slow/${i}`, slow);
    const all = Array.from({ length: 200 }, (_, i) => ask(cache, `/slow/${i}`));
    assert.equal((await ask(cache, '/ready')).status, 200);
    open();
    const statuses = (await Promise.all(all)).map(({ status }) => status);
    assert.equal(statuses.filter((status) => status === 503).length, 200 - 128);
    assert.equal(cache.stats().overloaded, 200 - 128);
  });
});

function tileOf(seed: number): Buffer {
  const leaves = Array.from({ length: 256 }, (_, i) => hashes.sha256(Buffer.from(`${seed} ${i}`)));
  return Buffer.concat(leaves);
}

function rootOf(tile: Uint8Array): Uint8Array {
  if (tile.length === 32) return tile;
  return nodeHash(
    rootOf(tile.subarray(0, tile.length / 2)),
    rootOf(tile.subarray(tile.length / 2)),
  );
}
