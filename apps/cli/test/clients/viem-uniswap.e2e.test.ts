/** The Uniswap v2 contracts as their package ships them: a pair, liquidity, a swap, a burn. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, type Hex } from './support/accounts.ts';
import { ownContract, uniswapV2, uniswapV3 } from './support/contracts.ts';
import { useDevnet } from './support/devnet.ts';
import { connectViem, deploy, loadViem, mined, type ViemClient } from './support/viem.ts';

const ETHER = 10n ** 18n;
const NO_ADDRESS: Hex = '0x0000000000000000000000000000000000000000';
/** What the first to put in liquidity leaves behind (UniswapV2Pair, MINIMUM_LIQUIDITY). */
const MINIMUM_LIQUIDITY = 1_000n;

let client: ViemClient;
const { skip } = useDevnet((running) => {
  client = connectViem(running);
});

async function write(
  abi: readonly object[],
  address: Hex,
  functionName: string,
  args: readonly unknown[],
) {
  return mined(client, await client.writeContract({ address, abi, functionName, args }));
}

test('Uniswap v2: create a pair, add liquidity, swap, take it out', { skip }, async () => {
  const me = account(0).address;
  const token = ownContract('TestToken');
  const one = await deploy(client, token, ['One', 'ONE', 1_000_000n * ETHER]);
  const two = await deploy(client, token, ['Two', 'TWO', 1_000_000n * ETHER]);
  const factory = uniswapV2('UniswapV2Factory');
  const factoryAddress = await deploy(client, factory, [me]);
  const created = await write(factory.abi, factoryAddress, 'createPair', [one, two]);
  const event = loadViem().decodeEventLog({ abi: factory.abi, ...created.logs[0] });
  assert.equal(event.eventName, 'PairCreated');
  const pair = (await client.readContract({
    address: factoryAddress,
    abi: factory.abi,
    functionName: 'getPair',
    args: [two, one],
  })) as Hex;
  const { abi } = uniswapV2('UniswapV2Pair');
  const read = (functionName: string, args: readonly unknown[] = []): Promise<unknown> =>
    client.readContract({ address: pair, abi, functionName, args });
  const token0 = (await read('token0')) as Hex;
  const [in0, in1] = token0.toLowerCase() === one.toLowerCase() ? [one, two] : [two, one];

  await write(token.abi, in0, 'transfer', [pair, 10_000n * ETHER]);
  await write(token.abi, in1, 'transfer', [pair, 40_000n * ETHER]);
  await write(abi, pair, 'mint', [me]);
  // The square root of the product.
  const liquidity = 20_000n * ETHER;
  assert.equal(await read('balanceOf', [me]), liquidity - MINIMUM_LIQUIDITY);
  assert.equal(await read('balanceOf', [NO_ADDRESS]), MINIMUM_LIQUIDITY);

  const amountIn = 100n * ETHER;
  const withFee = amountIn * 997n;
  const amountOut = (withFee * 40_000n * ETHER) / (10_000n * ETHER * 1_000n + withFee);
  await write(token.abi, in0, 'transfer', [pair, amountIn]);
  const greedy = { address: pair, abi, functionName: 'swap', account: client.account };
  await assert.rejects(
    client.simulateContract({ ...greedy, args: [0n, amountOut + 1n, me, '0x'] }),
    /UniswapV2: K/,
  );
  const swapped = await write(abi, pair, 'swap', [0n, amountOut, me, '0x']);
  const names = swapped.logs.map((log) => {
    const isPair = log.address.toLowerCase() === pair.toLowerCase();
    return loadViem().decodeEventLog({ abi: isPair ? abi : token.abi, ...log }).eventName;
  });
  assert.deepEqual(names, ['Transfer', 'Sync', 'Swap']);
  const reserves = (await read('getReserves')) as readonly (bigint | number)[];
  assert.equal(reserves[0], 10_000n * ETHER + amountIn);
  assert.equal(reserves[1], 40_000n * ETHER - amountOut);

  await write(abi, pair, 'transfer', [pair, liquidity / 2n]);
  await write(abi, pair, 'burn', [me]);
  const left = (await read('getReserves')) as readonly (bigint | number)[];
  assert.equal(left[0], (10_000n * ETHER + amountIn) / 2n);
});

test('Uniswap v3: a factory near the size limit deploys a pool of its own code', {
  skip,
}, async () => {
  const token = ownContract('TestToken');
  const one = await deploy(client, token, ['One', 'ONE', ETHER]);
  const two = await deploy(client, token, ['Two', 'TWO', ETHER]);
  const factory = uniswapV3('UniswapV3Factory');
  const address = await deploy(client, factory);
  const receipt = await write(factory.abi, address, 'createPool', [one, two, 3_000]);
  const event = loadViem().decodeEventLog({ abi: factory.abi, ...receipt.logs.at(-1) });
  assert.equal(event.eventName, 'PoolCreated');
  const pool = event.args['pool'] as Hex;
  const { abi } = uniswapV3('UniswapV3Pool');
  // A price of one: the square root as a fixed-point number of 96 bits.
  await write(abi, pool, 'initialize', [2n ** 96n]);
  const slot0 = (await client.readContract({
    address: pool,
    abi,
    functionName: 'slot0',
  })) as readonly unknown[];
  assert.equal(slot0[0], 2n ** 96n);
  assert.equal(slot0[1], 0);
});
