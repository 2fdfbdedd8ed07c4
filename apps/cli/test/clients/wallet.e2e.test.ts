/**
 * What a wallet in the browser asks: from its own origin, to add the network, to show an account,
 * to send, and to see what became of it. Its keys are its own: the node signs nothing.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account } from './support/accounts.ts';
import { useDevnet } from './support/devnet.ts';
import { NOBODY, signed } from './support/raw-transactions.ts';
import { within } from './support/waiting.ts';

const ORIGIN = 'chrome-extension://nkbihfbeogaeaoehlefnkodbefgpgknn';
const { skip, devnet } = useDevnet();

async function ask(method: string, params: readonly unknown[] = []): Promise<unknown> {
  const response = await fetch(devnet().url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: ORIGIN },
    body: JSON.stringify({ jsonrpc: '2.0', id: 7_158_384_263_000, method, params }),
  });
  assert.equal(response.status, 200, `${method}: ${response.status}`);
  const answer = (await response.json()) as { id: number; result?: unknown; error?: unknown };
  assert.equal(answer.error, undefined, `${method}: ${JSON.stringify(answer.error)}`);
  assert.equal(answer.id, 7_158_384_263_000);
  return answer.result;
}

test('the browser asks first whether the wallet may ask', { skip }, async () => {
  const response = await fetch(devnet().url, {
    method: 'OPTIONS',
    headers: {
      origin: ORIGIN,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    },
  });
  assert(response.ok, String(response.status));
  const allowed = response.headers.get('access-control-allow-origin') ?? '';
  assert(['*', ORIGIN].includes(allowed), allowed);
  assert.match(response.headers.get('access-control-allow-headers') ?? '', /content-type|\*/i);
});

test('a page from elsewhere is not answered', { skip }, async (t) => {
  if (devnet().kind !== 'basalt') return t.skip('Anvil answers every page');
  const response = await fetch(devnet().url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: 'https://somewhere.example' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_accounts', params: [] }),
  });
  assert.equal(response.status, 403);
  assert.equal(response.headers.get('access-control-allow-origin'), null);
});

test('a wallet adds the network, shows an account, sends and follows it', { skip }, async () => {
  const { url } = devnet();
  const { address } = account(0);
  assert.equal(await ask('eth_chainId'), '0x7a69');
  assert.equal(await ask('net_version'), '31337');
  const latest = (await ask('eth_getBlockByNumber', ['latest', false])) as Record<string, unknown>;
  // With a base fee it offers fees by EIP-1559.
  assert.match(String(latest['baseFeePerGas']), /^0x[1-9a-f]/);
  assert.match(String(await ask('eth_getBalance', [address, 'latest'])), /^0x[1-9a-f]/);
  assert.equal(await ask('eth_getCode', [NOBODY, 'latest']), '0x');
  const history = (await ask('eth_feeHistory', ['0x5', 'latest', [10, 20, 30]])) as {
    baseFeePerGas: readonly string[];
  };
  assert(history.baseFeePerGas.length >= 2);
  assert.match(String(await ask('eth_gasPrice')), /^0x[1-9a-f]/);
  const block = (latest['number'] as string | undefined) ?? '0x0';
  assert.equal(await ask('eth_getTransactionCount', [address, block]), '0x0');
  assert.equal(await ask('eth_getTransactionCount', [address, 'pending']), '0x0');
  const draft = { from: address, to: NOBODY, value: '0x1', data: '0x' };
  assert.equal(await ask('eth_estimateGas', [draft]), '0x5208');

  const hash = await ask('eth_sendRawTransaction', [await signed(url)]);
  await within('its block', async () => (await ask('eth_getTransactionReceipt', [hash])) !== null);
  const receipt = (await ask('eth_getTransactionReceipt', [hash])) as Record<string, unknown>;
  assert.equal(receipt['status'], '0x1');
  const found = (await ask('eth_getTransactionByHash', [hash])) as Record<string, unknown>;
  assert.equal(found['blockHash'], receipt['blockHash']);
  assert.equal(await ask('eth_getBalance', [NOBODY, 'latest']), '0x1');
});
