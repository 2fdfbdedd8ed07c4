import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGateway, type RouteExtension } from '../src/index.ts';
import { clock, createTestLedger, provider } from './support/ledger.ts';
import { ask } from './support/serve.ts';

const ECHO: RouteExtension = {
  method: 'POST',
  path: '/echo/:name',
  summary: 'What came, as it came',
  bodyBytesMax: 8,
  cost: 1,
  handle: async ({ params, query, body, target, authority, ...asked }) => ({
    status: 201,
    fields: [['Content-Type', 'application/json']],
    body: JSON.stringify({
      name: params['name'],
      color: query.get('color'),
      field: asked.header('x-field'),
      body: Buffer.from(body).toString(),
      target,
      authority,
    }),
  }),
};

test('a route of another room gets what was sent, inside the bounds of the gateway', async () => {
  const ledger = await createTestLedger();
  const gateway = createGateway({ ledger, crypto: provider, clock, extensions: [ECHO] });
  const { port } = await gateway.start();
  try {
    const path = '/echo/ann%20e?color=red';
    const headers = { 'x-field': 'yes', host: 'example.org' };
    const answer = await ask(port, path, { method: 'POST', body: '12345678', headers });
    assert.equal(answer.status, 201);
    assert.equal(answer.headers['content-security-policy']?.includes("default-src 'none'"), true);
    assert.deepEqual(answer.json(), {
      name: 'ann e',
      color: 'red',
      field: 'yes',
      body: '12345678',
      target: path,
      authority: 'example.org',
    });
    assert.equal((await ask(port, path, { method: 'POST', body: '123456789' })).status, 413);
    assert.equal((await ask(port, path)).status, 405);
  } finally {
    await gateway.stop(1_000);
    await ledger.close();
  }
});
