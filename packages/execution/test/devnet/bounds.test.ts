import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '@basalt/protocol';
import type { Block } from '../../src/block/types.ts';
import { deriveDevnetKeys, TEST_MNEMONIC } from '../../src/devnet/accounts.ts';
import { devnetGenesis } from '../../src/devnet/genesis.ts';
import { signTransaction } from '../../src/transaction/sign.ts';
import { openTestChain } from '../chain/support/chains.ts';
import { createMemoryLog } from '../chain/support/memory-log.ts';
import { balanceOf, headOf, send, startTestDevnet, stranger, transfer } from './support/devnets.ts';

test('no time can be set that a chain could not go on from, or be opened with again', async () => {
  const log = createMemoryLog();
  let head: Block;
  let document: unknown;
  {
    await using running = await startTestDevnet({ mining: { mode: 'manual' }, log });
    const { devnet } = running;
    const refused = { code: 'invalid', message: /the last that can be set/ };
    await assert.rejects(devnet.setNextBlockTimestamp(2n ** 64n - 1n), refused);
    await assert.rejects(devnet.setTime(2n ** 63n), refused);
    await assert.rejects(devnet.increaseTime(2n ** 63n), refused);
    await assert.rejects(devnet.setTimestampInterval(2n ** 63n), refused);
    assert.equal(await devnet.increaseTime(2n ** 62n), 2n ** 62n);
    await assert.rejects(devnet.increaseTime(2n ** 62n), refused);
    await devnet.mine(2);
    await devnet.setNextBlockTimestamp(2n ** 63n - 1n);
    await devnet.mine(2);
    assert.equal(devnet.chain.head().header.timestamp, 2n ** 63n);
    await devnet.reset();
    await devnet.setTimestampInterval(2n ** 62n);
    await devnet.mine();
    await assert.rejects(devnet.mine(3), { code: 'invalid', message: /timestamp/ });
    await devnet.setTimestampInterval(undefined);
    await devnet.mine();
    head = devnet.chain.head();
    document = devnet.chain.genesis.source;
  }
  const again = await openTestChain(document, { log });
  assert.deepEqual(again.head().hash, head.hash);
  await again.close();
});

test('a gas limit that no block has is refused; a raised one lets in what waited', async () => {
  await using running = await startTestDevnet();
  const { devnet } = running;
  for (const refused of [0n, 1n, 4_999n, 2n ** 63n, 2n ** 64n - 1n]) {
    await assert.rejects(devnet.setBlockGasLimit(refused), { code: 'invalid' });
  }
  await devnet.setBlockGasLimit(20_999n);
  await send(devnet, 0, 0);
  assert.equal(headOf(devnet), 0);
  await devnet.setBlockGasLimit(30_000_000n);
  await devnet.settled();
  assert.equal(devnet.chain.head().transactions.length, 1);
  assert.deepEqual(running.errors, []);
});

test('a lowered base fee lets in what waited', async () => {
  await using running = await startTestDevnet({ mining: { mode: 'manual' } });
  const { devnet } = running;
  const fields = { ...transfer(0, stranger), maxFeePerGas: 5n, maxPriorityFeePerGas: 1n };
  await devnet.send({ fields, from: devnet.accounts[0]!.address });
  devnet.setMining({ mode: 'instant' });
  await devnet.settled();
  assert.equal(headOf(devnet), 0);
  await devnet.setNextBlockBaseFee(3n);
  await devnet.settled();
  assert.equal(devnet.chain.head().transactions.length, 1);
});

test('a devnet is founded with balances that no sum wraps', () => {
  const keys = deriveDevnetKeys(TEST_MNEMONIC, 1);
  const found = (balanceEther: bigint): unknown =>
    devnetGenesis({ keys, balanceEther, timestamp: 0n });
  found(2n ** 192n / 10n ** 18n);
  assert.throws(() => found(2n ** 192n / 10n ** 18n + 1n), { code: 'invalid-genesis' });
});

test('a balance is set so that no sum comes back to zero', async () => {
  await using running = await startTestDevnet();
  const { devnet } = running;
  await assert.rejects(devnet.setBalance(stranger, 2n ** 256n - 1n), { code: 'invalid' });
  await devnet.setBalance(stranger, 2n ** 192n - 1n);
  await send(devnet, 0, 0, 1n);
  assert.equal(balanceOf(devnet, stranger), 2n ** 192n);
});

test('what can not pay the next block is refused where that would come with it', async () => {
  await using running = await startTestDevnet();
  const { devnet } = running;
  const [first] = devnet.accounts;
  const cheap = { ...transfer(0, stranger), maxFeePerGas: 7n, maxPriorityFeePerGas: 1n };
  const words = /^max fee per gas less than block base fee: maxFeePerGas: 7, baseFee: \d+$/;
  const refused = { code: 'underpriced', message: words };
  await assert.rejects(devnet.send({ fields: cheap, from: first!.address }), refused);
  const { raw } = signTransaction(cheap, 31_337n, first!.privateKey);
  await assert.rejects(devnet.pool.add(raw), refused);
  await assert.rejects(devnet.pool.add(Uint8Array.of(1)), { code: 'malformed' });
  const large = signTransaction(
    { ...cheap, data: new Uint8Array(128 * 1024) },
    31_337n,
    first!.privateKey,
  );
  await assert.rejects(devnet.pool.add(large.raw), { code: 'oversize' });
  devnet.setMining({ mode: 'manual' });
  await devnet.pool.add(raw);
  assert.equal(devnet.pool.stats().pending, 1);
});

test('a block takes no longer than the interval, as far as is known', async () => {
  await using running = await startTestDevnet({ mining: { mode: 'interval', intervalMs: 4 } });
  const { devnet } = running;
  for (let nonce = 0; nonce < 10; nonce++) await send(devnet, 0, nonce);
  const [byHand] = await devnet.mine();
  assert.equal(byHand!.transactions.length, 10, 'who asks for a block by hand waits for it');
  for (let nonce = 10; nonce < 20; nonce++) await send(devnet, 0, nonce);
  await running.advance(4);
  await devnet.settled();
  const { length } = devnet.chain.head().transactions;
  assert.equal(length, 4, 'a transaction takes a millisecond until some were measured');
});

test('with a seed no block goes by the time that others took', async () => {
  const run = async (): Promise<readonly (readonly [number, string])[]> => {
    const mining = { mode: 'interval', intervalMs: 4 } as const;
    await using running = await startTestDevnet({ mining, seed: 'equal' });
    const { devnet } = running;
    for (let nonce = 0; nonce < 20; nonce++) await send(devnet, 0, nonce);
    await running.advance(4);
    await devnet.settled();
    const byTimer = devnet.chain.head();
    for (let nonce = 0; nonce < 20; nonce++) await send(devnet, 1, nonce);
    const byHand = await devnet.mine(2);
    return [byTimer, ...byHand].map(({ hash, transactions }) => [transactions.length, toHex(hash)]);
  };
  const first = await run();
  assert.deepEqual(
    first.map(([transactions]) => transactions),
    [20, 20, 0],
  );
  assert.deepEqual(await run(), first);
});

test('mining by hand ends when it is wanted no more', async () => {
  await using running = await startTestDevnet();
  const { devnet } = running;
  let asked = 0;
  const blocks = await devnet.mine(10, undefined, () => ++asked <= 3);
  assert.equal(blocks.length, 3);
  assert.equal(headOf(devnet), 3);
  await assert.rejects(devnet.mine(10_001), { code: 'invalid' });
});
