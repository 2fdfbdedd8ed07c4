import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NamespaceId } from '@basalt/protocol';
import { PeerBook } from '../../src/peer/peer-book.ts';
import { followEvents } from '../../src/relay/follow-events.ts';
import { TestTime } from '../support/node.ts';

const namespace = '00000000-0000-8000-8000-000000000001' as NamespaceId;

test('a line that ends is opened again, and the wait ends with the signal', async () => {
  const time = new TestTime();
  const ending = new AbortController();
  const wants: string[] = [];
  let opened = 0;
  const following = followEvents(
    {
      book: new PeerBook(),
      clock: time,
      scheduler: time,
      want: (_, url) => wants.push(url),
      async *events() {
        opened++;
        yield { kind: 'connected' };
        yield { kind: 'checkpoint', namespace };
        throw new Error('the line is gone');
      },
    },
    ['http://a.test', 'http://b.test'],
    ending.signal,
  );
  await time.advance(0);
  assert.deepEqual(wants, ['http://a.test', 'http://b.test']);
  await time.advance(10_000);
  assert.ok(opened >= 4 && opened <= 6, `${opened} lines`);
  ending.abort();
  await following;
});
