import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { type CustomCrypto, createCustomCommon, Hardfork, Mainnet } from '@ethereumjs/common';
import { createTxFromRLP } from '@ethereumjs/tx';
import { conformanceFile, skipReason } from '../../../../tools/testing/conformance.ts';
import { ExecutionError } from '../../src/errors.ts';
import { RlpReader } from '../../src/rlp/reader.ts';
import { RlpWriter } from '../../src/rlp/writer.ts';
import { readTransaction } from '../../src/transaction/decode.ts';
import { encodeTransaction, writeTransaction } from '../../src/transaction/encode.ts';
import { createRecoverer } from '../../src/transaction/recoverer-shell.ts';
import type { SignedTransaction } from '../../src/transaction/types.ts';

const FILE = ['rpc-tests', 'chain.rlp'];
const skip = skipReason(...FILE);

/** All transactions of a file of blocks, each block's list written again as it stood there. */
function readAll(bytes: Uint8Array): SignedTransaction[] {
  const all: SignedTransaction[] = [];
  const reader = new RlpReader(bytes);
  while (!reader.isAtEnd) {
    const outer = reader.enterList();
    reader.skip();
    const from = reader.position;
    const block = reader.enterList();
    const writer = new RlpWriter();
    const list = writer.openList();
    while (!reader.isAtEnd) {
      const transaction = readTransaction(reader);
      writeTransaction(writer, transaction);
      all.push(transaction);
    }
    writer.closeList(list);
    reader.leaveList(block);
    assert.deepEqual(writer.toBytes(), bytes.slice(from, reader.position));
    while (!reader.isAtEnd) reader.skip();
    reader.leaveList(outer);
  }
  return all;
}

suite('transactions of a chain that geth made', { skip }, () => {
  test('types 0 to 4: encodings, hashes and senders', async () => {
    const path = conformanceFile(...FILE);
    assert(path !== undefined);
    const all = readAll(Uint8Array.from(readFileSync(path)));
    assert.equal(all.length, 249);
    const types = new Set(all.map(({ fields }) => fields.type));
    assert.deepEqual(types, new Set([0, 1, 2, 3, 4]));
    const chainId = all.find((each) => each.chainId !== undefined)?.chainId;
    assert(chainId !== undefined);
    const common = createCustomCommon({ chainId: Number(chainId) }, Mainnet, {
      hardfork: Hardfork.Prague,
      customCrypto: { kzg: {} as NonNullable<CustomCrypto['kzg']> },
    });
    const recoverer = createRecoverer({ threads: 2 });
    const recovered = await recoverer.recover(all, 'frontier');
    await recoverer.close();
    all.forEach(({ raw, hash, fields, chainId: chain, signature }, index) => {
      assert.deepEqual(encodeTransaction(fields, chain, signature), raw);
      const theirs = createTxFromRLP(raw, { common });
      assert.deepEqual(hash, theirs.hash());
      const ours = recovered[index];
      assert(ours !== undefined && !(ours instanceof ExecutionError));
      assert.deepEqual(ours.sender, theirs.getSenderAddress().bytes);
    });
  });
});
