import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Account, EMPTY_CODE_HASH, keccak256, type Transaction } from '@basalt/evm';
import { createBlockExecutor } from '../../src/executor/create-block-executor.ts';
import type { StateView } from '../../src/state/types.ts';

const sender = new Uint8Array(20).fill(0xaa);
const contract = new Uint8Array(20).fill(0xc0);
const NONE = new Uint8Array(32);

test('a block of 2016 that looks at more accounts than an engine keeps otherwise', async () => {
  // EXTCODESIZE of one address after the other, until the gas is used up.
  const code = Uint8Array.fromHex('60005b803b50600101600256');
  const codeHash = keccak256(code);
  const accounts = new Map<number, Account>([
    [0xaa, { nonce: 0n, balance: 10n ** 20n, codeHash: EMPTY_CODE_HASH }],
    [0xc0, { nonce: 0n, balance: 0n, codeHash }],
  ]);
  const state: StateView = {
    number: 0,
    readAccount: (address) => accounts.get(address[0] ?? 0),
    readStorage: () => NONE,
    readCode: (hash) => (hash[0] === codeHash[0] ? code : new Uint8Array(0)),
    hasStorage: () => false,
  };
  const transaction: Transaction = {
    type: 0,
    sender,
    to: contract,
    nonce: 0n,
    gasLimit: 4_700_000n,
    gasPrice: 1n,
    value: 0n,
    data: new Uint8Array(0),
  };
  const executor = createBlockExecutor({ workers: 1, engine: 'interpreter' });
  const { results } = await executor.execute({
    fork: 'homestead',
    environment: {
      number: 2_300_000n,
      timestamp: 1_474_000_000n,
      coinbase: new Uint8Array(20),
      gasLimit: 4_712_388n,
      baseFee: 0n,
      prevRandao: NONE,
      difficulty: 1n,
      blobBaseFee: 0n,
      chainId: 1n,
    },
    state,
    blockHash: () => NONE,
    transactions: [transaction],
    blobGasLimit: 0n,
    purpose: 'import',
  });
  const [result] = results;
  assert.ok(result?.included === true);
  assert.equal(result.gasUsed, 4_700_000n);
  await executor.close();
});
