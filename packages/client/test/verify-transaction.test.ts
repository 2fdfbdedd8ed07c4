/**
 * A transaction proven through the ledger: online, from a file, and what becomes of both when one
 * byte anywhere is another.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { concatBytes, fromHex, PAYLOAD_TYPE, toBase64, toHex } from '@basalt/protocol';
import {
  ClientError,
  formatTransactionProof,
  isTransactionProof,
  verifyTransaction,
  verifyTransactionProof,
} from '../src/index.ts';
import { createSetup, isCode, type Setup } from './setup.ts';

interface Vectors {
  readonly header: string;
  readonly cases: readonly {
    readonly index: number;
    readonly hash: string;
    readonly transaction: readonly string[];
    readonly receipt: readonly string[];
  }[];
}

const folder = join(import.meta.dirname, '..', '..', 'protocol', 'test', 'vectors');
const vectors = JSON.parse(
  readFileSync(join(folder, 'transaction-proofs.json'), 'utf8'),
) as Vectors;

/** RLP of a list whose items are encoded already. */
function list(...items: readonly Uint8Array[]): Uint8Array {
  const body = concatBytes(...items);
  if (body.length < 56) return concatBytes(Uint8Array.of(0xc0 + body.length), body);
  return concatBytes(Uint8Array.of(0xf9, body.length >> 8, body.length & 0xff), body);
}

const NUMBER_0 = Uint8Array.of(0x80);
const NUMBER_1 = Uint8Array.of(1);
const blockEntry = concatBytes(
  Uint8Array.of(1),
  list(NUMBER_0, list(fromHex(vectors.header), list(), list(), list()), list(), list()),
);
const rewindEntry = concatBytes(
  Uint8Array.of(1),
  list(NUMBER_1, NUMBER_1, concatBytes(Uint8Array.of(0xa0), new Uint8Array(32))),
);

interface ProvenSetup extends Setup {
  readonly proof: Record<string, unknown>;
}

/** The chain's block is ledger block 3; a rewind follows it. */
function createChainSetup(): ProvenSetup {
  const setup = createSetup(2);
  const { node, chain } = setup;
  node.add(chain, blockEntry, PAYLOAD_TYPE.transactionBatch);
  node.add(chain, rewindEntry, PAYLOAD_TYPE.transactionBatch);
  const one = vectors.cases[4]!;
  const hex = (text: string): string => `0x${text}`;
  const proof = {
    transactionHash: hex(one.hash),
    transactionIndex: `0x${one.index.toString(16)}`,
    ledger: { namespace: chain.namespace, index: '0x3' },
    transactionProof: one.transaction.map(hex),
    receiptProof: one.receipt.map(hex),
  };
  return { ...setup, proof };
}

test('a transaction is proven under the checkpoint', async () => {
  const { client, proof } = createChainSetup();
  const proven = await verifyTransaction(client, proof);
  assert.equal(toHex(proven.transaction.hash), vectors.cases[4]!.hash);
  assert.equal(proven.header.number, 4711n);
  assert.equal(proven.receipt.succeeded, true);
  assert.equal(proven.block.verified.inclusion, true);
  assert.equal(proven.block.verified.payloadHash, true);
  assert.equal(proven.hasDevnetChanges, false);
});

test('another transaction, another block, a rewind, a record: refused', async () => {
  const { client, proof } = createChainSetup();
  const { namespace } = proof['ledger'] as { namespace: string };
  const other = { ...proof, transactionHash: `0x${vectors.cases[0]!.hash}` };
  await assert.rejects(verifyTransaction(client, other), isCode('wrong-block', 'refused'));
  for (const index of ['0x1', '0x4']) {
    const elsewhere = { ...proof, ledger: { namespace, index } };
    await assert.rejects(verifyTransaction(client, elsewhere), isCode('invalid-proof', 'refused'));
  }
  const moved = { ...proof, transactionIndex: '0x5' };
  await assert.rejects(verifyTransaction(client, moved), isCode('invalid-proof', 'refused'));
  const missing = { ...proof, receiptProof: [] };
  await assert.rejects(verifyTransaction(client, missing), isCode('invalid-proof', 'refused'));
});

test('an answer of another form is refused', async () => {
  const { client, proof } = createChainSetup();
  for (const bad of [
    null,
    [],
    {},
    { ...proof, ledger: undefined },
    { ...proof, ledger: { namespace: 'x', index: '0x3' } },
    { ...proof, transactionIndex: 15 },
    { ...proof, transactionIndex: '15' },
    { ...proof, transactionHash: 'ff' },
    { ...proof, transactionProof: ['zz'] },
    { ...proof, receiptProof: Array.from({ length: 66 }, () => '0x') },
  ]) {
    await assert.rejects(verifyTransaction(client, bad), (error: unknown) => {
      assert.ok(error instanceof ClientError, String(error));
      return error.kind === 'refused';
    });
  }
});

test('a file proves it without a network, and no byte of it can be another', async () => {
  const { client, node, chain, proof } = createChainSetup();
  const { namespace } = chain;
  const { text: tlogProof } = await client.prove({ namespace, index: 3 });
  const verifierKeys = [node.verifierKey(chain)];
  const file = formatTransactionProof(proof, tlogProof, blockEntry);
  assert.ok(isTransactionProof(file));
  assert.ok(!isTransactionProof(tlogProof));
  const proven = await verifyTransactionProof(file, { verifierKeys });
  assert.equal(toHex(proven.transaction.hash), vectors.cases[4]!.hash);
  assert.equal(proven.ledger.verified.inclusion, true);
  assert.equal(proven.ledger.verified.payloadHash, true);
  await assert.rejects(verifyTransactionProof(file, {}), isCode('no-trust', 'usage'));

  for (let at = 0; at < blockEntry.length; at += 7) {
    const payload = blockEntry.slice();
    payload[at]! ^= 1;
    const changed = formatTransactionProof(proof, tlogProof, payload);
    await assert.rejects(
      verifyTransactionProof(changed, { verifierKeys }),
      isCode('payload-mismatch', 'refused'),
    );
  }
  const record = { format: 'basalt-transaction-proof/1', proof, payload: toBase64(blockEntry) };
  for (const bad of ['', '{', '[]', '{}', JSON.stringify(record)]) {
    await assert.rejects(verifyTransactionProof(bad, { verifierKeys }), ClientError);
  }
});
