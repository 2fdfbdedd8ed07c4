/** ethers against the devnet: what viem's tests do, in the other client's way. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { account, type Hex } from './support/accounts.ts';
import { ownContract, uniswapV2 } from './support/contracts.ts';
import { useDevnet } from './support/devnet.ts';
import {
  type EthersContract,
  type EthersError,
  type EthersProvider,
  type EthersReceipt,
  type EthersResponse,
  type EthersSigner,
  loadEthers,
} from './support/ethers.ts';
import { collector, within } from './support/waiting.ts';

const ETHER = 10n ** 18n;
const NOBODY: Hex = '0x00000000000000000000000000000000000b0b01';

let provider: EthersProvider;
let wallet: EthersSigner;

const { skip, devnet } = useDevnet((running) => {
  const ethers = loadEthers();
  // Without its cache of 250 ms, in which a second send would take the same nonce.
  provider = new ethers.JsonRpcProvider(running.url, undefined, {
    cacheTimeout: -1,
    pollingInterval: 50,
  });
  wallet = new ethers.Wallet(account(0).privateKey, provider);
});
after(() => provider?.destroy());

async function mined(response: Promise<EthersResponse>): Promise<EthersReceipt> {
  const receipt = await (await response).wait(1, 20_000);
  assert(receipt !== null);
  assert.equal(receipt.status, 1);
  return receipt;
}

async function deploy(
  contract: { abi: readonly object[]; bytecode: Hex },
  args: readonly unknown[] = [],
): Promise<EthersContract> {
  const ethers = loadEthers();
  const factory = new ethers.ContractFactory(contract.abi, contract.bytecode, wallet);
  return (await factory.deploy(...args)).waitForDeployment();
}

function send(contract: EthersContract, name: string, ...args: readonly unknown[]) {
  return mined(contract.getFunction(name).send(...args));
}

async function failure(promise: Promise<unknown>): Promise<EthersError> {
  try {
    await promise;
  } catch (error) {
    return error as EthersError;
  }
  throw new assert.AssertionError({ message: 'expected the call to fail' });
}

test('ethers: network, balances, a transfer by a wallet and by an unlocked account', {
  skip,
}, async () => {
  assert.equal((await provider.getNetwork()).chainId, 31_337n);
  await mined(wallet.sendTransaction({ to: NOBODY, value: ETHER }));
  // eth_sendTransaction: the node signs.
  const unlocked = await provider.getSigner(1);
  assert.equal(await unlocked.getAddress(), account(1).address);
  const receipt = await mined(unlocked.sendTransaction({ to: NOBODY, value: ETHER }));
  assert.equal(receipt.gasUsed, 21_000n);
  assert.equal(await provider.getBalance(NOBODY), 2n * ETHER);
  assert.equal(await provider.getBalance(NOBODY, receipt.blockNumber - 1), ETHER);
  const block = await provider.getBlock(receipt.blockNumber, true);
  assert.equal(block?.prefetchedTransactions[0]?.from, account(1).address);
  const fees = await provider.getFeeData();
  assert((fees.maxFeePerGas ?? 0n) > 0n);
});

test('ethers: messages and typed data, signed by the node', { skip }, async () => {
  const ethers = loadEthers();
  const signer = await provider.getSigner(2);
  const signature = await signer.signMessage('a message');
  assert.equal(ethers.verifyMessage('a message', signature), account(2).address);
  const domain = { name: 'Basalt', version: '1', chainId: 31_337 };
  const types = { Note: [{ name: 'text', type: 'string' }] };
  const typed = await signer.signTypedData(domain, types, { text: 'typed' });
  assert.equal(ethers.verifyTypedData(domain, types, { text: 'typed' }, typed), account(2).address);
});

test('ethers: a token, its events asked for and its errors decoded', { skip }, async () => {
  const token = await deploy(ownContract('TestToken'), ['Ether', 'ETR', 100n * ETHER]);
  await send(token, 'transfer', account(1).address, ETHER);
  await send(token, 'transfer', account(2).address, 2n * ETHER);
  assert.equal(await token.getFunction('balanceOf')(account(2).address), 2n * ETHER);
  const transfer = token.filters['Transfer'];
  assert(transfer !== undefined);
  const logs = await token.queryFilter(transfer(null, account(2).address));
  assert.deepEqual(
    logs.map(({ args }) => args?.[2]),
    [2n * ETHER],
  );
  const poor = token.connect(new (loadEthers().Wallet)(account(3).privateKey, provider));
  const error = await failure(poor.getFunction('transfer').staticCall(NOBODY, 1n));
  assert.equal(error.code, 'CALL_EXCEPTION');
  assert.equal(error.revert?.name, 'ERC20InsufficientBalance');
  assert.deepEqual([...(error.revert?.args ?? [])], [account(3).address, 0n, 1n]);
  // Estimating the same fails with the same words, before anything is sent.
  const estimate = await failure(poor.getFunction('transfer').send(NOBODY, 1n));
  assert.equal(estimate.code, 'CALL_EXCEPTION');
});

test('ethers: reasons and failed receipts', { skip }, async () => {
  const failures = await deploy(ownContract('Failures'));
  const reason = await failure(failures.getFunction('reason').staticCall());
  assert.equal(reason.reason, 'too early');
  const silent = await failure(failures.getFunction('silent').staticCall());
  assert.equal(silent.code, 'CALL_EXCEPTION');
  const response = await failures.getFunction('failAfterWrite').send({ gasLimit: 100_000 });
  const error = await failure(response.wait(1, 20_000));
  assert.equal(error.code, 'CALL_EXCEPTION');
  assert.equal(await failures.getFunction('counter')(), 0n);
});

test('ethers: codes for what a pool refuses', { skip }, async () => {
  const ethers = loadEthers();
  const nonce = await provider.getTransactionCount(account(0).address);
  const used = await failure(wallet.sendTransaction({ to: NOBODY, value: 1n, nonce: nonce - 1 }));
  assert(ethers.isError(used, 'NONCE_EXPIRED'), used.message);
  const poor = new ethers.Wallet(`0x${'77'.repeat(32)}`, provider);
  const broke = await failure(poor.sendTransaction({ to: NOBODY, value: ETHER, gasLimit: 21_000 }));
  assert(ethers.isError(broke, 'INSUFFICIENT_FUNDS'), broke.message);
});

test('ethers: Uniswap v2 swap', { skip }, async () => {
  const ethers = loadEthers();
  const token = ownContract('TestToken');
  const one = await deploy(token, ['One', 'ONE', 1_000n * ETHER]);
  const two = await deploy(token, ['Two', 'TWO', 1_000n * ETHER]);
  const factory = await deploy(uniswapV2('UniswapV2Factory'), [account(0).address]);
  const [a, b] = [await one.getAddress(), await two.getAddress()];
  await send(factory, 'createPair', a, b);
  const address = (await factory.getFunction('getPair')(a, b)) as Hex;
  const pair = new ethers.Contract(address, uniswapV2('UniswapV2Pair').abi, wallet);
  const isOneFirst = (await pair.getFunction('token0')()) === a;
  for (const part of [one, two]) await send(part, 'transfer', address, 100n * ETHER);
  await send(pair, 'mint', account(0).address);
  await send(one, 'transfer', address, ETHER);
  const out = (997n * ETHER * 100n * ETHER) / (100_000n * ETHER + 997n * ETHER);
  const amounts = isOneFirst ? [0n, out] : [out, 0n];
  const before = (await two.getFunction('balanceOf')(account(0).address)) as bigint;
  const receipt = await send(pair, 'swap', ...amounts, account(0).address, '0x');
  assert(receipt.logs.some(({ fragment }) => fragment?.name === 'Swap'));
  assert.equal(await two.getFunction('balanceOf')(account(0).address), before + out);
});

test('ethers: types 1, 2 and 4', { skip }, async () => {
  const fees = await provider.getFeeData();
  const gasPrice = fees.gasPrice ?? 0n;
  const base = { to: NOBODY, value: 1n };
  await mined(wallet.sendTransaction({ ...base, type: 0, gasPrice }));
  await mined(wallet.sendTransaction({ ...base, type: 1, gasPrice, accessList: [] }));
  await mined(wallet.sendTransaction({ ...base, type: 2 }));
  const delegate = await (await deploy(ownContract('Delegate'))).getAddress();
  const nonce = await provider.getTransactionCount(account(0).address);
  const authorization = await wallet.authorize({
    address: delegate,
    chainId: 31_337n,
    nonce: nonce + 1,
  });
  const request = { to: account(0).address, type: 4, authorizationList: [authorization] };
  await mined(wallet.sendTransaction(request));
  const code = await provider.send('eth_getCode', [account(0).address, 'latest']);
  assert.equal(code, `0xef0100${delegate.slice(2).toLowerCase()}`);
});

test('ethers: many sends at once with a nonce manager', { skip }, async () => {
  const ethers = loadEthers();
  const manager = new ethers.NonceManager(new ethers.Wallet(account(3).privateKey, provider));
  const responses = await Promise.all(
    Array.from({ length: 10 }, () => manager.sendTransaction({ to: NOBODY, value: 1n })),
  );
  const receipts = await Promise.all(responses.map((response) => response.wait(1, 20_000)));
  assert(receipts.every((receipt) => receipt?.status === 1));
  assert.equal(await provider.getTransactionCount(account(3).address), 10);
});

test('ethers: blocks, events and waiting transactions over WebSocket', { skip }, async () => {
  const ethers = loadEthers();
  const token = await deploy(ownContract('TestToken'), ['Socket', 'SCK', 100n * ETHER]);
  const address = await token.getAddress();
  const socket = new ethers.WebSocketProvider(devnet().webSocketUrl);
  try {
    assert.equal((await socket.getNetwork()).chainId, 31_337n);
    const blocks = collector<unknown>();
    const values = collector<unknown>();
    const hashes = collector<unknown>();
    const watched = new ethers.Contract(address, ownContract('TestToken').abi, socket);
    await socket.on('block', blocks.push);
    await socket.on('pending', hashes.push);
    await watched.on('Transfer', (_from, _to, value) => values.push(value));
    await within(
      'the subscriptions',
      () => values.items.length > 0 && blocks.items.length > 0 && hashes.items.length > 0,
      () => send(token, 'transfer', NOBODY, 1n),
    );
    const seen = values.items.length;
    const receipt = await send(token, 'transfer', NOBODY, 2n);
    await within('the last transfer', () => values.items.length > seen);
    assert.equal(values.items.at(-1), 2n);
    await within('its block', () => blocks.items.includes(receipt.blockNumber));
    await within('its hash', () => hashes.items.includes(receipt.hash));
  } finally {
    await socket.removeAllListeners();
    // It does not wait for the answers of what it takes back: they come before this one's.
    await socket.send('net_version', []);
    await socket.destroy();
  }
});
