import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { BLOCK_TYPE } from '../src/media-types.ts';
import { ChainWriter } from './support/ledger.ts';
import { ask, post, serve, until } from './support/serve.ts';

test('slow readers of large payloads hold a bounded part of the memory', async () => {
  const megabyte = 1024 * 1024;
  const served = await serve({ bodiesBytesMax: 40 * megabyte, eventHeartbeatMs: 50 });
  try {
    const chain = new ChainWriter(95);
    chain.add(Buffer.alloc(12 * megabyte, 'large '));
    await post(served.port, '/blocks', BLOCK_TYPE, chain.wire(0));
    const put = await post(served.port, '/blocks', BLOCK_TYPE, chain.wire(1));
    assert.equal(put.status, 201, put.body.toString());
    const path = `/blocks/${chain.hash(1)}/payload`;
    const readers = await Promise.all(
      [1, 2, 3].map(async () => {
        const socket = connect(served.port, '127.0.0.1').on('error', () => {});
        await once(socket, 'connect');
        socket.pause();
        socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
        return socket;
      }),
    );
    const refused = await until(async () => {
      const answer = await ask(served.port, path);
      return answer.status === 503 && answer;
    });
    assert.equal(refused.json()['code'], 'overloaded');
    assert.ok(Number(refused.headers['retry-after']) >= 1);
    assert.equal((await ask(served.port, `/blocks/${chain.hash(0)}`)).status, 200);
    for (const socket of readers) socket.destroy();
    const whole = await until(async () => {
      const answer = await ask(served.port, path);
      return answer.status === 200 && answer;
    });
    assert.equal(whole.body.length, 12 * megabyte);
  } finally {
    await served.close();
  }
});
