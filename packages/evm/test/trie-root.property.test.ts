import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MerklePatriciaTrie } from '@ethereumjs/mpt';
import { RLP } from '@ethereumjs/rlp';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { EMPTY_CODE_HASH } from '../src/state/memory-state.ts';
import { stateRoot, storageRoot } from '../src/state/trie-root.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

test('a storage root is that of the EthereumJS trie', async () => {
  const slots = fc.uniqueArray(
    fc.record({ slot: bytes(32), value: fc.bigInt({ min: 1n, max: 2n ** 256n - 1n }) }),
    { maxLength: 40, selector: ({ slot }) => bytesToHex(slot) },
  );
  await fc.assert(
    fc.asyncProperty(slots, async (entries) => {
      const trie = new MerklePatriciaTrie({ useKeyHashing: true });
      for (const { slot, value } of entries) await trie.put(slot, RLP.encode(value));
      const storage = entries.map(({ slot, value }) => ({
        slot,
        value: hexToBytes(value.toString(16).padStart(64, '0')),
      }));
      assert.equal(bytesToHex(storageRoot(storage)), bytesToHex(trie.root()));
    }),
    { numRuns: 50 },
  );
});

test('a state root is that of the EthereumJS trie', async () => {
  const accounts = fc.uniqueArray(
    fc.record({ address: bytes(20), nonce: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) }),
    { maxLength: 60, selector: ({ address }) => bytesToHex(address) },
  );
  await fc.assert(
    fc.asyncProperty(accounts, async (entries) => {
      const trie = new MerklePatriciaTrie({ useKeyHashing: true });
      const dump = entries.map(({ address, nonce }) => ({
        address,
        account: { nonce, balance: nonce * 3n, codeHash: EMPTY_CODE_HASH },
        code: new Uint8Array(0),
        storage: [],
      }));
      for (const { address, account } of dump) {
        const { nonce, balance, codeHash } = account;
        await trie.put(address, RLP.encode([nonce, balance, storageRoot([]), codeHash]));
      }
      assert.equal(bytesToHex(stateRoot(dump)), bytesToHex(trie.root()));
    }),
    { numRuns: 50 },
  );
});

test('nothing has the root of the empty trie', () => {
  const empty = '56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421';
  assert.equal(bytesToHex(stateRoot([])), empty);
  assert.equal(bytesToHex(storageRoot([])), empty);
});
