/** Requests that no client sends: the devnet answers each with an error and goes on. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { account, type Hex } from './support/accounts.ts';
import { ownContract } from './support/contracts.ts';
import { useDevnet } from './support/devnet.ts';
import { call, post, type RpcAnswer, result } from './support/rpc.ts';
import { connectViem, deploy, loadViem } from './support/viem.ts';

let url: string;
let failures: Hex;
const { skip, devnet } = useDevnet(async (running) => {
  url = running.url;
  failures = await deploy(connectViem(running), ownContract('Failures'));
});

afterEach(async () => {
  // Whatever was asked, the next one is served.
  if (skip === false) assert.equal(await result(url, 'eth_chainId'), '0x7a69');
});

/** Anvil calls all of it an invalid request; JSON-RPC 2.0 has a code for what is not JSON. */
const NOT_JSON = [-32_700, -32_600];

test('what is not JSON, and what is JSON but no request', { skip }, async () => {
  for (const body of ['{', '', 'null', '"eth_chainId"', '\u0000', '[{]', '{"jsonrpc":"2.0",}']) {
    const { text } = await post(url, body);
    const answer = JSON.parse(text) as RpcAnswer;
    assert(NOT_JSON.includes(answer.error?.code ?? 0), `${JSON.stringify(body)}: ${text}`);
    assert.equal(answer.id, null);
  }
  for (const body of ['{}', '[]', '{"jsonrpc":"2.0","id":1}', '{"id":1,"method":7}']) {
    const answer = JSON.parse((await post(url, body)).text) as RpcAnswer;
    assert.equal(answer.error?.code, -32_600, body);
  }
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
  assert.notEqual((await post(url, deep)).text, '');
  const bytes = await post(url, Uint8Array.of(0xff, 0xfe, 0x00, 0x80));
  assert.match(bytes.text, /error/);
});

test('a batch: good and bad in one, each with its own answer', { skip }, async () => {
  const batch = [
    { jsonrpc: '2.0', id: 'first', method: 'eth_chainId' },
    { jsonrpc: '2.0', id: 2, method: 'eth_unheardOf', params: [] },
    { jsonrpc: '2.0', method: 'eth_chainId' },
    { jsonrpc: '2.0', id: 3, method: 'eth_getBalance', params: ['0x12', 'latest'] },
  ];
  const answers = JSON.parse((await post(url, JSON.stringify(batch))).text) as RpcAnswer[];
  const seen = new Map(answers.map((answer) => [answer.id, answer]));
  assert.equal(seen.get('first')?.result, '0x7a69');
  assert.equal(seen.get(2)?.error?.code, -32_601);
  assert.equal(seen.get(3)?.error?.code, -32_602);
  // A notification has no answer.
  assert.equal(answers.length, 3);
});

test('a batch beyond the bound is refused as a whole', { skip }, async (t) => {
  if (devnet().kind !== 'basalt') return t.skip('Anvil has no bound');
  const one = { jsonrpc: '2.0', id: 1, method: 'eth_chainId' };
  const { text } = await post(url, JSON.stringify(Array.from({ length: 101 }, () => one)));
  const answer = JSON.parse(text) as RpcAnswer | readonly RpcAnswer[];
  const first = Array.isArray(answer) ? (answer[0] as RpcAnswer) : (answer as RpcAnswer);
  assert(first.error !== undefined, text.slice(0, 200));
  const within = await post(url, JSON.stringify(Array.from({ length: 100 }, () => one)));
  assert.equal((JSON.parse(within.text) as unknown[]).length, 100);
});

test('a body beyond the bound is refused', { skip }, async (t) => {
  if (devnet().kind !== 'basalt') return t.skip('Anvil has no bound');
  const params = [`0x${'00'.repeat(20 * 1024 * 1024)}`];
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'web3_sha3', params });
  try {
    const { status, text } = await post(url, body);
    assert(status === 413 || text.includes('error'), `${status} ${text.slice(0, 200)}`);
  } catch (error) {
    // The connection may be cut before all of it was sent.
    assert(error instanceof TypeError, String(error));
  }
});

test('parameters of the wrong shape: code -32602, and a word on which', { skip }, async () => {
  const address = account(0).address;
  const wrong: readonly (readonly [method: string, params: readonly unknown[]])[] = [
    ['eth_getBalance', []],
    ['eth_getBalance', ['0x12', 'latest']],
    ['eth_getBalance', [`${address}00`, 'latest']],
    ['eth_getBalance', [address, 'newest']],
    ['eth_getBalance', [address, { blockHash: '0x12' }]],
    ['eth_getBlockByNumber', ['latest', 'yes']],
    ['eth_getTransactionByHash', ['0xzz']],
    ['eth_getTransactionByHash', [7]],
    ['eth_call', ['0x', 'latest']],
    ['eth_call', [{ to: address, data: '0x123' }, 'latest']],
    ['eth_call', [{ to: address, value: `0x1${'0'.repeat(64)}` }, 'latest']],
    ['eth_getStorageAt', [address, `0x${'1'.repeat(66)}`, 'latest']],
    ['eth_sendRawTransaction', ['latest']],
    ['eth_getLogs', [{ fromBlock: '0x', toBlock: 'latest' }]],
    ['eth_getLogs', [{ topics: [[['0x']]] }]],
  ];
  for (const [method, params] of wrong) {
    const { error } = await call(url, method, params);
    assert.equal(error?.code, -32_602, `${method} ${JSON.stringify(params)}: ${error?.message}`);
    assert.notEqual(error?.message, '');
  }
});

test('calls that run to the gas cap end, and others are served meanwhile', { skip }, async (t) => {
  if (devnet().kind === 'anvil') return t.skip('Anvil has no cap');
  const viem = loadViem();
  const { abi } = ownContract('Failures');
  const data = viem.encodeFunctionData({ abi, functionName: 'spin' });
  const request = { from: account(0).address, to: failures, data };
  const huge = '0xffffffffffffff';
  const start = performance.now();
  const calls = [
    call(url, 'eth_call', [{ ...request, gas: huge }, 'latest']),
    call(url, 'eth_call', [request, 'latest']),
    call(url, 'eth_estimateGas', [request, 'latest']),
  ];
  assert.equal(await result(url, 'eth_chainId'), '0x7a69');
  for (const { error } of await Promise.all(calls)) {
    assert(error !== undefined);
    assert.match(error.message, /out of ?gas|gas required exceeds|OutOfGas/i);
  }
  assert(performance.now() - start < 30_000);
});

test('a call as deep as it gets comes back, with what 63/64 of the gas allow', {
  skip,
}, async () => {
  const client = connectViem(devnet());
  const { abi } = ownContract('Failures');
  const descend = { address: failures, abi, functionName: 'descend', args: [0n] };
  const depth = Number(await client.readContract({ ...descend, gas: 15_000_000n }));
  assert(depth > 100 && depth < 1024, `${depth} calls deep`);
});

test('a WebSocket that sends rubbish keeps its connection, or loses only its own', {
  skip,
}, async () => {
  const socket = new WebSocket(devnet().webSocketUrl);
  const messages: string[] = [];
  let wake = (): void => {};
  socket.addEventListener('message', ({ data }) => {
    messages.push(String(data));
    wake();
  });
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve(), { once: true });
    socket.addEventListener('error', () => reject(new Error('no connection')), { once: true });
  });
  const next = async (): Promise<RpcAnswer> => {
    if (messages.length === 0) {
      await new Promise<void>((resolve, reject) => {
        wake = resolve;
        socket.addEventListener('close', () => reject(new Error('closed')), { once: true });
      });
    }
    return JSON.parse(messages.shift() ?? '') as RpcAnswer;
  };
  try {
    socket.send('{');
    assert(NOT_JSON.includes((await next()).error?.code ?? 0));
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 5, method: 'eth_subscribe', params: ['x'] }));
    const refused = await next();
    assert.equal(refused.id, 5);
    assert(refused.error !== undefined);
    socket.send(
      JSON.stringify({ jsonrpc: '2.0', id: 6, method: 'eth_unsubscribe', params: ['0x1'] }),
    );
    assert.notEqual((await next()).result, true);
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'eth_chainId' }));
    assert.equal((await next()).result, '0x7a69');
  } finally {
    socket.close();
  }
});
