import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeBlock, encodeBlock } from '../../src/block/block-codec.ts';
import { importChainRlp } from '../../src/chain/import-chain.ts';
import { ExecutionError } from '../../src/errors.ts';
import { openTestChain, recoverer } from './support/chains.ts';
import { account, attributes, COUNTER_INIT, GENESIS, signed } from './support/dev-chain.ts';
import { createMemoryLog } from './support/memory-log.ts';

test('a block with any bytes changed is refused, or differs where a proposer chooses', async () => {
  const source = await openTestChain(GENESIS);
  const { block } = await source.propose(
    [
      await signed(0, { nonce: 0n, to: undefined, value: 0n, data: COUNTER_INIT }),
      await signed(1, { nonce: 0n }),
    ],
    attributes(source, {
      extraData: new Uint8Array(8),
      withdrawals: [{ index: 1n, validatorIndex: 1n, address: account(2), amount: 5n }],
    }),
  );
  await source.close();
  const encoded = encodeBlock(block);
  const log = createMemoryLog();
  const chain = await openTestChain(GENESIS, { log });
  const change = fc.record({
    at: fc.nat(encoded.length - 1),
    byte: fc.nat(255),
    cut: fc.option(fc.nat(encoded.length - 1), { nil: undefined, freq: 8 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      let bad: Uint8Array = encoded.slice();
      for (const { at, byte, cut } of changes) {
        if (at < bad.length) bad[at] = byte;
        if (cut !== undefined) bad = bad.subarray(0, cut);
      }
      const { length } = log;
      try {
        await importChainRlp(chain, bad, { recoverer });
      } catch (error) {
        assert.ok(error instanceof ExecutionError, String(error));
        assert.match(error.code, /^(malformed-rlp|invalid-block)$/);
        assert.equal(log.length, length, 'nothing is kept');
        assert.equal(chain.head().header.number, 0n);
        return;
      }
      if (bad.length === 0) return;
      // It is the block itself, or another that is as good.
      const { gasLimit, extraData, mixHash } = decodeBlock(bad).header;
      const same = { ...block.header, gasLimit, extraData, mixHash };
      assert.deepEqual(chain.head().header, same);
      await chain.rewind(0);
    }),
    { numRuns: 400 },
  );
  await chain.close();
});
