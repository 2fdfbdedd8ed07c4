/** viem against the devnet: transfers, a token of OpenZeppelin, calls that fail, fees, batches. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, type Hex } from './support/accounts.ts';
import { ownContract } from './support/contracts.ts';
import { useDevnet } from './support/devnet.ts';
import {
  CHAIN_ID,
  connectViem,
  deploy,
  loadViem,
  mined,
  type ViemCall,
  type ViemClient,
  type ViemError,
} from './support/viem.ts';

const ETHER = 10n ** 18n;
/** Has code in simulated blocks only. */
const REVERTS: Hex = '0x00000000000000000000000000000000000b0b02';
const NOBODY: Hex = '0x00000000000000000000000000000000000b0b01';

let client: ViemClient;
let other: ViemClient;

const { skip, devnet } = useDevnet((running) => {
  client = connectViem(running);
  other = connectViem(running, { account: 1 });
});

test('the chain is the one devnets have', { skip }, async () => {
  assert.equal(await client.getChainId(), CHAIN_ID);
  const accounts = (await client.request({ method: 'eth_accounts' })) as string[];
  assert.equal(accounts.length, 10);
  assert.equal(accounts[0]?.toLowerCase(), account(0).address.toLowerCase());
  const balance = await client.getBalance({ address: account(3).address });
  assert.equal(balance, 10_000n * ETHER);
});

test('a transfer costs its gas and its value, to the unit', { skip }, async () => {
  const before = await client.getBalance({ address: account(0).address });
  const nonce = await client.getTransactionCount({ address: account(0).address });
  const hash = await client.sendTransaction({ to: NOBODY, value: ETHER });
  const receipt = await mined(client, hash);
  assert.equal(receipt.gasUsed, 21_000n);
  const spent = ETHER + receipt.gasUsed * receipt.effectiveGasPrice;
  assert.equal(await client.getBalance({ address: account(0).address }), before - spent);
  assert.equal(await client.getBalance({ address: NOBODY }), ETHER);
  assert.equal(await client.getTransactionCount({ address: account(0).address }), nonce + 1);
  const transaction = await client.getTransaction({ hash });
  assert.equal(transaction.type, 'eip1559');
  assert.equal(transaction.value, ETHER);
  const block = await client.getBlock({ blockHash: receipt.blockHash });
  assert.deepEqual(block.transactions, [hash]);
  assert.equal(block.gasUsed, 21_000n);
  // The state of before is still there to ask.
  const past = await client.getBalance({ address: NOBODY, blockNumber: block.number - 1n });
  assert.equal(past, 0n);
});

test("a token of OpenZeppelin: supply, transfer, allowance, the token's own error", {
  skip,
}, async () => {
  const token = ownContract('TestToken');
  const address = await deploy(client, token, ['Basalt', 'BSL', 1_000n * ETHER]);
  const { abi } = token;
  const read = (functionName: string, args: readonly unknown[] = []): Promise<unknown> =>
    client.readContract({ address, abi, functionName, args });
  assert.equal(await read('name'), 'Basalt');
  assert.equal(await read('totalSupply'), 1_000n * ETHER);

  const write = async (from: ViemClient, functionName: string, args: readonly unknown[]) =>
    mined(from, await from.writeContract({ address, abi, functionName, args }));
  const receipt = await write(client, 'transfer', [account(1).address, 25n * ETHER]);
  assert.equal(receipt.logs.length, 1);
  const log = loadViem().decodeEventLog({ abi, ...receipt.logs[0] });
  assert.equal(log.eventName, 'Transfer');
  assert.equal(log.args['value'], 25n * ETHER);
  await write(other, 'approve', [account(0).address, 10n * ETHER]);
  await write(client, 'transferFrom', [account(1).address, NOBODY, 4n * ETHER]);
  assert.equal(await read('balanceOf', [account(1).address]), 21n * ETHER);
  assert.equal(await read('balanceOf', [NOBODY]), 4n * ETHER);
  assert.equal(await read('allowance', [account(1).address, account(0).address]), 6n * ETHER);

  const tooMuch: ViemCall = {
    address,
    abi,
    functionName: 'transfer',
    args: [NOBODY, 1n],
    account: account(2).address,
  };
  const error = await failure(client.simulateContract(tooMuch));
  const revert = error.walk((cause) => (cause as Error).name === 'ContractFunctionRevertedError');
  assert.equal(revert.data?.errorName, 'ERC20InsufficientBalance');
  assert.deepEqual(revert.data?.args, [account(2).address, 0n, 1n]);
});

test('reasons, custom errors and panics reach the caller decoded', { skip }, async () => {
  const contract = ownContract('Failures');
  const address = await deploy(client, contract);
  const errorOf = async (functionName: string, args: readonly unknown[] = []) => {
    const call = { address, abi: contract.abi, functionName, args };
    const error = await failure(client.simulateContract({ ...call, account: client.account }));
    return error.walk((cause) => (cause as Error).name === 'ContractFunctionRevertedError');
  };
  assert.equal((await errorOf('reason')).reason, 'too early');
  const custom = await errorOf('custom', [7n]);
  assert.equal(custom.data?.errorName, 'Refused');
  assert.deepEqual(custom.data?.args, [account(0).address, 7n, 'not today']);
  assert.match((await errorOf('panicAssert')).reason ?? '', /assert/);
  assert.match((await errorOf('panicDivide', [0n])).reason ?? '', /[Dd]ivi/);
  assert.equal((await errorOf('silent')).data, undefined);

  // With gas given by hand the transaction is taken, and its receipt says that it failed.
  const hash = await client.writeContract({
    address,
    abi: contract.abi,
    functionName: 'failAfterWrite',
    gas: 100_000n,
  });
  const receipt = await client.waitForTransactionReceipt({ hash });
  assert.equal(receipt.status, 'reverted');
  assert.equal(receipt.logs.length, 0);
  const counter = await client.readContract({
    address,
    abi: contract.abi,
    functionName: 'counter',
  });
  assert.equal(counter, 0n);
});

test('an estimate is enough gas and not much more', { skip }, async () => {
  const contract = ownContract('Failures');
  const address = await deploy(client, contract);
  const call = { address, abi: contract.abi, functionName: 'increment', account: client.account };
  const estimate = await client.estimateContractGas(call);
  const receipt = await mined(client, await client.writeContract({ ...call, gas: estimate }));
  assert(estimate >= receipt.gasUsed);
  assert(estimate <= (receipt.gasUsed * 3n) / 2n, `${estimate} for ${receipt.gasUsed}`);
  const transfer = { account: client.account, to: NOBODY, value: 1n };
  assert.equal(await client.estimateGas(transfer), 21_000n);
  const list = await client.createAccessList({
    account: account(0).address,
    to: address,
    data: loadViem().encodeFunctionData({ abi: contract.abi, functionName: 'increment' }),
  });
  assert.equal(list.accessList[0]?.address.toLowerCase(), address.toLowerCase());
  assert.equal(list.accessList[0]?.storageKeys.length, 1);
});

test('fees: history, tip, price of gas and of blobs', { skip }, async () => {
  for (let index = 0; index < 4; index++) {
    await mined(client, await client.sendTransaction({ to: NOBODY, value: 1n }));
  }
  const history = await client.getFeeHistory({ blockCount: 3, rewardPercentiles: [10, 90] });
  assert.equal(history.baseFeePerGas.length, 4);
  assert.equal(history.gasUsedRatio.length, 3);
  assert.equal(history.reward?.length, 3);
  const number = await client.getBlockNumber();
  assert.equal(history.oldestBlock, number - 2n);
  const block = await client.getBlock({ blockNumber: number });
  assert.equal(history.baseFeePerGas[2], block.baseFeePerGas);
  const ratio = Number(block.gasUsed) / Number(block.gasLimit);
  assert(Math.abs((history.gasUsedRatio[2] ?? 0) - ratio) < 1e-9);
  const fees = await client.estimateFeesPerGas();
  assert(fees.maxFeePerGas >= (history.baseFeePerGas[3] ?? 0n));
  assert((await client.getGasPrice()) >= (history.baseFeePerGas[3] ?? 0n));
  assert((await client.getBlobBaseFee()) >= 1n);
});

test('one request carries many calls: a batch of JSON-RPC, a multicall contract', {
  skip,
}, async () => {
  const token = ownContract('TestToken');
  const { abi } = token;
  const address = await deploy(client, token, ['Many', 'MNY', 77n]);
  const batched = connectViem(devnet(), { batch: true });
  const [number, balance, name] = await Promise.all([
    batched.getBlockNumber({ cacheTime: 0 }),
    batched.getBalance({ address: account(2).address }),
    batched.readContract({ address, abi, functionName: 'name' }),
  ]);
  assert.equal(number, await client.getBlockNumber());
  assert.equal(balance, 10_000n * ETHER);
  assert.equal(name, 'Many');

  const multicall = await deploy(client, ownContract('Batch'));
  const many = connectViem(devnet(), { multicall });
  const results = await many.multicall({
    contracts: [
      { address, abi, functionName: 'symbol' },
      { address, abi, functionName: 'balanceOf', args: [account(0).address] },
      { address, abi, functionName: 'transfer', args: [account(1).address, 1n] },
    ],
  });
  assert.deepEqual(
    results.map(({ status, result }) => (status === 'success' ? result : status)),
    // Called by the multicall contract, which owns nothing.
    ['MNY', 77n, 'failure'],
  );
});

test('blocks are simulated without a trace', { skip }, async () => {
  const before = await client.getBlockNumber();
  const pay = { account: NOBODY, to: account(1).address, value: ETHER / 2n };
  const [first, second] = await client.simulateBlocks({
    blocks: [
      {
        stateOverrides: [
          { address: NOBODY, balance: ETHER },
          { address: REVERTS, code: '0x5f5ffd' },
        ],
        calls: [pay, { account: NOBODY, to: REVERTS }],
      },
      { calls: [pay] },
    ],
  });
  const statuses = first?.calls.map(({ status }) => status);
  assert.deepEqual(statuses, ['success', 'failure']);
  assert.equal(first?.calls[0]?.gasUsed, 21_000n);
  // Both halves of what the first block was given.
  assert.equal(second?.calls[0]?.status, 'success');
  assert.equal(await client.getBlockNumber(), before);
});
/** The error a call ends with. */
async function failure(promise: Promise<unknown>): Promise<ViemError> {
  try {
    await promise;
  } catch (error) {
    assert(error instanceof loadViem().BaseError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: 'expected the call to fail' });
}
