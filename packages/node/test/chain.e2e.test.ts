/** A chain beside the ledger, in one process: its namespace, its metrics, what a restart keeps. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { decodeChainPayload } from '@basalt/protocol';
import { type Logger, type NodeStatus, noopLogger, type TunableState } from '@basalt/telemetry';
import {
  CHAIN_LABEL,
  NodeError,
  type RunningNode,
  resolveConfig,
  startNode,
} from '../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'basalt node chain '));

after(() => rmSync(folder, { recursive: true, force: true }));

async function start(
  name: string,
  flags: Readonly<Record<string, unknown>> = {},
  logger: Logger = noopLogger,
): Promise<RunningNode> {
  const { config } = resolveConfig({
    flags: {
      dataDir: join(folder, name),
      port: 0,
      rpcPort: 0,
      chain: true,
      chainWorkers: 1,
      chainAccounts: 2,
      verifierThreads: 0,
      checkpointIntervalMs: 50,
      ...flags,
    },
  });
  return await startNode(config, { logger, version: '0.0.0-test' });
}

async function rpc<Result>(
  node: RunningNode,
  method: string,
  params: readonly unknown[] = [],
): Promise<Result> {
  const response = await fetch(node.info.chain!.rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const { result, error } = (await response.json()) as { result: Result; error?: unknown };
  assert.equal(error, undefined, JSON.stringify(error));
  return result;
}

async function transfer(node: RunningNode): Promise<string> {
  const [from, to] = await rpc<string[]>(node, 'eth_accounts');
  return await rpc<string>(node, 'eth_sendTransaction', [{ from, to, value: '0x1' }]);
}

test('a devnet that other machines reach says so', async () => {
  const warnings: string[] = [];
  const logger: Logger = {
    ...noopLogger,
    warn: (message) => warnings.push(message),
    child: () => logger,
  };
  await using open = await start('open', { rpcHost: '0.0.0.0' }, logger);
  assert.match(open.info.chain!.rpcUrl, /^http:\/\/0\.0\.0\.0:/);
  assert.equal(warnings.filter((each) => each.includes('from other machines')).length, 1);
  warnings.length = 0;
  await using closed = await start('closed', {}, logger);
  assert.match(closed.info.chain!.rpcUrl, /^http:\/\/127\.0\.0\.1:/);
  assert.deepEqual(warnings, []);
});

test('who may ask, and how much, are settings', async () => {
  const origin = 'https://remix.ethereum.org';
  const ask = async (
    node: RunningNode,
    headers: Readonly<Record<string, string>>,
    body: unknown = { jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] },
  ): Promise<{ status: number; answer: { error?: { message: string } } }> => {
    const { port } = new URL(node.info.chain!.rpcUrl);
    const fields = { 'content-type': 'application/json', ...headers };
    const options = { host: '127.0.0.1', port, method: 'POST', headers: fields };
    // Not by `fetch`, which names the host itself.
    const sent = request(options).end(JSON.stringify(body));
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const text = (await response.toArray()).join('');
    const isJson = response.headers['content-type'] === 'application/json';
    return { status: response.statusCode ?? 0, answer: isJson ? JSON.parse(text) : {} };
  };
  const one = { jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] };
  const far = { fromBlock: '0x0', toBlock: '0x3' };
  const logs = { jsonrpc: '2.0', id: 1, method: 'eth_getLogs', params: [far] };
  {
    await using plain = await start('closed-rpc');
    assert.equal((await ask(plain, { origin })).status, 403);
    assert.equal((await ask(plain, { host: 'chain.example' })).status, 403);
    assert.equal((await ask(plain, {}, [one, one])).answer.error, undefined);
  }
  await using node = await start('open-rpc', {
    rpcOrigins: [origin],
    rpcHosts: ['chain.example'],
    rpcBatchRequestsMax: 1,
    rpcLogBlocksMax: 2,
    rpcCallGasMax: 1_000_000,
  });
  assert.equal((await ask(node, { origin })).status, 200);
  assert.equal((await ask(node, { origin: 'https://other.example' })).status, 403);
  assert.equal((await ask(node, { host: 'chain.example' })).status, 200);
  assert.match((await ask(node, {}, [one, one])).answer.error?.message ?? '', /batch/);
  for (let block = 0; block < 3; block++) await transfer(node);
  assert.match((await ask(node, {}, logs)).answer.error?.message ?? '', /2 blocks|at most 2/);
  // GAS, returned: what a call has where it asks for more than it may.
  const [from] = await rpc<string[]>(node, 'eth_accounts');
  const call = { from, data: '0x5a5f5260205ff3', gas: '0x1c9c380' };
  assert.ok(Number(await rpc<string>(node, 'eth_call', [call, 'latest'])) < 1_000_000);
});

test('a chain whose founding document is lost is not founded anew over its log', async () => {
  const first = await start('lost');
  await transfer(first);
  await first.stop();
  const path = join(folder, 'lost', 'chain', 'chain.json');
  const document = readFileSync(path);
  rmSync(path);
  await assert.rejects(start('lost'), (error: unknown) => {
    assert.ok(error instanceof NodeError);
    assert.equal(error.code, 'data-damaged');
    assert.match(error.message, /chain\.json is missing/);
    return true;
  });
  assert.equal(existsSync(path), false);
  writeFileSync(path, document);
  await using again = await start('lost');
  assert.equal(await rpc(again, 'eth_blockNumber'), '0x1');
});

test('a block of the chain is a block of the ledger, with a proof at the gateway', async () => {
  await using node = await start('whole');
  const hash = await transfer(node);
  const { namespace } = node.info.chain!;
  const info = await node.ledger.info(namespace);
  assert.equal(info?.label, CHAIN_LABEL);
  assert.equal(info?.size, 2);
  const view = await node.ledger.blockAt(namespace, 1);
  const entry = decodeChainPayload(view!.payload!);
  assert.ok(entry.kind === 'block');
  assert.deepEqual(entry.header.hash, node.chain!.head().hash);
  await node.ledger.flush();
  const answer = await fetch(`${node.info.url}/transactions/${hash.slice(2)}/proof`);
  assert.equal(answer.status, 200);
  const proof = (await answer.json()) as { ledger: { url: string; index: string } };
  assert.deepEqual(proof, await rpc(node, 'basalt_getTransactionProof', [hash]));
  assert.equal(proof.ledger.url, node.info.url);
  assert.equal(proof.ledger.index, '0x1');
  const none = await fetch(`${node.info.url}/transactions/${'00'.repeat(32)}/proof`);
  assert.equal(none.status, 404);
  const metrics = await (await fetch(`${node.info.url}/metrics`)).text();
  for (const line of [
    'basalt_chain_blocks_total 1',
    'basalt_chain_head 1',
    'basalt_chain_transactions_total 1',
    'basalt_execution_executions_total 1',
    'basalt_execution_fallbacks_total{reason="one-worker"}',
    'basalt_pool_pending 0',
    'basalt_rpc_requests_total',
    'basalt_state_accounts',
  ]) {
    assert.ok(metrics.includes(line), `${line} is not in the metrics`);
  }
});

test('a chain shows what it writes and what steers it; threads are kept out by hand', async () => {
  await using node = await start('seen', { chainWorkers: 2 });
  for (let i = 0; i < 20; i++) await transfer(node);
  const status = (await (await fetch(`${node.info.url}/status`)).json()) as NodeStatus;
  assert.equal(status.execution?.workers, 2);
  const writes = status.execution.hotWrites ?? [];
  assert.ok(writes.some(({ key }) => /^0x[0-9a-f]{40} account$/u.test(key)));
  const named = Map.groupBy(status.tunables, ({ name }) => name);
  const [cache] = named.get('execution.state-cache-entries') ?? [];
  assert.ok(cache?.value === cache?.bounds.max && (cache?.bounds.min ?? 0) > 0);
  assert.equal(named.get('execution.parallel')?.[0]?.value, 1);
  const answer = await fetch(`${node.info.url}/control`, {
    method: 'POST',
    headers: { authorization: `Bearer ${readFileSync(node.info.adminTokenFile, 'utf8').trim()}` },
    body: JSON.stringify({ name: 'execution.parallel', value: 0 }),
  });
  assert.equal(answer.status, 200);
  await transfer(node);
  const tunables = (await (await fetch(`${node.info.url}/control`)).json()) as TunableState[];
  const parallel = tunables.find(({ name }) => name === 'execution.parallel');
  assert.deepEqual([parallel?.value, parallel?.mode], [0, 'held']);
});

test('a restart goes on with the chain and keeps its keys from others', async () => {
  const first = await start('again', { chainSeed: 'seed' });
  await transfer(first);
  await rpc(first, 'evm_mine');
  const head = first.chain!.head().hash;
  const accounts = await rpc(first, 'eth_accounts');
  await first.stop();
  // Other wishes than at the beginning: what the chain was founded with counts.
  await using second = await start('again', { chainId: 5, chainAccounts: 1 });
  assert.deepEqual(second.chain!.head().hash, head);
  assert.equal(second.info.chain!.isNew, false);
  assert.equal(second.info.chain!.chainId, 31_337n);
  assert.deepEqual(await rpc(second, 'eth_accounts'), accounts);
  await transfer(second);
  for (const name of ['chain.key', join('chain', 'chain.json')]) {
    assert.equal(statSync(join(folder, 'again', name)).mode & 0o777, 0o600, name);
  }
});

test('what waits in the pool is there after a restart, and mined then', async () => {
  const first = await start('waiting', { chainBlockTimeMs: 3_600_000 });
  const hash = await transfer(first);
  assert.deepEqual(await rpc(first, 'txpool_status'), { pending: '0x1', queued: '0x0' });
  await first.stop();
  await using second = await start('waiting');
  const receipt = await rpc<{ blockNumber: string } | null>(second, 'eth_getTransactionReceipt', [
    hash,
  ]);
  // With instant mining it is due at once; whether it is there already is a matter of turns.
  if (receipt === null) await rpc(second, 'evm_mine');
  const found = await rpc<{ blockNumber: string }>(second, 'eth_getTransactionReceipt', [hash]);
  assert.equal(found.blockNumber, '0x1');
});

test('two nodes with one seed make equal blocks', async () => {
  const heads: (Uint8Array | undefined)[] = [];
  for (const name of ['seed one', 'seed two']) {
    await using node = await start(name, { chainSeed: 'the same' });
    await transfer(node);
    await rpc(node, 'evm_increaseTime', [60]);
    await rpc(node, 'evm_mine');
    heads.push(node.chain!.head().hash);
  }
  assert.deepEqual(heads[0], heads[1]);
});

test('a port in use is told, and nothing stays open', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => {
    other.listen(0, '127.0.0.1', resolve);
  });
  const { port } = other.address() as AddressInfo;
  await assert.rejects(start('taken', { rpcPort: port }), (error: unknown) => {
    assert.ok(error instanceof NodeError);
    assert.match(error.message, new RegExp(`127.0.0.1:${port}.*--port`));
    return error.code === 'port-in-use';
  });
  other.close();
  // The folder was let go: the next start takes it.
  await using node = await start('taken');
  assert.equal(node.info.chain!.head, 0);
});

test('a chain that cannot be founded says why', async () => {
  await assert.rejects(start('old', { chainFork: 'london' }), (error: unknown) => {
    assert.ok(error instanceof NodeError);
    assert.match(error.message, /Paris/);
    return error.code === 'bad-config';
  });
});

test('without a chain there are none of its addresses', async () => {
  await using node = await start('none', { chain: false });
  assert.equal(node.info.chain, undefined);
  assert.equal(node.chain, undefined);
  const proof = await fetch(`${node.info.url}/transactions/${'00'.repeat(32)}/proof`);
  assert.equal(proof.status, 404);
});
