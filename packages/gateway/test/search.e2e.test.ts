import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { encodeClose, PAYLOAD_TYPE } from '@basalt/protocol';
import { BLOCK_TYPE } from '../src/media-types.ts';
import { ChainWriter } from './support/ledger.ts';
import { type Answer, ask, post, type Served, serve } from './support/serve.ts';

let served: Served;

before(async () => {
  served = await serve();
  for (const [place, label] of ['rides/berlin', 'rides/paris', 'metrics/cpu', 'Notes'].entries()) {
    const chain = new ChainWriter(100 + place, label);
    await post(served.port, '/blocks', BLOCK_TYPE, chain.wire(0));
  }
});
after(() => served.close());

const find = (query: string): Promise<Answer> => ask(served.port, `/namespaces?${query}`);
const labels = (answer: Answer): string[] =>
  answer.json<{ label: string }[]>().map(({ label }) => label);

test('by beginning, words, kind and time, in the order of the labels', async () => {
  assert.deepEqual(labels(await find('prefix=rides')), ['rides/berlin', 'rides/paris']);
  assert.deepEqual(labels(await find('search=par+ri')), ['rides/paris']);
  assert.deepEqual(labels(await find('search=NOTES')), ['Notes']);
  assert.equal(labels(await find('kind=topic')).length, 5, 'and the super-log');
  assert.deepEqual(labels(await find('kind=temporal')), []);
  assert.deepEqual(labels(await find(`since=${Date.now() * 2}`)), []);
});

test('pages follow each other by their links', async () => {
  const seen: string[] = [];
  let path: string | undefined = '/namespaces?kind=topic&count=3';
  while (path !== undefined) {
    const answer: Answer = await ask(served.port, path);
    seen.push(...labels(answer));
    path = /<([^>]+)>; rel="next"/.exec(String(answer.headers['link']))?.[1];
  }
  assert.deepEqual(seen, ['metrics/cpu', 'Notes', 'rides/berlin', 'rides/paris', 'super']);
});

test('a new namespace is found soon', async () => {
  const chain = new ChainWriter(110, 'fresh');
  await post(served.port, '/blocks', BLOCK_TYPE, chain.wire(0));
  for (let i = 0; labels(await find('search=fresh')).length === 0; i++) {
    assert.ok(i < 60, 'it was not found');
    await new Promise<void>((resolve) => setTimeout(resolve, 50));
  }
});

test('what asks for too much is refused', async () => {
  const nine = Array.from({ length: 9 }, (_, i) => `w${i}`).join('+');
  const long = 'x'.repeat(256);
  for (const query of [`search=${nine}`, `search=${long}`, `prefix=${long}`]) {
    assert.equal((await find(query)).status, 400, query.slice(0, 20));
  }
  for (const query of ['count=201', 'from=100001', 'kind=other', 'since=-1', 'until=1e3']) {
    assert.equal((await find(query)).status, 400, query);
  }
  assert.equal((await find('search=%00%FF+%2f..%2f')).status, 200);
});

test('a closed namespace refuses blocks and says where it goes on', async () => {
  const chain = new ChainWriter(111, 'shard one');
  const next = new ChainWriter(112, 'shard two');
  chain.add(encodeClose({ next: next.namespace }), PAYLOAD_TYPE.namespaceClose);
  chain.add(Buffer.from('too late'));
  assert.equal((await post(served.port, '/blocks', BLOCK_TYPE, chain.wire(0))).status, 201);
  assert.equal((await post(served.port, '/blocks', BLOCK_TYPE, chain.wire(1))).status, 201);
  const late = await post(served.port, '/blocks', BLOCK_TYPE, chain.wire(2));
  assert.deepEqual([late.status, late.json()['code']], [423, 'namespace-closed']);
  const detail = (await ask(served.port, `/chains/${chain.namespace}`)).json();
  assert.deepEqual([detail['closedAt'], detail['continuedBy']], [1, next.namespace]);
});
