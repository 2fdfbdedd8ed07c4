import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccountChange } from '@basalt/evm';
import { keccak256 } from '@basalt/evm';
import fc from 'fast-check';
import { createStateEngine } from '../../src/state/tables.ts';
import { createWorldState } from '../../src/state/world-state.ts';

const EMPTY_CODE_HASH = keccak256(new Uint8Array(0));

/** Few accounts and slots, so that blocks meet and undo each other. */
const change: fc.Arbitrary<AccountChange> = fc
  .record({
    who: fc.integer({ min: 1, max: 6 }),
    balance: fc.bigInt({ min: 0n, max: 9n }),
    isGone: fc.boolean(),
    storageCleared: fc.boolean(),
    slots: fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 3 })), {
      maxLength: 4,
    }),
  })
  .map(({ who, balance, isGone, storageCleared, slots }) => ({
    address: new Uint8Array(20).fill(who),
    account: isGone ? undefined : { nonce: 1n, balance, codeHash: EMPTY_CODE_HASH },
    storageCleared: storageCleared || isGone,
    storage: isGone ? [] : slots.map(([slot, value]) => ({ slot: word(slot), value: word(value) })),
  }));

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(32);
  bytes[31] = value;
  return bytes;
}

test('changes on an older block give the root of the block that had them', async () => {
  const blocks = fc.array(fc.array(change, { maxLength: 5 }), { minLength: 2, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(blocks, async (all) => {
      const world = createWorldState({ engine: await createStateEngine() });
      const roots: Uint8Array[] = [];
      for (const [number, changes] of all.entries()) {
        const staged = world.stage(changes);
        world.commit(staged, word(number));
        roots.push(staged.root);
      }
      for (let number = 0; number + 1 < all.length; number++) {
        assert.deepEqual(world.rootAfter(number, all[number + 1] ?? []), roots[number + 1]);
        assert.deepEqual(world.rootAfter(number, []), roots[number]);
      }
      await world.close();
    }),
    { numRuns: 60 },
  );
});
