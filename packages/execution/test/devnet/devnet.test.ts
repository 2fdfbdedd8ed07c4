import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '@basalt/protocol';
import type { Block } from '../../src/block/types.ts';
import { signTransaction } from '../../src/transaction/sign.ts';
import { openTestChain } from '../chain/support/chains.ts';
import { createMemoryLog } from '../chain/support/memory-log.ts';
import { balanceOf, headOf, send, startTestDevnet, stranger, transfer } from './support/devnets.ts';

test('with each transaction comes a block, and it is there when the hash is', async () => {
  await using running = await startTestDevnet();
  const { devnet } = running;
  await send(devnet, 0, 0, 5n);
  assert.equal(headOf(devnet), 1);
  assert.equal(balanceOf(devnet, stranger), 5n);
  const [first] = devnet.accounts;
  const { raw } = signTransaction(transfer(1, stranger), 31_337n, first!.privateKey);
  await devnet.pool.add(raw);
  assert.equal(headOf(devnet), 2);
  assert.deepEqual(running.errors, []);
});

test('transactions that come together share a block', async () => {
  await using running = await startTestDevnet();
  const { devnet } = running;
  await Promise.all([send(devnet, 0, 0), send(devnet, 1, 0), send(devnet, 0, 1)]);
  assert.equal(headOf(devnet), 1);
  assert.equal(devnet.chain.head().transactions.length, 3);
});

test('a gap in the nonces waits for what fills it', async () => {
  await using running = await startTestDevnet();
  const { devnet } = running;
  await send(devnet, 0, 1);
  assert.equal(headOf(devnet), 0);
  await send(devnet, 0, 0);
  assert.equal(devnet.chain.head().transactions.length, 2);
});

test('by hand, by the clock, and back to each', async () => {
  await using running = await startTestDevnet({ mining: { mode: 'manual' } });
  const { devnet } = running;
  await send(devnet, 0, 0);
  assert.equal(headOf(devnet), 0);
  const blocks = await devnet.mine(3, 60);
  assert.deepEqual(
    blocks.map((block: Block) => [block.header.number, block.transactions.length]),
    [
      [1n, 1],
      [2n, 0],
      [3n, 0],
    ],
  );
  const times = blocks.map(({ header }) => header.timestamp);
  assert.equal(times[1]! - times[0]!, 60n);
  assert.equal(times[2]! - times[1]!, 60n);
  devnet.setMining({ mode: 'interval', intervalMs: 5_000 });
  await running.advance(4_999);
  assert.equal(headOf(devnet), 3);
  await running.advance(1);
  assert.equal(headOf(devnet), 4);
  await running.advance(5_000);
  assert.equal(headOf(devnet), 5);
  devnet.setMining({ mode: 'manual' });
  await running.advance(60_000);
  assert.equal(headOf(devnet), 5);
  await send(devnet, 0, 1);
  devnet.setMining({ mode: 'instant' });
  await devnet.settled();
  assert.equal(headOf(devnet), 6, 'what waited is mined at once');
  await assert.rejects(devnet.mine(-1), { code: 'invalid' });
});

test('a snapshot brings back blocks, hand-made changes, the pool and the time', async () => {
  await using running = await startTestDevnet({ mining: { mode: 'manual' } });
  const { devnet } = running;
  await devnet.mine();
  await devnet.setBalance(stranger, 77n);
  await send(devnet, 0, 0);
  const [waiting] = devnet.pool.all();
  const hash = toHex(waiting!.transaction.hash);
  const before = devnet.nextAttributes().timestamp;
  const snapshot = await devnet.snapshot();
  await devnet.increaseTime(1_000n);
  await devnet.setBalance(stranger, 99n);
  await devnet.mine(3);
  assert.equal(devnet.pool.all().length, 0);
  const later = await devnet.snapshot();
  assert.equal(await devnet.revert(snapshot), true);
  assert.equal(headOf(devnet), 1);
  assert.equal(balanceOf(devnet, stranger), 77n);
  assert.deepEqual(
    devnet.pool.all().map(({ transaction }) => toHex(transaction.hash)),
    [hash],
  );
  assert.equal(devnet.nextAttributes().timestamp, before);
  assert.equal(await devnet.revert(snapshot), false);
  assert.equal(await devnet.revert(later), false);
  const [block] = await devnet.mine();
  assert.equal(block!.transactions.length, 1);
  assert.equal(balanceOf(devnet, stranger), 78n, 'the block carries what was changed by hand');
});

test('balance, nonce, code, storage: seen at once, kept by the next block', async () => {
  await using running = await startTestDevnet();
  const { devnet } = running;
  const slot = new Uint8Array(32).fill(1);
  const value = new Uint8Array(32).fill(2);
  await devnet.setCode(stranger, Uint8Array.of(0x60, 0x01));
  await devnet.setStorageAt(stranger, slot, value);
  await devnet.setNonce(stranger, 9n);
  const look = (): unknown => {
    const state = devnet.chain.stateAt(headOf(devnet))!;
    const account = state.readAccount(stranger)!;
    const code = state.readCode(account.codeHash);
    return [account.nonce, [...code], toHex(state.readStorage(stranger, slot))];
  };
  const expected = [9n, [0x60, 0x01], toHex(value)];
  assert.deepEqual(look(), expected);
  await devnet.mine();
  assert.deepEqual(look(), expected);
  await devnet.setBalance(stranger, 1n);
  await devnet.setBalance(stranger, 0n);
  await devnet.mine();
  assert.deepEqual(look(), expected, 'an account with code stays');
});

test('an impersonated sender needs no signature, and only an impersonated one', async () => {
  await using running = await startTestDevnet();
  const { devnet } = running;
  const to = devnet.accounts[1]!.address;
  const request = { fields: transfer(0, to, 3n), from: stranger };
  assert.equal(devnet.canSend(stranger), false);
  await assert.rejects(devnet.send(request), { code: 'invalid' });
  devnet.impersonate(stranger);
  await devnet.setBalance(stranger, 10n ** 18n);
  const sent = await devnet.send(request);
  assert.equal(headOf(devnet), 1);
  assert.deepEqual(devnet.chain.head().transactions[0]?.hash, sent.hash);
  assert.deepEqual(devnet.chain.head().transactions[0]?.sender, stranger);
  devnet.stopImpersonating(stranger);
  await assert.rejects(devnet.send({ ...request, fields: transfer(1, to) }), { code: 'invalid' });
});

test('the log alone gives the same chain, with all that nobody signed', async () => {
  const log = createMemoryLog();
  let head: Block;
  let document: unknown;
  {
    await using running = await startTestDevnet({ log });
    const { devnet } = running;
    await devnet.setBalance(stranger, 10n ** 18n);
    devnet.impersonate(stranger);
    await devnet.send({ fields: transfer(0, devnet.accounts[0]!.address), from: stranger });
    const snapshot = await devnet.snapshot();
    await devnet.mine(2);
    await devnet.revert(snapshot);
    await devnet.setCode(devnet.accounts[2]!.address, Uint8Array.of(0x00));
    await send(devnet, 0, 0);
    head = devnet.chain.head();
    document = devnet.chain.genesis.source;
  }
  const again = await openTestChain(document, { log });
  assert.deepEqual(again.head().hash, head.hash);
  assert.deepEqual(again.head().header.stateRoot, head.header.stateRoot);
  await again.close();
});

test('what was asked of the next block, it has; the one after has not', async () => {
  await using running = await startTestDevnet({ mining: { mode: 'manual' } });
  const { devnet } = running;
  const randao = new Uint8Array(32).fill(3);
  await devnet.setNextBlockBaseFee(5n);
  await devnet.setPrevRandao(randao);
  await devnet.setNextBlockTimestamp(1_900_000_000n);
  await devnet.setCoinbase(stranger);
  await devnet.setBlockGasLimit(10_000_000n);
  const [first, second] = await devnet.mine(2);
  const { header } = first!;
  assert.equal(header.baseFee, 5n);
  assert.deepEqual(header.mixHash, randao);
  assert.equal(header.timestamp, 1_900_000_000n);
  assert.deepEqual(header.coinbase, stranger);
  assert.equal(header.gasLimit, 10_000_000n);
  assert.notDeepEqual(second!.header.mixHash, randao);
  assert.equal(second!.header.timestamp, 1_900_000_001n);
  assert.equal(second!.header.gasLimit, 10_000_000n);
  await assert.rejects(devnet.setNextBlockTimestamp(5n), { code: 'invalid' });
});

test('back to the beginning', async () => {
  await using running = await startTestDevnet();
  const { devnet } = running;
  const genesis = devnet.chain.head().hash;
  devnet.impersonate(stranger);
  const snapshot = await devnet.snapshot();
  await send(devnet, 0, 0);
  await devnet.setBalance(stranger, 5n);
  await devnet.reset();
  assert.deepEqual(devnet.chain.head().hash, genesis);
  assert.equal(balanceOf(devnet, stranger), 0n);
  assert.equal(devnet.canSend(stranger), false);
  assert.equal(await devnet.revert(snapshot), false);
  await send(devnet, 0, 0);
  assert.equal(headOf(devnet), 1);
});

test('a seed: two runs, equal blocks; another seed, others', async () => {
  const run = async (seed: string, startSeconds: number): Promise<string> => {
    await using running = await startTestDevnet({ seed });
    const { devnet, clock } = running;
    clock.seconds = startSeconds;
    await send(devnet, 0, 0);
    clock.seconds += 1_000;
    await devnet.increaseTime(100n);
    await Promise.all([send(devnet, 1, 0), send(devnet, 2, 0)]);
    await devnet.mine(2);
    return toHex(devnet.chain.head().hash);
  };
  const first = await run('one', 1_800_000_000);
  assert.equal(await run('one', 1_900_000_000), first);
  assert.notEqual(await run('two', 1_800_000_000), first);
});

test('nothing is mined after the end', async () => {
  const running = await startTestDevnet({ mining: { mode: 'interval', intervalMs: 1_000 } });
  await running.devnet.close();
  await running.advance(10_000);
  assert.equal(headOf(running.devnet), 0);
  await running[Symbol.asyncDispose]();
});

test('an impersonated contract sends, though contracts send nothing', async () => {
  await using running = await startTestDevnet();
  const { devnet } = running;
  await devnet.setBalance(stranger, 10n ** 18n);
  await devnet.setCode(stranger, Uint8Array.of(0x00));
  devnet.impersonate(stranger);
  const to = devnet.accounts[1]!.address;
  for (const nonce of [0, 1]) {
    await devnet.send({ fields: transfer(nonce, to, 3n), from: stranger });
    assert.equal(devnet.chain.head().transactions.length, 1);
    await devnet.mine();
  }
  assert.equal(headOf(devnet), 4);
});

test('a transaction that no engine has room for is refused, and the chain goes on', async () => {
  await using running = await startTestDevnet({ fork: 'prague' });
  const { devnet } = running;
  await devnet.setBlockGasLimit(1_000_000_000n);
  // Logs of a megabyte, a hundred of them: JUMPDEST, LOG0, and again while there is gas.
  await devnet.setCode(stranger, Uint8Array.fromHex('5b620f42405fa0622dc6c05a115f5700'));
  await devnet.mine();
  const { address } = devnet.accounts[0]!;
  const fields = { ...transfer(0, stranger, 0n), gasLimit: 900_000_000n };
  await devnet.send({ fields, from: address });
  assert.equal(devnet.pool.stats().pending, 0, 'it would stand in the way of every block');
  await send(devnet, 1, 0);
  assert.equal(devnet.chain.head().transactions.length, 1);
  assert.deepEqual(running.errors, []);
});

test('three hundred frames of the code that is longest when translated are run', async () => {
  await using running = await startTestDevnet();
  const { devnet } = running;
  const at = (index: number): Uint8Array => {
    const address = new Uint8Array(20).fill(0xc0);
    new DataView(address.buffer).setUint32(16, index);
    return address;
  };
  const levels = 300;
  for (let index = 0; index < levels; index++) {
    // Calls the next, stops; the rest is JUMPDEST.
    const code = new Uint8Array(24_576).fill(0x5b);
    code.set([0x5f, 0x5f, 0x5f, 0x5f, 0x5f, 0x73, ...at(index + 1), 0x5a, 0xf1, 0x00]);
    await devnet.setCode(at(index), code);
    if (index % 100 === 99) await devnet.mine();
  }
  const fields = { ...transfer(0, at(0), 0n), gasLimit: 16_777_216n };
  await devnet.send({ fields, from: devnet.accounts[0]!.address });
  const { header, transactions } = devnet.chain.head();
  assert.equal(transactions.length, 1);
  assert.ok(header.gasUsed > 700_000n);
  assert.deepEqual(running.errors, []);
});

for (const fork of ['paris', 'shanghai', 'cancun', 'prague', 'osaka'] as const) {
  test(`blocks by the rules of ${fork}`, async () => {
    await using running = await startTestDevnet({ fork });
    const { devnet } = running;
    await send(devnet, 0, 0, 5n);
    const { header } = devnet.chain.head();
    assert.equal(devnet.chain.config.forkAt(header.number, header.timestamp).fork, fork);
    assert.equal(balanceOf(devnet, stranger), 5n);
    assert.equal(header.withdrawalsRoot === undefined, fork === 'paris');
    assert.equal(header.requestsHash === undefined, !['prague', 'osaka'].includes(fork));
  });
}
