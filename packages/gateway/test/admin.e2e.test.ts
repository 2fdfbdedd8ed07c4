import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { decodeBlock, equalBytes, HASH_KIND, PAYLOAD_TYPE } from '@basalt/protocol';
import { BLOCK_TYPE, BLOCKS_TYPE } from '../src/media-types.ts';
import { ChainWriter } from './support/ledger.ts';
import { type Answer, ask, post, serve } from './support/serve.ts';

suite('namespaces and administration', () => {
  test('a node that is not open takes new namespaces with the token only', async () => {
    const served = await serve({ adminToken: 'secret', openNamespaces: false });
    try {
      const chain = new ChainWriter(20);
      const refused = await post(served.port, '/blocks', BLOCK_TYPE, chain.wire(0));
      assert.equal(refused.status, 401);
      assert.match(refused.headers['www-authenticate'] as string, /^Bearer/);
      const authorization = 'Bearer secret';
      const taken = await post(served.port, '/blocks', BLOCK_TYPE, chain.wire(0), {
        authorization,
      });
      assert.equal(taken.status, 201);
      chain.add(Buffer.from('anybody with the key may go on'));
      assert.equal((await post(served.port, '/blocks', BLOCK_TYPE, chain.wire(1))).status, 201);
      assert.equal((await post(served.port, '/blocks', BLOCK_TYPE, chain.wire(0))).status, 200);
      const batch = new ChainWriter(21);
      const inBatch = await post(served.port, '/blocks/batch', BLOCKS_TYPE, batch.wire(0));
      assert.equal(inBatch.status, 401);
    } finally {
      await served.close();
    }
  });

  test('a page of another origin submits nothing, preflight or not', async () => {
    for (const allowCrossOriginWrites of [false, true]) {
      const served = await serve({ allowCrossOriginWrites });
      const { port } = served;
      try {
        const wire = new ChainWriter(23).wire(0);
        const own = { origin: `http://127.0.0.1:${port}` };
        const foreign = [
          { origin: 'https://evil.example' },
          { origin: 'null' },
          { ...own, 'sec-fetch-site': 'cross-site' },
        ];
        for (const headers of foreign) {
          const answer = await post(port, '/blocks', BLOCK_TYPE, wire, headers);
          assert.equal(answer.status < 300, allowCrossOriginWrites, JSON.stringify(headers));
          const batch = await post(port, '/blocks/batch', BLOCKS_TYPE, wire, headers);
          assert.equal(batch.status, allowCrossOriginWrites ? 200 : 403);
        }
        assert.ok((await post(port, '/blocks', BLOCK_TYPE, wire, own)).status < 300);
        assert.ok((await post(port, '/blocks', BLOCK_TYPE, wire)).status < 300);
      } finally {
        await served.close();
      }
    }
  });

  test('administration: the token, pruning, and what is gone is gone from memory too', async () => {
    const pruned: [string, number][] = [];
    const onPrune = (namespace: string, before: number): void =>
      void pruned.push([namespace, before]);
    const served = await serve({ adminToken: 'secret', onPrune });
    const { port } = served;
    try {
      const chain = new ChainWriter(22);
      for (let i = 0; i < 4; i++) chain.add(Buffer.from(`secret ${i}`));
      const body = Buffer.concat(chain.blocks.map((_, i) => chain.wire(i)));
      await post(port, '/blocks/batch', BLOCKS_TYPE, body, { prefer: 'wait-checkpoint' });
      const payload = `/blocks/${chain.hash(1)}/payload`;
      assert.equal((await ask(port, payload)).body.toString(), 'secret 0');
      const question = JSON.stringify({ namespace: chain.namespace, before: 3 });
      const json = 'application/json';
      assert.equal((await post(port, '/admin/prune', json, question)).status, 401);
      const wrong = { authorization: 'Bearer wrong' };
      assert.equal((await post(port, '/admin/prune', json, question, wrong)).status, 401);
      const right = { authorization: 'Bearer secret' };
      const answer = await post(port, '/admin/prune', json, question, right);
      assert.equal(answer.status, 200, answer.body.toString());
      assert.deepEqual(pruned, [[chain.namespace, 3]]);
      const gone = await ask(port, payload);
      assert.deepEqual([gone.status, gone.json()['code']], [410, 'pruned']);
      assert.match(gone.headers['link'] as string, /\/header>; rel="alternate"/);
      const whole = await ask(port, `/blocks/${chain.hash(1)}`);
      assert.equal(decodeBlock(whole.body).payload, undefined);
      assert.equal(whole.headers['cache-control'], 'public, max-age=1', 'it may come back');
      assert.equal(whole.headers['etag'], `"${chain.hash(1)}-pruned"`);
      assert.equal(served.gateway.preparedCache.sizeBytes, 0, 'so it is not kept');
      const kept = await ask(port, `/blocks/${chain.hash(4)}`);
      assert.match(kept.headers['cache-control'] as string, /immutable/);
      const view = await ask(port, `/blocks/${chain.hash(1)}?view=json`);
      assert.equal(view.json()['payloadState'], 'pruned');
      assert.equal((await ask(port, `/blocks/${chain.hash(4)}/payload`)).status, 200);
      // Nobody could tell the writers without the key blocks.
      const keys = await ask(port, `/chains/${chain.namespace}/keys`);
      assert.equal(keys.status, 200);
      assert.deepEqual(new Uint8Array(keys.body), new Uint8Array(chain.wire(0)));
      assert.equal((await ask(port, `/chains/${chain.namespace}/keys?proofs=1`)).status, 200);
      const page = `/chains/${chain.namespace}/blocks?from=1&count=2`;
      const accept = BLOCKS_TYPE;
      assert.equal((await ask(port, page, { headers: { accept } })).status, 410);
      assert.equal((await ask(port, `${page}&payloads=0`, { headers: { accept } })).status, 200);
      assert.equal((await post(port, '/admin/flush', json, '', right)).status, 200);
      const config = await ask(port, '/admin/config', { headers: right });
      assert.equal(config.status, 200);
      assert.doesNotMatch(config.body.toString(), /secret/);
      assert.equal(config.headers['access-control-allow-origin'], undefined);
      assert.equal(config.headers['cache-control'], 'no-store');
    } finally {
      await served.close();
    }
  });

  test('what holds payloads is named when they were to go by hand, and none goes', async () => {
    const archived = 2;
    const holds = { isArchived: (_: string, index: number) => index < archived };
    const served = await serve({ adminToken: 'secret' }, undefined, holds);
    const { port, ledger } = served;
    try {
      const chain = new ChainWriter(24);
      for (let i = 0; i < 4; i++) chain.add(Buffer.from(`kept ${i}`));
      const body = Buffer.concat(chain.blocks.map((_, i) => chain.wire(i)));
      await post(port, '/blocks/batch', BLOCKS_TYPE, body, { prefer: 'wait-checkpoint' });
      await ledger.flush();
      const prune = async (namespace: string, before: number): Promise<Answer> => {
        const question = JSON.stringify({ namespace, before });
        const authorization = 'Bearer secret';
        return await post(port, '/admin/prune', 'application/json', question, { authorization });
      };
      const refused = await prune(chain.namespace, 3);
      assert.equal(refused.status, 409);
      const { code, heldBy, from, detail } = refused.json();
      assert.deepEqual([code, heldBy, from], ['payloads-held', 'archive', 2]);
      assert.match(String(detail), /nothing went: .* block 2/);
      assert.equal((await ask(port, `/blocks/${chain.hash(1)}/payload`)).status, 200);
      const superLog = await prune(ledger.superNamespace(), 1);
      assert.deepEqual([superLog.status, superLog.json()['heldBy']], [409, 'super-log']);
      assert.equal((await prune(chain.namespace, 2)).json()['pruned'], 2);
    } finally {
      await served.close();
    }
  });

  test('a large payload in chunks: parts that verify alone', async () => {
    const served = await serve();
    try {
      const chain = new ChainWriter(23);
      const payload = Buffer.alloc(100_000, 'chunk ');
      chain.add(payload, PAYLOAD_TYPE.opaque, HASH_KIND.sha256Tree);
      const body = Buffer.concat([chain.wire(0), chain.wire(1)]);
      await post(served.port, '/blocks/batch', BLOCKS_TYPE, body);
      const path = `/blocks/${chain.hash(1)}/payload`;
      const part = await ask(served.port, path, { headers: { range: 'bytes=16384-49151' } });
      assert.equal(part.status, 206);
      assert.ok(equalBytes(part.body, payload.subarray(16_384, 49_152)));
      assert.ok(Buffer.from(part.headers['basalt-chunk-proof'] as string, 'base64').length > 64);
      const crooked = await ask(served.port, path, { headers: { range: 'bytes=1-9' } });
      assert.equal(crooked.headers['basalt-chunk-proof'], undefined);
    } finally {
      await served.close();
    }
  });
});
