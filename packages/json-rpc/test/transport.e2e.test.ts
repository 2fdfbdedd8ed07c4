import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { after, before, suite, test } from 'node:test';
import WebSocket from 'ws';
import { openTestServer, type TestServer } from './support/devnet.ts';
import { ADDRESS, OTHER } from './support/requests.ts';

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const BLOCK_NUMBER = { jsonrpc: '2.0', id: 1, method: 'eth_blockNumber', params: [] };

/** By hand, since `fetch` sets Host and Origin as it likes. */
function send(
  port: number,
  body: string | undefined,
  headers: Readonly<Record<string, string>> = JSON_TYPE,
  method: string = 'POST',
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ port, host: '127.0.0.1', method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** Waits for a state that comes by itself; fails after half a minute, on a busy machine too. */
async function eventually(isThere: () => boolean, what: string): Promise<void> {
  for (let round = 0; round < 3_000; round++) {
    if (isThere()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(`waited in vain: ${what}`);
}

class Socket {
  readonly socket: WebSocket;
  readonly messages: Record<string, unknown>[] = [];

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      this.messages.push(JSON.parse((data as Buffer).toString()) as Record<string, unknown>);
    });
  }

  static async open(port: number, headers: Readonly<Record<string, string>> = {}): Promise<Socket> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { headers });
    const made = new Socket(socket);
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return made;
  }

  async ask(method: string, ...params: unknown[]): Promise<Record<string, unknown>> {
    const id = Math.floor(performance.now() * 1_000);
    this.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    const mine = (): Record<string, unknown> | undefined =>
      this.messages.find((each) => each['id'] === id);
    await eventually(() => mine() !== undefined, `an answer to ${method}`);
    return mine() ?? {};
  }

  /** What a subscription was told. */
  told(subscription: unknown): unknown[] {
    return this.messages
      .filter((each) => each['method'] === 'eth_subscription')
      .map((each) => each['params'] as { subscription: unknown; result: unknown })
      .filter((each) => each.subscription === subscription)
      .map(({ result }) => result);
  }
}

suite('over HTTP', () => {
  let opened: TestServer;
  let port: number;

  before(async () => {
    opened = await openTestServer({ limits: { bodyBytes: 100_000, responseBytes: 5_000 } });
    ({ port } = await opened.server.listen({ port: 0 }));
  });

  after(async () => {
    await opened.close();
  });

  test('one request, a batch, a notification', async () => {
    const one = await send(port, JSON.stringify(BLOCK_NUMBER));
    assert.equal(one.status, 200);
    assert.deepEqual(JSON.parse(one.text), { jsonrpc: '2.0', id: 1, result: '0x0' });
    assert.equal(one.headers['content-type'], 'application/json');
    const batch = await send(port, JSON.stringify([BLOCK_NUMBER, { ...BLOCK_NUMBER, id: 'b' }, 7]));
    const answers = JSON.parse(batch.text) as { id: unknown; error?: { code: number } }[];
    assert.deepEqual(
      answers.map(({ id }) => id),
      [1, 'b', null],
    );
    assert.equal(answers[2]?.error?.code, -32600);
    const { id: _id, ...notification } = BLOCK_NUMBER;
    const silent = await send(port, JSON.stringify(notification));
    assert.deepEqual([silent.status, silent.text], [204, '']);
  });

  test('a person sees what this is', async () => {
    const { status, text } = await send(port, undefined, {}, 'GET');
    assert.equal(status, 200);
    assert.match(text, /JSON-RPC/);
    assert.equal((await send(port, undefined, {}, 'DELETE')).status, 405);
  });

  test('malformed text, empty and large batches, unknown methods', async () => {
    const codeOf = async (body: string): Promise<number> =>
      (JSON.parse((await send(port, body)).text) as { error: { code: number } }).error.code;
    assert.equal(await codeOf('{"jsonrpc": "2.0", "method": '), -32700);
    assert.equal(await codeOf('[]'), -32600);
    assert.equal(
      await codeOf(JSON.stringify(Array.from({ length: 101 }, () => BLOCK_NUMBER))),
      -32600,
    );
    assert.equal(await codeOf(JSON.stringify({ ...BLOCK_NUMBER, jsonrpc: '1.0' })), -32600);
    assert.equal(await codeOf(JSON.stringify({ ...BLOCK_NUMBER, id: {} })), -32600);
    assert.equal(await codeOf(JSON.stringify({ ...BLOCK_NUMBER, method: 'eth_none' })), -32601);
    assert.equal(await codeOf(JSON.stringify({ ...BLOCK_NUMBER, params: {} })), -32602);
  });

  test('bodies and answers have a size', async () => {
    const large = await send(
      port,
      JSON.stringify({ ...BLOCK_NUMBER, params: ['x'.repeat(100_000)] }),
    );
    assert.equal(large.status, 413);
    const block = { ...BLOCK_NUMBER, method: 'eth_getBlockByNumber', params: ['latest', false] };
    const { text } = await send(port, JSON.stringify([block, block, block, block]));
    const answers = JSON.parse(text) as { result?: unknown; error?: { code: number } }[];
    assert.notEqual(answers[0]?.result, undefined);
    assert.equal(answers[3]?.error?.code, -32003);
  });

  test('pages: preflight, origins of this machine, others, types that need no asking', async () => {
    const body = JSON.stringify(BLOCK_NUMBER);
    const own = { ...JSON_TYPE, origin: 'http://localhost:3000' };
    const allowed = await send(port, body, own);
    assert.equal(allowed.headers['access-control-allow-origin'], 'http://localhost:3000');
    const wallet = { ...JSON_TYPE, origin: 'chrome-extension://nkbihfbeogaeaoehlefnkodbefgpgknn' };
    assert.equal((await send(port, body, wallet)).status, 200);
    const preflight = await send(port, undefined, { origin: 'http://127.0.0.1:1' }, 'OPTIONS');
    assert.equal(preflight.status, 204);
    assert.match(String(preflight.headers['access-control-allow-headers']), /content-type/);
    for (const origin of ['https://evil.example', 'null', 'http://localhost.evil.example']) {
      assert.equal((await send(port, body, { ...JSON_TYPE, origin })).status, 403);
    }
    assert.equal((await send(port, body, { 'content-type': 'text/plain' })).status, 415);
  });

  test('a name that only a rebound page would use is refused', async () => {
    const body = JSON.stringify(BLOCK_NUMBER);
    for (const host of ['evil.example', 'evil.example:8545', '127.0.0.1.evil.example']) {
      assert.equal((await send(port, body, { ...JSON_TYPE, host })).status, 403);
    }
    for (const host of ['localhost', `127.0.0.1:${port}`, '[::1]:8545']) {
      assert.equal((await send(port, body, { ...JSON_TYPE, host })).status, 200);
    }
  });

  test('metrics tell what was asked', () => {
    const text = opened.metrics();
    assert.match(text, /basalt_rpc_requests_total\{method="eth_blockNumber"\} [1-9]/);
    assert.match(text, /basalt_rpc_errors_total\{code="-32601"\} 1/);
    assert.match(text, /basalt_rpc_refused_total\{reason="host"\} 3/);
    assert.match(text, /basalt_rpc_request_duration_seconds_count\{method="eth_blockNumber"\}/);
  });
});

suite('rates', () => {
  test('an address that asks too much is told to wait, and may ask again later', async () => {
    // This machine gets fifty times as much: 50 a second, 10 at once.
    const limits = { requestsPerSecond: 1, requestsBurst: 0.2 };
    const opened = await openTestServer({ limits });
    const { port } = await opened.server.listen({ port: 0 });
    const body = JSON.stringify(Array.from({ length: 10 }, () => BLOCK_NUMBER));
    assert.equal((await send(port, body)).status, 200);
    const refused = await send(port, body);
    assert.equal(refused.status, 429);
    assert.equal(refused.headers['retry-after'], '1');
    assert.equal((JSON.parse(refused.text) as { error: { code: number } }).error.code, -32005);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal((await send(port, body)).status, 200);
    await opened.close();
  });
});

suite('over WebSocket', () => {
  let opened: TestServer;
  let port: number;

  before(async () => {
    opened = await openTestServer({
      limits: { socketBacklogBytes: 10_000, responseBytes: 1_000_000, connections: 8 },
    });
    ({ port } = await opened.server.listen({ port: 0 }));
  });

  after(async () => {
    await opened.close();
  });

  test('requests, heads, transactions and logs', async () => {
    const socket = await Socket.open(port);
    const heads = (await socket.ask('eth_subscribe', 'newHeads'))['result'];
    const hashes = (await socket.ask('eth_subscribe', 'newPendingTransactions'))['result'];
    const logs = (await socket.ask('eth_subscribe', 'logs', {}))['result'];
    const code = '0x60015f5260205fa000';
    await socket.ask('anvil_setCode', OTHER, code);
    const { result } = await socket.ask('eth_sendTransaction', { from: ADDRESS, to: OTHER });
    await eventually(() => socket.told(logs).length > 0, 'a log');
    assert.equal(socket.told(heads).length, 1);
    assert.deepEqual(socket.told(hashes), [result]);
    const [log] = socket.told(logs) as { address: string; transactionHash: string }[];
    assert.deepEqual([log?.address, log?.transactionHash], [OTHER, result]);
    assert.equal((await socket.ask('eth_unsubscribe', heads))['result'], true);
    assert.notEqual((await socket.ask('eth_unsubscribe', heads))['error'], undefined);
    socket.socket.close();
  });

  test('a subscription of another connection can not be ended', async () => {
    const one = await Socket.open(port);
    const other = await Socket.open(port);
    const id = (await one.ask('eth_subscribe', 'newHeads'))['result'];
    assert.notEqual((await other.ask('eth_unsubscribe', id))['error'], undefined);
    one.socket.close();
    other.socket.close();
  });

  test('a subscriber that does not read is cut, others are told all', async () => {
    const reader = await Socket.open(port);
    const heads = (await reader.ask('eth_subscribe', 'newHeads'))['result'];
    const sleeper = await Socket.open(port);
    await sleeper.ask('eth_subscribe', 'newHeads');
    for (let round = 0; round < 60; round++) await sleeper.ask('eth_subscribe', 'newHeads');
    sleeper.socket.pause();
    let told = socketCount(reader, heads);
    for (let round = 0; round < 40; round++) {
      await opened.ask('hardhat_mine', '0x20');
      if (/reason="slow-reader"\} [1-9]/.test(opened.metrics())) break;
    }
    assert.match(opened.metrics(), /basalt_rpc_refused_total\{reason="slow-reader"\} [1-9]/);
    const number = Number(await opened.ask('eth_blockNumber'));
    await opened.ask('evm_mine');
    await eventually(() => {
      told = socketCount(reader, heads);
      const last = reader.told(heads).at(-1) as { number: string } | undefined;
      return Number(last?.number ?? 0) === number + 1;
    }, 'the reader to be told of the last block');
    assert.ok(told > 0);
    sleeper.socket.terminate();
    reader.socket.close();
  });

  test('pages of strangers and rebound names get no socket', async () => {
    for (const headers of [{ origin: 'https://evil.example' }, { host: 'evil.example' }]) {
      await assert.rejects(Socket.open(port, headers), /403/);
    }
    const own = await Socket.open(port, { origin: 'http://localhost:5173' });
    own.socket.close();
  });

  test('frames that are none end their connection alone', async () => {
    const good = await Socket.open(port);
    const raw = connect(port, '127.0.0.1');
    raw.write(
      'GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    raw.on('error', () => undefined);
    await new Promise((resolve) => raw.once('data', resolve));
    raw.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x00]));
    await new Promise((resolve) => raw.once('close', resolve));
    assert.equal(typeof (await good.ask('eth_blockNumber'))['result'], 'string');
    good.socket.close();
  });
});

function socketCount(socket: Socket, subscription: unknown): number {
  return socket.told(subscription).length;
}
