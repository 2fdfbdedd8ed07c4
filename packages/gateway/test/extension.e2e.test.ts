import assert from 'node:assert/strict';
import { connect } from 'node:net';
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

const flood = {
  method: 'GET',
  path: '/flood',
  summary: 'Events without end',
  bodyBytesMax: 0,
  cost: 1,
} as const;

test('events of another room are streamed, and end with their reader', async () => {
  const ledger = await createTestLedger();
  let isOver = false;
  const handle: RouteExtension['handle'] = async () => ({
    status: 200,
    events: async function* events(signal) {
      try {
        for (let i = 0; !signal.aborted; i++) {
          yield `event: tick\ndata: ${i}\n\n`;
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
      } finally {
        isOver = true;
      }
    },
  });
  const extensions = [{ ...flood, handle }];
  const gateway = createGateway({ ledger, crypto: provider, clock, extensions });
  const { port } = await gateway.start();
  try {
    const abort = new AbortController();
    const answer = await fetch(`http://127.0.0.1:${port}/flood`, { signal: abort.signal });
    assert.equal(answer.headers.get('content-type'), 'text/event-stream');
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('data: 3\n\n')) text += (await reader?.read())?.value ?? '';
    assert.match(text, /^retry: 1000\n\nevent: tick\ndata: 0\n\n/);
    abort.abort();
    while (!isOver) await new Promise((resolve) => setTimeout(resolve, 5));
  } finally {
    await gateway.stop(1_000);
    await ledger.close();
  }
});

test('a reader that never reads is dropped; others go on', async () => {
  const ledger = await createTestLedger();
  const large = `data: ${'x'.repeat(64 * 1024)}\n\n`;
  let dropped = 0;
  const handle: RouteExtension['handle'] = async ({ query }) => ({
    status: 200,
    events: async function* events(signal) {
      try {
        while (!signal.aborted) {
          yield query.has('small') ? 'data: tick\n\n' : large;
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      } finally {
        if (!query.has('small')) dropped++;
      }
    },
  });
  const extensions = [{ ...flood, handle }];
  const gateway = createGateway({ ledger, crypto: provider, clock, extensions });
  const { port } = await gateway.start();
  const deaf = connect(port, '127.0.0.1');
  deaf.on('error', () => undefined);
  try {
    const abort = new AbortController();
    const answer = await fetch(`http://127.0.0.1:${port}/flood?small`, { signal: abort.signal });
    const reader = answer.body?.getReader();
    deaf.write('GET /flood HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    deaf.pause();
    while (dropped === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const after = await reader?.read();
    assert.equal(after?.done, false);
    abort.abort();
  } finally {
    deaf.destroy();
    await gateway.stop(1_000);
    await ledger.close();
  }
});
