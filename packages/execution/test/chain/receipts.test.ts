import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryTables } from '@basalt/store';
import { CHAIN_TABLES } from '../../src/chain/block-index.ts';
import type { Chain } from '../../src/chain/types.ts';
import { openTestChain } from './support/chains.ts';
import { attributes, COUNTER_INIT, GENESIS, signed } from './support/dev-chain.ts';
import { createMemoryLog } from './support/memory-log.ts';
import { createPlainWorld } from './support/plain-world.ts';

/** Ten blocks: creations, calls with logs, failures, and a change by hand. */
async function fill(chain: Chain): Promise<void> {
  const first = await chain.propose(
    [await signed(0, { nonce: 0n, to: undefined, value: 0n, data: COUNTER_INIT })],
    attributes(chain),
  );
  const counter = first.receipts[0]?.created;
  for (let nonce = 1n; nonce < 10n; nonce++) {
    const failing = await signed(1, {
      nonce: nonce - 1n,
      to: undefined,
      value: 0n,
      data: Uint8Array.of(0xfe),
    });
    await chain.propose(
      [await signed(0, { nonce, to: counter, value: 0n }), failing],
      attributes(chain),
    );
  }
}

for (const receiptWindow of [0, 3, 100]) {
  test(`receipts of a window of ${receiptWindow} are the same after a new start`, async () => {
    const log = createMemoryLog();
    const world = createPlainWorld();
    const tables = createMemoryTables({ tables: CHAIN_TABLES });
    const chain = await openTestChain(GENESIS, { log, world, tables }, { receiptWindow });
    await fill(chain);
    const expected = await Promise.all(Array.from({ length: 11 }, (_, at) => chain.receipts(at)));
    assert.equal(expected[5]?.length, 2);
    assert.equal(expected[5]?.[1]?.succeeded, false);
    await chain.close();
    const again = await openTestChain(GENESIS, { log, world, tables }, { receiptWindow });
    for (let number = 0; number <= 10; number++) {
      assert.deepEqual(await again.receipts(number), expected[number], `block ${number}`);
    }
    assert.equal(await again.receipts(11), undefined);
    await again.close();
  });
}
