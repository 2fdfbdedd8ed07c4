import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NamespaceId } from '@basalt/protocol';
import { ExpiringMap } from '../../src/relay/expiring-map.ts';
import { NewestQueue } from '../../src/relay/newest-queue.ts';
import { PullQueue, type PullWish } from '../../src/relay/pull-queue.ts';
import { settle } from '../support/node.ts';

test('a memory forgets by time, and the oldest when it is full', () => {
  const map = new ExpiringMap<number>(3, 100);
  for (let i = 0; i < 5; i++) map.set(`key ${i}`, i, i);
  assert.equal(map.size, 3);
  assert.equal(map.get('key 1', 5), undefined);
  assert.equal(map.get('key 4', 103), 4);
  assert.equal(map.get('key 4', 104), undefined);
  assert.equal(map.size, 2);
  map.set('key 2', 7, 50);
  map.set('key 5', 8, 50);
  assert.equal(map.get('key 2', 60), 7, 'set again is young again');
});

test('of each key the newest value runs, a few keys at a time', async () => {
  const ran: string[] = [];
  const releases: (() => void)[] = [];
  const queue = new NewestQueue<string, number>(2, async (key, value) => {
    ran.push(`${key}${value}`);
    await new Promise<void>((resolve) => releases.push(resolve));
  });
  queue.set('a', 1);
  queue.set('b', 1);
  queue.set('c', 1);
  for (let value = 2; value < 6; value++) queue.set('a', value);
  assert.deepEqual(ran, ['a1', 'b1']);
  releases.shift()?.();
  await settle();
  assert.deepEqual(ran, ['a1', 'b1', 'c1']);
  for (const release of releases.splice(0)) release();
  await settle();
  assert.deepEqual(ran, ['a1', 'b1', 'c1', 'a5']);
  const closing = queue.close();
  for (const release of releases) release();
  await closing;
});

function wish(namespace: string, url: string): PullWish {
  return { namespace: namespace as NamespaceId, url, announced: undefined, path: [] };
}

test('one pull of a log at a time; the next node is tried when one cannot give', async () => {
  const ran: string[] = [];
  const running = new Set<string>();
  const queue = new PullQueue(async ({ namespace, url }) => {
    assert.ok(!running.has(namespace), 'two pulls of one log');
    running.add(namespace);
    ran.push(`${namespace} ${url}`);
    await settle();
    running.delete(namespace);
    return url !== 'bad';
  });
  queue.want(wish('x', 'first'));
  for (const url of ['good', 'bad', 'bad', 'good again', 'bad']) queue.want(wish('x', url));
  for (let i = 0; i < 10; i++) queue.want(wish(`log ${i}`, 'good'));
  assert.equal(queue.running, 4);
  await queue.idle();
  assert.deepEqual(
    ran.filter((one) => one.startsWith('x')),
    ['x first', 'x bad', 'x good again'],
  );
  assert.equal(ran.length, 13);
  await queue.close();
  assert.equal(queue.want(wish('x', 'late')), false);
});
