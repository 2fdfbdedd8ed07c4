import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { loadRecover, recoverPortable } from '@basalt/evm';
import { type CustomCrypto, createCustomCommon, Hardfork, Mainnet } from '@ethereumjs/common';
import { createTxFromRLP, isEOACode7702Tx } from '@ethereumjs/tx';
import fc from 'fast-check';
import { ExecutionError } from '../../src/errors.ts';
import { decodeTransaction } from '../../src/transaction/decode.ts';
import { encodeTransaction, signingHashOf } from '../../src/transaction/encode.ts';
import { recoverTransaction } from '../../src/transaction/recover.ts';
import { signPortable, signTransaction } from '../../src/transaction/sign.ts';
import { readSignedPart } from '../../src/transaction/signed-part.ts';
import { ADDRESSES, anySigned, fieldsOf, KEYS, sign } from '../support/transactions.ts';

const CHAIN_ID = 31_337;
/** Of a blob transaction without its blobs nothing is computed, but the library asks for a KZG. */
const kzg = {} as NonNullable<CustomCrypto['kzg']>;
const common = createCustomCommon({ chainId: CHAIN_ID }, Mainnet, {
  hardfork: Hardfork.Osaka,
  customCrypto: { kzg },
});
const recover = await loadRecover();

suite('transactions', () => {
  for (const [type, fields] of Object.entries(fieldsOf)) {
    test(`type ${type}: encoding, hashes and sender as @ethereumjs/tx has them`, () => {
      fc.assert(
        fc.property(fields, fc.nat(KEYS.length - 1), (unsigned, signer) => {
          const ours = signTransaction(unsigned, BigInt(CHAIN_ID), KEYS[signer]!, sign);
          const theirs = createTxFromRLP(ours.raw, { common });
          assert.deepEqual(theirs.serialize(), ours.raw);
          assert.deepEqual(theirs.hash(), ours.hash);
          assert.deepEqual(
            theirs.getHashedMessageToSign(),
            signingHashOf(unsigned, BigInt(CHAIN_ID)),
          );
          assert.deepEqual(theirs.getSenderAddress().bytes, ADDRESSES[signer]);
          assert.equal(theirs.gasLimit, unsigned.gasLimit);
          assert.equal(theirs.nonce, unsigned.nonce);
          assert.equal(theirs.value, unsigned.value);
          assert.equal(theirs.r, ours.signature.r);
          assert.equal(theirs.v, ours.signature.v);
          if (isEOACode7702Tx(theirs)) assert.equal(unsigned.type, 4);
        }),
        { numRuns: 25 },
      );
    });
  }

  test('what is decoded is what was signed, by whom it was signed', () => {
    fc.assert(
      fc.property(anySigned(7n), ({ signed, signer }) => {
        const decoded = decodeTransaction(signed.raw);
        assert.deepEqual(decoded, signed);
        const { hash } = readSignedPart(decoded.raw);
        assert.deepEqual(hash, signingHashOf(signed.fields, signed.chainId));
        const { sender, transaction } = recoverTransaction(decoded, 'osaka', recover);
        assert.deepEqual(sender, ADDRESSES[signer]);
        assert.deepEqual(transaction.sender, sender);
        if (transaction.type !== 4) return;
        for (const { authority } of transaction.authorizations) {
          assert(ADDRESSES.some((each) => authority !== undefined && equal(each, authority)));
        }
      }),
      { numRuns: 200 },
    );
  });

  test('native and portable code sign and recover alike', () => {
    fc.assert(
      fc.property(anySigned(7n), fc.nat(KEYS.length - 1), ({ signed }, key) => {
        const native = signTransaction(signed.fields, signed.chainId, KEYS[key]!, sign);
        const portable = signTransaction(signed.fields, signed.chainId, KEYS[key]!, signPortable);
        assert.deepEqual(native.raw, portable.raw);
        const one = recoverTransaction(native, 'osaka', recover);
        assert.deepEqual(one, recoverTransaction(native, 'osaka', recoverPortable));
      }),
      { numRuns: 10 },
    );
  });

  test('one byte changed: refused with a code, or the one encoding of something else', () => {
    const outcomes = new Map<string, number>();
    fc.assert(
      fc.property(anySigned(7n), fc.nat(), fc.nat(255), ({ signed }, where, value) => {
        const raw = signed.raw.slice();
        raw[where % raw.length] = value;
        let outcome = 'decoded';
        try {
          const { fields, chainId, signature } = decodeTransaction(raw);
          assert.deepEqual(encodeTransaction(fields, chainId, signature), raw);
        } catch (error) {
          assert(error instanceof ExecutionError, String(error));
          outcome = error.code;
        }
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }),
      { numRuns: 1000 },
    );
    const allowed = ['decoded', 'malformed', 'malformed-rlp', 'invalid-signature'];
    for (const outcome of outcomes.keys()) assert(allowed.includes(outcome), outcome);
    assert((outcomes.get('decoded') ?? 0) > 100 && (outcomes.get('malformed-rlp') ?? 0) > 20);
  });

  test('cut anywhere or longer: refused', () => {
    fc.assert(
      fc.property(anySigned(7n), fc.nat(), ({ signed }, where) => {
        const { raw } = signed;
        const refused = (error: unknown) =>
          error instanceof ExecutionError && error.code.startsWith('malformed');
        assert.throws(() => decodeTransaction(raw.subarray(0, where % raw.length)), refused);
        assert.throws(() => decodeTransaction(Uint8Array.from([...raw, 0])), refused);
      }),
    );
  });

  test('garbage: refused with a code', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(6), (bytes, type) => {
        const raw = Uint8Array.from([type, 0xc0 + bytes.length, ...bytes]);
        assert.throws(() => decodeTransaction(raw), ExecutionError);
        assert.throws(() => decodeTransaction(bytes), ExecutionError);
      }),
    );
  });
});

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
