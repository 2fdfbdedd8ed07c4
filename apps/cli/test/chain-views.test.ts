import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChainEvent } from '@basalt/execution';
import { encodeCall, encodeDeployment, parseConstructor } from '../src/chain/abi.ts';
import { formatWei, parseAmount } from '../src/chain/amounts.ts';
import { callTree, type TracedCall } from '../src/chain/call-tree.ts';
import { checksumAddress } from '../src/chain/checksum.ts';
import { revertReason } from '../src/chain/revert-reason.ts';
import { parseAddress } from '../src/chain/sending.ts';
import { blockLines } from '../src/view/block-lines.ts';
import { ChainRates } from '../src/view/chain-status.ts';
import { Terminal } from '../src/view/terminal.ts';

const plain = new Terminal({ write: () => undefined }, {});

test('amounts in wei, gwei and ether, exact to the last digit', () => {
  assert.equal(parseAmount('1.5ether'), 15n * 10n ** 17n);
  assert.equal(parseAmount('0.000000000000000001 eth'), 1n);
  assert.equal(parseAmount('20 gwei'), 20n * 10n ** 9n);
  assert.equal(parseAmount('7'), 7n);
  for (const bad of ['', '-1', '1.5', '1.0000000001gwei', '1 btc', '0x10', '1e18']) {
    assert.throws(() => parseAmount(bad), /expected an amount/, bad);
  }
  assert.equal(formatWei(15n * 10n ** 17n), '1.5 ETH');
  assert.equal(formatWei(1_875_000_000n), '1.875 gwei');
  assert.equal(formatWei(12n), '12 wei');
  assert.equal(formatWei(10n ** 24n), '1,000,000 ETH');
});

test('calls are encoded as Solidity does', () => {
  const to = `0x${'11'.repeat(20)}`;
  const { data } = encodeCall('transfer(address,uint256)', [to, '5']);
  assert.equal(data, `0xa9059cbb${to.slice(2).padStart(64, '0')}${'5'.padStart(64, '0')}`);
  const digits = 2n ** 200n + 1n;
  const exact = encodeCall('f(uint256[])', [`[${digits}]`]);
  assert.ok(exact.data.endsWith(digits.toString(16).padStart(64, '0')), 'no digit is lost');
  const pair = encodeCall('f() returns (uint256, (address who, bool ok))', []);
  const words = ['2a', to.slice(2), '1'].map((word) => word.padStart(64, '0'));
  const returned = `0x${words.join('')}`;
  assert.deepEqual(pair.decode(returned), ['42', { who: to, ok: true }]);
});

test('arguments of the wrong kind are named', () => {
  const cases = [
    ['f(bool)', ['yes'], /true or false/],
    ['f(address)', ['0x12'], /no address/],
    ['f(bytes4)', ['12'], /no hex/],
    ['f(uint256[2])', ['[1]'], /expected 2 items/],
    ['f((uint256 a, string b))', ['{"a":1}'], /b is missing/],
    ['f(uint256,uint256)', ['1'], /takes 2 arguments/],
  ] as const;
  for (const [signature, texts, words] of cases) {
    assert.throws(() => encodeCall(signature, texts), words, signature);
  }
});

test('constructor arguments stand behind the code', () => {
  const constructor = parseConstructor('(uint256 supply, bool isOpen)');
  const data = encodeDeployment('0x6000', constructor, ['7', 'true']);
  assert.equal(data, `0x6000${'7'.padStart(64, '0')}${'1'.padStart(64, '0')}`);
  assert.equal(encodeDeployment('0x6000', undefined, []), '0x6000');
});

test('an address with a typing error in it gets no money', () => {
  const address = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
  for (const right of [address, address.toLowerCase(), `0x${address.slice(2).toUpperCase()}`]) {
    assert.equal(parseAddress(right), right);
  }
  for (const wrong of ['0x70997970C51812dc3A010C7d01b50e0d17dc79c8', '0x70997970', 'vitalik.eth']) {
    assert.throws(() => parseAddress(wrong), { code: 'commander.invalidArgument' });
  }
});

test('addresses have the checksum of EIP-55', () => {
  for (const text of [
    '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
    '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
    '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
    '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb',
  ]) {
    const address = new Uint8Array(Buffer.from(text.slice(2), 'hex'));
    assert.equal(checksumAddress(address), text);
  }
});

test('reasons of a revert, in words', () => {
  const word = (hex: string): string => hex.padStart(64, '0');
  const error = `0x08c379a0${word('20')}${word('2')}${'6e6f'.padEnd(64, '0')}`;
  assert.equal(revertReason(error), 'no');
  assert.equal(
    revertReason(`0x4e487b71${word('11')}`),
    'panic 0x11: arithmetic overflow or underflow',
  );
  assert.equal(revertReason(`0xdeadbeef${word('1')}`), 'custom error 0xdeadbeef');
  assert.equal(revertReason('0x'), undefined);
  assert.equal(revertReason(`0x08c379a0${word('20')}${word('ffffff')}`), 'custom error 0x08c379a0');
});

test('calls are drawn as a tree', () => {
  const to = (digit: string): string => `0x${digit.repeat(40)}`;
  const leaf: TracedCall = {
    type: 'STATICCALL',
    from: to('1'),
    to: to('3'),
    gas: '0x100',
    gasUsed: '0x10',
    input: '0x70a08231',
    output: `0x${'2a'.padStart(64, '0')}`,
  };
  const failed: TracedCall = {
    type: 'CALL',
    from: to('1'),
    to: to('4'),
    value: '0xde0b6b3a7640000',
    gas: '0x100',
    gasUsed: '0x20',
    input: '0x',
    error: 'out of gas',
  };
  const root: TracedCall = {
    type: 'CALL',
    from: to('1'),
    to: to('2'),
    gas: '0x5208',
    gasUsed: '0x5208',
    input: `0xa9059cbb${'00'.repeat(64)}`,
    calls: [leaf, failed],
  };
  assert.deepEqual(callTree(plain, root), [
    `[21,000] call ${to('2')} 0xa9059cbb +64 bytes`,
    `├─ [16] staticcall ${to('3')} 0x70a08231`,
    `│  └─ ← 0x${'2a'.padStart(64, '0')}`,
    `└─ [32] call ${to('4')} {1 ETH}`,
    '   └─ ✗ out of gas',
  ]);
});

test('a rewind tells how many blocks it undid, however few of them it names', () => {
  const event = {
    kind: 'rewind',
    block: { header: { number: 0n } },
    receipts: [],
    removedCount: 21_000,
    removed: [{}, {}],
  } as unknown as ChainEvent;
  assert.deepEqual(blockLines(plain, event), ['  back to block 0, 21,000 blocks undone']);
});

test('rates are those of the last five seconds', () => {
  let nowMs = 0;
  const rates = new ChainRates({ nowMs: () => nowMs });
  const block = (transactions: number, gasUsed: bigint): ChainEvent => {
    const header = { gasUsed };
    const made = { header, transactions: Array.from({ length: transactions }) };
    return {
      kind: 'block',
      block: made,
      receipts: [],
      removedCount: 0,
      removed: [],
    } as unknown as ChainEvent;
  };
  rates.add(block(10, 5_000_000n));
  nowMs = 2_000;
  rates.add(block(5, 10_000_000n));
  assert.deepEqual(rates.now(), { transactionsPerSecond: 3, megagasPerSecond: 3 });
  nowMs = 5_500;
  assert.deepEqual(rates.now(), { transactionsPerSecond: 1, megagasPerSecond: 2 });
  nowMs = 60_000;
  assert.deepEqual(rates.now(), { transactionsPerSecond: 0, megagasPerSecond: 0 });
});
