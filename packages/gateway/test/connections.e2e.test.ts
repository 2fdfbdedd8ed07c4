import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { suite, test } from 'node:test';
import { BLOCK_TYPE } from '../src/media-types.ts';
import { ChainWriter } from './support/ledger.ts';
import { ask, post, raw, serve, until } from './support/serve.ts';

const IDLE = 10_000;

/** Descriptors that this process may open; each side of the test needs one per connection. */
function descriptors(): number {
  const limit = spawnSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).stdout.trim();
  return limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit);
}

const enough = descriptors() >= IDLE + 500;

suite('many connections', () => {
  test(`${IDLE} idle connections leave the gateway quick`, {
    skip: enough ? false : `ulimit -n is below ${IDLE + 500}`,
  }, async () => {
    const served = await serve({ headersTimeoutMs: 60_000 });
    // The other ends live in a process of their own, with its own descriptors.
    const script = `
        const net = require('node:net');
        let open = 0;
        const next = () => {
          if (open >= ${IDLE}) { console.log('open'); return; }
          const socket = net.connect(${served.port}, '127.0.0.1', () => { open++; next(); });
          socket.on('error', (error) => { console.log(error.code); process.exit(1); });
        };
        for (let i = 0; i < 64; i++) next();
        process.stdin.on('end', () => process.exit(0)).resume();`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      const before = process.memoryUsage().rss;
      const [said] = (await once(child.stdout, 'data')) as [Buffer];
      assert.match(said.toString(), /^open/);
      const times: number[] = [];
      for (let i = 0; i < 50; i++) {
        const startedMs = performance.now();
        assert.equal((await ask(served.port, '/livez')).status, 200);
        times.push(performance.now() - startedMs);
      }
      const median = times.sort((a, b) => a - b)[25]!;
      assert.ok(median < 100, `median ${median} ms`);
      const metrics = (await ask(served.port, '/metrics')).body.toString();
      const open = Number(/^basalt_http_open_connections (\d+)$/m.exec(metrics)?.[1]);
      assert.ok(open >= IDLE, `${open} connections`);
      const perConnection = (process.memoryUsage().rss - before) / IDLE;
      assert.ok(perConnection < 32 * 1024, `${perConnection} bytes a connection`);
    } finally {
      child.kill();
      await once(child, 'exit');
      await served.close();
    }
  });

  test('connections beyond the bound are refused, and room is made when others leave', async () => {
    const served = await serve({ connectionsMax: 5 });
    try {
      const sockets: Socket[] = [];
      for (let i = 0; i < 5; i++) {
        const socket = connect(served.port, '127.0.0.1').on('error', () => {});
        await once(socket, 'connect');
        sockets.push(socket);
      }
      const refused = await raw(served.port, 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
      assert.equal(refused, '');
      for (const socket of sockets) socket.destroy();
      await until(
        async () => (await ask(served.port, '/livez').catch(() => undefined)) !== undefined,
      );
    } finally {
      await served.close();
    }
  });

  test('an address that asks too much is told when to come back, and others are not', async () => {
    const served = await serve({ rateLoopback: { perSecond: 1, burst: 3 } });
    try {
      const statuses: number[] = [];
      for (let i = 0; i < 6; i++) statuses.push((await ask(served.port, '/livez')).status);
      assert.deepEqual(statuses, [200, 200, 200, 429, 429, 429]);
      const refused = await ask(served.port, '/livez');
      assert.equal(refused.json()['code'], 'too-many-requests');
      assert.ok(Number(refused.headers['retry-after']) >= 1);
    } finally {
      await served.close();
    }
  });

  test('each block of a submission costs a token', async () => {
    const served = await serve({ rateLoopback: { perSecond: 0.001, burst: 5 } });
    try {
      const chain = new ChainWriter(60);
      for (let i = 0; i < 9; i++) chain.add(Buffer.of(i));
      const body = Buffer.concat(chain.blocks.map((_, i) => chain.wire(i)));
      const answer = await post(served.port, '/blocks/batch', 'application/x-basalt-blocks', body);
      assert.equal(answer.status, 429);
      assert.equal((await post(served.port, '/blocks', BLOCK_TYPE, chain.wire(0))).status, 201);
    } finally {
      await served.close();
    }
  });

  test('a large answer is paid for by its size, also where only its fields are sent', async () => {
    const served = await serve({ rateLoopback: { perSecond: 0.001, burst: 20 } });
    try {
      const chain = new ChainWriter(63);
      chain.add(Buffer.alloc(2 << 20, 7));
      for (const i of [0, 1]) {
        assert.equal((await post(served.port, '/blocks', BLOCK_TYPE, chain.wire(i))).status, 201);
      }
      const onlyFields = { method: 'HEAD' };
      assert.equal((await ask(served.port, `/blocks/${chain.hash(1)}`, onlyFields)).status, 200);
      assert.equal((await ask(served.port, '/livez')).status, 429);
    } finally {
      await served.close();
    }
  });

  test('the proof of each key block costs a token: there may be many', async () => {
    const served = await serve({ rateLoopback: { perSecond: 0.001, burst: 4 } });
    try {
      const chain = new ChainWriter(62);
      assert.equal((await post(served.port, '/blocks', BLOCK_TYPE, chain.wire(0))).status, 201);
      const keys = `/chains/${chain.namespace}/keys?proofs=1`;
      assert.equal((await ask(served.port, keys)).status, 200);
      assert.equal((await ask(served.port, '/livez')).status, 429);
    } finally {
      await served.close();
    }
  });
});

suite('stopping', () => {
  test('idle connections close, what runs finishes, nothing new is taken', async () => {
    const served = await serve({ headersTimeoutMs: 60_000 });
    const idle = connect(served.port, '127.0.0.1').on('error', () => {});
    await once(idle, 'connect');
    idle.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(idle, 'data');
    const chain = new ChainWriter(61);
    const wire = Buffer.from(chain.wire(0));
    const upload = request({
      host: '127.0.0.1',
      port: served.port,
      path: '/blocks',
      method: 'POST',
      headers: { 'content-type': BLOCK_TYPE, 'content-length': wire.length },
    });
    upload.write(wire.subarray(0, 50));
    await new Promise<void>((resolve) => setTimeout(resolve, 50));
    const idleClosed = once(idle, 'close');
    const stopped = served.gateway.stop(3_000);
    await idleClosed;
    await assert.rejects(ask(served.port, '/livez'));
    upload.end(wire.subarray(50));
    const [answer] = (await once(upload, 'response')) as [import('node:http').IncomingMessage];
    assert.equal(answer.statusCode, 201);
    assert.equal(answer.headers.connection, 'close');
    answer.resume();
    assert.equal(await stopped, true, 'nothing had to be cut');
    await served.ledger.close();
  });

  test('what outlives the grace is cut', async () => {
    const served = await serve({ headersTimeoutMs: 60_000 });
    const stuck = connect(served.port, '127.0.0.1').on('error', () => {});
    await once(stuck, 'connect');
    stuck.write('POST /blocks HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx');
    await new Promise<void>((resolve) => setTimeout(resolve, 50));
    const startedMs = performance.now();
    assert.equal(await served.gateway.stop(200), false);
    const ms = performance.now() - startedMs;
    assert.ok(ms >= 150 && ms < 2_000, `${ms} ms`);
    await served.ledger.close();
  });

  test('event streams end, and the gateway can start again', async () => {
    const served = await serve();
    const stream = raw(served.port, 'GET /events HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(async () => {
      const health = (await ask(served.port, '/healthz')).json<{ eventStreams: number }>();
      return health.eventStreams === 1;
    });
    assert.equal(await served.gateway.stop(1_000), true);
    assert.match(await stream, /text\/event-stream/);
    const again = await served.gateway.start();
    assert.equal((await ask(again.port, '/readyz')).status, 200);
    await served.close();
  });
});
