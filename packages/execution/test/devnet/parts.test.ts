import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keccak256, recoverPortable } from '@basalt/evm';
import { fromHex, toHex } from '@basalt/protocol';
import { deriveDevnetKeys, mnemonicOfSeed, TEST_MNEMONIC } from '../../src/devnet/accounts.ts';
import { BlockTime } from '../../src/devnet/block-time.ts';
import { devnetGenesis } from '../../src/devnet/genesis.ts';
import { Lane } from '../../src/devnet/lane.ts';
import { Senders } from '../../src/devnet/senders.ts';
import { Snapshots } from '../../src/devnet/snapshots.ts';
import { isUnsigned, unsignedTransaction } from '../../src/devnet/unsigned-transaction.ts';
import { decodeTransaction } from '../../src/transaction/decode.ts';
import { recoverSender } from '../../src/transaction/recover.ts';
import type { TransactionFields } from '../../src/transaction/types.ts';

const keys = deriveDevnetKeys(TEST_MNEMONIC, 10);

test('the accounts are those that everybody knows', () => {
  assert.equal(toHex(keys.accounts[0]!.address), 'f39fd6e51aad88f6f4ce6ab8827279cfffb92266');
  assert.equal(
    toHex(keys.accounts[0]!.privateKey),
    'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
  );
  assert.equal(toHex(keys.accounts[9]!.address), 'a0ee7a142d267c1f36714e4a8f75612f20a79720');
  const all = [...keys.accounts, keys.faucet].map(({ address }) => toHex(address));
  assert.equal(new Set(all).size, 11, 'the faucet is none of them');
});

test('a seed gives one mnemonic, another seed another; a wrong mnemonic is refused', () => {
  assert.equal(mnemonicOfSeed('a'), mnemonicOfSeed('a'));
  assert.notEqual(mnemonicOfSeed('a'), mnemonicOfSeed('b'));
  assert.equal(mnemonicOfSeed('a').split(' ').length, 12);
  assert.equal(deriveDevnetKeys(mnemonicOfSeed('a'), 1).accounts.length, 1);
  for (const bad of ['', 'test', TEST_MNEMONIC.replace('junk', 'test')]) {
    assert.throws(() => deriveDevnetKeys(bad, 1), { code: 'invalid-genesis' });
  }
});

test('the genesis document names every fork up to the one asked for', () => {
  const osaka = devnetGenesis({ keys, timestamp: 5n });
  assert.equal(osaka.config['osakaTime'], 0);
  assert.equal(osaka.config['chainId'], 31_337);
  assert.equal(osaka['timestamp'], '0x5');
  assert.equal(Object.keys(osaka.alloc).length, 5 + 11);
  const paris = devnetGenesis({ keys, timestamp: 5n, fork: 'paris' });
  assert.equal(paris.config['shanghaiTime'], undefined);
  assert.equal(paris.config['blobSchedule'], undefined);
  assert.equal(paris['excessBlobGas'], undefined);
  assert.throws(() => devnetGenesis({ keys, timestamp: 5n, fork: 'london' }), {
    code: 'invalid-genesis',
  });
});

test('time follows the clock, jumps when told to, and never stands still', () => {
  let nowSeconds = 100n;
  const time = new BlockTime({ nowSeconds: () => nowSeconds, stepSeconds: 1n });
  assert.equal(time.after(50n), 100n);
  assert.equal(time.after(100n), 101n, 'two blocks within a second');
  assert.equal(time.increase(60n, 101n), 60n);
  assert.equal(time.increase(40n, 101n), 100n);
  assert.equal(time.after(101n), 200n);
  time.setNext(500n);
  assert.equal(time.after(200n), 500n);
  time.used(500n);
  nowSeconds = 103n;
  assert.equal(time.after(500n), 503n, 'time goes on from there');
  time.set(1_000n, 500n);
  assert.equal(time.after(503n), 1_000n);
  const saved = time.save();
  time.increase(5n, 503n);
  time.restore(saved);
  assert.equal(time.after(503n), 1_000n);
});

test('without a clock time passes with the blocks', () => {
  const time = new BlockTime({ nowSeconds: undefined, stepSeconds: 12n });
  assert.equal(time.after(100n), 112n);
  assert.equal(time.increase(10n, 100n), 10n);
  assert.equal(time.after(100n), 122n);
  time.used(122n);
  assert.equal(time.after(122n), 134n, 'a jump happens once');
  time.set(200n, 134n);
  assert.equal(time.after(134n), 200n);
  time.setNext(300n);
  time.used(300n);
  assert.equal(time.after(300n), 312n);
});

test('a snapshot is used once, and takes later ones with it', () => {
  const snapshots = new Snapshots<string>();
  const first = snapshots.take('a');
  const second = snapshots.take('b');
  const third = snapshots.take('c');
  assert.equal(snapshots.use(second), 'b');
  assert.equal(snapshots.use(second), undefined);
  assert.equal(snapshots.use(third), undefined);
  assert.ok(snapshots.take('d') > third, 'numbers are not given again');
  assert.equal(snapshots.use(first), 'a');
});

test('jobs run in order, and one that fails stops none', async () => {
  const lane = new Lane();
  const done: number[] = [];
  const slow = lane.run(async () => {
    await Promise.resolve();
    done.push(1);
  });
  const failing = lane.run(() => Promise.reject(new Error('no')));
  const last = lane.run(async () => {
    done.push(3);
  });
  await assert.rejects(failing, /no/);
  await Promise.all([slow, last]);
  assert.deepEqual(done, [1, 3]);
  const add = async (number: number): Promise<void> => {
    done.push(number);
  };
  const owed = [4, 5].map((number) => lane.runOwed(() => add(number)));
  const asked = [6, 7].map((number) => lane.run(() => add(number)));
  await lane.idle();
  assert.deepEqual(done.slice(2), [6, 7, 4, 5], 'what somebody asked for comes first');
  await Promise.all([...owed, ...asked]);
});

test('accounts sign; strangers do not', () => {
  const senders = new Senders(keys.accounts);
  const [account] = keys.accounts;
  const digest = keccak256(new Uint8Array(3));
  const signature = senders.sign(account!.address, digest);
  assert.equal(signature.length, 65);
  const parity = signature[64]! - 27;
  const publicKey = recoverPortable(digest, signature.subarray(0, 64), parity);
  assert.deepEqual(keccak256(publicKey!).slice(12), account!.address);
  const stranger = new Uint8Array(20).fill(9);
  assert.throws(() => senders.sign(stranger, digest), { code: 'invalid' });
  assert.equal(senders.isImpersonated(stranger), false);
  senders.impersonate(stranger);
  assert.equal(senders.isImpersonated(stranger), true);
  senders.stopImpersonating(stranger);
  assert.equal(senders.isImpersonated(stranger), false);
  senders.setAutoImpersonate(true);
  assert.equal(senders.isImpersonated(stranger), true);
});

test('a transaction without a signature says so, and is no signed one', () => {
  const fields: TransactionFields = {
    type: 2,
    nonce: 1n,
    maxPriorityFeePerGas: 1n,
    maxFeePerGas: 2n,
    gasLimit: 21_000n,
    to: new Uint8Array(20).fill(2),
    value: 3n,
    data: new Uint8Array(0),
    accessList: [],
  };
  const sender = fromHex('00'.repeat(10) + 'ab'.repeat(10));
  const made = unsignedTransaction(fields, 31_337n, sender);
  assert.ok(isUnsigned(made));
  assert.deepEqual(made.sender, sender);
  const other = unsignedTransaction(fields, 31_337n, fromHex('cd'.repeat(20)));
  assert.notDeepEqual(made.hash, other.hash, 'the sender is part of the name');
  const decoded = decodeTransaction(made.raw);
  assert.deepEqual(decoded.hash, made.hash);
  assert.throws(() => recoverSender(decoded, 'osaka', recoverPortable), {
    code: 'invalid-signature',
  });
});
