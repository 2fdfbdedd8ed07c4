import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { SequencePrefetch } from '../../src/cache/prefetch.ts';
import { ask, FakeNet, IMMUTABLE } from '../support/fake-upstreams.ts';

const NS = '/ns/00000000-0000-4000-8000-000000000000';

suite('cache: reading ahead', () => {
  test('begins after two steps of one, deepens, and asks for nothing twice', () => {
    const policy = new SequencePrefetch();
    const asked = [5, 6, 7, 8, 8, 9, 10].map((index) => policy.observe('s', index));
    assert.deepEqual(asked, [[], [], [8], [9, 10], [], [11, 12], [13, 14]]);
  });

  test('ends where the log ends, and starts anew after a jump', () => {
    const policy = new SequencePrefetch();
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((index) => policy.observe('s', index, 4)),
      [[], [], [3], [], []],
    );
    assert.deepEqual(
      [9, 10, 40, 41, 42].map((index) => policy.observe('s', index)),
      [[], [], [], [], [43]],
    );
    assert.deepEqual(
      [1, 4, 2, 8, 6].flatMap((index) => policy.observe('r', index)),
      [],
    );
  });

  test('two readers of one log do not take each other for a jump', () => {
    const policy = new SequencePrefetch();
    const asked = [0, 50, 1, 51, 2, 52].map((index) => policy.observe('s', index));
    assert.deepEqual(asked, [[], [], [], [], [3], [53]]);
  });

  test('a cache reads full tiles ahead, as far as the checkpoint says', async () => {
    const net = new FakeNet();
    const node = net.upstream('http://a.test');
    const fields = { 'cache-control': IMMUTABLE };
    node.pages.set(`${NS}/checkpoint`, { fields, body: `log\n${256 * 6 + 9}\nroot\n` });
    for (let i = 0; i < 8; i++) {
      node.pages.set(`${NS}/tile/0/00${i}`, { fields, body: new Uint8Array(8192).fill(i) });
    }
    const cache = await net.cache();
    await ask(cache, `${NS}/checkpoint`);
    for (let i = 0; i < 6; i++) {
      const answer = await ask(cache, `${NS}/tile/0/00${i}`);
      assert.equal(answer.body[0], i);
      await cache.stop();
    }
    assert.equal(cache.stats().hits, 3);
    assert.equal(cache.stats().prefetched, 3);
    assert.equal(node.asked.length, 7);
    const off = await net.cache({ prefetch: false });
    for (let i = 0; i < 6; i++) await ask(off, `${NS}/tile/0/00${i}`);
    assert.equal(off.stats().hits, 0);
  });
});
