import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeBlock } from '../../src/block/block-codec.ts';
import { headerHash } from '../../src/block/header.ts';
import { importChainRlp } from '../../src/chain/import-chain.ts';
import { openRealWorld, openTestChain, recoverer } from './support/chains.ts';
import { account, attributes, COUNTER_INIT, GENESIS, signed } from './support/dev-chain.ts';

/** Forks begin in the middle: engines change while what they know has to stay right. */
const CHANGING = {
  ...GENESIS,
  config: { ...GENESIS.config, pragueTime: 1_150, osakaTime: 1_300, bpo1Time: 1_450 },
};
const BPO = { target: 10, max: 15, baseFeeUpdateFraction: 8_346_193 };

test('parallel workers import what was built one after another, over changing forks', async () => {
  const { blobSchedule } = GENESIS.config as { blobSchedule: object };
  const document = {
    ...CHANGING,
    config: { ...CHANGING.config, blobSchedule: { ...blobSchedule, bpo1: BPO } },
  };
  const source = await openTestChain(document);
  const nonces = [0n, 0n, 0n];
  const next = (from: number, fields = {}) => {
    const nonce = nonces[from] ?? 0n;
    nonces[from] = nonce + 1n;
    return signed(from, { nonce, ...fields });
  };
  const deployed = await source.propose(
    [await next(0, { to: undefined, value: 0n, data: COUNTER_INIT })],
    attributes(source),
  );
  const counter = deployed.receipts[0]?.created;
  const encoded = [encodeBlock(deployed.block)];
  for (let height = 0; height < 42; height++) {
    const candidates = [
      await next(height % 3),
      await next((height + 1) % 3, { to: counter, value: 0n }),
      ...(height % 2 === 0 ? [await next(height % 3, { to: counter, value: 0n })] : []),
      await next((height + 2) % 3, { to: account(height % 3), value: 5n }),
    ];
    const withdrawals = [
      { index: BigInt(height), validatorIndex: 1n, address: account(1), amount: 3n },
    ];
    const { block } = await source.propose(candidates, attributes(source, { withdrawals }));
    assert.equal(block.transactions.length, candidates.length);
    encoded.push(encodeBlock(block));
  }
  assert.ok(source.head().header.timestamp > 1_450n);
  for (const workers of [2, 3]) {
    const world = await openRealWorld();
    const chain = await openTestChain(document, { world, workers });
    await importChainRlp(chain, Buffer.concat(encoded), { recoverer });
    assert.deepEqual(chain.head().hash, source.head().hash);
    assert.deepEqual(await chain.receipts(40), await source.receipts(40));
    await chain.close();
    await world.close();
  }
  await source.close();
});

test('a refused block leaves nothing behind in what parallel workers know', async () => {
  const source = await openTestChain(GENESIS);
  const one = await source.propose(
    [await signed(0, { nonce: 0n }), await signed(1, { nonce: 0n })],
    attributes(source),
  );
  const two = await source.propose(
    [await signed(0, { nonce: 1n }), await signed(1, { nonce: 1n })],
    attributes(source),
  );
  const chain = await openTestChain(GENESIS, { world: await openRealWorld(), workers: 2 });
  const wrong = { ...one.block.header, stateRoot: new Uint8Array(32) };
  for (let attempt = 0; attempt < 3; attempt++) {
    const bad = { ...one.block, header: wrong, hash: headerHash(wrong) };
    await assert.rejects(chain.import(bad), { code: 'invalid-block', message: /^stateRoot/ });
    await chain.build([await signed(2, { nonce: 0n })], attributes(chain));
  }
  await chain.import(one.block);
  await chain.import(two.block);
  await chain.rewind(1);
  await chain.import(two.block);
  assert.deepEqual(chain.head().hash, two.block.hash);
  await Promise.all([chain.close(), source.close()]);
});
