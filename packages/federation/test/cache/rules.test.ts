import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ask, FakeNet, field, HEAD, IMMUTABLE, text } from '../support/fake-upstreams.ts';

const URL_A = 'http://a.test';

function setUp() {
  const net = new FakeNet();
  return { net, node: net.upstream(URL_A) };
}

suite('cache: rules of the table', () => {
  test('what cannot change is asked once and served for good', async () => {
    const { net, node } = setUp();
    const fields = { etag: '"x"', 'cache-control': IMMUTABLE, 'accept-ranges': 'bytes' };
    node.pages.set('/forks/x', { fields, body: 'fork' });
    const cache = await net.cache();
    const first = await ask(cache, '/forks/x');
    assert.equal(
      field(first, 'cache-status'),
      'basalt; fwd=uri-miss; fwd-status=200; ttl=31536000; stored',
    );
    net.nowMs += 300 * 86_400_000;
    const second = await ask(cache, '/forks/x');
    assert.equal(text(second), 'fork');
    assert.equal(field(second, 'age'), String(300 * 86_400));
    assert.match(field(second, 'cache-status') ?? '', /^basalt; hit; ttl=5616000$/);
    assert.equal(node.asked.length, 1);
  });

  test('a head is fresh for a second, stale while asked again, then asked for', async () => {
    const { net, node } = setUp();
    const head = (size: number) => ({
      fields: { etag: `"${size}"`, 'cache-control': HEAD, 'content-type': 'application/json' },
      body: JSON.stringify({ size, hash: `${size}` }),
    });
    node.pages.set('/chains/n/head', head(1));
    const cache = await net.cache();
    await ask(cache, '/chains/n/head');
    node.pages.set('/chains/n/head', head(2));
    net.nowMs += 900;
    const fresh = await ask(cache, '/chains/n/head');
    assert.match(text(fresh), /"size":1/);
    assert.equal(field(fresh, 'age'), '0');
    assert.equal(field(fresh, 'cache-status'), 'basalt; hit; ttl=1');
    assert.equal(node.asked.length, 1);
    net.nowMs += 3_000;
    const stale = await ask(cache, '/chains/n/head');
    assert.match(text(stale), /"size":1/);
    assert.equal(field(stale, 'cache-status'), 'basalt; hit; ttl=-2');
    await new Promise((resolve) => setImmediate(resolve));
    assert.match(text(await ask(cache, '/chains/n/head')), /"size":2/);
    net.nowMs += 60_000;
    const asked = await ask(cache, '/chains/n/head');
    assert.match(field(asked, 'cache-status') ?? '', /fwd=stale; fwd-status=304/);
    await cache.stop();
  });

  test('stale-if-error: a day for heads, then the failure is told', async () => {
    const { net, node } = setUp();
    node.pages.set('/super/checkpoint', {
      fields: { etag: '"c"', 'cache-control': HEAD },
      body: 'o\n5\nroot\n',
    });
    const cache = await net.cache();
    await ask(cache, '/super/checkpoint');
    node.isAway = true;
    net.nowMs += 3_600_000;
    const stale = await ask(cache, '/super/checkpoint');
    assert.equal(stale.status, 200);
    assert.equal(field(stale, 'cache-status'), 'basalt; fwd=stale; ttl=-3599; detail=unreachable');
    net.nowMs += 86_400_000;
    assert.equal((await ask(cache, '/super/checkpoint')).status, 502);
    node.isAway = false;
    node.pages.set('/super/checkpoint', { status: 500 });
    assert.equal((await ask(cache, '/super/checkpoint')).status, 502);
  });

  test('while all upstreams are away, nobody waits for what is held', async () => {
    const { net, node } = setUp();
    node.pages.set('/doc', { fields: { 'cache-control': 'max-age=1' }, body: 'd' });
    const cache = await net.cache({ name: 'two words' });
    await ask(cache, '/doc');
    node.isAway = true;
    net.nowMs += 10_000;
    await ask(cache, '/doc');
    net.nowMs += 4_000;
    const held = await ask(cache, '/doc');
    assert.equal(field(held, 'cache-status'), '"two words"; hit; ttl=-13; detail=upstreams-away');
    assert.equal(node.asked.length, 2);
    node.isAway = false;
    net.nowMs += 1_001;
    assert.match(
      field(await ask(cache, '/doc'), 'cache-status') ?? '',
      /fwd=stale; fwd-status=200/,
    );
  });

  test('an absent block is absent for two seconds only', async () => {
    const { net, node } = setUp();
    const target = `/blocks/${'ab'.repeat(32)}/payload`;
    const cache = await net.cache();
    assert.equal((await ask(cache, target)).status, 404);
    assert.equal((await ask(cache, target)).status, 404);
    assert.equal(node.asked.length, 1);
    node.pages.set(target, { fields: { 'cache-control': IMMUTABLE }, body: 'now' });
    net.nowMs += 2_001;
    assert.equal(text(await ask(cache, target)), 'now');
  });

  test('errors and private answers are not kept', async () => {
    const { net, node } = setUp();
    node.pages.set('/a', { status: 422, fields: { 'cache-control': 'max-age=60' } });
    node.pages.set('/b', { fields: { 'cache-control': 'private, max-age=60' }, body: 'b' });
    node.pages.set('/c', { fields: { 'cache-control': 'no-store' }, body: 'c' });
    node.pages.set('/d', { fields: { 'cache-control': 'max-age=9', vary: '*' }, body: 'd' });
    const cache = await net.cache();
    for (const target of ['/a', '/b', '/c', '/d', '/a', '/b', '/c', '/d']) await ask(cache, target);
    assert.equal(node.asked.length, 8);
    assert.equal(cache.stats().entries, 0);
  });
});

suite('cache: what a request says', () => {
  test('a form that the node does not have takes nothing out of the cache', async () => {
    const { net, node } = setUp();
    const fields = { etag: '"x"', 'cache-control': IMMUTABLE, vary: 'Accept' };
    node.pages.set('/doc', ({ fields: sent }) =>
      sent.some(([name, value]) => name === 'accept' && value === 'no/such')
        ? { status: 406 }
        : { fields, body: 'd' },
    );
    const cache = await net.cache();
    await ask(cache, '/doc');
    assert.equal((await ask(cache, '/doc', { accept: 'no/such' })).status, 406);
    node.isAway = true;
    assert.equal(text(await ask(cache, '/doc')), 'd');
  });

  test('made-up forms of an address do not drive out the one that is read', async () => {
    const { net, node } = setUp();
    const fields = { etag: '"x"', 'cache-control': IMMUTABLE, vary: 'Accept' };
    node.pages.set('/doc', { fields, body: 'd' });
    const cache = await net.cache();
    await ask(cache, '/doc');
    await ask(cache, '/doc');
    for (let i = 0; i < 40; i++) await ask(cache, '/doc', { accept: `*/*,a/${i}` });
    assert.equal(cache.stats().entries, 16);
    node.isAway = true;
    assert.equal(text(await ask(cache, '/doc')), 'd');
  });

  test('what a client writes into its fields counts as memory', async () => {
    const { net, node } = setUp();
    const fields = { etag: '"x"', 'cache-control': IMMUTABLE, vary: 'Accept' };
    const cache = await net.cache({ memoryBytesMax: 1024 * 1024 });
    for (let i = 0; i < 200; i++) {
      node.pages.set(`/doc/${i}`, { fields, body: 'd' });
      await ask(cache, `/doc/${i}`, { accept: `*/*,a/${'x'.repeat(15_000)}` });
    }
    assert.ok(cache.stats().entries < 70, String(cache.stats().entries));
  });

  test('each coding has its own entry, spelled one way', async () => {
    const { net, node } = setUp();
    node.pages.set('/list', ({ fields }) => {
      const wanted = fields.find(([name]) => name === 'accept-encoding')?.[1] ?? '';
      const coding = wanted.includes('gzip') ? 'gzip' : 'identity';
      const own: Record<string, string> = coding === 'gzip' ? { 'content-encoding': 'gzip' } : {};
      const shared = { 'cache-control': IMMUTABLE, vary: 'Accept-Encoding' };
      return { fields: { ...shared, ...own, etag: `"l-${coding}"` }, body: coding };
    });
    const cache = await net.cache();
    assert.equal(text(await ask(cache, '/list', { 'accept-encoding': 'gzip, br' })), 'gzip');
    const plain = await ask(cache, '/list');
    assert.equal(text(plain), 'identity');
    assert.match(field(plain, 'cache-status') ?? '', /fwd=vary-miss/);
    const again = await ask(cache, '/list', { 'accept-encoding': 'br,gzip;q=1.0, deflate' });
    assert.equal(field(again, 'etag'), '"l-gzip"');
    assert.equal(node.asked.length, 2);
    const held = { 'accept-encoding': 'gzip, br', 'if-none-match': '"l-identity"' };
    assert.equal((await ask(cache, '/list', held)).status, 200);
  });

  test('request directives: no-cache, max-age, max-stale, no-store, only-if-cached', async () => {
    const { net, node } = setUp();
    node.pages.set('/doc', { fields: { etag: '"d"', 'cache-control': 'max-age=100' }, body: 'd' });
    const cache = await net.cache();
    const asking = (value: string) => ask(cache, '/doc', { 'cache-control': value });
    assert.equal((await asking('only-if-cached')).status, 504);
    await asking('no-store');
    assert.equal(cache.stats().entries, 0);
    await asking('');
    assert.equal(node.asked.length, 2);
    net.nowMs += 50_000;
    assert.match(
      field(await asking('no-cache'), 'cache-status') ?? '',
      /fwd=request; fwd-status=304/,
    );
    net.nowMs += 50_000;
    assert.match(field(await asking('max-age=10'), 'cache-status') ?? '', /fwd=request/);
    net.nowMs += 150_000;
    const stale = await asking('max-stale=60');
    assert.equal(field(stale, 'cache-status'), 'basalt; hit; ttl=-50');
    assert.match(field(await asking('max-stale=10'), 'cache-status') ?? '', /fwd=stale/);
    assert.match(field(await asking('min-fresh=101'), 'cache-status') ?? '', /fwd=request/);
  });

  test('a head that must be asked for is never sent stale', async () => {
    const { net, node } = setUp();
    const fields = { 'cache-control': 'max-age=1, must-revalidate', etag: '"m"' };
    node.pages.set('/m', { fields, body: 'm' });
    const cache = await net.cache();
    await ask(cache, '/m');
    node.isAway = true;
    net.nowMs += 2_000;
    assert.equal((await ask(cache, '/m', { 'cache-control': 'max-stale' })).status, 502);
  });
});

suite('cache: who is asked for whom', () => {
  test('many who ask at a time are one question', async () => {
    const { net, node } = setUp();
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    node.pages.set('/slow', async () => {
      await gate;
      return { fields: { 'cache-control': IMMUTABLE }, body: 's' };
    });
    const cache = await net.cache();
    const all = Array.from({ length: 50 }, () => ask(cache, '/slow'));
    await new Promise((resolve) => setImmediate(resolve));
    open();
    const answers = await Promise.all(all);
    assert.equal(node.asked.length, 1);
    const collapsed = answers.filter((answer) =>
      /collapsed/.test(field(answer, 'cache-status') ?? ''),
    );
    assert.equal(collapsed.length, 49);
    assert.ok(answers.every((answer) => text(answer) === 's'));
  });

  test('an answer for one client is not given to those who waited with him', async () => {
    const { net, node } = setUp();
    let count = 0;
    node.pages.set('/own', () => ({
      fields: { 'cache-control': 'private' },
      body: String(count++),
    }));
    const cache = await net.cache();
    const answers = await Promise.all([ask(cache, '/own'), ask(cache, '/own')]);
    assert.deepEqual(answers.map(text).sort(), ['0', '1']);
  });

  test('answers for one client are asked for in bounded number too', async () => {
    const { net, node } = setUp();
    const waiting: (() => void)[] = [];
    node.pages.set('/mine', async () => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return { fields: { 'cache-control': 'no-store' }, body: 'm' };
    });
    const cache = await net.cache();
    const all = Promise.all(Array.from({ length: 300 }, () => ask(cache, '/mine')));
    let most = 0;
    for (let i = 0; i < 20; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      most = Math.max(most, waiting.length);
      for (const resolve of waiting.splice(0)) resolve();
    }
    assert.equal(most, 128);
    const answers = await all;
    assert.equal(answers.filter(({ status }) => status === 503).length, 300 - 129);
  });

  test('requests with credentials go by', async () => {
    const { net, node } = setUp();
    node.pages.set('/x', { fields: { 'cache-control': IMMUTABLE }, body: 'x' });
    const cache = await net.cache();
    const answer = await ask(cache, '/x', { authorization: 'Bearer t' });
    assert.equal(field(answer, 'cache-status'), 'basalt; fwd=bypass');
    assert.equal(cache.stats().entries, 0);
  });
});

suite('cache: conditions and ranges on a stored body', () => {
  const target = '/forks/r';
  async function filled() {
    const { net, node } = setUp();
    const fields = { etag: '"r"', 'cache-control': IMMUTABLE, 'accept-ranges': 'bytes' };
    node.pages.set(target, { fields, body: '0123456789' });
    const cache = await net.cache();
    await ask(cache, target);
    return cache;
  }

  const cases: [Record<string, string>, number, string, string?][] = [
    [{}, 200, '0123456789'],
    [{ 'if-none-match': '"r"' }, 304, ''],
    [{ 'if-none-match': '"q", W/"r"' }, 304, ''],
    [{ 'if-none-match': '*' }, 304, ''],
    [{ 'if-none-match': '"q"' }, 200, '0123456789'],
    [{ 'if-match': '"q"' }, 412, 'precondition-failed'],
    [{ 'if-match': 'W/"r"' }, 412, 'precondition-failed'],
    [{ 'if-match': '"r"' }, 200, '0123456789'],
    [{ range: 'bytes=2-4' }, 206, '234', 'bytes 2-4/10'],
    [{ range: 'bytes=7-' }, 206, '789', 'bytes 7-9/10'],
    [{ range: 'bytes=-2' }, 206, '89', 'bytes 8-9/10'],
    [{ range: 'bytes=5-99' }, 206, '56789', 'bytes 5-9/10'],
    [{ range: 'bytes=10-' }, 416, 'range-not-satisfiable', 'bytes */10'],
    [{ range: 'bytes=-0' }, 416, 'range-not-satisfiable', 'bytes */10'],
    [{ range: 'bytes=4-2' }, 200, '0123456789'],
    [{ range: 'bytes=0-1,4-5' }, 200, '0123456789'],
    [{ range: 'bytes=0-1', 'if-range': '"r"' }, 206, '01', 'bytes 0-1/10'],
    [{ range: 'bytes=0-1', 'if-range': '"q"' }, 200, '0123456789'],
    [{ range: 'bytes=0-1', 'if-none-match': '"r"' }, 304, ''],
  ];
  for (const [fields, status, body, range] of cases) {
    test(`${JSON.stringify(fields)} is ${status}`, async () => {
      const answer = await ask(await filled(), target, fields);
      assert.equal(answer.status, status);
      const isRefused = status >= 400;
      assert.equal(isRefused ? JSON.parse(text(answer)).code : text(answer), body);
      assert.equal(field(answer, 'content-range'), range);
      const length = String(answer.body.length);
      if (status !== 304) assert.equal(field(answer, 'content-length'), length);
      assert.equal(field(answer, 'etag'), '"r"');
      if (!isRefused) return;
      assert.equal(field(answer, 'content-type'), 'application/problem+json');
      assert.equal(field(answer, 'cache-control'), 'no-store');
    });
  }

  test('HEAD has the fields of GET and no body, also when it comes first', async () => {
    const { net, node } = setUp();
    node.pages.set('/h', { fields: { 'cache-control': IMMUTABLE }, body: 'hhh' });
    const cache = await net.cache();
    const first = await ask(cache, '/h', {}, 'HEAD');
    assert.deepEqual([first.body.length, field(first, 'content-length')], [0, '3']);
    assert.equal(text(await ask(cache, '/h')), 'hhh');
    assert.equal(node.asked.length, 1);
  });
});
