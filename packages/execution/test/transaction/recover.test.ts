import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { loadRecover } from '@basalt/evm';
import { RlpReader } from '../../src/rlp/reader.ts';
import { encodeRlp, type RlpInput } from '../../src/rlp/tree.ts';
import { RlpWriter } from '../../src/rlp/writer.ts';
import { decodeTransaction, readTransaction } from '../../src/transaction/decode.ts';
import { assembleTransaction, writeTransaction } from '../../src/transaction/encode.ts';
import { assertChain, recoverSender } from '../../src/transaction/recover.ts';
import { signTransaction } from '../../src/transaction/sign.ts';
import { SECP256K1_ORDER } from '../../src/transaction/signature.ts';
import type { TransactionFields } from '../../src/transaction/types.ts';
import { ADDRESSES, KEYS, sign, transfer } from '../support/transactions.ts';

const recover = await loadRecover();
const KEY = KEYS[0]!;
const LEGACY: TransactionFields = {
  type: 0,
  nonce: 9n,
  gasPrice: 20n * 10n ** 9n,
  gasLimit: 21_000n,
  to: new Uint8Array(20).fill(0x35),
  value: 10n ** 18n,
  data: new Uint8Array(0),
};

suite('signatures', () => {
  test('the example of EIP-155', () => {
    const { raw, signature } = signTransaction(LEGACY, 1n, new Uint8Array(32).fill(0x46), sign);
    assert.equal(
      Buffer.from(raw).toString('hex'),
      'f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a7640000' +
        '8025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276' +
        'a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83',
    );
    assert.equal(signature.v, 37n);
  });

  test('s above half the order: only before Homestead', () => {
    const { fields, signature } = signTransaction(LEGACY, undefined, KEY, sign);
    const high = assembleTransaction(fields, undefined, {
      yParity: signature.yParity === 0 ? 1 : 0,
      r: signature.r,
      s: SECP256K1_ORDER - signature.s,
    });
    assert.deepEqual(recoverSender(high, 'frontier', recover), ADDRESSES[0]);
    const refused = { code: 'invalid-signature', message: /EIP-2/ };
    assert.throws(() => recoverSender(high, 'homestead', recover), refused);
  });

  test('r and s of zero or not below the order', () => {
    const { r, s } = signTransaction(LEGACY, 1n, KEY, sign).signature;
    const refused = { code: 'invalid-signature' };
    for (const changes of [{ r: 0n }, { s: 0n }, { r: SECP256K1_ORDER }, { s: SECP256K1_ORDER }]) {
      const signed = assembleTransaction(LEGACY, 1n, { yParity: 0, r, s, ...changes });
      assert.throws(() => recoverSender(signed, 'frontier', recover), refused);
    }
  });

  test('r that is no point', () => {
    const signed = assembleTransaction(LEGACY, 1n, { yParity: 0, r: 5n, s: 1n });
    assert.throws(() => recoverSender(signed, 'osaka', recover), /no public key/);
  });

  test('the other parity is another sender', () => {
    const { signature } = signTransaction(LEGACY, 1n, KEY, sign);
    const yParity = signature.yParity === 0 ? 1 : 0;
    const other = assembleTransaction(LEGACY, 1n, { ...signature, yParity });
    assert.notDeepEqual(recoverSender(other, 'osaka', recover), ADDRESSES[0]);
  });
});

suite('chain id', () => {
  test('another chain is refused, no chain is not', () => {
    const other = signTransaction(transfer(), 5n, KEY, sign);
    assert.throws(() => assertChain(other, 1n, 'osaka'), { code: 'wrong-chain' });
    assert.doesNotThrow(() => assertChain(other, 5n, 'osaka'));
    assert.throws(() => assertChain(signTransaction(LEGACY, 5n, KEY, sign), 1n, 'osaka'), {
      code: 'wrong-chain',
    });
    assert.doesNotThrow(() =>
      assertChain(signTransaction(LEGACY, undefined, KEY, sign), 1n, 'osaka'),
    );
  });

  test('before Spurious Dragon v is 27 or 28', () => {
    const bound = signTransaction(LEGACY, 1n, KEY, sign);
    assert.throws(() => assertChain(bound, 1n, 'homestead'), { code: 'invalid-signature' });
    assert.doesNotThrow(() => assertChain(bound, 1n, 'spuriousDragon'));
  });
});

suite('malformed transactions', () => {
  const { fields, signature } = signTransaction(transfer(), 1n, KEY, sign);
  const to = fields.to ?? new Uint8Array(20);
  const good: readonly RlpInput[] = [
    1,
    0,
    1,
    2,
    21_000,
    to,
    1,
    new Uint8Array(0),
    [],
    signature.yParity,
    signature.r,
    signature.s,
  ];
  const encode = (items: readonly RlpInput[], type = 2) =>
    Uint8Array.from([type, ...encodeRlp(items)]);
  const withItem = (index: number, item: RlpInput) =>
    encode(good.map((each, at) => (at === index ? item : each)));

  const refused: readonly [what: string, raw: Uint8Array, code: string][] = [
    ['no bytes', new Uint8Array(0), 'malformed'],
    ['type 5', encode(good, 5), 'malformed'],
    ['type 0 with a type byte', encode(good, 0), 'malformed-rlp'],
    ['a byte string instead of a list', Uint8Array.from([2, 0x83, 1, 2, 3]), 'malformed-rlp'],
    ['a field less', encode(good.slice(0, -1)), 'malformed-rlp'],
    ['a field more', encode([...good, 0]), 'malformed-rlp'],
    ['an address of 19 bytes', withItem(5, new Uint8Array(19)), 'malformed-rlp'],
    ['an address of 21 bytes', withItem(5, new Uint8Array(21)), 'malformed-rlp'],
    ['a nonce of 9 bytes', withItem(1, 2n ** 64n), 'malformed-rlp'],
    ['a gas limit of 9 bytes', withItem(4, 2n ** 64n), 'malformed-rlp'],
    ['a value of 33 bytes', withItem(6, Uint8Array.of(1, ...new Uint8Array(32))), 'malformed-rlp'],
    ['a fee with a leading zero', withItem(3, Uint8Array.of(0, 1)), 'malformed-rlp'],
    ['an access list that is a string', withItem(8, 0), 'malformed-rlp'],
    ['an access list entry of one item', withItem(8, [[to]]), 'malformed-rlp'],
    ['a slot of 31 bytes', withItem(8, [[to, [new Uint8Array(31)]]]), 'malformed-rlp'],
    ['a parity of 2', withItem(9, 2), 'invalid-signature'],
    ['a parity of 27', withItem(9, 27), 'invalid-signature'],
    ['v of 26', encodeRlp([0, 1, 2, to, 3, to, 26, 1n, 1n]), 'invalid-signature'],
    ['v of 34', encodeRlp([0, 1, 2, to, 3, to, 34, 1n, 1n]), 'invalid-signature'],
  ];
  for (const [what, raw, code] of refused) {
    test(`refuses ${what}`, () => assert.throws(() => decodeTransaction(raw), { code }));
  }

  test('the ground they are changed from is good', () => {
    assert.deepEqual(decodeTransaction(encode(good)).fields.type, 2);
  });
});

test('a list of transactions: legacy ones as lists, others as byte strings', () => {
  const all = [signTransaction(LEGACY, 1n, KEY, sign), signTransaction(transfer(), 1n, KEY, sign)];
  const writer = new RlpWriter();
  const list = writer.openList();
  for (const each of all) writeTransaction(writer, each);
  writer.closeList(list);
  const reader = new RlpReader(writer.toBytes());
  const outer = reader.enterList();
  assert.deepEqual([readTransaction(reader), readTransaction(reader)], all);
  reader.leaveList(outer);
  const wrapped = new RlpReader(encodeRlp(all[0]!.raw));
  assert.throws(() => readTransaction(wrapped), { code: 'malformed' });
});
