import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Scheduler } from '@basalt/protocol';
import { type LoopbackServer, listenOnLoopback } from '../../../../tools/testing/loopback.ts';
import { type CacheRoleConfig, createCacheRole } from '../../src/cache/create-cache-role-shell.ts';
import { forwardPost } from '../../src/cache/forward-post-shell.ts';
import { POST_BYTES_HELD_MAX } from '../../src/cache/limits.ts';
import { Upstreams, type UpstreamTransport } from '../../src/cache/upstreams.ts';
import { hashes, IMMUTABLE } from '../support/fake-upstreams.ts';

const clock = { nowMs: (): number => Date.now() };
const scheduler: Scheduler = {
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

const listen = (handler: RequestListener): Promise<LoopbackServer> =>
  listenOnLoopback(createServer(handler));

interface Answer {
  readonly status: number | undefined;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Buffer;
}

/** Without the conveniences of `fetch`: no decoding, no cache, raw status. */
function call(
  url: string,
  headers: Record<string, string> = {},
  method = 'GET',
  body?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { method, headers, agent: false }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.on('error', reject);
      answer.on('end', () => {
        const { statusCode: status } = answer;
        resolve({ status, headers: answer.headers, body: Buffer.concat(pieces) });
      });
    });
    asking.on('error', reject);
    asking.end(body);
  });
}

async function withCache(
  upstream: RequestListener,
  config: Partial<CacheRoleConfig>,
  run: (url: string, origin: LoopbackServer) => Promise<void>,
): Promise<void> {
  const origin = await listen(upstream);
  const parts = { hashes, clock, scheduler };
  const cache = await createCacheRole({ upstreams: [origin.url], ...config }, parts);
  const front = await listen(cache.handler);
  try {
    await run(front.url, origin);
  } finally {
    await front[Symbol.asyncDispose]();
    await origin[Symbol.asyncDispose]();
    await cache.stop();
  }
}

async function untilTrue(isTrue: () => boolean): Promise<void> {
  for (const endMs = Date.now() + 10_000; !isTrue(); ) {
    assert.ok(Date.now() < endMs, 'within 10 s');
    await new Promise<void>((resolve) => setTimeout(resolve, 10));
  }
}

suite('cache over HTTP', { timeout: 30_000 }, () => {
  test('slow readers hold a bounded number of bytes; beyond, one is told to wait', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'basalt-cache-'));
    // More than the buffers of two sockets take.
    const bytes = 16 * 1024 * 1024;
    const origin = await listen((asked, answer) => {
      answer.writeHead(200, {
        'cache-control': IMMUTABLE,
        'content-type': 'application/octet-stream',
      });
      answer.end(Buffer.alloc(bytes, asked.url ?? ''));
    });
    const config = { folder, popularThreshold: 1, outgoingBytesMax: 2 * bytes + 1024 };
    const cache = await createCacheRole(
      { upstreams: [origin.url], ...config },
      { hashes, clock, scheduler },
    );
    const front = await listen(cache.handler);
    const path = (digit: string): string => `/blocks/${digit.repeat(64)}/payload`;
    const slow: Socket[] = [];
    const ask = (digit: string): void => {
      const socket = connect(Number(new URL(front.url).port), '127.0.0.1');
      socket.pause();
      socket.on('error', () => undefined);
      socket.write(`GET ${path(digit)} HTTP/1.1\r\nHost: x\r\n\r\n`);
      slow.push(socket);
    };
    const outgoing = (): number => cache.stats().outgoingBytes;
    try {
      // On disk now, each, and too large for the memory.
      for (const digit of ['a', 'b', 'c']) {
        assert.equal((await call(front.url + path(digit))).body.length, bytes);
        await untilTrue(() => outgoing() === 0);
      }
      for (let i = 0; i < 20; i++) ask('a');
      await untilTrue(() => outgoing() > 0);
      ask('b');
      await untilTrue(() => outgoing() > bytes);
      // Twenty readers of one body hold it once.
      assert.ok(outgoing() <= config.outgoingBytesMax, `${outgoing()} bytes`);
      const refused = await call(front.url + path('c'));
      assert.equal(refused.status, 503);
      assert.equal(refused.headers['retry-after'], '1');
      const shared = await call(front.url + path('a'));
      assert.equal(shared.status, 200, shared.body.toString());
      assert.ok(cache.stats().overloaded >= 1);
      for (const socket of slow) socket.destroy();
      await untilTrue(() => outgoing() === 0);
      assert.equal((await call(front.url + path('c'))).body.length, bytes);
    } finally {
      for (const socket of slow) socket.destroy();
      await front[Symbol.asyncDispose]();
      await origin[Symbol.asyncDispose]();
      await cache.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('coded bytes and their tag stay as the node made them; parts come from here', async () => {
    const coded = gzipSync('bundle '.repeat(100));
    let asked = 0;
    const node: RequestListener = (_, response) => {
      asked++;
      response.writeHead(200, {
        'Content-Encoding': 'gzip',
        'Cache-Control': IMMUTABLE,
        'Accept-Ranges': 'bytes',
        Vary: 'Accept-Encoding',
        ETag: '"b-gzip"',
      });
      response.end(coded);
    };
    await withCache(node, {}, async (url) => {
      const fields = { 'accept-encoding': 'gzip' };
      const whole = await call(`${url}/bundle`, fields);
      assert.deepEqual(whole.body, coded);
      assert.equal(whole.headers.etag, '"b-gzip"');
      const part = await call(`${url}/bundle`, {
        ...fields,
        range: 'bytes=2-5',
        'if-range': '"b-gzip"',
      });
      assert.equal(part.status, 206);
      assert.deepEqual(part.body, coded.subarray(2, 6));
      const head = await call(`${url}/bundle`, fields, 'HEAD');
      assert.equal(head.headers['content-length'], String(coded.length));
      assert.match(String(head.headers['cache-status']), /^basalt; hit/);
      const known = await call(`${url}/bundle`, { ...fields, 'if-none-match': '"b-gzip"' });
      assert.deepEqual([known.status, known.body.length], [304, 0]);
      const beyond = await call(`${url}/bundle`, { ...fields, range: 'bytes=9999-' });
      assert.deepEqual(
        [beyond.status, beyond.headers['content-range']],
        [416, `bytes */${coded.length}`],
      );
      assert.equal(asked, 1);
    });
  });

  test('a slow, a dripping, an endless and a cut body end as errors of the upstream', async () => {
    const node: RequestListener = ({ url }, response) => {
      response.on('error', () => undefined);
      if (url === '/slow') return;
      response.writeHead(200, url === '/cut' ? { 'Content-Length': '1000' } : {});
      if (url === '/cut') response.write('a', () => response.destroy());
      if (url === '/drip') {
        const timer = setInterval(() => response.write('.'), 50);
        response.on('close', () => clearInterval(timer));
      }
      const piece = Buffer.alloc(256 * 1024);
      const pour = (): void => {
        while (!response.destroyed && response.write(piece));
      };
      if (url === '/super/checkpoint') {
        response.on('drain', pour);
        pour();
      }
    };
    await withCache(node, { timeoutMs: 400 }, async (url) => {
      const told = async (path: string): Promise<[number | undefined, string]> => {
        const { status, body } = await call(url + path);
        return [status, (JSON.parse(body.toString()) as { code: string }).code];
      };
      assert.deepEqual(await told('/slow'), [504, 'timeout']);
      assert.deepEqual(await told('/drip'), [504, 'timeout']);
      assert.deepEqual(await told('/super/checkpoint'), [502, 'oversize']);
      assert.deepEqual(await told('/cut'), [502, 'unreachable']);
    });
  });
});

suite('cache over HTTP: what goes by', { timeout: 30_000 }, () => {
  test('writes are refused with a word, or passed on and heads asked for again', async () => {
    let size = 1;
    const node: RequestListener = (incoming, response) => {
      const fields = { 'Cache-Control': 'max-age=100', ETag: `"${size}"` };
      if (incoming.method === 'GET') response.writeHead(200, fields).end(String(size));
      else {
        incoming.resume().on('end', () => {
          if (incoming.url === '/blocks') size++;
          response.writeHead(201, { Location: '/blocks/x' }).end('taken');
        });
      }
    };
    await withCache(node, {}, async (url) => {
      const refused = await call(`${url}/blocks`, {}, 'POST', 'block');
      assert.equal(refused.status, 405);
      assert.equal(refused.headers.allow, 'GET, HEAD');
      assert.match(refused.body.toString(), /send writes to an origin/);
      assert.equal((await call(`${url}/blocks`, {}, 'DELETE')).status, 405);
      assert.equal((await call(`${url}/blocks/fetch`, {}, 'POST', '{}')).status, 201);
      assert.equal((await call(`${url}/blocks`, {}, 'OPTIONS')).status, 204);
    });
    await withCache(node, { forwardWrites: true }, async (url) => {
      assert.equal((await call(`${url}/list`)).body.toString(), '1');
      const taken = await call(`${url}/blocks`, {}, 'POST', 'block');
      assert.deepEqual([taken.status, taken.headers.location], [201, '/blocks/x']);
      assert.equal((await call(`${url}/list`)).body.toString(), '2');
    });
  });

  test('bodies that wait for their end are bounded in memory', async () => {
    const held = { bytes: POST_BYTES_HELD_MAX - 100 };
    const upstreams = new Upstreams(['http://a.test'], clock);
    const post = async (body: string, target = '/blocks'): Promise<number> => {
      const incoming = Object.assign(Readable.from([Buffer.from(body)]), {
        url: target,
        headers: {},
      }) as unknown as IncomingMessage;
      const transport = async (): ReturnType<UpstreamTransport> => {
        assert.equal(held.bytes, POST_BYTES_HELD_MAX - 100 + body.length);
        return { status: 200, fields: [], body: new Uint8Array(0) };
      };
      return (await forwardPost(incoming, upstreams, transport, held)).status;
    };
    assert.equal(await post('x'.repeat(100)), 200);
    assert.equal(await post('x'.repeat(101)), 503);
    assert.equal(held.bytes, POST_BYTES_HELD_MAX - 100);
    held.bytes = 0;
    assert.equal(await post('x'.repeat(64 * 1024 + 1), '/blocks/fetch'), 413);
    assert.equal(held.bytes, 0);
    const node: RequestListener = (incoming, response) => {
      incoming.resume().on('end', () => response.end('taken'));
    };
    await withCache(node, {}, async (url) => {
      const large = await call(`${url}/blocks/fetch`, {}, 'POST', 'x'.repeat(64 * 1024 + 1));
      assert.equal(large.status, 413);
    });
  });

  test('paths of the operator are not there, however they are spelled', async () => {
    let asked = 0;
    const node: RequestListener = (_, response) => {
      asked++;
      response.end('secret');
    };
    await withCache(node, { forwardWrites: true }, async (url) => {
      const paths = [
        '/metrics',
        '/metrics?x',
        '/%6detrics',
        '/x/../admin/config',
        '//admin/config',
      ];
      const coded = ['/%2561dmin/x', '/x/%2e%2e/ADMIN/prune', '/%', '/a/%2F/metrics/'];
      for (const path of [...paths, ...coded]) {
        for (const method of ['GET', 'POST']) {
          assert.equal((await call(url + path, {}, method)).status, 404, path);
        }
      }
      assert.equal(asked, 0);
      assert.equal((await call(`${url}/administration`)).status, 200);
    });
  });

  test('parts of payloads have the proof of their node; without it they are cut here', async () => {
    const path = `/blocks/${'ab'.repeat(32)}/payload`;
    const node: RequestListener = (incoming, response) => {
      const fields = { 'Cache-Control': IMMUTABLE, ETag: '"p"', 'Accept-Ranges': 'bytes' };
      if (incoming.headers.range === undefined) response.writeHead(200, fields).end('0123456789');
      else response.writeHead(206, { ...fields, 'Basalt-Chunk-Proof': 'cHJvb2Y=' }).end('234');
    };
    await withCache(node, {}, async (url, origin) => {
      await call(url + path);
      const range = { range: 'bytes=2-4' };
      assert.equal((await call(url + path, range)).headers['basalt-chunk-proof'], 'cHJvb2Y=');
      await origin[Symbol.asyncDispose]();
      const cut = await call(url + path, range);
      assert.deepEqual([cut.status, cut.body.toString()], [206, '234']);
      assert.equal(cut.headers['basalt-chunk-proof'], undefined);
    });
  });

  test('events go through as they come, and end with the cache', async () => {
    const node: RequestListener = (_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write('data: 1\n\n');
    };
    await withCache(node, {}, async (url) => {
      const stream = await fetch(`${url}/events`);
      const reader = stream.body?.getReader();
      const first = await reader?.read();
      assert.equal(Buffer.from(first?.value ?? []).toString(), 'data: 1\n\n');
      await reader?.cancel();
    });
  });
});

suite('cache over HTTP: streams, and what outlives a node', { timeout: 100_000 }, () => {
  test('what turns out to be a stream ends at once, and takes no place of others', async () => {
    let open = 0;
    const node: RequestListener = (incoming, response) => {
      if (incoming.url === '/block') return response.end('here');
      open++;
      response.on('close', () => open--);
      response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
      return response.write('data: 1\n\n');
    };
    await withCache(node, { timeoutMs: 120_000 }, async (url) => {
      // More at a time than there are places; the gateway takes coded letters for plain ones.
      const targets = Array.from({ length: 140 }, (_, i) => `/stream/%65vents?${i}`);
      const asked = targets.map((target) => call(url + target));
      const heads = targets.map((target) => call(url + target, {}, 'HEAD'));
      const coded = targets.map((target) => call(url + target, { authorization: 'Bearer x' }));
      const answers = await Promise.all([...asked, ...coded, ...heads]);
      const refused = answers.filter(({ status }) => status !== 404 && status !== 503);
      assert.deepEqual(refused, []);
      // No upstream is taken for ill, nothing is held any longer.
      assert.equal((await call(`${url}/block`)).body.toString(), 'here');
      const one = await call(`${url}/stream/events`);
      assert.equal(one.status, 404);
      assert.match(one.body.toString(), /ask the node/);
      const head = await call(`${url}/events?x`, {}, 'HEAD');
      assert.deepEqual([head.status, head.headers['content-type']], [200, 'text/event-stream']);
      await untilTrue(() => open === 0);
    });
  });

  test('a popular answer outlives node and cache', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'basalt-cache-'));
    const node: RequestListener = (_, response) => {
      response.writeHead(200, { 'Cache-Control': IMMUTABLE }).end('kept');
    };
    try {
      await withCache(node, { folder, popularThreshold: 2 }, async (url) => {
        for (let i = 0; i < 3; i++) await call(`${url}/forks/x`);
      });
      const gone: RequestListener = (_, response) => response.destroy();
      await withCache(gone, { folder }, async (url) => {
        assert.equal((await call(`${url}/forks/x`)).body.toString(), 'kept');
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
