import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AccountChange, keccak256 } from '@basalt/evm';
import { decodeChainPayload as readByProtocol } from '@basalt/protocol';
import fc from 'fast-check';
import { encodeBlock } from '../../src/block/block-codec.ts';
import {
  decodeChainPayload,
  encodeBlockPayload,
  encodeRewindPayload,
} from '../../src/chain/payload.ts';
import { ExecutionError } from '../../src/errors.ts';
import { genesisOf } from './support/chains.ts';
import { GENESIS } from './support/dev-chain.ts';

const plain = { noNullPrototype: true } as const;
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const change: fc.Arbitrary<AccountChange> = fc
  .record({
    address: bytes(20),
    account: fc.option(
      fc.record(
        {
          nonce: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
          balance: fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
          codeHash: bytes(32),
        },
        plain,
      ),
      { nil: undefined },
    ),
    storageCleared: fc.boolean(),
    storage: fc.array(fc.record({ slot: bytes(32), value: bytes(32) }, plain), { maxLength: 3 }),
    code: fc.option(fc.uint8Array({ maxLength: 40 }), { nil: undefined }),
  })
  .map(({ code, ...rest }) => (code === undefined ? rest : { ...rest, code }));

const { header } = genesisOf(GENESIS);
const transactions = [0, 1, 2].map((at) => ({ raw: Uint8Array.of(2, 0xc1, at) }));
const encoded = encodeBlock({ header, transactions, ommers: [], withdrawals: [] });

test('an entry of a block decodes to what was put in', () => {
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 5 }),
      fc.subarray([0, 1, 2]),
      bytes(20),
      (interventions, indexes, sender) => {
        const unsigned = indexes.map((index) => ({ index, sender }));
        const payload = decodeChainPayload(encodeBlockPayload(encoded, interventions, unsigned));
        assert.ok(payload.kind === 'block');
        assert.deepEqual(payload.interventions, interventions);
        assert.deepEqual(payload.unsigned, unsigned);
        assert.deepEqual(payload.block.header, header);
        assert.deepEqual(
          payload.block.transactions,
          transactions.map(({ raw }) => raw),
        );
      },
    ),
  );
});

test('an entry of a rewind decodes to what was put in', () => {
  fc.assert(
    fc.property(fc.nat(), bytes(32), (number, hash) => {
      const payload = decodeChainPayload(encodeRewindPayload(number, hash));
      assert.deepEqual(payload, { kind: 'rewind', number, hash });
    }),
  );
});

test('who has only the protocol reads the same of an entry', () => {
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 3 }),
      fc.subarray([0, 1, 2]),
      bytes(20),
      (interventions, indexes, sender) => {
        const unsigned = indexes.map((index) => ({ index, sender }));
        const entry = encodeBlockPayload(encoded, interventions, unsigned);
        const ours = decodeChainPayload(entry);
        const theirs = readByProtocol(entry);
        assert.ok(ours.kind === 'block' && theirs.kind === 'block');
        assert.deepEqual(keccak256(theirs.headerBytes), ours.block.hash);
        assert.deepEqual(theirs.transactions, ours.block.transactions);
        assert.equal(theirs.interventionCount, interventions.length);
        assert.equal(theirs.unsignedCount, unsigned.length);
      },
    ),
  );
  const rewind = encodeRewindPayload(70_000, new Uint8Array(32).fill(9));
  assert.deepEqual(readByProtocol(rewind), decodeChainPayload(rewind));
});

test('no bytes make the decoder throw anything but its error', () => {
  const whole = encodeBlockPayload(encoded, [], [{ index: 1, sender: new Uint8Array(20) }]);
  const attempt = (input: Uint8Array): void => {
    try {
      decodeChainPayload(input);
    } catch (error) {
      assert.ok(error instanceof ExecutionError, String(error));
      assert.equal(error.code, 'malformed-rlp');
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), attempt));
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
      const copy = whole.slice();
      copy[at] = byte;
      attempt(copy);
      attempt(whole.subarray(0, at));
    }),
  );
});

test('entries that break the format are refused', () => {
  const rewind = encodeRewindPayload(3, new Uint8Array(32));
  const sender = new Uint8Array(20);
  const bad = [
    new Uint8Array(0),
    Uint8Array.of(2, ...rewind.subarray(1)),
    Uint8Array.of(...rewind, 0),
    Uint8Array.of(1, 0xc1, 5),
    encodeBlockPayload(encoded, [], [{ index: 3, sender }]),
    encodeBlockPayload(
      encoded,
      [],
      [1, 1].map((index) => ({ index, sender })),
    ),
    encodeBlockPayload(
      encoded,
      [],
      [2, 1].map((index) => ({ index, sender })),
    ),
  ];
  for (const each of bad) {
    assert.throws(() => decodeChainPayload(each), { code: 'malformed-rlp' });
  }
});
