/**
 * The same calls to the devnet and to Anvil: where clients read an answer the two must give the
 * same one. What the two may differ in (hashes of blocks, prices) is left out by name.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { account, type Hex } from './support/accounts.ts';
import { ownContract } from './support/contracts.ts';
import { startAnvil, type TestDevnet, useDevnet } from './support/devnet.ts';
import { NOBODY, signed, type Wanted } from './support/raw-transactions.ts';
import { call, type RpcAnswer, result } from './support/rpc.ts';
import { loadViem } from './support/viem.ts';
import { within } from './support/waiting.ts';

const ETHER = 10n ** 18n;
/** Where the first contract of the first account lies. */
const FIRST: Hex = '0x5fbdb2315678afecb367f032d93f642f64180aa3';
const SECOND: Hex = '0xe7f1725e7734ce288f8367e1bb143e90bb3f0512';
const UNKNOWN_HASH: Hex = `0x${'11'.repeat(32)}`;

let anvil: TestDevnet;
const hashes: Hex[] = [];
let both: readonly [ours: string, theirs: string];
const { skip } = useDevnet(async (running) => {
  anvil = await startAnvil();
  both = [running.url, anvil.url];
  for (const url of both) await play(url);
});
after(() => anvil?.stop());

/** The same signed transactions on each chain: two contracts, a transfer, a call that fails. */
async function play(url: string): Promise<void> {
  const failures = ownContract('Failures');
  const token = ownContract('TestToken');
  const viem = loadViem();
  const initCode = viem.concat([
    token.bytecode,
    viem.encodeAbiParameters(
      [{ type: 'string' }, { type: 'string' }, { type: 'uint256' }],
      ['Same', 'SAME', 1_000n * ETHER],
    ),
  ]);
  const steps: readonly Wanted[] = [
    { data: failures.bytecode, gas: 3_000_000n, to: null, value: 0n },
    { data: initCode, gas: 3_000_000n, to: null, value: 0n },
    { value: ETHER },
    { to: SECOND, value: 0n, gas: 100_000n, data: transferData(NOBODY, 5n) },
    { to: FIRST, value: 0n, gas: 100_000n, data: failureData('failAfterWrite') },
  ];
  for (const [nonce, step] of steps.entries()) {
    const raw = await signed(url, { ...step, nonce });
    const hash = await result(url, 'eth_sendRawTransaction', [raw]);
    hashes[nonce] = hash as Hex;
    const isMined = async (): Promise<boolean> =>
      (await result(url, 'eth_getTransactionReceipt', [hash])) !== null;
    await within('its block', isMined);
  }
}

function transferData(to: Hex, amount: bigint): Hex {
  const { abi } = ownContract('TestToken');
  return loadViem().encodeFunctionData({ abi, functionName: 'transfer', args: [to, amount] });
}

function failureData(functionName: string, args: readonly unknown[] = []): Hex {
  const { abi } = ownContract('Failures');
  return loadViem().encodeFunctionData({ abi, functionName, args });
}

/** Both answers to one call. */
async function ask(method: string, params: readonly unknown[]): Promise<readonly RpcAnswer[]> {
  return Promise.all(both.map((url) => call(url, method, params)));
}

async function assertSame(method: string, params: readonly unknown[] = []): Promise<void> {
  const [ours, theirs] = await ask(method, params);
  assert.deepEqual(ours, theirs, `${method} ${JSON.stringify(params).slice(0, 200)}`);
}

test('results that follow from the same transactions are the same', { skip }, async () => {
  const { address } = account(0);
  await assertSame('eth_chainId');
  await assertSame('net_version');
  await assertSame('net_listening');
  await assertSame('eth_syncing');
  await assertSame('eth_blockNumber');
  await assertSame('web3_sha3', ['0x1234']);
  for (const tag of ['latest', 'earliest', 'pending', '0x2']) {
    await assertSame('eth_getTransactionCount', [address, tag]);
    await assertSame('eth_getBalance', [NOBODY, tag]);
    await assertSame('eth_getCode', [SECOND, tag]);
  }
  await assertSame('eth_getStorageAt', [SECOND, '0x2', 'latest']);
  await assertSame('eth_getStorageAt', [SECOND, `0x${'0'.repeat(63)}2`, 'latest']);
  await assertSame('eth_getBlockTransactionCountByNumber', ['0x1']);
  await assertSame('eth_getUncleCountByBlockNumber', ['0x1']);
  await assertSame('eth_call', [{ to: SECOND, data: '0x95d89b41' }, 'latest']);
  await assertSame('eth_call', [{ to: SECOND, data: '0x95d89b41' }, '0x1']);
  const list = [{ from: address, to: FIRST, data: failureData('increment') }, 'latest'];
  await assertSame('eth_createAccessList', list);
  await assertSame('eth_estimateGas', [{ from: address, to: NOBODY, value: '0x1' }]);
  const depth = { from: address, to: FIRST, data: failureData('descend', [0n]) };
  await assertSame('eth_call', [{ ...depth, gas: '0x989680' }, 'latest']);
});

test('nothing is null, and a method nobody knows has the same code', { skip }, async () => {
  await assertSame('eth_getBlockByNumber', ['0xffff', false]);
  await assertSame('eth_getBlockByHash', [UNKNOWN_HASH, false]);
  await assertSame('eth_getTransactionByHash', [UNKNOWN_HASH]);
  await assertSame('eth_getTransactionReceipt', [UNKNOWN_HASH]);
  await assertSame('eth_getTransactionByBlockNumberAndIndex', ['0x1', '0x9']);
  await assertSame('eth_getCode', [NOBODY, 'latest']);
  await assertSame('eth_uninstallFilter', ['0x99']);
  await assertSame('evm_revert', ['0x77']);
  for (const [method, params] of [
    ['eth_unheardOf', []],
    ['eth_getBalance', ['0x12', 'latest']],
    ['eth_call', ['0x', 'latest']],
  ] as const) {
    const [ours, theirs] = await ask(method, params);
    assert.equal(ours?.error?.code, theirs?.error?.code, method);
  }
});

test('a call that fails: code 3, the same data, the same words before the reason', {
  skip,
}, async () => {
  const from = account(0).address;
  for (const data of [
    failureData('reason'),
    failureData('custom', [7n]),
    failureData('panicAssert'),
    failureData('silent'),
  ]) {
    for (const method of ['eth_call', 'eth_estimateGas']) {
      const [ours, theirs] = await ask(method, [{ from, to: FIRST, data }, 'latest']);
      assert.equal(ours?.error?.code, theirs?.error?.code, `${method} ${data}`);
      assert.equal(ours?.error?.data ?? '0x', theirs?.error?.data ?? '0x');
      assert.match(ours?.error?.message ?? '', /^execution reverted/);
    }
  }
  const [ours, theirs] = await ask('eth_call', [{ from, to: FIRST, data: failureData('reason') }]);
  assert.equal(ours?.error?.message, theirs?.error?.message);
});

test('receipts, logs and transactions: the same fields, the same values', { skip }, async () => {
  for (const hash of hashes) {
    for (const method of ['eth_getTransactionReceipt', 'eth_getTransactionByHash']) {
      const [ours, theirs] = (await ask(method, [hash])).map((answer) => comparable(answer));
      assert.deepEqual(ours, theirs, method);
    }
  }
  const [ours, theirs] = (await ask('eth_getLogs', [{ fromBlock: '0x0' }])).map(
    ({ result: logs }) =>
      (logs as readonly object[]).map((log) => comparable({ jsonrpc: '2.0', id: 1, result: log })),
  );
  assert.equal(ours?.length, 2);
  assert.deepEqual(ours, theirs);
});

test('a block has the fields that clients know', { skip }, async () => {
  const [ours, theirs] = await ask('eth_getBlockByNumber', ['0x3', false]);
  const fields = (answer: RpcAnswer | undefined): string[] =>
    Object.keys(answer?.result as object).sort();
  const missing = fields(theirs).filter((name) => !fields(ours).includes(name));
  // Gone from clients since the merge, Anvil still has it.
  assert.deepEqual(
    missing.filter((name) => name !== 'totalDifficulty'),
    [],
  );
});

test('helpers do alike', { skip }, async () => {
  const set: readonly (readonly [method: string, params: readonly unknown[]])[] = [
    ['hardhat_setBalance', [NOBODY, '0x1']],
    ['anvil_setBalance', [NOBODY, '0x2']],
    ['hardhat_setCode', [NOBODY, '0x602a5f5260205ff3']],
    ['anvil_setNonce', [NOBODY, '0x5']],
    ['anvil_setStorageAt', [NOBODY, '0x0', `0x${'0'.repeat(63)}7`]],
    ['anvil_impersonateAccount', [NOBODY]],
    ['anvil_stopImpersonatingAccount', [NOBODY]],
  ];
  for (const [method, params] of set) {
    // Anvil says null, Hardhat true.
    for (const { error } of await ask(method, params)) assert.equal(error, undefined, method);
  }
  await assertSame('eth_getBalance', [NOBODY, 'latest']);
  await assertSame('eth_call', [{ to: NOBODY }, 'latest']);
  await assertSame('eth_getTransactionCount', [NOBODY, 'latest']);
  await assertSame('eth_getStorageAt', [NOBODY, '0x0', 'latest']);
  const snapshots: unknown[] = [];
  for (const url of both) {
    snapshots.push(await result(url, 'evm_snapshot'));
    await result(url, 'hardhat_mine', ['0x3']);
  }
  await assertSame('evm_mine');
  await assertSame('eth_blockNumber');
  for (const [index, url] of both.entries()) {
    assert.equal(await result(url, 'evm_revert', [snapshots[index]]), true);
    assert.equal(await result(url, 'evm_revert', [snapshots[index]]), false);
  }
  await assertSame('eth_blockNumber');
});

/** Without what depends on the clock and on who made the blocks. */
function comparable({ result: found }: RpcAnswer): object {
  const left = structuredClone(found) as Record<string, unknown>;
  const strip = (fields: Record<string, unknown>): void => {
    for (const name of VARYING) delete fields[name];
    if (Array.isArray(fields['logs'])) for (const log of fields['logs']) strip(log);
  };
  strip(left);
  return left;
}

const VARYING: readonly string[] = [
  'blockHash',
  'blockTimestamp',
  'effectiveGasPrice',
  'gasPrice',
  // Anvil gives it, zero, for transactions without blobs too.
  'blobGasPrice',
  'blobGasUsed',
];
