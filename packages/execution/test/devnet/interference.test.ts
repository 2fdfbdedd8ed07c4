import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadSign, signTransaction } from '../../src/transaction/sign.ts';
import { createMemoryLog, type MemoryLog } from '../chain/support/memory-log.ts';
import { headOf, send, startTestDevnet, stranger, transfer } from './support/devnets.ts';

/** A log whose disk takes some turns of the event loop. */
function createSlowLog(): MemoryLog {
  const inner = createMemoryLog();
  return {
    entries: inner.entries,
    get length() {
      return inner.length;
    },
    async append(payload) {
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
      return await inner.append(payload);
    },
    read: (index) => inner.read(index),
  };
}

test('what is set by hand while a block is made takes nothing back of that block', async () => {
  for (let turns = 0; turns < 8; turns++) {
    await using running = await startTestDevnet({ log: createSlowLog() });
    const { devnet } = running;
    const { address } = devnet.accounts[0]!;
    const sent = send(devnet, 0, 0, 100n);
    for (let turn = 0; turn < turns; turn++) await new Promise((done) => setImmediate(done));
    const slot = new Uint8Array(32).fill(1);
    const set = [
      devnet.setBalance(address, 10n ** 18n),
      devnet.setStorageAt(stranger, slot, slot),
      devnet.setNextBlockBaseFee(7n),
    ];
    const snapshot = await devnet.snapshot();
    await Promise.all([sent, ...set]);
    await devnet.settled();
    const look = (): unknown => {
      const state = devnet.chain.stateAt(headOf(devnet))!;
      return [state.readAccount(address)?.nonce, state.readAccount(stranger)?.balance];
    };
    assert.deepEqual(look(), [1n, 100n], `after ${turns} turns`);
    await devnet.mine();
    assert.deepEqual(look(), [1n, 100n], `in the block after ${turns} turns`);
    await devnet.revert(snapshot);
    await devnet.settled();
    const state = devnet.chain.stateAt(headOf(devnet))!;
    assert.deepEqual(state.readStorage(stranger, slot), slot, 'a snapshot has what was set');
    assert.deepEqual(running.errors, []);
  }
});

test('those who ask for a nonce at once get each their own', async () => {
  await using running = await startTestDevnet({ log: createSlowLog() });
  const { devnet } = running;
  devnet.impersonate(stranger);
  await devnet.setBalance(stranger, 10n ** 18n);
  const to = devnet.accounts[1]!.address;
  for (const from of [devnet.accounts[0]!.address, stranger]) {
    const request = { fields: transfer(0, to), from, takesNextNonce: true };
    const sent = await Promise.all(Array.from({ length: 30 }, () => devnet.send(request)));
    const nonces = sent.map(({ fields }) => Number(fields.nonce)).toSorted((a, b) => a - b);
    assert.deepEqual(
      nonces,
      Array.from({ length: 30 }, (_, nonce) => nonce),
    );
    const state = devnet.chain.stateAt(headOf(devnet))!;
    assert.equal(state.readAccount(from)?.nonce, 30n);
  }
  assert.deepEqual(running.errors, []);
});

test('who comes later makes nobody wait, nor a snapshot', async () => {
  await using running = await startTestDevnet({ log: createSlowLog() });
  const { devnet } = running;
  const key = devnet.accounts[1]!.privateKey;
  const sign = await loadSign();
  const flood = Array.from(
    { length: 2_000 },
    (_, nonce) => signTransaction(transfer(nonce, stranger), 31_337n, key, sign).raw,
  );
  let isAnswered = false;
  let isReverted = false;
  const others: Promise<unknown>[] = [];
  const pour = async (): Promise<void> => {
    for (const raw of flood.splice(0, 20)) others.push(devnet.pool.add(raw));
    await new Promise((resolve) => setImmediate(resolve));
  };
  for (let turn = 0; turn < 20; turn++) await pour();
  const asked = send(devnet, 0, 0).then(async () => {
    isAnswered = true;
    isReverted = await devnet.revert(await devnet.snapshot());
  });
  // It goes on until the one has its answer and the revert had its turn, or nothing is left.
  while (!isReverted && flood.length > 0) await pour();
  assert.ok(isAnswered, 'the transaction waited for all that came later');
  assert.ok(isReverted, 'the revert waited for all that came later');
  await Promise.allSettled([asked, ...others]);
  assert.deepEqual(running.errors, []);
});

test('an interval set again while its block is made is one interval', async () => {
  const mining = { mode: 'interval', intervalMs: 1_000 } as const;
  await using running = await startTestDevnet({ mining, log: createSlowLog() });
  const { devnet } = running;
  const made = running.advance(1_000);
  devnet.setMining(mining);
  await made;
  await devnet.settled();
  assert.equal(headOf(devnet), 1);
  for (let block = 2; block < 6; block++) {
    await running.advance(1_000);
    await devnet.settled();
    assert.equal(headOf(devnet), block);
  }
});
