import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keccak256 } from '@basalt/evm';
import { verifyMerkleProof } from '@ethereumjs/mpt';
import { createAccountFromRLP } from '@ethereumjs/util';
import { createStateEngine } from '../../src/state/tables.ts';
import { createWorldState } from '../../src/state/world-state.ts';
import { changesOfBlock, hashOfBlock } from './support/numbered-blocks.ts';

const SLOTS = Array.from({ length: 45 }, (_, index) => new Uint8Array(32).with(31, index));

test('proofs of accounts, slots and their absence, at any block, by EthereumJS', async () => {
  const world = createWorldState({ engine: await createStateEngine() });
  for (let number = 0; number < 12; number++) {
    world.commit(world.stage(changesOfBlock(number)), hashOfBlock(number));
  }
  let absent = 0;
  let slots = 0;
  for (const number of [11, 4, 9]) {
    const root = world.rootAfter(number, []);
    const view = world.at(number);
    const addresses = changesOfBlock(11)
      .map(({ address }) => address)
      .slice(0, 12);
    for (const address of [...addresses, new Uint8Array(20).fill(0xee)]) {
      const proof = world.prove(number, address, SLOTS);
      const encoded = await verifyMerkleProof(keccak256(address), [...proof.nodes], {
        useKeyHashing: false,
        root,
      });
      const expected = view?.readAccount(address);
      assert.equal(encoded === null, expected === undefined);
      if (encoded === null) {
        absent++;
        continue;
      }
      const account = createAccountFromRLP(encoded);
      assert.equal(account.balance, expected?.balance);
      assert.deepEqual(account.storageRoot, proof.storageRoot);
      for (const { slot, value, nodes } of proof.storage) {
        assert.deepEqual(value, view?.readStorage(address, slot));
        if (nodes.length === 0) continue;
        const found = await verifyMerkleProof(keccak256(slot), [...nodes], {
          useKeyHashing: false,
          root: proof.storageRoot,
        });
        assert.equal(found?.[0], value[31] === 0 ? undefined : value[31]);
        slots += Number(found !== null);
      }
    }
  }
  assert.ok(absent > 3 && slots > 20, `${absent} absent accounts, ${slots} slots`);
  await world.close();
});
