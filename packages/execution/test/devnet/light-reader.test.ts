/**
 * What a light client reads of a chain's log is what the chain wrote: payloads of every kind, and
 * proofs of every transaction in blocks of many sizes. Whatever bytes come, it answers with an
 * error of its own.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ProtocolError,
  decodeChainPayload as readLight,
  verifyChainTransaction,
} from '@basalt/protocol';
import fc from 'fast-check';
import { headerHash } from '../../src/block/header.ts';
import { encodeReceipt } from '../../src/block/receipt.ts';
import { decodeChainPayload } from '../../src/chain/payload.ts';
import type { Devnet } from '../../src/devnet/types.ts';
import { orderedTrieProof } from '../../src/trie/ordered-trie.ts';
import { createMemoryLog, type MemoryLog } from '../chain/support/memory-log.ts';
import { startTestDevnet, stranger, transfer } from './support/devnets.ts';

/** A log with blocks of 0, 1, 2, 17 and 140 transactions, hand-made changes and a rewind. */
async function fillLog(check: (devnet: Devnet) => Promise<void>): Promise<MemoryLog> {
  const log = createMemoryLog();
  await using running = await startTestDevnet({ log, mining: { mode: 'manual' } });
  const { devnet } = running;
  const from = devnet.accounts[0]!.address;
  let nonce = 0;
  for (const count of [0, 1, 2, 17, 140]) {
    for (let sent = 0; sent < count; sent++) {
      await devnet.send({ fields: transfer(nonce++, stranger), from });
    }
    const [block] = await devnet.mine();
    assert.equal(block!.transactions.length, count);
    await check(devnet);
  }
  const snapshot = await devnet.snapshot();
  await devnet.setBalance(stranger, 10n ** 18n);
  await devnet.setCode(devnet.accounts[2]!.address, new Uint8Array(100).fill(1));
  devnet.impersonate(stranger);
  await devnet.send({ fields: transfer(0, from), from: stranger });
  await devnet.mine();
  await check(devnet);
  await devnet.revert(snapshot);
  return log;
}

async function proveAll({ chain }: Devnet): Promise<void> {
  const { header, transactions } = chain.head();
  const receipts = (await chain.receipts(Number(header.number))) ?? [];
  const raws = transactions.map(({ raw }) => raw);
  const encoded = receipts.map((receipt) => encodeReceipt(receipt));
  for (const [index, { hash }] of transactions.entries()) {
    const claim = {
      index,
      transaction: orderedTrieProof(raws, index),
      receipt: orderedTrieProof(encoded, index),
    };
    const proven = verifyChainTransaction(header, claim);
    assert.deepEqual(proven.transaction.hash, hash);
    assert.equal(proven.receipt.succeeded, receipts[index]?.succeeded);
    const next = { ...claim, index: index + 1 };
    assert.throws(() => verifyChainTransaction(header, next), ProtocolError);
  }
}

test('the same entries, read with and without the code of the chain', async () => {
  let proven = 0;
  const log = await fillLog(async (devnet) => {
    await proveAll(devnet);
    proven += devnet.chain.head().transactions.length;
  });
  assert.equal(proven, 161);
  assert.equal(log.entries.length, 7);
  for (const entry of log.entries) {
    const whole = decodeChainPayload(entry);
    const light = readLight(entry);
    if (whole.kind === 'rewind' || light.kind === 'rewind') {
      assert.deepEqual(light, whole);
      continue;
    }
    assert.deepEqual(light.header.hash, headerHash(whole.block.header));
    assert.deepEqual(light.header.stateRoot, whole.block.header.stateRoot);
    assert.equal(light.header.timestamp, whole.block.header.timestamp);
    assert.deepEqual(light.transactions, whole.block.transactions);
    assert.equal(light.interventionCount, whole.interventions.length);
    assert.equal(light.unsignedCount, whole.unsigned.length);
  }
});

test('bytes that are no entry meet an error of the protocol, and only that', async () => {
  const log = await fillLog(() => Promise.resolve());
  const safely = (bytes: Uint8Array): void => {
    try {
      readLight(bytes);
    } catch (error) {
      assert.ok(error instanceof ProtocolError, String(error));
    }
  };
  const entry = fc.constantFrom(...log.entries.filter(({ length }) => length < 5_000));
  fc.assert(
    fc.property(entry, fc.nat(5_000), fc.integer({ min: 1, max: 255 }), (bytes, at, change) => {
      const other = bytes.slice();
      const place = at % other.length;
      other[place] = (other[place] ?? 0) ^ change;
      safely(other);
      safely(bytes.subarray(0, place));
    }),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => safely(bytes)),
    { numRuns: 500 },
  );
});
