/**
 * Proofs of transactions and receipts that another implementation made, and what becomes of them
 * when anything about them is changed.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  decodeChainHeader,
  fromHex,
  ProtocolError,
  toHex,
  verifyChainTransaction,
  verifyTrieProof,
} from '../src/index.ts';

interface Proof {
  readonly index: number;
  readonly transaction: readonly string[];
  readonly receipt: readonly string[];
}

interface Case extends Proof {
  readonly hash: string;
  readonly transactionBytes: string;
  readonly receiptBytes: string;
  readonly to: string | null;
  readonly value: string;
  readonly nonce: number;
  readonly gasLimit: string;
  readonly type: number;
  readonly succeeded: boolean;
  readonly logs: number;
}

interface Vectors {
  readonly header: string;
  readonly gasUsed: string;
  readonly cases: readonly Case[];
  readonly absent: Proof;
  readonly small: {
    readonly root: string;
    readonly cases: readonly { key: string; value: string | null; nodes: readonly string[] }[];
  };
}

const path = join(import.meta.dirname, 'vectors', 'transaction-proofs.json');
const vectors = JSON.parse(readFileSync(path, 'utf8')) as Vectors;
const header = decodeChainHeader(fromHex(vectors.header));

function bytesOf(hex: readonly string[]): Uint8Array[] {
  return hex.map((text) => fromHex(text));
}

function claimOf({
  index,
  transaction,
  receipt,
}: Proof): Parameters<typeof verifyChainTransaction>[1] {
  return { index, transaction: bytesOf(transaction), receipt: bytesOf(receipt) };
}

function isRefused(run: () => unknown): void {
  assert.throws(run, (error: unknown) => {
    assert.ok(error instanceof ProtocolError, String(error));
    return error.code === 'invalid-proof' || error.code === 'malformed';
  });
}

test('a header is read as it is', () => {
  assert.equal(header.number, 4711n);
  assert.equal(header.gasUsed, BigInt(vectors.gasUsed));
  assert.equal(header.baseFee, 1_000_000_000n);
  assert.equal(header.timestamp, 1_700_000_000n);
});

for (const one of vectors.cases) {
  test(`transaction ${one.index} of type ${one.type} and its receipt are proven`, () => {
    const proven = verifyChainTransaction(header, claimOf(one));
    const { transaction, receipt } = proven;
    assert.equal(toHex(proven.transactionBytes), one.transactionBytes);
    assert.equal(toHex(proven.receiptBytes), one.receiptBytes);
    assert.equal(toHex(transaction.hash), one.hash);
    assert.equal(transaction.to === undefined ? null : toHex(transaction.to), one.to);
    assert.equal(transaction.value, BigInt(one.value));
    assert.equal(transaction.nonce, BigInt(one.nonce));
    assert.equal(transaction.gasLimit, BigInt(one.gasLimit));
    assert.equal(transaction.type, one.type);
    assert.equal(receipt.succeeded, one.succeeded);
    assert.equal(receipt.logs.length, one.logs);
  });
}

test('any other place, and any byte changed, is refused', () => {
  for (const one of vectors.cases.slice(0, 4)) {
    const claim = claimOf(one);
    isRefused(() => verifyChainTransaction(header, { ...claim, index: one.index + 1 }));
    const other = claimOf(vectors.cases.at(-1)!);
    isRefused(() => verifyChainTransaction(header, { ...claim, receipt: other.receipt }));
    for (const nodes of [claim.transaction, claim.receipt]) {
      for (const node of nodes) {
        for (let at = 0; at < node.length; at += 13) {
          node[at]! ^= 1;
          isRefused(() => verifyChainTransaction(header, claim));
          node[at]! ^= 1;
        }
      }
    }
    verifyChainTransaction(header, claim);
  }
});

test('a node more or less is refused, and so is a proof that there is nothing', () => {
  const claim = claimOf(vectors.cases[0]!);
  const { transaction } = claim;
  const shorter = transaction.slice(0, -1);
  const longer = [...transaction, transaction[0]!];
  isRefused(() => verifyChainTransaction(header, { ...claim, transaction: shorter }));
  isRefused(() => verifyChainTransaction(header, { ...claim, transaction: longer }));
  isRefused(() => verifyChainTransaction(header, { ...claim, transaction: [] }));
  isRefused(() => verifyChainTransaction(header, claimOf(vectors.absent)));
});

test('the receipts’ root does not prove transactions', () => {
  const claim = claimOf(vectors.cases[2]!);
  const swapped = { transactionsRoot: header.receiptsRoot, receiptsRoot: header.transactionsRoot };
  isRefused(() => verifyChainTransaction(swapped, claim));
});

test('short nodes inside their parents, and absence', () => {
  const root = fromHex(vectors.small.root);
  for (const { key, value, nodes } of vectors.small.cases) {
    const found = verifyTrieProof({ root, key: fromHex(key), nodes: bytesOf(nodes) });
    assert.equal(found === undefined ? null : toHex(found), value, key);
  }
});

test('a header cut short or with something behind it is malformed', () => {
  const bytes = fromHex(vectors.header);
  for (const bad of [bytes.subarray(0, -1), Uint8Array.of(...bytes, 0), new Uint8Array(0)]) {
    assert.throws(() => decodeChainHeader(bad), { code: 'malformed' });
  }
});
